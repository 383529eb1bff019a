"""Days, times and durations: reading and writing their ISO forms, and their arithmetic (DMN 1.5, 10.3.2.3).

Everything is integer arithmetic on the proleptic Gregorian calendar, so that years far outside the standard
library's range are exact.  Time zones come from the IANA database; outside its years 1 to 9999 the offset of the
nearest year is used.
"""

from __future__ import annotations

import datetime as std
import re
from dataclasses import replace
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .values import (
    DAY_NANOS,
    NANOS,
    YEAR_LIMIT,
    Date,
    DateTime,
    DaysTime,
    Time,
    YearsMonths,
)

_DATE = re.compile(r"(-?)([1-9][0-9]{4,8}|[0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,30}))?"
    r"(?:(Z)|([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?|@([A-Za-z][A-Za-z0-9_+\-/]{0,60}))?"
)
_YEARS_MONTHS = re.compile(r"(-?)P(?=[0-9])(?:([0-9]{1,12})Y)?(?:([0-9]{1,12})M)?")
_DAYS_TIME = re.compile(
    r"(-?)P(?=[0-9]|T[0-9])(?:([0-9]{1,15})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,15})H)?(?:([0-9]{1,15})M)?(?:([0-9]{1,15})(?:\.([0-9]{0,30}))?S)?)?"
)
_OFFSET_LIMIT = 18 * 3600
_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def read_date(text: str) -> Date | None:
    """`2026-11-23`, `-2026-11-23`, `12345-01-01`; None if it is no such day."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    year = int(found[2])
    return date_of(-year if found[1] else year, int(found[3]), int(found[4]))


def read_time(text: str) -> Time | None:
    """`10:30:00`, with fraction, and with `Z`, an offset or `@Asia/Tokyo`."""
    read = _read_time(text)
    return read[0] if read else None


def read_date_time(text: str) -> DateTime | None:
    """`2026-11-23T10:30:00+09:00`; a day alone means its midnight."""
    day_text, mark, time_text = text.partition("T")
    day = read_date(day_text)
    if day is None or not mark:
        return DateTime(day, Time(0, 0, 0)) if day else None
    read = _read_time(time_text)
    if read is None:
        return None
    time, next_day = read
    if next_day:
        moved = date_from_ordinal(ordinal(day) + 1)
        return DateTime(moved, time) if moved else None
    return DateTime(day, time)


def read_duration(text: str) -> YearsMonths | DaysTime | None:
    """`P1Y2M` or `P3DT4H5M6.7S`, each with an optional minus in front."""
    found = _YEARS_MONTHS.fullmatch(text)
    if found:
        months = int(found[2] or 0) * 12 + int(found[3] or 0)
        return YearsMonths(-months if found[1] else months)
    found = _DAYS_TIME.fullmatch(text)
    if not found:
        return None
    seconds = ((int(found[2] or 0) * 24 + int(found[3] or 0)) * 60 + int(found[4] or 0)) * 60 + int(
        found[5] or 0
    )
    nanos = seconds * NANOS + _fraction(found[6])
    return DaysTime(-nanos if found[1] else nanos)


def read_literal(text: str) -> Date | Time | DateTime | YearsMonths | DaysTime | None:
    """What `@"…"` means: a date, date and time, time or duration."""
    if "T" in text.partition("@")[0] and not text.lstrip("-").startswith("P"):
        return read_date_time(text)
    return read_date(text) or read_time(text) or read_duration(text)


def write(value: Date | Time | DateTime | YearsMonths | DaysTime) -> str:
    """The ISO form that reads back as the same value."""
    if isinstance(value, Date):
        return _write_date(value)
    if isinstance(value, Time):
        return _write_time(value)
    if isinstance(value, DateTime):
        return f"{_write_date(value.date)}T{_write_time(value.time)}"
    if isinstance(value, YearsMonths):
        return _write_years_months(value.months)
    return _write_days_time(value.nanos)


def date_of(year: int, month: int, day: int) -> Date | None:
    """The day, or None if the calendar has none such."""
    if not (
        -YEAR_LIMIT <= year <= YEAR_LIMIT and 1 <= month <= 12 and 1 <= day <= days_in_month(year, month)
    ):
        return None
    return Date(year, month, day)


def time_of(
    hour: int, minute: int, second: int, nano: int = 0, offset: int | None = None, zone: str | None = None
) -> Time | None:
    """The time of day, or None if the clock has none such."""
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return None
    if offset is not None and abs(offset) > _OFFSET_LIMIT:
        return None
    return Time(hour, minute, second, nano, offset, zone)


def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    if month == 2:
        return 29 if is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def is_leap(year: int) -> bool:
    """Whether the year has a 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def ordinal(day: Date) -> int:
    """Days since 1970-01-01."""
    before = day.year - 1
    leap_day = 1 if day.month > 2 and is_leap(day.year) else 0
    in_year = _DAYS_BEFORE[day.month - 1] + leap_day + day.day
    return before * 365 + before // 4 - before // 100 + before // 400 + in_year - 719_163


