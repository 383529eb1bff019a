"""Timers: ISO 8601 dates, durations and repeating intervals, calendar-true in Asia/Tokyo (BPMN 2.0 §10.5.5)."""

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from processes import feel

TOKYO = ZoneInfo("Asia/Tokyo")

_DURATION = re.compile(
    r"([+-])?P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}|@[\w/+-]+)?")
_CYCLE = re.compile(r"R(\d*)/(.+)")
_LITERAL = re.compile(r"[+-]?P[\dTYMWDHS.,]+|\d{4}-\d{2}-\d{2}(?:T.*)?|R\d*/.*")


class TimerError(ValueError):
    """A timer that cannot be read; the text is a Japanese sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A length of time: whole calendar `months`, and `time` of fixed length."""

    months: int = 0
    time: timedelta = timedelta()

    def after(self, start: datetime, times: int = 1) -> datetime:
        """`times` durations after `start`: months are months of the calendar in Tokyo (31 January + P1M = 28 or 29
        February; counted from the start each time, so that the 31st comes back in March)."""
        local = start.astimezone(TOKYO)
        total = local.year * 12 + local.month - 1 + self.months * times
        year, month = divmod(total, 12)
        try:
            moved = local.replace(year=year, month=month + 1, day=min(local.day, _days(year, month + 1)))
            return moved + self.time * times
        except (ValueError, OverflowError):
            raise TimerError("期限の日時が暦の範囲（9999年まで）を越えています。") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When a timer fires: first at `due`; a cycle again every `period` from `base`, `left` more times (None: without
    end)."""

    due: datetime
    base: datetime
    period: Duration | None = None
    left: int | None = 0


def is_literal(text: str) -> bool:
    """Is it bare ISO 8601 (`P3D`, `2026-01-10T09:00+09:00`, `R3/P1M`) rather than FEEL?"""
    return _LITERAL.fullmatch(text) is not None


def plan(kind: str, value: Any, now: datetime) -> Plan:
    """The plan of a timer of `kind` (date, duration, cycle) whose expression came to `value`, armed at `now`."""
    if kind == "date":
        due = moment(value)
        return Plan(due=due, base=due)
    if kind == "duration":
        due = duration(value).after(now)
        return Plan(due=due, base=now)
    return _cycle(value, now)


def moment(value: Any) -> datetime:
    """A point in time: a date means its first moment in Tokyo; a date and time without zone is refused."""
    if isinstance(value, feel.Date):
        return datetime(value.year, value.month, value.day, tzinfo=TOKYO)
    if isinstance(value, feel.DateTime):
        return _moment_of_text(str(feel.to_json(value)["@"]))
    if isinstance(value, str):
        return _moment_of_text(value.strip())
    raise TimerError(f"日時のはずですが、{_told(value)}でした。")


def duration(value: Any) -> Duration:
    """A duration from FEEL or ISO 8601 text; raises TimerError."""
    if isinstance(value, feel.YearsMonths):
        return Duration(months=value.months)
    if isinstance(value, feel.DaysTime):
        return Duration(time=timedelta(microseconds=value.nanos // 1000))
    if isinstance(value, str):
        return _duration_of_text(value.strip())
    raise TimerError(f"期間のはずですが、{_told(value)}でした。")


def _cycle(value: Any, now: datetime) -> Plan:
    if not isinstance(value, str):
        period = duration(value)
        return Plan(due=period.after(now), base=now, period=period, left=None)
    found = _CYCLE.fullmatch(value.strip())
    if found is None:
        raise TimerError(f"繰り返しは「R3/P1M」の形のはずですが、「{value[:40]}」でした。")
    times = int(found[1]) if found[1] else None
    parts = found[2].split("/")
    if len(parts) > 2:
        raise TimerError("繰り返しの開始と間隔は一つずつにしてください（R3/2026-04-01T09:00+09:00/P1M）。")
    start = moment(parts[0]) if len(parts) == 2 else None
    period = _period(parts[-1], start)
    if period.after(now) <= now:
        raise TimerError("繰り返しの間隔は0より長くしてください。")
    return _first(now, start, period, times)


def _period(text: str, start: datetime | None) -> Duration:
    """The interval of a cycle: a duration, or the moment at which the first interval ends (ISO 8601 §4.4.4)."""
    if start is not None and not text.startswith("P"):
        return Duration(time=moment(text) - start)
    return _duration_of_text(text)


def _first(now: datetime, start: datetime | None, period: Duration, times: int | None) -> Plan:
    if times == 0:
        raise TimerError("繰り返しの回数は1回以上にしてください。")
    left = None if times is None else times - 1
    if start is None:
        return Plan(due=period.after(now), base=now, period=period, left=left)
    # `base` is one period before the first firing in the count of `following`, hence the start itself is number 0.
    passed = 0
    due = start
    while due < now and (left is None or passed < left):
        passed += 1
        due = period.after(start, passed)
    return Plan(due=due, base=start, period=period, left=None if left is None else left - passed)


def following(plan_: Plan, now: datetime) -> Plan | None:
    """The plan after a firing; None when the timer is used up. Firings of an endless cycle that were missed while
    nobody looked are caught up by one."""
    if plan_.period is None or plan_.left == 0:
        return None
    latest = plan_.due if plan_.left is not None else max(plan_.due, now - timedelta(microseconds=1))
    due = _next(plan_, latest)
    return Plan(due=due, base=plan_.base, period=plan_.period, left=None if plan_.left is None else plan_.left - 1)


def _next(plan_: Plan, after: datetime) -> datetime:
    assert plan_.period is not None
    times = _periods(plan_, after)
    due = plan_.period.after(plan_.base, times)
    while due <= after:
        times += 1
        due = plan_.period.after(plan_.base, times)
    return due


def _periods(plan_: Plan, after: datetime) -> int:
    """A number of periods from the base that surely lies before or at `after`."""
    assert plan_.period is not None
    longest = timedelta(days=31 * plan_.period.months) + plan_.period.time
    return max(0, (after - plan_.base) // longest)


def to_state(plan_: Plan) -> dict[str, Any]:
    """A plan as plain JSON."""
    state: dict[str, Any] = {"due": plan_.due.isoformat(), "base": plan_.base.isoformat()}
    if plan_.period is not None:
        state["months"] = plan_.period.months
        state["seconds"] = plan_.period.time.total_seconds()
        state["left"] = plan_.left
    return state


def from_state(state: dict[str, Any]) -> Plan:
    """The plan that `to_state` wrote."""
    due, base = (datetime.fromisoformat(state[key]).astimezone(TOKYO) for key in ("due", "base"))
    if "months" not in state:
        return Plan(due=due, base=base)
    period = Duration(months=state["months"], time=timedelta(seconds=state["seconds"]))
    return Plan(due=due, base=base, period=period, left=state["left"])


def _moment_of_text(text: str) -> datetime:
    if not (_DATE.fullmatch(text) or _MOMENT.fullmatch(text)):
        raise TimerError(f"日時は「2026-01-10T09:00+09:00」の形のはずですが、「{text[:40]}」でした。")
    plain, _, zone = text.partition("@")
    try:
        found = datetime.fromisoformat(plain)
        found = found.replace(tzinfo=ZoneInfo(zone)) if zone else found
    except (ValueError, LookupError, OSError):
        raise TimerError(f"「{text[:40]}」という日時は暦にありません。") from None
    if _DATE.fullmatch(text):
        return found.replace(tzinfo=TOKYO)
    if found.tzinfo is None:
        raise TimerError(f"日時「{text[:40]}」に時差がありません。日本時間なら +09:00 を付けてください。")
    return found.astimezone(TOKYO)


def _duration_of_text(text: str) -> Duration:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise TimerError(f"期間は「P3D」「PT2H」「P1M」の形のはずですが、「{text[:40]}」でした。")
    sign = -1 if found[1] == "-" else 1
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in found.groups()[1:7])
    seconds = float((found[8] or "0").replace(",", "."))
    try:
        time = timedelta(days=days + 7 * weeks, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise TimerError("期間が長すぎます。") from None
    return Duration(months=sign * (years * 12 + months), time=sign * time)


def _days(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _told(value: Any) -> str:
    return "空（null）" if value is None else f"「{str(value)[:40]}」"
