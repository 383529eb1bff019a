"""The rows that a case consists of: case, relations to agencies, process instances, messages waiting."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from engine.calendar import fiscal_year
from engine.db import Base, Moment

RECEPTION, SENDER, RECEIVER, LEAD, INVOLVED = "受付", "紹介元", "紹介先", "主担当", "関与"
RELATIONS = (RECEPTION, SENDER, RECEIVER, LEAD, INVOLVED)


class Case(Base):
    """One household's matter (ケース); what people typed is not here but in records."""

    __tablename__ = "case_file"
    __table_args__ = (Index("case_by_lead", "lead", "status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(30), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(20), default="open")
    urgency: Mapped[int | None]
    district: Mapped[str] = mapped_column(String(40), default="")
    lead: Mapped[str | None] = mapped_column(ForeignKey("agency.code"))
    secret: Mapped[bool] = mapped_column(default=False)
    event_tag: Mapped[str] = mapped_column(String(40), default="")
    opened_at: Mapped[datetime] = mapped_column(Moment)
    moved_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_reason: Mapped[str] = mapped_column(String(40), default="")
    earlier_id: Mapped[int | None]
    data_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    synthetic: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=0)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy declares it as an instance variable


class Relation(Base):
    """An agency's standing towards a case, from … until …."""

    __tablename__ = "case_relation"
    __table_args__ = (Index("relation_by_agency", "agency", "until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    kind: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)


class Instance(Base):
    """One run of one published version within a case.

    `state` is the runtime's; `waiting` the tokens of its open tasks and `awaits` its
    awaited messages, both kept here so that a move need not ask for them; `wake_at` is
    when its next timer is due: the row that the tick looks for.
    """

    __tablename__ = "instance"
    __table_args__ = (Index("instance_by_wake", "wake_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"), index=True)
    key: Mapped[str] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(20), default="running")
    state: Mapped[bytes] = mapped_column(LargeBinary)
    waiting: Mapped[list[str]] = mapped_column(JSON, default=list)
    awaits: Mapped[list[list[str | None]]] = mapped_column(JSON, default=list)
    wake_at: Mapped[datetime | None] = mapped_column(Moment)
    started_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class Awaited(Base):
    """A message that an instance waits for; `correlation` empty: any of its own case."""

    __tablename__ = "awaited"
    __table_args__ = (Index("awaited_by_name", "name", "correlation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), index=True)
    case_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    correlation: Mapped[str] = mapped_column(String(120), default="")


class Unheard(Base):
    """A message that came before anybody listened; it is tried again until it expires, visibly."""

    __tablename__ = "unheard"
    __table_args__ = (Index("unheard_by_name", "name", "correlation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    correlation: Mapped[str] = mapped_column(String(120), default="")
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    came_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)


class Incident(Base):
    """What could not be done (支障): a move (which element, which expression) or a job, and why; never a typed word."""

    __tablename__ = "incident"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    instance_id: Mapped[int | None]
    task_id: Mapped[int | None]
    job_id: Mapped[int | None] = mapped_column(index=True)
    element: Mapped[str] = mapped_column(String(120), default="")
    expression: Mapped[str] = mapped_column(String(400), default="")
    sentence: Mapped[str] = mapped_column(String(400))
    noted_at: Mapped[datetime] = mapped_column(Moment)
    mended_at: Mapped[datetime | None] = mapped_column(Moment)
    mended_by: Mapped[int | None]
    mended_how: Mapped[str] = mapped_column(String(200), default="")


class Numbering(Base):
    """The last number given out per fiscal year and kind."""

    __tablename__ = "numbering"
    __table_args__ = (UniqueConstraint("year", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    last: Mapped[int] = mapped_column(default=0)


def next_number(session: Session, kind: str, *, today: date) -> str:
    """The next case number: fiscal year in era style, kind, running number (R8-相-0001)."""
    return next_numbers(session, kind, 1, today=today)[0]


def next_numbers(session: Session, kind: str, count: int, *, today: date) -> list[str]:
    """So many case numbers in a row."""
    year = fiscal_year(today)
    row = session.scalar(
        select(Numbering).where(Numbering.year == year, Numbering.kind == kind).with_for_update()
    )
    if row is None:
        row = Numbering(year=year, kind=kind, last=0)
        session.add(row)
    row.last += count
    return [f"R{year - 2018}-{kind}-{number:04d}" for number in range(row.last - count + 1, row.last + 1)]


def relations(session: Session, case_id: int) -> list[Relation]:
    """The relations of agencies to a case that hold now."""
    return list(
        session.scalars(
            select(Relation)
            .where(Relation.case_id == case_id, Relation.until.is_(None))
            .order_by(Relation.id)
        )
    )