def date_from_ordinal(days: int) -> Date | None:
    """The inverse of `ordinal`; None outside the years we know."""
    eras, in_era = divmod(days + 719_162, 146_097)
    try:
        near = std.date.fromordinal(in_era + 1)
    except (ValueError, OverflowError):
        return None
    year = near.year + eras * 400
    return Date(year, near.month, near.day) if abs(year) <= YEAR_LIMIT else None


def day_of_year(day: Date) -> int:
    """1 January is 1."""
    return ordinal(day) - ordinal(Date(day.year, 1, 1)) + 1


def weekday(day: Date) -> int:
    """Monday is 1, Sunday 7."""
    return (ordinal(day) + 3) % 7 + 1


def week_of_year(day: Date) -> int:
    """The ISO 8601 week: the one that holds this week's Thursday."""
    thursday = date_from_ordinal(ordinal(day) - weekday(day) + 4) or day
    return (day_of_year(thursday) - 1) // 7 + 1


def add_months(day: Date, months: int) -> Date | None:
    """The same day so many months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if abs(year) > YEAR_LIMIT:
        return None
    return Date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def later(moment: DateTime, nanos: int) -> DateTime | None:
    """The date and time so much later; in a zone, real time counts, whatever its clocks do in between."""
    if moment.time.zone is None:
        return add_nanos(moment, nanos)
    return at_instant(instant(moment) + nanos, moment.time.zone)


def at_instant(nanos: int, zone: str) -> DateTime | None:
    """What the clocks of a zone show so many nanoseconds after 1970-01-01T00:00:00Z."""
    utc = add_nanos(DateTime(Date(1970, 1, 1), Time(0, 0, 0)), nanos)
    if utc is None:
        return None
    offset = _zone_offset_at(zone, utc)
    local = add_nanos(utc, offset * NANOS)
    return DateTime(local.date, replace(local.time, zone=zone)) if local else None


def add_nanos(moment: DateTime, nanos: int) -> DateTime | None:
    """The date and time so much later, on its own clock."""
    days, rest = divmod(moment.time.local_nanos + nanos, DAY_NANOS)
    day = date_from_ordinal(ordinal(moment.date) + days)
    return DateTime(day, with_nanos(moment.time, rest)) if day else None


def with_nanos(time: Time, nanos: int) -> Time:
    """The same zone at another time of day (nanoseconds since midnight)."""
    seconds, nano = divmod(nanos, NANOS)
    return Time(seconds // 3600, seconds // 60 % 60, seconds % 60, nano, time.offset, time.zone)


def is_local(time: Time) -> bool:
    """Whether the time has neither offset nor zone."""
    return time.offset is None and time.zone is None


def offset_of(time: Time, day: Date | None) -> int | None:
    """Seconds east of UTC at that day; a zone without a day is taken at 1970-01-01."""
    if time.zone is None:
        return time.offset
    return _zone_offset(time.zone, day or Date(1970, 1, 1), time)


def instant(moment: DateTime) -> int:
    """Nanoseconds since 1970-01-01T00:00:00Z; local times are read as UTC (10.3.2.3.5)."""
    offset = offset_of(moment.time, moment.date) or 0
    return ordinal(moment.date) * DAY_NANOS + moment.time.local_nanos - offset * NANOS


def time_instant(time: Time) -> int:
    """Nanoseconds since midnight UTC (10.3.2.3.4)."""
    return time.local_nanos - (offset_of(time, None) or 0) * NANOS


def months_between(start: Date, end: Date) -> int:
    """Whole months from one day to another, toward zero."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        return months - 1
    if months < 0 and end.day > start.day:
        return months + 1
    return months


