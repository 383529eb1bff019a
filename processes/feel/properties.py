"""The fields of values that are not contexts: parts of dates, times, durations and ranges (DMN 1.5, table 66)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .calendar import offset_of, weekday
from .values import NANOS, Date, DateTime, DaysTime, Range, Time, Value, YearsMonths

#: The answer if a value has no such field.
NOTHING: Any = object()


def member_of(value: Value, name: str) -> Value:
    """The field of a value, or NOTHING; of a list, the fields of its items (null where there is none)."""
    if type(value) is dict:
        return value.get(name, NOTHING)
    if type(value) is list:
        return [None if (item := member_of(one, name)) is NOTHING else item for one in value]
    reader = _READERS.get((type(value), name))
    return reader(value) if reader else NOTHING


def _offset(time: Time, day: Date | None) -> DaysTime | None:
    offset = offset_of(time, day)
    return None if offset is None else DaysTime(offset * NANOS)


def _seconds(nanos: int, unit: int, limit: int | None) -> Decimal:
    whole = abs(nanos) // (unit * NANOS)
    whole = whole % limit if limit else whole
    return Decimal(-whole if nanos < 0 else whole)


def _months(months: int, part: str) -> Decimal:
    years, rest = divmod(abs(months), 12)
    amount = years if part == "years" else rest
    return Decimal(-amount if months < 0 else amount)


_READERS: dict[tuple[type, str], Callable[[Any], Value]] = {
    (Date, "year"): lambda day: Decimal(day.year),
    (Date, "month"): lambda day: Decimal(day.month),
    (Date, "day"): lambda day: Decimal(day.day),
    (Date, "weekday"): lambda day: Decimal(weekday(day)),
    (DateTime, "year"): lambda moment: Decimal(moment.date.year),
    (DateTime, "month"): lambda moment: Decimal(moment.date.month),
    (DateTime, "day"): lambda moment: Decimal(moment.date.day),
    (DateTime, "weekday"): lambda moment: Decimal(weekday(moment.date)),
    (DateTime, "hour"): lambda moment: Decimal(moment.time.hour),
    (DateTime, "minute"): lambda moment: Decimal(moment.time.minute),
    (DateTime, "second"): lambda moment: Decimal(moment.time.second),
    (DateTime, "time offset"): lambda moment: _offset(moment.time, moment.date),
    (DateTime, "timezone"): lambda moment: moment.time.zone,
    (Time, "hour"): lambda time: Decimal(time.hour),
    (Time, "minute"): lambda time: Decimal(time.minute),
    (Time, "second"): lambda time: Decimal(time.second),
    (Time, "time offset"): lambda time: _offset(time, None),
    (Time, "timezone"): lambda time: time.zone,
    (YearsMonths, "years"): lambda duration: _months(duration.months, "years"),
    (YearsMonths, "months"): lambda duration: _months(duration.months, "months"),
    (DaysTime, "days"): lambda duration: _seconds(duration.nanos, 86_400, None),
    (DaysTime, "hours"): lambda duration: _seconds(duration.nanos, 3600, 24),
    (DaysTime, "minutes"): lambda duration: _seconds(duration.nanos, 60, 60),
    (DaysTime, "seconds"): lambda duration: _seconds(duration.nanos, 1, 60),
    (Range, "start"): lambda interval: interval.start,
    (Range, "end"): lambda interval: interval.end,
    (Range, "start included"): lambda interval: interval.start_included,
    (Range, "end included"): lambda interval: interval.end_included,
}
