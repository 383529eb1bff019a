"""FEEL values as JSON and back.

Numbers are JSON numbers: a whole number of up to 300 digits is an int, any other the nearest double (exact whenever
a double can say it; a number such as 1/3 keeps 17 of its 34 digits).  Dates, times, dates and times and durations
are `{"@": "2026-11-23"}`, as in FEEL's `@"…"`.
"""

from __future__ import annotations

import datetime as std
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from . import calendar
from .errors import FeelValueError
from .types import describe
from .values import (
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

_DEPTH = 60
_SIZE = 1_000_000
_PLAIN = (str, bool, Decimal, type(None))
_OWN = (Date, Time, DateTime, DaysTime, YearsMonths, Range, Function)


def from_json(obj: Any) -> Value:
    """JSON (as `json.loads` gives it) as FEEL values; FeelValueError if it holds what is no FEEL value."""
    return _read(obj, 0)


def to_json(value: Value, *, exact: bool = False) -> Any:
    """A FEEL value as JSON; FeelValueError for ranges and functions, and for what is too deep or too large. `exact`: a
    number that a float cannot hold stays a Decimal."""
    return _write(value, 0, [_SIZE], exact)


def from_python(value: Any) -> Value:
    """A value of the program as FEEL's: int, float, standard dates and durations, tuples and mappings too.

    Values that are FEEL's already are handed back as they are, so that checking a context costs no copy.
    """
    return _accept(value, 0)


def _read(obj: Any, depth: int) -> Value:
    if depth > _DEPTH:
        raise FeelValueError("値の入れ子が深すぎます")
    if isinstance(obj, list):
        return [_read(item, depth + 1) for item in obj]
    if isinstance(obj, Decimal):
        return _decimal(obj)
    if not isinstance(obj, dict):
        return _accept(obj, depth)
    if obj.keys() == {"@"}:
        literal = calendar.read_literal(obj["@"]) if isinstance(obj["@"], str) else None
        if literal is None:
            raise FeelValueError(f"「{str(obj['@'])[:40]}」は日付・時刻・期間として読めません")
        return literal
    return {str(key): _read(item, depth + 1) for key, item in obj.items()}


def _write(value: Value, depth: int, left: list[int], exact: bool) -> Any:
    left[0] -= 1
    if depth > _DEPTH or left[0] < 0:
        raise FeelValueError("値が大きすぎるか、入れ子が深すぎます")
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Decimal):
        return _number(value, exact)
    if isinstance(value, list):
        return [_write(item, depth + 1, left, exact) for item in value]
    if isinstance(value, dict):
        return {key: _write(item, depth + 1, left, exact) for key, item in value.items()}
    if isinstance(value, (Date, Time, DateTime, DaysTime, YearsMonths)):
        return {"@": calendar.write(value)}
    raise FeelValueError(f"{describe(value)}は JSON で書けません")


def _number(value: Decimal, exact: bool) -> int | float | Decimal:
    if value.adjusted() > 300:
        if exact:
            return value
        raise FeelValueError("数が大きすぎて JSON で書けません")
    if value == value.to_integral_value():
        return int(value)
    near = float(value)
    return value if exact and Decimal(repr(near)) != value else near


def _accept(value: Any, depth: int) -> Value:
    if isinstance(value, (*_PLAIN, *_OWN)):
        return value
    if isinstance(value, (int, float)):
        return _decimal(value)
    if depth > _DEPTH:
        raise FeelValueError("値の入れ子が深すぎます")
    if isinstance(value, (list, tuple)):
        items = [_accept(item, depth + 1) for item in value]
        same = type(value) is list and all(new is old for new, old in zip(items, value, strict=True))
        return value if same else items
    if isinstance(value, Mapping):
        made = {str(key): _accept(item, depth + 1) for key, item in value.items()}
        same = type(value) is dict and all(made.get(key) is item for key, item in value.items())
        return value if same else made
    if isinstance(value, (std.date, std.time, std.timedelta)):
        return calendar.from_standard(value)
    raise FeelValueError(f"{type(value).__name__} は FEEL の値ではありません")


def _decimal(value: float | Decimal) -> Decimal:
    try:
        number = NUMBERS.create_decimal(repr(value) if isinstance(value, float) else Decimal(value))
    except ArithmeticError:
        raise FeelValueError("数が大きすぎます") from None
    if not number.is_finite():
        raise FeelValueError("無限大や NaN は FEEL の値ではありません")
    return number
