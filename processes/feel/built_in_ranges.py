"""Allen's relations between points and ranges (DMN 1.5, 10.3.4.6).  An open end lies beyond every value."""

from __future__ import annotations

from typing import TypeAlias

from . import operators as op
from .declare import Library
from .errors import Fault
from .run import Run
from .types import describe
from .values import Range, Value

LIBRARY = Library()

#: A place on the line: (-1 below all, 0 at the value, 1 above all; value; -1 just before, 0 at, 1 just after).
_Place: TypeAlias = tuple[int, Value, int]


def _declare(name: str, *names: tuple[str, str]) -> None:
    body = _BODIES[name]

    def run_relation(run: Run, first: Value, second: Value) -> Value:
        return body(first, second)

    for left, right in names:
        LIBRARY.declare(name, f"{left}: {_kind(left)}", f"{right}: {_kind(right)}", result="boolean")(
            run_relation
        )


def _kind(name: str) -> str:
    return "range" if name.startswith("range") else "Any"


def _low(value: Value) -> _Place:
    """The first place of a range, or the place of a point."""
    if type(value) is not Range:
        return (0, value, 0)
    if not value.bounded_below:
        return (-1, None, 0)
    return (0, value.start, 0 if value.start_included else 1)


def _high(value: Value) -> _Place:
    if type(value) is not Range:
        return (0, value, 0)
    if not value.bounded_above:
        return (1, None, 0)
    return (0, value.end, 0 if value.end_included else -1)


def _compare(left: _Place, right: _Place) -> int:
    if left[0] != right[0] or left[0]:
        return (left[0] > right[0]) - (left[0] < right[0])
    keys = op.order_keys(left[1], right[1])
    if keys is None:
        raise Fault(f"{describe(left[1])}と{describe(right[1])}は大小を比べられません")
    if keys[0] != keys[1]:
        return 1 if keys[0] > keys[1] else -1
    return (left[2] > right[2]) - (left[2] < right[2])


def _before(first: Value, second: Value) -> bool:
    return _compare(_high(first), _low(second)) < 0


def _after(first: Value, second: Value) -> bool:
    return _before(second, first)


def _meets(first: Range, second: Range) -> bool:
    if not (first.end_included and second.start_included and first.bounded_above and second.bounded_below):
        return False
    return _compare((0, first.end, 0), (0, second.start, 0)) == 0


def _met_by(first: Range, second: Range) -> bool:
    return _meets(second, first)


def _overlaps(first: Range, second: Range) -> bool:
    return not _before(first, second) and not _before(second, first)


def _overlaps_before(first: Range, second: Range) -> bool:
    """Begins earlier, reaches in, ends no later."""
    return (
        _compare(_low(first), _low(second)) < 0
        and _compare(_low(second), _high(first)) <= 0
        and _compare(_high(first), _high(second)) <= 0
    )


def _overlaps_after(first: Range, second: Range) -> bool:
    """Begins inside, ends no earlier."""
    return (
        _compare(_low(second), _low(first)) < 0
        and _compare(_low(first), _high(second)) <= 0
        and _compare(_high(second), _high(first)) <= 0
    )


def _finishes(first: Value, second: Range) -> bool:
    if not second.bounded_above:
        return False
    return _compare(_high(first), _high(second)) == 0 and _compare(_low(second), _low(first)) <= 0


def _finished_by(first: Range, second: Value) -> bool:
    return _finishes(second, first)


def _includes(first: Range, second: Value) -> bool:
    return _compare(_low(first), _low(second)) <= 0 and _compare(_high(second), _high(first)) <= 0


def _during(first: Value, second: Range) -> bool:
    return _includes(second, first)


def _starts(first: Value, second: Range) -> bool:
    if not second.bounded_below:
        return False
    return _compare(_low(first), _low(second)) == 0 and _compare(_high(first), _high(second)) <= 0


def _started_by(first: Range, second: Value) -> bool:
    return _starts(second, first)


def _coincides(first: Value, second: Value) -> bool:
    return _compare(_low(first), _low(second)) == 0 and _compare(_high(first), _high(second)) == 0


_BODIES = {
    "before": _before,
    "after": _after,
    "meets": _meets,
    "met by": _met_by,
    "overlaps": _overlaps,
    "overlaps before": _overlaps_before,
    "overlaps after": _overlaps_after,
    "finishes": _finishes,
    "finished by": _finished_by,
    "includes": _includes,
    "during": _during,
    "starts": _starts,
    "started by": _started_by,
    "coincides": _coincides,
}

_RANGES = ("range1", "range2")
_POINT_RANGE = ("point", "range")
_RANGE_POINT = ("range", "point")
_POINTS = ("point1", "point2")
for _name in ("before", "after"):
    _declare(_name, _RANGES, _POINT_RANGE, _RANGE_POINT, _POINTS)
for _name in ("meets", "met by", "overlaps", "overlaps before", "overlaps after"):
    _declare(_name, _RANGES)
for _name in ("finishes", "during", "starts"):
    _declare(_name, _RANGES, _POINT_RANGE)
for _name in ("finished by", "includes", "started by"):
    _declare(_name, _RANGES, _RANGE_POINT)
_declare("coincides", _RANGES, _POINTS)
