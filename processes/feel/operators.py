"""Equality, order, arithmetic and membership of FEEL values (DMN 1.5, 10.3.2.13, 10.3.2.14, 10.3.2.4).

Three-valued: every answer may be None, which means that the question has no answer for these values.
"""

from __future__ import annotations

from decimal import Decimal

from . import calendar
from .errors import Fault
from .run import Run
from .types import describe
from .values import (
    DAY_NANOS,
    NUMBERS,
    Date,
    DateTime,
    DaysTime,
    Function,
    Range,
    Time,
    Value,
    YearsMonths,
)


def equal(left: Value, right: Value, run: Run) -> bool | None:
    """`left = right`: None if the values are of different kinds."""
    if left is None or right is None:
        return left is right
    kind = type(left)
    if kind is not type(right):
        return None
    if kind is list:
        return _equal_lists(left, right, run)
    if kind is dict:
        return _equal_contexts(left, right, run)
    if kind is Time:
        return _equal_times(left, right)
    if kind is DateTime:
        return calendar.is_local(left.time) == calendar.is_local(right.time) and (
            calendar.instant(left) == calendar.instant(right)
        )
    if kind is Range:
        return _equal_ranges(left, right, run)
    if kind is Function:
        return left is right
    return bool(left == right)


def less(left: Value, right: Value) -> bool | None:
    """`left < right`: None if the two have no order."""
    keys = order_keys(left, right)
    return None if keys is None else keys[0] < keys[1]


def less_or_equal(left: Value, right: Value) -> bool | None:
    """`left <= right`: None if the two have no order."""
    keys = order_keys(left, right)
    return None if keys is None else keys[0] <= keys[1]


def order_keys(left: Value, right: Value) -> tuple[Value, Value] | None:
    """Two comparable stand-ins for the values, or None if they have no order."""
    kind = type(left)
    if kind is not type(right):
        return None
    if kind in (Decimal, str, DaysTime, YearsMonths):
        return left, right
    if kind is Date:
        return (left.year, left.month, left.day), (right.year, right.month, right.day)
    if kind is DateTime:
        return calendar.instant(left), calendar.instant(right)
    if kind is Time:
        return calendar.time_instant(left), calendar.time_instant(right)
    return None


def contains(interval: Range, value: Value) -> bool | None:
    """Whether the value lies in the range; None if the two cannot be compared."""
    if value is None:
        return None
    below = above = True
    if interval.bounded_below:
        answer = (
            less_or_equal(interval.start, value) if interval.start_included else less(interval.start, value)
        )
        if answer is None:
            return None
        below = answer
    if interval.bounded_above:
        answer = less_or_equal(value, interval.end) if interval.end_included else less(value, interval.end)
        if answer is None:
            return None
        above = answer
    return below and above


def member(value: Value, test: Value, run: Run) -> bool | None:
    """`value in test`, where the test came to a range, a list of values and ranges, or a value (10.3.2.7)."""
    if type(test) is Range and type(value) is not Range:
        return contains(test, value)
    if type(test) is list:
        run.spend(len(test) + 1)
        if type(value) is list and equal(value, test, run):
            return True
        return any(
            (type(item) is Range and contains(item, value)) or equal(value, item, run) is True
            for item in test
        )
    return equal(value, test, run)


def add(left: Value, right: Value, run: Run) -> Value:
    """`left + right`; Fault if the standard gives the two no sum."""
    if type(left) is Decimal and type(right) is Decimal:
        return NUMBERS.add(left, right)
    if type(left) is str and type(right) is str:
        return run.text(left + right)
    if isinstance(left, (DaysTime, YearsMonths)) and not isinstance(right, (DaysTime, YearsMonths)):
        left, right = right, left
    if type(left) is type(right) and isinstance(left, (DaysTime, YearsMonths)):
        return _duration_sum(left, right, 1)
    return _shifted(left, right, 1, "+")


def subtract(left: Value, right: Value, run: Run) -> Value:
    """`left - right`; Fault if the standard gives the two no difference."""
    if type(left) is Decimal and type(right) is Decimal:
        return NUMBERS.subtract(left, right)
    if type(left) is type(right) and isinstance(left, (DaysTime, YearsMonths)):
        return _duration_sum(left, right, -1)
    if isinstance(left, (Date, DateTime)) and isinstance(right, (Date, DateTime)):
        return _days_between(left, right)
    if type(left) is Time and type(right) is Time:
        _same_clock(left, right)
        return DaysTime(calendar.time_instant(left) - calendar.time_instant(right))
    return _shifted(left, right, -1, "-")


def multiply(left: Value, right: Value, run: Run) -> Value:
    """`left * right`, of numbers, or a duration and a number."""
    if type(left) is Decimal and type(right) is Decimal:
        return NUMBERS.multiply(left, right)
    if type(left) is Decimal:
        left, right = right, left
    if type(right) is Decimal and type(left) is DaysTime:
        return _days_time(NUMBERS.multiply(Decimal(left.nanos), right))
    if type(right) is Decimal and type(left) is YearsMonths:
        return _years_months(NUMBERS.multiply(Decimal(left.months), right))
    raise _no_operation("*", left, right)


