"""What happens by the calendar (予定): the daily digest, housekeeping, and processes that begin on a date.

A process begins by itself where its diagram has a start with a timer (`R/2026-04-01T09:00+09:00/P1Y`):
each such start is a row here that a coordinator can read and switch off.
"""

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from engine import definitions, journal
from engine.access import TOWN
from engine.agencies import CLOCK, Actor, Agency
from engine.assignment import calendar_of
from engine.casebook import LEAD, RECEPTION, Case, Relation
from engine.db import JST, Base, Moment
from engine.definitions import Process, Version, compiled
from engine.errors import NotFound, Refused
from engine.jobs import enqueue
from engine.moves import begin, new_case
from engine.runtime.timers import TimerError, following, from_state, is_literal, plan, to_state
from processes.bpmn import Timer


class Schedule(Base):
    """One row of the calendar: `kind` is the job that it makes, `next_at` when; `at` o'clock daily, on business
    days only if so said; a process start keeps its timer's plan instead."""

    __tablename__ = "schedule"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    label: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(40))
    process: Mapped[str] = mapped_column(String(60), default="")
    element: Mapped[str] = mapped_column(String(80), default="")
    version_id: Mapped[int | None]
    at: Mapped[str] = mapped_column(String(5), default="")
    business_days: Mapped[bool] = mapped_column(default=False)
    plan: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    next_at: Mapped[datetime | None] = mapped_column(Moment)
    last_at: Mapped[datetime | None] = mapped_column(Moment)
    active: Mapped[bool] = mapped_column(default=True)


def rows(session: Session) -> list[Schedule]:
    """Everything by the calendar, soonest first."""
    found = session.scalars(select(Schedule)).all()
    return sorted(found, key=lambda row: (row.next_at is None, row.next_at or datetime.max.replace(tzinfo=JST), row.key))


def tick(session: Session, *, now: datetime) -> int:
    """Rows whose moment has come make a job and get their next moment; what was missed meanwhile is done once."""
    due = session.scalars(
        select(Schedule)
        .where(Schedule.active, (Schedule.next_at <= now) | (Schedule.next_at.is_(None) & (Schedule.at != "")))
        .with_for_update(skip_locked=True)
    ).all()
    for row in due:
        if row.next_at is not None:
            key = f"schedule:{row.key}:{row.next_at.isoformat()}"[:160]
            enqueue(session, row.kind, key=key, run_at=now, schedule=row.key, at=row.next_at.isoformat())
            row.last_at = now
        _plan_next(session, row, now)
    return len(due)


def refresh(session: Session, known_versions: dict[str, int] | None = None, *, now: datetime) -> dict[str, int]:
    """Make the rows say what the current versions' timer starts say; nothing is read while the versions are the known ones."""
    present = {key: version_id for key, version_id in session.execute(select(Process.key, Process.current_id)) if version_id}
    if present == known_versions:
        return present
    known = {row.key: row for row in session.scalars(select(Schedule).where(Schedule.process != "").with_for_update())}
    seen: set[str] = set()
    for process, version in definitions.processes(session):
        if version is not None:
            seen |= _refresh(session, process, version, known, now)
    for key, row in known.items():
        if key not in seen:
            session.delete(row)
    return present


def switch(session: Session, key: str, *, active: bool, by: Actor, now: datetime) -> Schedule:
    """Switch a row off or on; switched on again it goes on with its next moment, not with those it missed."""
    row = session.get(Schedule, key, with_for_update=True)
    if row is None:
        raise NotFound("その予定はありません。画面を開き直してください。")
    row.active = active
    if active and row.next_at is not None and row.next_at <= now:
        _plan_next(session, row, now)
    line = journal.Line(action="予定の入切", by=by, target=f"schedule:{key}"[:80], particulars={"active": active})
    journal.write(session, line, now=now, book=journal.open_book(session, "house"))
    return row


def begin_process(session: Session, key: str, *, now: datetime) -> Case | None:
    """Begin the process of a row in a case of its own; the same job twice begins it once (its end is in this move)."""
    row = session.get(Schedule, key)
    if row is None or not row.active:
        return None
    version = definitions.current(session, row.process)
    ready = compiled(session, version.id)
    said = ready.definition.main.process.properties
    desk = said.get("desk", TOWN)
    if session.get(Agency, desk) is None:
        raise Refused(f"予定で始める手続き「{row.label}」の機関（{desk}）が登録されていません。図の desk を確かめてください。")
    kind = version.opens.removeprefix("own:") if version.opens.startswith("own:") else "定"
    case, book = new_case(session, kind, by=CLOCK, now=now)
    case.lead = desk
    session.add_all([Relation(case_id=case.id, agency=desk, kind=one, since=now) for one in (RECEPTION, LEAD)])
    begin(
        session, case, book, version, variables={"desk": desk, "lead": desk}, by=CLOCK, seat=None, now=now, at=row.element
    )
    return case


def _refresh(
    session: Session, process: Process, version: Version, known: dict[str, Schedule], now: datetime
) -> set[str]:
    """The rows of one process; a row whose timer did not change keeps its moment."""
    ready = compiled(session, version.id)
    main = ready.definition.main.process
    seen = set()
    for node in main.nodes.values():
        timer = next((event.timer for event in node.events if event.timer is not None), None)
        if node.kind != "startEvent" or node.parent != main.id or timer is None:
            continue
        key = f"start:{process.key}:{node.id}"
        seen.add(key)
        row = known.get(key)
        if row is None:
            row = Schedule(key=key, kind="process.start", process=process.key, element=node.id, label="")
            session.add(row)
        row.label = f"{process.name}：{node.name or node.id}"[:120]
        if row.version_id != version.id:
            row.version_id = version.id
            row.plan, row.next_at = _first(timer, now)
    return seen


def _first(timer: Timer, now: datetime) -> tuple[dict[str, Any], datetime | None]:
    text = timer.expression.strip().strip('"')
    if not is_literal(text):
        return {"unreadable": text[:200]}, None
    try:
        found = plan(timer.kind, text, now)
    except TimerError:
        return {"unreadable": text[:200]}, None
    return dict(to_state(found)), found.due


def _plan_next(session: Session, row: Schedule, now: datetime) -> None:
    if row.at:
        hour, minute = (int(part) for part in row.at.split(":"))
        calendar = calendar_of(session) if row.business_days else None
        day = now.astimezone(JST).date()
        next_at = datetime.combine(day, time(hour, minute), JST)
        while next_at <= now or (calendar is not None and not calendar.is_business_day(next_at.date())):
            next_at += timedelta(days=1)
        row.next_at = next_at
        return
    after = following(from_state(row.plan), now) if "due" in row.plan else None
    row.plan = dict(to_state(after)) if after else {}
    row.next_at = after.due if after else None
