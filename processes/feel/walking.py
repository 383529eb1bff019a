"""Walking over lists and ranges: what `for`, `some`, `every` and filters do (DMN 1.5, 10.3.2.5 and 10.3.2.14)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from .calendar import date_from_ordinal, ordinal
from .run import Scope
from .values import Date, Range, Value

#: The answer for a value that has no items.
NOT_WALKABLE: Any = object()
#: The answer for a place outside a list.
NO_ITEM: Any = object()


def items_of(value: Value) -> Any:
    """The items of a list, the whole numbers or days of an ascending range, or a single value as its own item."""
    if type(value) is list:
        return value
    if type(value) is not Range:
        return NOT_WALKABLE if value is None else [value]
    if not (value.bounded_below and value.bounded_above):
        return NOT_WALKABLE
    bounds = _whole_bounds(value.start, value.end)
    if bounds is None or bounds[0] > bounds[1]:
        return NOT_WALKABLE
    first = bounds[0] + (0 if value.start_included else 1)
    last = bounds[1] - (0 if value.end_included else 1)
    return _steps(first, last, 1, type(value.start)) if first <= last else []


def span(start: Value, end: Value) -> Any:
    """`start .. end` of an iterator: ascending or descending, both ends included."""
    bounds = _whole_bounds(start, end)
    if bounds is None:
        return NOT_WALKABLE
    return _steps(*bounds, 1 if bounds[0] <= bounds[1] else -1, type(start))


def item_at(items: list[Value], index: Decimal) -> Value:
    """The item at a place counted from 1, or from -1 at the end; NO_ITEM if there is none."""
    if abs(index) > len(items) or index == 0 or index != index.to_integral_value():
        return NO_ITEM
    place = int(index)
    return items[place - 1] if place > 0 else items[place]


def item_scope(scope: Scope, item: Value) -> Scope:
    """The scope of a filter's condition: `item`, and the fields of the item if it is a context."""
    named = scope.inner({"item": item})
    return named.inner(item) if type(item) is dict else named


def _whole_bounds(start: Value, end: Value) -> tuple[int, int] | None:
    if type(start) is Date and type(end) is Date:
        return ordinal(start), ordinal(end)
    if type(start) is not Decimal or type(end) is not Decimal:
        return None
    if abs(start) > 10**12 or abs(end) > 10**12 or start != int(start) or end != int(end):
        return None
    return int(start), int(end)


def _steps(first: int, last: int, step: int, kind: type) -> Iterable[Value]:
    numbers = range(first, last + step, step)
    if kind is Date:
        return (date_from_ordinal(number) for number in numbers)
    return (Decimal(number) for number in numbers)
