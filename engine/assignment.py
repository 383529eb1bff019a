"""Whose turn, and until when: reading a task's lane, role, agency and due date out of its diagram."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import runtime
from engine.calendar import Calendar
from engine.casebook import LEAD, RECEIVER, RECEPTION, SENDER, Case
from engine.db import JST, Base
from engine.definitions import Compiled
from engine.errors import Invalid
from engine.runtime import Waiting

VARIABLE_OF = {RECEPTION: "desk", SENDER: "src", RECEIVER: "dst", LEAD: "lead"}
START_OF_DAY, END_OF_DAY = time(8, 30), time(17, 15)


class TownDay(Base):
    """A day that the town's own calendar adds: closed (休) or open (開)."""

    __tablename__ = "town_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(80), default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a task goes: agency, role, stage, and the due moment or the reason why there is none."""

    agency: str
    role: str
    stage: str
    title: str
    subject: str
    form: str
    due_at: datetime | None
    without_due: str


def place(
    compiled: Compiled, waiting: Waiting, case: Case, calendar: Calendar, *, state: bytes, now: datetime
) -> Place:
    """Resolve one waiting task; refuses (Invalid) when no agency can be named.

    What a lane says in FEEL is computed here, as the task's token in `state` sees it.
    """
    said = properties(compiled, waiting)
    inherited = {
        name: runtime.read(compiled.definition, state, waiting.token, text, now=now)
        for name, text in said.items()
        if text.startswith("=") and name not in waiting.properties
    }
    if inherited:
        waiting = replace(waiting, evaluated={**inherited, **waiting.evaluated})
    due_at, without = due(compiled, waiting, said.get("due", ""), case, calendar, now=now)
    return Place(
        agency=agency_of(said.get("agency", ""), waiting, case),
        role=said.get("role", ""),
        stage=said.get("stage", ""),
        title=said.get("title") or waiting.name,
        subject=str(_evaluated(said, waiting, "subject") or ""),
        form=said.get("form", ""),
        due_at=due_at,
        without_due=without,
    )


def properties(compiled: Compiled, waiting: Waiting) -> dict[str, str]:
    """The task's properties over those of its lane."""
    return {**compiled.lane_properties(waiting.process_id, waiting.element), **waiting.properties}


def agency_of(said: str, waiting: Waiting, case: Case) -> str:
    """The agency code that `said` names: a code, a relation (@主担当 …), the item (@項目), or FEEL (=…)."""
    found: Any = said
    if said == "@項目":
        item = waiting.scope.get("item")
        found = item.get("agency") if isinstance(item, Mapping) else item
    elif said == f"@{LEAD}":
        # The case's row leads: a process that handed the case on may still carry who led before.
        found = case.lead or waiting.scope.get("lead")
    elif said.startswith("@"):
        found = waiting.scope.get(VARIABLE_OF.get(said[1:], said[1:]))
    elif said.startswith("="):
        found = waiting.evaluated.get("agency")
    if not isinstance(found, str) or not found:
        raise Invalid(
            f"「{waiting.name}」を担当する機関が決まりません（{said or '指定なし'}）。図の担当か、前の様式の機関欄を確かめてください。"
        )
    return found


def due(
    compiled: Compiled, waiting: Waiting, said: str, case: Case, calendar: Calendar, *, now: datetime
) -> tuple[datetime | None, str]:
    """The due moment (end of the office day; to the minute where hours count), or the reason why there is none."""
    if said.startswith("none:"):
        return None, said.removeprefix("none:")
    if said.startswith("D5:"):
        return _by_table(compiled, said.removeprefix("D5:"), waiting, case, calendar, now), ""
    value = waiting.evaluated.get("due") if said.startswith("=") else (said or None)
    if value is None:
        return None, ""
    return _moment(value, calendar, now), ""


def calendar_of(session: Session) -> Calendar:
    """The town's calendar, with the days it added itself."""
    days = session.execute(select(TownDay.day, TownDay.kind)).all()
    return Calendar(
        closed=frozenset(d for d, kind in days if kind == "休"),
        open=frozenset(d for d, kind in days if kind == "開"),
    )


def _by_table(
    compiled: Compiled, row: str, waiting: Waiting, case: Case, calendar: Calendar, now: datetime
) -> datetime:
    urgency = waiting.scope.get("urgency") or case.urgency or 3
    return after_row(compiled, row, urgency, calendar, now=now)


def after_row(compiled: Compiled, row: str, urgency: Any, calendar: Calendar, *, now: datetime) -> datetime:
    """The due moment that a row of D5 gives, counted from `now`."""
    amount, unit = _term(compiled, row, urgency, now)
    if unit == "時間":
        return now + timedelta(hours=amount)
    day = now.astimezone(JST).date()
    return end_of(
        day + timedelta(days=int(amount)) if unit == "暦日" else calendar.add_business_days(day, int(amount))
    )


def before_row(
    compiled: Compiled, row: str, urgency: Any, day: date, calendar: Calendar, *, now: datetime
) -> datetime:
    """The morning of the day that lies a D5 row's days before `day`, never in the past."""
    amount, unit = _term(compiled, row, urgency, now)
    begins = day - timedelta(days=int(amount)) if unit == "暦日" else _business_days_before(day, int(amount), calendar)
    return max(now, datetime.combine(begins, START_OF_DAY, JST))


def _term(compiled: Compiled, row: str, urgency: Any, now: datetime) -> tuple[float, str]:
    answer = compiled.tables["D5"].decide("D5", {"task": row, "urgency": urgency}, now=now).value
    if not isinstance(answer, Mapping) or answer.get("days") is None:
        raise Invalid(f"期限表に「{row}」の行がありません。期限表を確かめてください。")
    return float(answer["days"]), str(answer.get("unit", "営業日"))


def _business_days_before(day: date, count: int, calendar: Calendar) -> date:
    while count > 0:
        day -= timedelta(days=1)
        count -= calendar.is_business_day(day)
    return day


def _moment(value: Any, calendar: Calendar, now: datetime) -> datetime:
    text = value.get("@") if isinstance(value, Mapping) else value
    if isinstance(text, datetime):
        return text
    if isinstance(text, date):
        return end_of(text)
    if isinstance(text, int | float) or str(text).replace(".", "", 1).isdigit():
        return end_of(calendar.add_business_days(now.astimezone(JST).date(), int(float(str(text)))))
    try:
        return moment_of(str(text)) if "T" in str(text) else end_of(date.fromisoformat(str(text)))
    except ValueError as error:
        raise Invalid(
            f"期限「{text}」は日付でも営業日数でもありません。図の期限を確かめてください。"
        ) from error


def moment_of(text: str) -> datetime:
    """A moment as FEEL or a form writes it: 2026-04-03T09:30:00@Asia/Tokyo, or with an offset; without one, here."""
    plain, _, zone = text.partition("@")
    found = datetime.fromisoformat(plain)
    return (found.replace(tzinfo=ZoneInfo(zone) if zone else JST) if found.tzinfo is None else found).astimezone(JST)


def end_of(day: date) -> datetime:
    """The end of the office day."""
    return datetime.combine(day, END_OF_DAY, JST)


def _evaluated(said: Mapping[str, str], waiting: Waiting, name: str) -> Any:
    value = said.get(name, "")
    return waiting.evaluated.get(name) if value.startswith("=") else value
