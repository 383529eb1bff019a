"""Interest of interest (利益相反): staff have nothing to do with cases of their own relatives or household."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import journal
from engine.agencies import Actor, Staff, staff_names
from engine.casebook import Case
from engine.errors import Invalid, NotAllowed, NotFound
from engine.standing import Interest

KINDS = ("本人", "親族", "同一世帯", "友人・知人", "その他")


def declare(session: Session, case: Case, staff_id: int, *, kind: str, by: Actor, now: datetime) -> Interest:
    """Declare a conflict, one's own or (推進員, 課長, lead agency) a colleague's: the case closes to that person at once."""
    if staff_id != by.staff_id and not _directs(case, by):
        raise NotAllowed("ほかの職員の利益相反を登録できるのは、主担当の機関か、推進員・福祉課長です。")
    if kind not in KINDS:
        raise Invalid(f"利益相反の種類は、{'・'.join(KINDS)}のどれかにしてください。")
    if session.get(Staff, staff_id) is None:
        raise NotFound("その職員はいません。")
    known: Interest | None = session.scalar(_standing(case.id).where(Interest.staff_id == staff_id))
    if known is not None:
        return known
    conflict = Interest(case_id=case.id, staff_id=staff_id, kind=kind, declared_by=by.staff_id, declared_at=now)
    session.add(conflict)
    session.flush()
    line = journal.Line(
        action="利益相反の登録", by=by, case_id=case.id, target=f"staff:{staff_id}", particulars={"kind": kind}
    )
    journal.write(session, line, now=now)
    return conflict


def lift(session: Session, conflict_id: int, *, by: Actor, now: datetime) -> Interest:
    """Lift a conflict that no longer stands; nobody lifts his or her own."""
    conflict = session.get(Interest, conflict_id, with_for_update=True)
    if conflict is None or conflict.lifted_at is not None:
        raise NotFound("その登録はないか、もう外されています。")
    case = session.get_one(Case, conflict.case_id)
    if conflict.staff_id == by.staff_id or not _directs(case, by):
        raise NotAllowed("利益相反を外せるのは、本人でない、主担当の機関か推進員・福祉課長です。")
    conflict.lifted_at, conflict.lifted_by = now, by.staff_id
    line = journal.Line(action="利益相反を外す", by=by, case_id=case.id, target=f"staff:{conflict.staff_id}")
    journal.write(session, line, now=now)
    return conflict


def of_case(session: Session, case_id: int) -> Sequence[tuple[Interest, str]]:
    """Conflicts that stand, with the names of the staff."""
    rows = session.scalars(_standing(case_id).order_by(Interest.id)).all()
    known = staff_names(session, [row.staff_id for row in rows])
    return [(row, known.get(row.staff_id, "")) for row in rows]


def _standing(case_id: int):  # type: ignore[no-untyped-def]  # SQLAlchemy's select is generic over the row
    return select(Interest).where(Interest.case_id == case_id, Interest.lifted_at.is_(None))


def _directs(case: Case, by: Actor) -> bool:
    return bool(by.roles & {"sui", "kcho"} or (case.lead and case.lead in by.agencies))
