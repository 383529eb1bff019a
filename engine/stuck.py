"""Which cases stand still (滞留), since when, at whose door, why, and what comes next (handbook §5).

Nothing is stored as "stuck": the report is asked of the rows as they are. Colours come
from decision table D11, which coordinators can change. It never ranks persons and never
shows a name of those concerned (class L1).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, undefer

from engine import agencies, journal, registers
from engine.access import visible_cases
from engine.agencies import Actor, Membership, Staff, today_of
from engine.assignment import calendar_of
from engine.calendar import Calendar
from engine.casebook import Awaited, Case, Incident, Instance
from engine.db import JST
from engine.definitions import Compiled, compiled, current
from engine.records import Record, opened
from engine.tasks import Task
from forms import codes

LEVELS = ("要介入", "停滞", "注意")
#: How far past its date a timer may be before the worker is thought to stand still.
PATIENCE = timedelta(hours=1)
#: Steps in which somebody meets or reaches the person.
MEETING_STEPS = ("A-25", "A-30", "A-40", "A-50", "R-60", "C-40", "C-80", "D-10", "B-40")
CHUNK = 500
SIGNS = {"要介入": "●", "停滞": "▲", "注意": "△"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckRow:
    """One case that stands still, by its worst place; days are calendar days unless told otherwise."""

    case_id: int
    number: str
    #: Its name, as the code list C18 calls it.
    district: str
    stage: str
    since: datetime
    days: int
    overdue: int
    agency: str
    agency_name: str
    holder: str
    urgency: int | None
    level: str
    reasons: tuple[str, ...]
    next_step: str
    due_at: datetime | None

    #: What coordinators look for beside standing still: 未接触, 制度の狭間.
    flags: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        """The level as a shape, for those who cannot tell colours and for printing."""
        return SIGNS[self.level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The rows, worst and oldest first, and how many by agency and by stage."""

    rows: tuple[StuckRow, ...]
    open_cases: int
    by_agency: tuple[tuple[str, dict[str, int]], ...]
    by_stage: tuple[tuple[str, dict[str, int]], ...]
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One reason, with its level and sentence."""

    level: str
    sentence: str


def report(
    session: Session, actor: Actor, *, now: datetime, agency: str = "", stage: str = "", level: str = ""
) -> Report:
    """All stuck cases that the actor may know of; one read in the journal."""
    rows = _rows(session, actor, now)
    kept = tuple(
        row
        for row in rows
        if agency in ("", row.agency) and stage in ("", row.stage) and level in ("", row.level)
    )
    open_cases = len(session.scalars(select(Case.id).where(Case.status == "open", *_allowed(session, actor))).all())
    line = journal.Line(action="滞留一覧", by=actor, particulars={"rows": len(kept)})
    journal.write(session, line, now=now)
    return Report(
        rows=kept,
        open_cases=open_cases,
        by_agency=_heat((row.agency_name, row.level) for row in rows),
        by_stage=_heat((row.stage, row.level) for row in rows),
        asked_at=now,
    )


def flagged(session: Session, rows: Sequence[StuckRow]) -> list[StuckRow]:
    """The same rows with their flags (INV-014): nobody has met the person yet; no system fits. Two queries per 500 rows."""
    made: list[StuckRow] = []
    for begin in range(0, len(rows), CHUNK):
        part = rows[begin : begin + CHUNK]
        ids = [row.case_id for row in part]
        between, met = _between_systems(session, ids), _met(session, ids)
        for row in part:
            held = (("未接触", row.case_id not in met), ("制度の狭間", row.case_id in between))
            made.append(replace(row, flags=tuple(flag for flag, holds in held if holds)))
    return made


def _met(session: Session, ids: Sequence[int]) -> set[int]:
    steps = Task.element.in_(MEETING_STEPS)
    return set(session.scalars(select(Task.case_id).where(Task.case_id.in_(ids), Task.status == "done", steps)))


def _between_systems(session: Session, ids: Sequence[int]) -> set[int]:
    found = session.execute(
        select(Record, Case).join(Case, Case.id == Record.case_id).options(undefer(Record.sealed))
        .where(Record.case_id.in_(ids), Record.form.in_(("F-A01", "F-A02")), Record.latest)
    )  # fmt: skip
    told = ((case.id, opened(session, record, case)) for record, case in found)
    return {
        key for key, answers in told
        if answers.get("hazama") or "40" in (answers.get("komari") or ()) or "99" in (answers.get("zokusei") or ())
    }  # fmt: skip


def _rows(session: Session, actor: Actor, now: datetime) -> list[StuckRow]:
    ready = compiled(session, current(session, "P-A").id)
    days = calendar_of(session)
    names = agencies.names(session)
    districts = _districts(session)
    absent = _absent(session, today_of(now))
    incidents = set(session.scalars(select(Incident.case_id).where(Incident.mended_at.is_(None))))
    worst: dict[int, StuckRow] = {}
    for row in _open_tasks(session, actor):
        found = _judge_task(row, ready, days, absent, incidents, now)
        if found:
            _keep(worst, _task_row(row, found, names, districts, days, now))
    for row in _without_task(session, actor):
        found = _judge_silent(row, ready, incidents, now)
        if found:
            _keep(worst, _silent_row(session, row, found, names, districts, now))
    return sorted(worst.values(), key=lambda row: (LEVELS.index(row.level), row.since))


def _districts(session: Session) -> dict[str, str]:
    known = registers.changed_codes(session, on=None).get("C18", codes.lists()["C18"])
    return {choice.value: choice.label for choice in known}


def _open_tasks(session: Session, actor: Actor) -> Iterable[Row[Any]]:
    return session.execute(
        select(
            Task.id,
            Task.case_id,
            Task.title,
            Task.agency,
            Task.stage,
            Task.created_at,
            Task.due_at,
            Task.urgency,
            Task.holder_id,
            Case.number,
            Case.district,
            Case.moved_at,
            Staff.name.label("holder"),
        )
        .join(Case, Case.id == Task.case_id)
        .outerjoin(Staff, Staff.id == Task.holder_id)
        .where(Task.status == "open", Case.status == "open", *_allowed(session, actor))
    )


def _without_task(session: Session, actor: Actor) -> Iterable[Row[Any]]:
    waits = select(Task.id).where(Task.case_id == Case.id, Task.status == "open").exists()
    wake_at = (
        select(func.min(Instance.wake_at)).where(Instance.case_id == Case.id, Instance.status == "running").scalar_subquery()
    )
    return session.execute(
        select(Case.id, Case.number, Case.district, Case.lead, Case.moved_at, Case.urgency, wake_at.label("wake_at")).where(
            Case.status == "open", ~waits, *_allowed(session, actor)
        )
    )


def _allowed(session: Session, actor: Actor) -> Iterable[Any]:
    return visible_cases(session, actor)


def _judge_task(
    row: Row[Any], ready: Compiled, days: Calendar, absent: dict[int, date], incidents: set[int | None], now: datetime
) -> list[Found]:
    today = now.astimezone(JST).date()
    late, still = _late(row.due_at, days, now), (now - row.moved_at).days
    found: list[Found] = []
    if late:
        found += _found(ready, late, 0, row.urgency, f"期限を{late}営業日過ぎています")
    if row.holder_id in absent:
        gone = max(1, days.business_days_between(absent[row.holder_id], today))
        found += _found(ready, gone, 0, row.urgency, "担当者が異動・退職などで不在です")
    if row.case_id in incidents:
        found.append(Found(level="要介入", sentence="手続きの図に支障があり、進められません"))
    found += _found(ready, 0, still, row.urgency, f"{still}日間、何の記録もありません")
    if found and row.holder_id is None:
        found.append(Found(level="注意", sentence="まだ誰も担当していません"))
    return found


def _late(due_at: datetime | None, days: Calendar, now: datetime) -> int:
    """Business days past due; a task due today and past its hour counts as one."""
    if due_at is None or due_at >= now:
        return 0
    return max(1, _business_days(days, due_at.astimezone(JST).date(), now.astimezone(JST).date()))


@lru_cache(maxsize=4096)
def _business_days(days: Calendar, since: date, until: date) -> int:
    # A report asks for the same few pairs of days thousands of times.
    return days.business_days_between(since, until)


def _judge_silent(row: Row[Any], ready: Compiled, incidents: set[int | None], now: datetime) -> list[Found]:
    found: list[Found] = []
    if row.wake_at is None:
        still = (now - row.moved_at).days
        found += _found(ready, 0, still, row.urgency, f"{still}日間、何の記録もありません")
    elif row.wake_at < now - PATIENCE:
        found.append(Found(level="要介入", sentence="予定の日時を過ぎましたが、自動処理が動いていません"))
    # A date ahead on which the process goes on by itself (an evaluation, a follow-up) is a plan, not a standstill.
    if row.id in incidents:
        found.append(Found(level="要介入", sentence="手続きの図に支障があり、進められません"))
    return found


def _found(ready: Compiled, overdue: int, silent: int, urgency: int | None, sentence: str) -> list[Found]:
    level = _level(ready, overdue, min(silent, 400), urgency or 3)
    return [Found(level=level, sentence=sentence)] if level in LEVELS else []


@lru_cache(maxsize=8192)
def _level(ready: Compiled, overdue: int, silent: int, urgency: int) -> str:
    asked = {"overdue": overdue, "silentDays": silent, "urgency": urgency}
    value = ready.tables["D11"].decide("D11", asked).value
    return value if isinstance(value, str) else ""


def _task_row(
    row: Row[Any], found: list[Found], names: dict[str, str], districts: dict[str, str], days: Calendar, now: datetime
) -> StuckRow:
    late = _late(row.due_at, days, now)
    return StuckRow(
        case_id=row.case_id,
        number=row.number,
        district=districts.get(row.district, row.district),
        stage=row.stage or "その他",
        since=row.created_at,
        days=(now - row.created_at).days,
        overdue=late,
        agency=row.agency,
        agency_name=names.get(row.agency, row.agency),
        holder=row.holder or "未着手",
        urgency=row.urgency,
        level=_worst(found),
        reasons=tuple(f.sentence for f in found),
        next_step=row.title,
        due_at=row.due_at,
    )


def _silent_row(
    session: Session, row: Row[Any], found: list[Found], names: dict[str, str], districts: dict[str, str], now: datetime
) -> StuckRow:
    waits = session.scalars(select(Awaited.name).where(Awaited.case_id == row.id)).all()
    timer: datetime | None = row.wake_at
    if timer:
        step = f"{timer.astimezone(JST):%Y-%m-%d}に次の用件が出ます"
    else:
        step = (
            "ほかの手続きからの知らせを待っています"
            if waits
            else "だれの受信箱にもありません。進行管理の担当が確かめてください"
        )
    return StuckRow(
        case_id=row.id,
        number=row.number,
        district=districts.get(row.district, row.district),
        stage="待ち",
        since=row.moved_at,
        days=(now - row.moved_at).days,
        overdue=0,
        agency=row.lead or "",
        agency_name=names.get(row.lead or "", "（主担当なし）"),
        holder="",
        urgency=row.urgency,
        level=_worst(found),
        reasons=tuple(f.sentence for f in found),
        next_step=step,
        due_at=timer,
    )


def _absent(session: Session, today: date) -> dict[int, date]:
    """Staff without a valid seat today → the last day on which they had one."""
    seats = select(Membership.staff_id, Staff.active, Membership.valid_from, Membership.valid_until).join(
        Staff, Staff.id == Membership.staff_id
    )
    last: dict[int, date] = {}
    present: set[int] = set()
    for staff_id, active, since, until in session.execute(seats):
        if active and since <= today and (until is None or until >= today):
            present.add(staff_id)
        last[staff_id] = max(last.get(staff_id, date.min), until or since)
    return {staff_id: day for staff_id, day in last.items() if staff_id not in present}


def _keep(worst: dict[int, StuckRow], row: StuckRow) -> None:
    known = worst.get(row.case_id)
    if known is None or (LEVELS.index(row.level), row.since) < (LEVELS.index(known.level), known.since):
        worst[row.case_id] = row


def _worst(found: list[Found]) -> str:
    return min((f.level for f in found), key=LEVELS.index)


def _heat(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, dict[str, int]], ...]:
    counted: dict[str, Counter[str]] = {}
    for name, level in pairs:
        counted.setdefault(name, Counter())[level] += 1
    return tuple(
        sorted(
            ((name, dict(counts)) for name, counts in counted.items()),
            key=lambda item: -sum(item[1].values()),
        )
    )
