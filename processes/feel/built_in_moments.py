"""Functions that make and ask dates, times and durations (DMN 1.5, 10.3.4.1, 10.3.4.7 and 10.3.4.8)."""

from __future__ import annotations

from decimal import Decimal

from . import calendar
from .declare import Library
from .errors import Fault
from .run import Run
from .values import NANOS, Date, DateTime, DaysTime, Time, Value, YearsMonths

LIBRARY = Library()
declare = LIBRARY.declare

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


@declare("date", "from: moment", result="date")
def date_from(run: Run, source: Value) -> Value:
    if isinstance(source, str):
        return _read(calendar.read_date(source), source, "日付")
    return source.date if isinstance(source, DateTime) else source


@declare("date", "year: number", "month: number", "day: number", result="date")
def date_of(run: Run, year: Decimal, month: Decimal, day: Decimal) -> Value:
    made = calendar.date_of(_whole(year), _whole(month), _whole(day))
    return _read(made, f"{year}-{month}-{day}", "日付")


@declare("date and time", "from: moment", result="date and time")
def date_and_time_from(run: Run, source: Value) -> Value:
    if isinstance(source, str):
        return _read(calendar.read_date_time(source), source, "日時")
    return DateTime(source, Time(0, 0, 0, 0, 0)) if isinstance(source, Date) else source


@declare("date and time", "date: day", "time: time", result="date and time")
def date_and_time(run: Run, day: Value, time: Time) -> Value:
    return DateTime(day.date if isinstance(day, DateTime) else day, time)


@declare("date and time", "date: day", "timezone: string", result="date and time")
def date_and_time_in_zone(run: Run, moment: Value, timezone: str) -> Value:
    """The same instant on the clock of another zone."""
    if isinstance(moment, Date):
        raise Fault("タイムゾーンを変えるには日時が必要です")
    moved = calendar.at_instant(calendar.instant(moment), timezone) if calendar.zone_named(timezone) else None
    return _read(moved, timezone, "タイムゾーン")


@declare(
    "date and time",
    "year: number",
    "month: number",
    "day: number",
    "hour: number",
    "minute: number",
    "second: number",
    "offset: zone?~",
    result="date and time",
)
def date_and_time_of(
    run: Run,
    year: Decimal,
    month: Decimal,
    day: Decimal,
    hour: Decimal,
    minute: Decimal,
    second: Decimal,
    zone: Value = None,
) -> Value:
    made = date_of(run, year, month, day)
    if isinstance(zone, str):
        time: Value = _time(hour, minute, second, None, zone)
    elif isinstance(zone, Decimal):
        time = _time(hour, minute, second, int(zone * 3600), None)
    else:
        time = _time(hour, minute, second, zone.nanos // NANOS if zone else None, None)
    return DateTime(made, time)


@declare("time", "from: clock", result="time")
def time_from(run: Run, source: Value) -> Value:
    if isinstance(source, str):
        return _read(calendar.read_time(source), source, "時刻")
    if isinstance(source, DateTime):
        return source.time
    return Time(0, 0, 0, 0, 0) if isinstance(source, Date) else source


@declare(
    "time",
    "hour: number",
    "minute: number",
    "second: number",
    "offset: days and time duration?~",
    result="time",
)
def time_of(
    run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: DaysTime | None = None
) -> Value:
    seconds = None
    if offset is not None:
        seconds = abs(offset.nanos) // NANOS * (-1 if offset.nanos < 0 else 1)
    return _time(hour, minute, second, seconds, None)


@declare("duration", "from: string")
def duration(run: Run, source: str) -> Value:
    return _read(calendar.read_duration(source), source, "期間")


@declare("years and months duration", "from: day", "to: day", result="years and months duration")
def years_and_months_duration(run: Run, start: Value, end: Value) -> Value:
    return YearsMonths(calendar.months_between(_day(start), _day(end)))


@declare("day of year", "date: day", result="number")
def day_of_year(run: Run, day: Value) -> Value:
    return Decimal(calendar.day_of_year(_day(day)))


@declare("day of week", "date: day", result="string")
def day_of_week(run: Run, day: Value) -> Value:
    return _DAYS[calendar.weekday(_day(day)) - 1]


@declare("month of year", "date: day", result="string")
def month_of_year(run: Run, day: Value) -> Value:
    return _MONTHS[_day(day).month - 1]


@declare("week of year", "date: day", result="number")
def week_of_year(run: Run, day: Value) -> Value:
    return Decimal(calendar.week_of_year(_day(day)))


@declare("now", result="date and time")
def now(run: Run) -> Value:
    if run.now is None:
        raise Fault("この式には現在の時刻が与えられていません")
    return calendar.from_standard(run.now)


@declare("today", result="date")
def today(run: Run) -> Value:
    return now(run).date


def _read(value: Value, source: str, kind: str) -> Value:
    if value is None:
        raise Fault(f"「{source[:40]}」は{kind}として読めません")
    return value


def _time(hour: Decimal, minute: Decimal, second: Decimal, offset: int | None, zone: str | None) -> Time:
    whole = int(second)
    nano = int((second - whole) * NANOS)
    if zone is not None and calendar.zone_named(zone) is None:
        raise Fault(f"「{zone}」というタイムゾーンはありません")
    made = calendar.time_of(_whole(hour), _whole(minute), whole, nano, offset, zone) if second >= 0 else None
    if made is None:
        raise Fault("この時・分・秒の時刻はありません")
    return made


def _whole(number: Decimal) -> int:
    if abs(number) > 10**10:
        raise Fault("日付や時刻の数が大きすぎます")
    return int(number)


def _day(value: Value) -> Date:
    return value.date if isinstance(value, DateTime) else value
