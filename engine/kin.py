"""Relatives and home of a member of staff (利益相反の届出): declared by the member, kept as keyed hashes only.

Nobody can read from the table who is related to whom; it only answers whether somebody
declared stands in a case.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import journal, people
from engine.agencies import Actor
from engine.db import Base, Moment
from engine.errors import Invalid
from engine.people import Particulars, Trace

#: The number under which a member of staff declares his or her own name and home.
SELF = 0


class KinTrace(Base):
    """One hashed feature of one declared person."""

    __tablename__ = "kin_trace"
    __table_args__ = (Index("kin_by_mark", "kind", "mark"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    mark: Mapped[str] = mapped_column(String(64))
    declared_at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What may be told of a declaration: how many people, since when."""

    relatives: int
    home: bool
    at: datetime | None


def declare(session: Session, own: Particulars, relatives: Sequence[Particulars], *, by: Actor, now: datetime) -> None:
    """Replace one's declaration: oneself (name, birth, home) and the relatives whose cases one must not handle."""
    if by.staff_id is None or any(not one.name for one in relatives):
        raise Invalid("届け出る人には氏名が必要ですが、氏名のない人があります。氏名を入れてください。")
    session.execute(delete(KinTrace).where(KinTrace.staff_id == by.staff_id))
    for number, known in enumerate((own, *relatives)):
        session.add_all(
            KinTrace(staff_id=by.staff_id, number=number, kind=kind, mark=mark, declared_at=now)
            for kind, mark in people.marks(session, known)
        )
    line = journal.Line(action="親族の届出", by=by, target=f"staff:{by.staff_id}", particulars={"relatives": len(relatives)})
    journal.write(session, line, now=now)


def declared(session: Session, staff_id: int) -> Declared:
    """How much a member of staff has declared."""
    row = session.execute(
        select(func.count(KinTrace.number.distinct()).filter(KinTrace.number != SELF),
               func.count().filter(KinTrace.number == SELF, KinTrace.kind == "address"), func.max(KinTrace.declared_at))
        .where(KinTrace.staff_id == staff_id)
    ).one()  # fmt: skip
    return Declared(relatives=row[0], home=row[1] > 0, at=row[2])


def in_cases(session: Session, case_ids: Iterable[int]) -> dict[int, set[int]]:
    """Case → the members of staff who themselves, or whose declared relatives, stand in it.

    Two features must agree (one, where only one was declared): a name alone is often borne by several.
    """
    matched = session.execute(
        select(Trace.case_id, Trace.person_id, KinTrace.staff_id, KinTrace.number, func.count(Trace.kind.distinct()))
        .join(KinTrace, (KinTrace.kind == Trace.kind) & (KinTrace.mark == Trace.mark))
        .where(Trace.case_id.in_(sorted(set(case_ids))))
        .group_by(Trace.case_id, Trace.person_id, KinTrace.staff_id, KinTrace.number)
    ).all()
    told = _features(session, {row[2] for row in matched})
    found: dict[int, set[int]] = {}
    for case_id, _, staff_id, number, agreed in matched:
        if agreed >= min(2, told.get((staff_id, number), 0)):
            found.setdefault(case_id, set()).add(staff_id)
    return found


def at_home(session: Session, staff_ids: Iterable[int]) -> dict[int, str]:
    """Staff → the hash of the declared home address."""
    rows = session.execute(
        select(KinTrace.staff_id, KinTrace.mark).where(
            KinTrace.staff_id.in_(sorted(set(staff_ids))), KinTrace.number == SELF, KinTrace.kind == "address"
        )
    )
    return dict(rows.all())


def _features(session: Session, staff_ids: set[int]) -> dict[tuple[int, int], int]:
    rows = session.execute(
        select(KinTrace.staff_id, KinTrace.number, func.count())
        .where(KinTrace.staff_id.in_(sorted(staff_ids)))
        .group_by(KinTrace.staff_id, KinTrace.number)
    )
    return {(staff_id, number): count for staff_id, number, count in rows}