def divide(left: Value, right: Value, run: Run) -> Value:
    """`left / right`, of numbers, a duration and a number, or two durations."""
    if type(left) is Decimal and type(right) is Decimal:
        return NUMBERS.divide(left, right)
    if type(right) is Decimal and type(left) is DaysTime:
        return _days_time(NUMBERS.divide(Decimal(left.nanos), right))
    if type(right) is Decimal and type(left) is YearsMonths:
        return _years_months(NUMBERS.divide(Decimal(left.months), right))
    if type(left) is DaysTime and type(right) is DaysTime:
        return NUMBERS.divide(Decimal(left.nanos), Decimal(right.nanos))
    if type(left) is YearsMonths and type(right) is YearsMonths:
        return NUMBERS.divide(Decimal(left.months), Decimal(right.months))
    raise _no_operation("/", left, right)


def power(left: Value, right: Value, run: Run) -> Value:
    """`left ** right` of numbers; anything to the power 0 is 1."""
    if type(left) is Decimal and type(right) is Decimal:
        if right == 0:
            return Decimal(1)
        result = NUMBERS.power(left, right)
        if not result.is_finite():
            raise Fault("0 の負のべき乗はありません")
        return result
    raise _no_operation("**", left, right)


def negate(value: Value) -> Value:
    """`-value` of a number or duration."""
    if type(value) is Decimal:
        return NUMBERS.minus(value)
    if type(value) is DaysTime:
        return DaysTime(-value.nanos)
    if type(value) is YearsMonths:
        return YearsMonths(-value.months)
    raise Fault(f"{describe(value)}に「-」は付けられません")


def _equal_lists(left: list[Value], right: list[Value], run: Run) -> bool:
    run.spend(min(len(left), len(right)) + 1)
    return len(left) == len(right) and all(
        equal(one, other, run) is True for one, other in zip(left, right, strict=True)
    )


def _equal_contexts(left: dict[str, Value], right: dict[str, Value], run: Run) -> bool:
    run.spend(min(len(left), len(right)) + 1)
    return left.keys() == right.keys() and all(
        equal(value, right[key], run) is True for key, value in left.items()
    )


def _equal_times(left: Time, right: Time) -> bool:
    if calendar.is_local(left) != calendar.is_local(right):
        return False
    return calendar.time_instant(left) == calendar.time_instant(right)


def _equal_ranges(left: Range, right: Range, run: Run) -> bool | None:
    shape = (left.start_included, left.end_included, left.bounded_below, left.bounded_above)
    other = (right.start_included, right.end_included, right.bounded_below, right.bounded_above)
    starts, ends = equal(left.start, right.start, run), equal(left.end, right.end, run)
    if starts is None or ends is None:
        return None
    return shape == other and starts and ends


def _duration_sum(left: Value, right: Value, sign: int) -> Value:
    if type(left) is DaysTime:
        return DaysTime(_bounded(left.nanos + sign * right.nanos))
    return YearsMonths(_bounded(left.months + sign * right.months))


def _shifted(moment: Value, duration: Value, sign: int, operator: str) -> Value:
    """A date, time or date and time moved by a duration (10.3.2.14 table 58)."""
    moved: Value = None
    if type(duration) is YearsMonths and type(moment) is Date:
        moved = calendar.add_months(moment, sign * duration.months)
    elif type(duration) is YearsMonths and type(moment) is DateTime:
        day = calendar.add_months(moment.date, sign * duration.months)
        moved = DateTime(day, moment.time) if day else None
    elif type(duration) is DaysTime and type(moment) is Date:
        shifted = calendar.add_nanos(DateTime(moment, Time(0, 0, 0, 0, 0)), sign * duration.nanos)
        moved = shifted.date if shifted else None
    elif type(duration) is DaysTime and type(moment) is DateTime:
        moved = calendar.later(moment, sign * duration.nanos)
    elif type(duration) is DaysTime and type(moment) is Time:
        return calendar.with_nanos(moment, (moment.local_nanos + sign * duration.nanos) % DAY_NANOS)
    else:
        raise _no_operation(operator, moment, duration)
    if moved is None:
        raise Fault("日付が扱える範囲を超えました")
    return moved


def _days_between(left: Date | DateTime, right: Date | DateTime) -> DaysTime:
    if isinstance(left, Date) and isinstance(right, Date):
        return DaysTime((calendar.ordinal(left) - calendar.ordinal(right)) * DAY_NANOS)
    first, second = _as_date_time(left), _as_date_time(right)
    _same_clock(first.time, second.time)
    return DaysTime(calendar.instant(first) - calendar.instant(second))


def _as_date_time(value: Date | DateTime) -> DateTime:
    return DateTime(value, Time(0, 0, 0, 0, 0)) if isinstance(value, Date) else value


def _same_clock(left: Time, right: Time) -> None:
    if calendar.is_local(left) != calendar.is_local(right):
        raise Fault("時差のある日時と時差のない日時の差は求められません")


def _days_time(nanos: Decimal) -> DaysTime:
    return DaysTime(_bounded(int(nanos)))


def _years_months(months: Decimal) -> YearsMonths:
    return YearsMonths(_bounded(int(months)))


def _bounded(amount: int) -> int:
    if abs(amount) > 10**15 * DAY_NANOS:
        raise Fault("期間が長すぎます")
    return amount


def _no_operation(operator: str, left: Value, right: Value) -> Fault:
    return Fault(f"{describe(left)}と{describe(right)}に「{operator}」は使えません")
