"""On what ground may this person see this? The only way to a case's content (table D8).

Deny by default. What is granted comes from the relation of the person's agency to the case
now, from the role, and from an open task; the class of a field (L1 existence … L4 special
care) says how far a ground reaches. 会議限定 (L5) is no level but a compartment: only the
members of a meeting item open it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import journal
from engine.agencies import Actor, Seat
from engine.casebook import INVOLVED, LEAD, RECEIVER, RECEPTION, SENDER, Case, Relation, relations
from engine.db import Base, Moment
from engine.errors import NotAllowed
from engine.tasks import Task

TOWN = "fukushi"
CLASSES = ("L1", "L2", "L3", "L4")


class Grant(Base):
    """A record shown to an agency beyond its relation: a つなぐシート and what it grants (提供記録)."""

    __tablename__ = "record_grant"
    __table_args__ = (Index("grant_by_agency", "case_id", "agency"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    ground: Mapped[str] = mapped_column(String(40))
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)


class Compartment(Base):
    """A member of a meeting item's sealed compartment (会議限定): agency, from … until …."""

    __tablename__ = "compartment_member"
    __table_args__ = (Index("compartment_by_agency", "agency", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(String(80))
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one person may see of one case now, and why.

    `level` is the highest class (0 nothing, 1 existence … 4); `own` the agencies whose own
    records are theirs; `granted` records shown by a sheet; `items` meeting items whose
    compartment is open.
    """

    case_id: int
    level: int
    ground: str
    seat: Seat
    own: frozenset[str]
    granted: frozenset[int]
    items: frozenset[str]

    def reaches(self, *, record_id: int, agency: str, compartment: str | None) -> int:
        """The highest class this person may read in one record; 0 is: not at all."""
        if compartment:
            return 4 if compartment in self.items else 0
        if agency in self.own:
            return 4
        if record_id in self.granted:
            return max(3, self.level)
        return self.level if self.level >= 2 else 0


def sight(session: Session, actor: Actor, case: Case, *, now: datetime) -> Sight | None:
    """Work out what the actor may see of a case; None when there is no ground at all."""
    held = relations(session, case.id)
    open_at = set(
        session.scalars(
            select(Task.agency).where(
                Task.case_id == case.id, Task.status == "open", Task.agency.in_(sorted(actor.agencies))
            )
        ).unique()
    )
    best = max(
        (_judge(seat, held, open_at, case) for seat in actor.seats),
        key=lambda judged: judged[0],
        default=None,
    )
    if best is None or best[0] == 0:
        return None
    level, ground, seat = best
    return Sight(
        case_id=case.id,
        level=level,
        ground=ground,
        seat=seat,
        own=actor.agencies,
        granted=_granted(session, case.id, actor, now),
        items=_items(session, actor, now),
    )


def open_case_page(session: Session, actor: Actor, case: Case, *, purpose: str, now: datetime) -> Sight:
    """Sight of a case for reading, written to the journal as one read; refused tries are the door's to note."""
    seen = sight(session, actor, case, now=now)
    if seen is None:
        raise NotAllowed(
            "このケースは、あなたの機関では開けません。関わる必要があるときは、相談支援包括化推進員に連絡してください。"
        )
    line = journal.Line(
        action="閲覧",
        by=actor,
        seat=seen.seat,
        case_id=case.id,
        target=f"case:{case.id}",
        stage=stage_of(session, case.id),
        ground=seen.ground,
        purpose=purpose,
        particulars={"level": seen.level},
    )
    journal.write(session, line, now=now)
    return seen


def stage_of(session: Session, case_id: int) -> str:
    """The stage of the case: that of the open task that is due first."""
    due = select(Task.stage).where(Task.case_id == case_id, Task.status == "open", Task.stage != "")
    return session.scalar(due.order_by(Task.due_at.is_(None), Task.due_at, Task.id).limit(1)) or ""


def note_refusal(session: Session, actor: Actor, *, target: str, case_id: int | None, now: datetime) -> None:
    """Journal a refused try; the door calls it in a transaction of its own."""
    line = journal.Line(action="閲覧", by=actor, case_id=case_id, target=target, outcome="お断り")
    journal.write(session, line, now=now)


def visible_cases(actor: Actor) -> Iterable[object]:
    """SQL conditions under which a case may appear in a list for this person (its number, nothing more)."""
    if actor.roles & {"sui", "kcho"}:
        return (Case.secret.is_(False) | Case.id.in_(_related(actor)),)
    return (Case.id.in_(_related(actor)),)


def _related(actor: Actor):  # type: ignore[no-untyped-def]  # a SQL sub-query
    places = sorted(actor.agencies)
    return (
        select(Relation.case_id)
        .where(Relation.agency.in_(places), Relation.until.is_(None))
        .union(select(Task.case_id).where(Task.agency.in_(places), Task.status == "open"))
    )


def _judge(seat: Seat, held: list[Relation], open_at: set[str], case: Case) -> tuple[int, str, Seat]:
    kinds = {relation.kind for relation in held if relation.agency == seat.agency}
    if seat.role in ("sys", "ver"):
        return 0, "", seat
    if LEAD in kinds or RECEPTION in kinds:
        return 4, "主担当・受付機関", seat
    if seat.role == "sui":
        return (3, "多機関協働の推進員", seat) if kinds or seat.agency in open_at else _aside(case, "推進員")
    if seat.role == "kcho":
        return (3, "支援決定者", seat) if seat.agency in open_at else _aside(case, "福祉課長")
    if SENDER in kinds or INVOLVED in kinds:
        return 2, "関与機関", seat
    if RECEIVER in kinds:
        return 1, "紹介先（受理前）", seat
    if seat.agency in open_at:
        return 2, "依頼された用件", seat
    return 0, "", seat


def _aside(case: Case, ground: str) -> tuple[int, str, Seat]:
    # 秘匿 cases do not even appear to those who only oversee.
    return (0 if case.secret else 1), ground, Seat(agency=TOWN, role="")


def _granted(session: Session, case_id: int, actor: Actor, now: datetime) -> frozenset[int]:
    return frozenset(
        session.scalars(
            select(Grant.record_id).where(
                Grant.case_id == case_id,
                Grant.agency.in_(sorted(actor.agencies)),
                or_(Grant.until.is_(None), Grant.until > now),
            )
        )
    )


def _items(session: Session, actor: Actor, now: datetime) -> frozenset[str]:
    return frozenset(
        session.scalars(
            select(Compartment.item).where(
                Compartment.agency.in_(sorted(actor.agencies)),
                or_(Compartment.until.is_(None), Compartment.until > now),
            )
        )
    )
