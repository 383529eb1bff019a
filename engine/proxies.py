"""代行入力: what came on paper, by telephone or by fax from somebody without a screen, typed in by staff.

The record says whose words it holds, when they were said and how they came; the day of typing stays beside it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine import access, journal, records, tasks
from engine.access import TOWN
from engine.agencies import Actor, Seat
from engine.casebook import Case
from engine.errors import Conflict, NotYours
from engine.held import Held
from engine.tasks import Task

SOURCE = "代行入力"
WAYS = ("紙", "電話", "ファクス", "対面")
DIRECTS = frozenset({"sui", "kcho"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Whose words (`said_by`), when they were said or written (`said_at`), and how they came (one of WAYS)."""

    said_by: str
    said_at: datetime
    way: str


def seat_for(session: Session, case: Case, task: Task, by: Actor, *, now: datetime) -> Seat | None:
    """The seat from which somebody may type another's answer.

    One of the task's own agency; else the town's 推進員 or 課長, if they have to do with the case and see who it is
    about (class L2). What waits at the town itself is decided there by its own role, never typed in for it.
    """
    own = tasks.seat_for(task, by)
    if own is not None or task.agency == TOWN:
        return own
    directs = next((seat for seat in by.seats if seat.agency == TOWN and seat.role in DIRECTS), None)
    seen = access.sight(session, by, case, now=now) if directs else None
    return directs if seen is not None and seen.level >= 2 and seen.writes else None


def ensure(held: Held, task: Task) -> Seat:
    """Refuse who may not type this answer for somebody else."""
    seat = seat_for(held.session, held.case, task, held.by, now=held.now)
    if seat is None:
        raise NotYours("代行入力ができるのは、その機関の職員か、このケースに関わる福祉課の推進員・課長です。")
    if task.holder_id not in (None, held.by.staff_id):
        raise Conflict("ほかの人が担当している用件です。書いた内容は残っています。担当の人に確かめてください。")
    return seat


def note(held: Held, task: Task, proxy: Proxy) -> None:
    """Keep whose words they are with the record, sealed; the journal says that and how, not who."""
    record = held.session.get(records.Record, task.record_id) if task.record_id else None
    if record is not None:
        said = {"said_by": proxy.said_by, "said_at": proxy.said_at.isoformat(), "way": proxy.way}
        record.proxy = records.sealed_proxy(held.session, held.case, said)
    line = journal.Line(
        action=SOURCE, by=held.by, seat=held.seat, case_id=held.case.id, target=f"task:{task.id}", stage=task.stage,
        particulars={"agency": task.agency, "way": proxy.way, "said_at": proxy.said_at.isoformat()},
    )  # fmt: skip
    journal.write(held.session, line, now=held.now, book=held.book)


def of(session: Session, record: records.Record, case: Case) -> Proxy | None:
    """Whose words a record holds; None if they are its author's own."""
    said = records.opened_proxy(session, record, case)
    if said is None:
        return None
    return Proxy(said_by=said["said_by"], said_at=datetime.fromisoformat(said["said_at"]), way=said["way"])
