"""Notes beside every process: 支援経過記録 (F-A10) and what is done about standing still (F-X04).

Whoever has to do with a case writes them whenever there is something to tell; they move no process.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import journal, records
from engine.access import has_to_do, sight
from engine.agencies import Actor, Seat
from engine.casebook import Case, Instance
from engine.definitions import compiled
from engine.errors import NotAllowed, NotFound, NotOpen
from engine.records import Record
from forms.schema import Form

KINDS = {"F-A10": "支援経過記録", "F-X04": "滞留への対応"}
#: The same words of the same person within so long are one note: a click repeated.
AGAIN = timedelta(hours=1)


def form(session: Session, case: Case, key: str) -> tuple[Form, int]:
    """The note's form and the version that carries it: the newest process of the case."""
    if key not in KINDS:
        raise NotFound("その記録はありません。ケースの画面から開き直してください。")
    newest = session.scalar(select(Instance.version_id).where(Instance.case_id == case.id).order_by(Instance.id.desc()))
    if newest is None or key not in compiled(session, newest).forms:
        raise NotFound(f"このケースの手続きには「{KINDS[key]}」の様式がありません。")
    return compiled(session, newest).forms[key], newest


def seat_for(session: Session, case: Case, *, by: Actor, now: datetime) -> Seat:
    """From which seat somebody may write a note: one whose agency has to do with the case."""
    if case.kind == "会":
        raise NotAllowed("会議では経過記録を書けません。案件ごとの会議録に書いてください。")
    seen = sight(session, by, case, now=now)
    if seen is None or not seen.writes:
        raise NotAllowed("記録を書けるのは、このケースに関わっている機関だけです。")
    return next(post.seat for post in seen.facts.posts if has_to_do(post))


def note(
    session: Session, case_id: int, key: str, reading: Callable[[Form], Mapping[str, Any]], *, by: Actor, now: datetime
) -> Record:
    """Add a note to a case; the case is locked first, and the same note sent twice is one."""
    case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        raise NotFound("そのケースはないか、あなたには開けません。")
    seat = seat_for(session, case, by=by, now=now)
    if case.status != "open":
        raise NotOpen("記録を書けるのは進行中のケースだけです。再開してから書いてください。")
    asked, version_id = form(session, case, key)
    answers = reading(asked)
    known = _same(session, case, key, answers, by=by, now=now)
    if known is not None:
        return known
    record = records.write(
        session, case, form=asked, answers=answers, version_id=version_id, by=by, seat=seat, now=now, title=KINDS[key]
    )
    case.moved_at = now
    session.flush()
    line = journal.Line(action=KINDS[key], by=by, seat=seat, case_id=case.id, target=f"record:{record.id}")
    journal.write(session, line, now=now)
    return record


def _same(
    session: Session, case: Case, key: str, answers: Mapping[str, Any], *, by: Actor, now: datetime
) -> Record | None:
    recent = select(Record).where(
        Record.case_id == case.id, Record.form == key, Record.author_id == by.staff_id, Record.at > now - AGAIN
    )
    seen = sight(session, by, case, now=now)
    if seen is None:
        return None
    same = (one for one in session.scalars(recent) if records.read(session, seen, one, case).answers == answers)
    return next(same, None)
