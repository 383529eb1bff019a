"""Filling an empty database with a year of the town's life, played through the engine itself."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import definitions, tasks
from engine.agencies import Agency, Membership, today_of
from engine.assignment import calendar_of
from engine.casebook import Case
from engine.db import Database
from engine.tasks import Task
from tsunagi.demo import town
from tsunagi.demo.course import Course
from tsunagi.demo.ordinary import ordinary
from tsunagi.demo.playing import Play, Progress
from tsunagi.demo.together import together

ORDINARY = 44
HISTORY = timedelta(days=800)
GONE = "red-holder"


def fill(database: Database, *, now: datetime, progress: Progress, volume: int = ORDINARY) -> bool:
    """Agencies, staff, processes and cases up to `now`; False when there were cases already: nothing is touched then.

    `volume` is the number of ordinary consultations beside the cases of several agencies and the golden stories.
    """
    with database.transaction() as session:
        if session.scalar(select(Case.id).limit(1)) is not None:
            return False
        if session.scalar(select(Agency.code).limit(1)) is None:
            progress("機関・職員・手続きを用意します (agencies, staff, processes)")
            town.seed(session, now=now - HISTORY)
            town.tell_of_secrecy(session, now=now - HISTORY)
    play = Play(database, list(courses(database, now=now, volume=volume)), until=now, progress=progress)
    progress(f"架空の世帯 {len(play.queue)} 件を、受付から順に進めます (cases)")
    play.run()
    _move_on(database, play, now)
    play.claim()
    progress(f"{play.moves:,} 回の手続きを記録しました (moves)")
    return True


def prepare(database: Database, *, now: datetime, say: Callable[[str], None] = lambda sentence: None) -> bool:
    """The same under the name by which the command calls it."""
    return fill(database, now=now, progress=say)


def courses(database: Database, *, now: datetime, volume: int) -> Iterator[Course]:
    """What will happen to whom."""
    with database.transaction(write=False) as session:
        calendar = calendar_of(session)
        yield from together(now, calendar, lambda element, urgency: _term(session, element, urgency, now))
    yield from ordinary(volume, now=now, calendar=calendar)


def _term(session: Session, element: str, urgency: int, now: datetime) -> int:
    """The business days that table D5 gives a step."""
    key = {"A": "P-A", "R": "P-A2", "B": "P-B"}[element[0]]
    ready = definitions.compiled(session, definitions.current(session, key).id)
    row = ready.definition.nodes[element].properties["due"].removeprefix("D5:")
    answer = ready.tables["D5"].decide("D5", {"task": row, "urgency": urgency}, now=now).value
    if not isinstance(answer, Mapping) or answer.get("days") is None:
        raise LookupError(f"D5 has no days for {row}")
    return int(float(answer["days"]))


def _move_on(database: Database, play: Play, now: datetime) -> None:
    """主担当異動: one who holds a task has left the agency, and nobody has taken it over."""
    case_id = next(case_id for case_id, course in play.courses.items() if course.key == GONE)
    with database.transaction() as session:
        task = session.scalars(
            select(Task).where(Task.case_id == case_id, Task.status == "open").order_by(Task.id)
        ).first()
        if task is None:
            raise LookupError(f"case {case_id} has no open task to be left behind")
        leaver = play.last_at(task.agency)
        tasks.claim(session, task.id, by=leaver, now=task.created_at + timedelta(hours=2))
        for seat in session.scalars(select(Membership).where(Membership.staff_id == leaver.staff_id)):
            seat.valid_until = today_of(now) - timedelta(days=12)
