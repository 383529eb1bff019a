"""Jobs: what the worker has to do now or again later; ids only, never a typed word.

A part of the house that has work for later names a *kind* and what carries it out
(`carries_out`); a move adds a job in its own transaction (`enqueue`). A handler does what
reaches outside first, without a transaction, and gives back what is to be written: that and
the end of the job are one transaction, so that a worker that dies in between leaves the job
to the next one, which does the outside part again under the same key and writes once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, exists, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from engine.db import Base, Database, Moment
from engine.settings import Settings


class Job(Base):
    """One piece of work; `key` makes a repeat harmless, `case_id` keeps a case's jobs one at a time.

    `status`: due, running, done, stopped (an incident waits for a manager), skipped.
    `needs` is the version of its kind that can carry it out: an older worker leaves it.
    Jobs of one `lane` run in the order in which they were added. The database itself sees to
    it that no case has two jobs running, and that of the jobs that a worker died over
    (suspects) only one runs at a time.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index("job_by_run", "status", "run_at"),
        Index("job_by_lane", "lane", "status"),
        Index(
            "job_one_a_case", "case_id", unique=True,
            sqlite_where=text("status = 'running'"), postgresql_where=text("status = 'running'"),
        ),
        Index(
            "job_one_suspect", "status", unique=True,
            sqlite_where=text("status = 'running' AND deaths > 0"),
            postgresql_where=text("status = 'running' AND deaths > 0"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    needs: Mapped[int] = mapped_column(default=1, server_default="1")
    case_id: Mapped[int | None] = mapped_column(index=True)
    instance_id: Mapped[int | None]
    lane: Mapped[str] = mapped_column(String(80), default="", server_default="")
    particulars: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    status: Mapped[str] = mapped_column(String(20), default="due")
    run_at: Mapped[datetime] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(String(80), default="")
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    fault: Mapped[str] = mapped_column(String(200), default="")
    done_at: Mapped[datetime | None] = mapped_column(Moment)


class Pulse(Base):
    """A worker process and when it was last seen; `kinds` are what it can do, each with its version."""

    __tablename__ = "worker_pulse"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    kinds: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    started_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    stopped_at: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A job in a worker's hand. `key` stays the same however often it is tried: it goes along to the outside."""

    database: Database
    settings: Settings
    job_id: int
    kind: str
    key: str
    case_id: int | None
    instance_id: int | None
    particulars: Mapping[str, Any]
    attempt: int
    now: datetime


Finish = Callable[[Session], None]
Handler = Callable[[Errand], Finish | None]


class NotNow(Exception):
    """It cannot be done now: try again `after` so long (by the usual back-off if None); `sentence` says why.

    With `counts` false the attempt is not counted: what is waited for is no failure.
    """

    def __init__(self, sentence: str, *, after: timedelta | None = None, counts: bool = True) -> None:
        super().__init__(sentence)
        self.sentence, self.after, self.counts = sentence, after, counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of job: what staff call it, what carries it out, and the version of both."""

    name: str
    label: str
    carry_out: Handler
    version: int


KINDS: dict[str, Kind] = {}


def carries_out(name: str, label: str, *, version: int = 1) -> Callable[[Handler], Handler]:
    """Register what carries out a kind of job.

    The handler raises NotNow to be tried again, Refused when trying again is of no use (an
    incident at once); any other failure is tried again with back-off, then an incident.
    Raise `version`, and give it as `needs` when enqueuing, once an older worker must not take it.
    """

    def register(handler: Handler) -> Handler:
        KINDS[name] = Kind(name=name, label=label, carry_out=handler, version=version)
        return handler

    return register


def label_of(kind: str) -> str:
    """What staff call a kind of job."""
    return KINDS[kind].label if kind in KINDS else kind


def enqueue(
    session: Session,
    kind: str,
    *,
    key: str,
    run_at: datetime,
    case_id: int | None = None,
    instance_id: int | None = None,
    lane: str = "",
    needs: int = 1,
    **particulars: Any,
) -> Job | None:
    """Add a job in the caller's transaction; a second one with the same key is not added."""
    if session.scalar(select(Job.id).where(Job.key == key)) is not None:
        return None
    job = Job(
        key=key, kind=kind, case_id=case_id, instance_id=instance_id, lane=lane, needs=needs,
        particulars=particulars, run_at=run_at,
    )  # fmt: skip
    session.add(job)
    return job


def unfinished(session: Session, kind: str) -> bool:
    """Whether a job of this kind is due or running."""
    return bool(session.scalar(select(exists().where(Job.kind == kind, Job.status.in_(("due", "running"))))))
