"""Taking a shortcut (特例) in a case while an emergency mode grants it: it leaves a record to be written afterwards."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import cases, journal
from engine.access import sight
from engine.agencies import Actor
from engine.disasters import Disaster, ShortcutUse, active
from engine.errors import NotAllowed

#: Shortcuts that are taken in one case; the others hold for the whole mode.
IN_A_CASE = ("口頭同意", "オンライン・書面会議", "4項目受付")
MESSAGE = "emergency.shortcut"


def offered(session: Session, *, now: datetime) -> list[str]:
    """The shortcuts that may be taken in a case now."""
    granted = {name for mode in active(session, now=now) for name in mode.shortcuts}
    return [name for name in IN_A_CASE if name in granted]


def take(session: Session, case_id: int, shortcut: str, *, by: Actor, now: datetime) -> ShortcutUse:
    """Note that a shortcut was taken; the process of its later record starts in the case. Twice is once."""
    case = cases.find_case(session, case_id, lock=True)
    seen = sight(session, by, case, now=now)
    if seen is None or seen.level < 2 or seen.seat.agency not in by.agencies:
        raise NotAllowed("特例を使えるのは、このケースに関わっている機関だけです。")
    mode = next((one for one in active(session, now=now) if shortcut in one.shortcuts and shortcut in IN_A_CASE), None)
    if mode is None:
        raise NotAllowed(f"特例「{shortcut}」は、いま使えません。緊急モードの特例を確かめてください。")
    agency = seen.seat.agency
    known = session.scalar(
        select(ShortcutUse).where(
            ShortcutUse.disaster_id == mode.id, ShortcutUse.case_id == case_id, ShortcutUse.shortcut == shortcut,
            ShortcutUse.agency == agency,
        )
    )  # fmt: skip
    if known is not None:
        return known
    use = ShortcutUse(disaster_id=mode.id, case_id=case_id, shortcut=shortcut, agency=agency, staff_id=by.staff_id, at=now)
    session.add(use)
    line = journal.Line(
        action="特例を使う", by=by, seat=seen.seat, case_id=case_id, target=f"disaster:{mode.id}", particulars={"shortcut": shortcut}
    )
    journal.write(session, line, now=now)
    cases.send(session, case_id, MESSAGE, {"tokurei": shortcut, "kikan": agency, "eventTag": mode.tag}, by=by, now=now)
    return use


def uses(session: Session, disaster: Disaster) -> list[ShortcutUse]:
    """Every shortcut taken in this mode, for who reviews them."""
    return list(session.scalars(select(ShortcutUse).where(ShortcutUse.disaster_id == disaster.id).order_by(ShortcutUse.at)))
