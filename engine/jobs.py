"""Jobs: what the worker has to do now or again later; ids only, never a typed word."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from engine.db import Base, Moment


class Job(Base):
    """One piece of work; `key` makes a repeat harmless, `case_id` keeps a case's jobs one at a time."""

    __tablename__ = "job"
    __table_args__ = (Index("job_by_run", "status", "run_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    case_id: Mapped[int | None] = mapped_column(index=True)
    instance_id: Mapped[int | None]
    particulars: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    status: Mapped[str] = mapped_column(String(20), default="due")
    run_at: Mapped[datetime] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(String(80), default="")
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    fault: Mapped[str] = mapped_column(String(200), default="")
    done_at: Mapped[datetime | None] = mapped_column(Moment)


def enqueue(
    session: Session,
    kind: str,
    *,
    key: str,
    run_at: datetime,
    case_id: int | None = None,
    instance_id: int | None = None,
    **particulars: Any,
) -> Job | None:
    """Add a job in the caller's transaction; a second one with the same key is not added."""
    if session.scalar(select(Job.id).where(Job.key == key)) is not None:
        return None
    job = Job(
        key=key, kind=kind, case_id=case_id, instance_id=instance_id, particulars=particulars, run_at=run_at
    )
    session.add(job)
    return job