def from_standard(
    value: std.datetime | std.date | std.time | std.timedelta,
) -> Date | Time | DateTime | DaysTime:
    """The standard library's value as ours; zones keep their IANA name."""
    if isinstance(value, std.datetime):
        return DateTime(Date(value.year, value.month, value.day), _from_clock(value))
    if isinstance(value, std.date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, std.time):
        return _from_clock(value)
    return DaysTime((value.days * 86_400 + value.seconds) * NANOS + value.microseconds * 1000)


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo | None:
    """The IANA zone, or None if there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _read_time(text: str) -> tuple[Time, bool] | None:
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hour, minute, second, nano = int(found[1]), int(found[2]), int(found[3]), _fraction(found[4])
    next_day = (hour, minute, second, nano) == (24, 0, 0, 0)
    offset: int | None = 0 if found[5] else None
    if found[6]:
        if int(found[8]) > 59 or int(found[9] or 0) > 59:
            return None
        offset = int(found[7]) * 3600 + int(found[8]) * 60 + int(found[9] or 0)
        offset = -offset if found[6] == "-" else offset
    if found[10] and zone_named(found[10]) is None:
        return None
    time = time_of(0 if next_day else hour, minute, second, nano, offset, found[10])
    return (time, next_day) if time else None


def _fraction(digits: str | None) -> int:
    return int((digits or "")[:9].ljust(9, "0"))


def _write_date(day: Date) -> str:
    return f"{'-' if day.year < 0 else ''}{abs(day.year):04d}-{day.month:02d}-{day.day:02d}"


def _write_time(time: Time) -> str:
    text = f"{time.hour:02d}:{time.minute:02d}:{time.second:02d}"
    if time.nano:
        text += f".{time.nano:09d}".rstrip("0")
    if time.zone is not None:
        return f"{text}@{time.zone}"
    return text + _write_offset(time.offset)


def _write_offset(offset: int | None) -> str:
    if offset is None:
        return ""
    if offset == 0:
        return "Z"
    hours, rest = divmod(abs(offset), 3600)
    text = f"{'-' if offset < 0 else '+'}{hours:02d}:{rest // 60:02d}"
    return f"{text}:{rest % 60:02d}" if rest % 60 else text


def _write_years_months(months: int) -> str:
    years, rest = divmod(abs(months), 12)
    text = (f"{years}Y" if years else "") + (f"{rest}M" if rest else "")
    return f"{'-' if months < 0 else ''}P{text or '0M'}"


def _write_days_time(nanos: int) -> str:
    seconds, nano = divmod(abs(nanos), NANOS)
    days, seconds = divmod(seconds, 86_400)
    clock = (f"{seconds // 3600}H" if seconds >= 3600 else "") + (
        f"{seconds // 60 % 60}M" if seconds // 60 % 60 else ""
    )
    if seconds % 60 or nano:
        clock += f"{seconds % 60}" + (f".{nano:09d}".rstrip("0") if nano else "") + "S"
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return f"{'-' if nanos < 0 else ''}P{text or 'T0S'}"


def _zone_offset(zone: str, day: Date, time: Time) -> int:
    info = zone_named(zone)
    if info is None:
        return 0
    year = min(max(day.year, 2), 9998)
    month_day = min(day.day, days_in_month(year, day.month))
    moment = std.datetime(year, day.month, month_day, time.hour, time.minute, time.second, tzinfo=info)
    offset = moment.utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _zone_offset_at(zone: str, utc: DateTime) -> int:
    info = zone_named(zone)
    if info is None:
        return 0
    year = min(max(utc.date.year, 2), 9998)
    day = min(utc.date.day, days_in_month(year, utc.date.month))
    moment = std.datetime(
        year, utc.date.month, day, utc.time.hour, utc.time.minute, utc.time.second, tzinfo=std.UTC
    )
    offset = moment.astimezone(info).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _from_clock(value: std.datetime | std.time) -> Time:
    zone = getattr(value.tzinfo, "key", None)
    offset = None if zone else value.utcoffset()
    seconds = int(offset.total_seconds()) if offset is not None else None
    return Time(value.hour, value.minute, value.second, value.microsecond * 1000, seconds, zone)
