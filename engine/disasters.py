"""Disasters and epidemics (災害等の台帳), the emergency mode they bring, and whom the teams have to find.

A disaster carries a tag (R8-地震-1021) that stays on every case which came of it. Its mode (緊急モード)
lasts from `since` until `until`, or until it is lifted; it needs nobody's act to end. A drill (訓練) is
marked, touches no real deadline and is counted nowhere.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from engine.calendar import fiscal_year
from engine.db import JST, Base, Moment

#: Number kinds of cases that are practice only: no figure counts them.
PRACTICE = "訓"
NOT_FOUND = "6"
SHORTCUTS = ("名簿提供", "緊急閲覧の一括付与", "期限の暦日化", "口頭同意", "オンライン・書面会議", "4項目受付")
EVENTS = {"1": "地震", "2": "風水害", "3": "大雪", "4": "感染症", "5": "停電断水", "6": "広域避難", "9": "訓練"}


class Disaster(Base):
    """One disaster of the register; `mode` tells that an emergency mode belongs to it."""

    __tablename__ = "disaster"

    id: Mapped[int] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(String(40), unique=True)
    event: Mapped[str] = mapped_column(String(4))
    name: Mapped[str] = mapped_column(String(80), default="")
    districts: Mapped[list[str]] = mapped_column(JSON, default=list)
    shortcuts: Mapped[list[str]] = mapped_column(JSON, default=list)
    drill: Mapped[bool] = mapped_column(default=False)
    mode: Mapped[bool] = mapped_column(default=False)
    case_id: Mapped[int | None] = mapped_column(index=True)
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class SafetyRow(Base):
    """One household of a disaster's safety confirmation: its team, and the coded answer (C22) when there is one.

    `version` grows with every answer: who answers an older one is told. `mark` is the blind
    index of the household, so that it is on the list once.
    """

    __tablename__ = "safety_row"
    __table_args__ = (
        UniqueConstraint("disaster_id", "mark"),
        Index("safety_by_team", "disaster_id", "team", "place"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    disaster_id: Mapped[int] = mapped_column(ForeignKey("disaster.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    team: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    place: Mapped[int]
    district: Mapped[str] = mapped_column(String(40), default="")
    condition: Mapped[str] = mapped_column(String(40))
    ground: Mapped[str] = mapped_column(String(4))
    mark: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(String(4), default="")
    lane: Mapped[str] = mapped_column(String(20), default="")
    version: Mapped[int] = mapped_column(default=0)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    answered_by: Mapped[int | None]


class ShortcutUse(Base):
    """A shortcut (特例) taken in a case during a mode: what a written record has to follow."""

    __tablename__ = "shortcut_use"

    id: Mapped[int] = mapped_column(primary_key=True)
    disaster_id: Mapped[int] = mapped_column(ForeignKey("disaster.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    shortcut: Mapped[str] = mapped_column(String(40))
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    staff_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Moment)


def active(session: Session, *, now: datetime) -> list[Disaster]:
    """The modes that hold now, real ones first."""
    return list(
        session.scalars(
            select(Disaster)
            .where(Disaster.mode, Disaster.since <= now, Disaster.until > now, Disaster.ended_at.is_(None))
            .order_by(Disaster.drill, Disaster.id)
        )
    )


def holds(disaster: Disaster, *, now: datetime) -> bool:
    """Whether this disaster's mode holds at a moment."""
    return disaster.mode and disaster.ended_at is None and disaster.until is not None and disaster.since <= now < disaster.until


def register(session: Session) -> list[Disaster]:
    """Every disaster of the register, newest first."""
    return list(session.scalars(select(Disaster).order_by(Disaster.since.desc(), Disaster.id.desc())))


def of_case(session: Session, case_id: int) -> Disaster | None:
    """The disaster whose mode this case (緊) runs."""
    return session.scalar(select(Disaster).where(Disaster.case_id == case_id))


def fresh_tag(session: Session, event: str, since: datetime) -> str:
    """A tag that no other disaster bears: fiscal year in era style, event, month and day."""
    day = since.astimezone(JST).date()
    tag = f"R{fiscal_year(day) - 2018}-{EVENTS.get(event, '災害')}-{day:%m%d}"
    like = session.scalar(select(func.count()).select_from(Disaster).where(Disaster.tag.startswith(tag))) or 0
    return f"{tag}-{like + 1}" if like else tag
