"""List functions of FEEL (DMN 1.5, 10.3.4.4, 10.3.4.9)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal

from . import operators as op
from .declare import Library
from .errors import Fault
from .functions import invoke
from .run import Run
from .types import describe
from .values import NUMBERS, Date, DaysTime, Function, Value, YearsMonths

LIBRARY = Library()
declare = LIBRARY.declare

_HASHED = (str, bool, Decimal, Date, DaysTime, YearsMonths, type(None))


@declare("list contains", "list: list", "element: Any", result="boolean")
def list_contains(run: Run, items: list[Value], element: Value) -> Value:
    run.spend(len(items))
    return any(op.equal(item, element, run) is True for item in items)


@declare("count", "list: list", result="number")
def count(run: Run, items: list[Value]) -> Value:
    return Decimal(len(items))


@declare("min", "list: list")
def minimum(run: Run, items: list[Value]) -> Value:
    return _extreme(run, items, -1)


@declare("max", "list: list")
def maximum(run: Run, items: list[Value]) -> Value:
    return _extreme(run, items, 1)


@declare("sum", "list: list")
def total(run: Run, items: list[Value]) -> Value:
    if not items:
        raise Fault("空のリストに合計はありません")
    run.spend(len(items))
    result = items[0]
    if not isinstance(result, (Decimal, DaysTime, YearsMonths)):
        raise Fault(f"{describe(result)}の合計は求められません")
    for item in items[1:]:
        if type(item) is not type(result):
            raise Fault(f"{describe(result)}と{describe(item)}の合計は求められません")
        result = op.add(result, item, run)
    return result


@declare("mean", "list: list")
def mean(run: Run, items: list[Value]) -> Value:
    return op.divide(total(run, items), Decimal(len(items)), run)


@declare("product", "list: list", result="number")
def product(run: Run, items: list[Value]) -> Value:
    result = Decimal(1)
    for number in _numbers(run, items):
        result = NUMBERS.multiply(result, number)
    return result


@declare("median", "list: list", result="number")
def median(run: Run, items: list[Value]) -> Value:
    if not items:
        return None
    ordered = sorted(_numbers(run, items))
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return NUMBERS.divide(NUMBERS.add(ordered[middle - 1], ordered[middle]), Decimal(2))


@declare("stddev", "list: list", result="number")
def standard_deviation(run: Run, items: list[Value]) -> Value:
    """Of a sample (n - 1)."""
    if len(items) < 2:
        raise Fault("標準偏差には二つ以上の数が必要です")
    numbers = _numbers(run, items)
    average = NUMBERS.divide(_sum(numbers), Decimal(len(numbers)))
    squares = []
    for number in numbers:
        difference = NUMBERS.subtract(number, average)
        squares.append(NUMBERS.multiply(difference, difference))
    return NUMBERS.sqrt(NUMBERS.divide(_sum(squares), Decimal(len(numbers) - 1)))


@declare("mode", "list: list", result="list")
def mode(run: Run, items: list[Value]) -> Value:
    counts: dict[Decimal, int] = {}
    for number in _numbers(run, items) if items else []:
        counts[number] = counts.get(number, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(number for number, times in counts.items() if times == most)


@declare("all", "list: list", result="boolean")
def all_true(run: Run, items: list[Value]) -> Value:
    return _decided(run, items, False)


@declare("any", "list: list", result="boolean")
def any_true(run: Run, items: list[Value]) -> Value:
    return _decided(run, items, True)


def _many(name: str, body: Callable[..., Value]) -> None:
    """The same function with its items as separate arguments: at least two, since one alone is a list of one."""

    def run_many(run: Run, first: Value, second: Value, rest: list[Value]) -> Value:
        return body(run, [first, second, *rest])

    declare(name, "c1: Any", "c2: Any", "cN: list", variadic=True)(run_many)


for _name, _body in {
    "min": minimum,
    "max": maximum,
    "sum": total,
    "mean": mean,
    "product": product,
    "median": median,
    "stddev": standard_deviation,
    "mode": mode,
    "all": all_true,
    "any": any_true,
}.items():
    _many(_name, _body)


@declare("sublist", "list: list", "start position: number", "length: number?", result="list")
def sublist(run: Run, items: list[Value], start: Decimal, length: Decimal | None = None) -> Value:
    first = _index(items, start)
    if length is None:
        return items[first:]
    if length < 1 or first + int(min(length, Decimal(10**9))) > len(items):
        raise Fault("sublist の長さがリストの外に出ます")
    return items[first : first + int(length)]


@declare("append", "list: list", "item: list~", result="list", variadic=True)
def append(run: Run, items: list[Value], added: list[Value]) -> Value:
    run.spend(len(items) + len(added))
    return [*items, *added]


@declare("concatenate", "list: list", result="list", variadic=True)
def concatenate(run: Run, lists: list[Value]) -> Value:
    made: list[Value] = []
    for one in _lists(lists):
        run.spend(len(one))
        made.extend(one)
    return made


@declare("union", "list: list", result="list", variadic=True)
def union(run: Run, lists: list[Value]) -> Value:
    return _distinct(run, concatenate(run, lists))


@declare("insert before", "list: list", "position: number", "newItem: Any", result="list")
def insert_before(run: Run, items: list[Value], position: Decimal, item: Value) -> Value:
    at = _index(items, position)
    run.spend(len(items))
    return [*items[:at], item, *items[at:]]


@declare("remove", "list: list", "position: number", result="list")
def remove(run: Run, items: list[Value], position: Decimal) -> Value:
    at = _index(items, position)
    run.spend(len(items))
    return [*items[:at], *items[at + 1 :]]


@declare("list replace", "list: list", "position: number", "newItem: Any", result="list")
def replace_at(run: Run, items: list[Value], position: Decimal, item: Value) -> Value:
    at = _index(items, position)
    run.spend(len(items))
    return [*items[:at], item, *items[at + 1 :]]


@declare("list replace", "list: list", "match: function", "newItem: Any", result="list")
def replace_matching(run: Run, items: list[Value], match: Function, new: Value) -> Value:
    made = []
    for item in items:
        run.spend(1)
        answer = invoke(match, [item, new], run)
        if type(answer) is not bool:
            raise Fault("list replace の match は真偽値を返す関数です")
        made.append(new if answer else item)
    return made


@declare("reverse", "list: list", result="list")
def reverse(run: Run, items: list[Value]) -> Value:
    run.spend(len(items))
    return items[::-1]


@declare("index of", "list: list", "match: Any", result="list")
def index_of(run: Run, items: list[Value], match: Value) -> Value:
    run.spend(len(items))
    return [Decimal(at) for at, item in enumerate(items, 1) if op.equal(item, match, run) is True]


@declare("distinct values", "list: list", result="list")
def distinct_values(run: Run, items: list[Value]) -> Value:
    return _distinct(run, items)


@declare("duplicate values", "list: list", result="list")
def duplicate_values(run: Run, items: list[Value]) -> Value:
    return [value for value in _distinct(run, items) if len(index_of(run, items, value)) > 1]


@declare("flatten", "list: list", result="list")
def flatten(run: Run, items: list[Value]) -> Value:
    made: list[Value] = []
    stack = [iter(items)]
    while stack:
        for item in stack[-1]:
            run.spend(1)
            if type(item) is list:
                stack.append(iter(item))
                break
            made.append(item)
        else:
            stack.pop()
    return made


@declare("sort", "list: list", "precedes: function?", result="list")
def sort(run: Run, items: list[Value], precedes: Function | None = None) -> Value:
    def compare(left: Value, right: Value) -> int:
        run.spend(1)
        if precedes is None:
            return _natural(left, right)
        if invoke(precedes, [left, right], run) is True:
            return -1
        return 1 if invoke(precedes, [right, left], run) is True else 0

    return sorted(items, key=functools.cmp_to_key(compare))


def _natural(left: Value, right: Value) -> int:
    keys = op.order_keys(left, right)
    if keys is None:
        raise Fault(f"{describe(left)}と{describe(right)}は並べられません")
    return int(keys[0] > keys[1]) - int(keys[0] < keys[1])


def _extreme(run: Run, items: list[Value], sign: int) -> Value:
    if not items:
        return None
    run.spend(len(items))
    if len(items) == 1 and op.order_keys(items[0], items[0]) is None:
        raise Fault(f"{describe(items[0])}は大小を比べられません")
    best = items[0]
    for item in items[1:]:
        best = item if _natural(item, best) * sign > 0 else best
    return best


def _numbers(run: Run, items: list[Value]) -> list[Decimal]:
    if not items:
        raise Fault("空のリストでは計算できません")
    run.spend(len(items))
    for item in items:
        if type(item) is not Decimal:
            raise Fault(f"数のリストに{describe(item)}がありました")
    return items


def _sum(numbers: list[Decimal]) -> Decimal:
    return functools.reduce(NUMBERS.add, numbers, Decimal(0))


def _decided(run: Run, items: list[Value], decisive: bool) -> bool | None:
    run.spend(len(items))
    if any(item is decisive for item in items):
        return decisive
    for item in items:
        if item is not None and type(item) is not bool:
            raise Fault(f"真偽値のリストに{describe(item)}がありました")
    return None if any(item is None for item in items) else not decisive


def _distinct(run: Run, items: list[Value]) -> list[Value]:
    """First of each equal values; plain values are found by hash, others compared one by one."""
    made: list[Value] = []
    seen: set[tuple[type, Value]] = set()
    others: list[Value] = []
    for item in items:
        if isinstance(item, _HASHED):
            run.spend(1)
            key = (type(item), item)
            if key not in seen:
                seen.add(key)
                made.append(item)
        elif not _holds(run, others, item):
            others.append(item)
            made.append(item)
    return made


def _holds(run: Run, items: list[Value], wanted: Value) -> bool:
    run.spend(len(items) // 4 + 1)
    return any(op.equal(item, wanted, run) is True for item in items)


def _lists(values: list[Value]) -> list[list[Value]]:
    if not values or any(value is None for value in values):
        raise Fault("リストが必要なところに null がありました")
    return [value if type(value) is list else [value] for value in values]


def _index(items: list[Value], position: Decimal) -> int:
    if position == 0 or abs(position) > len(items):
        raise Fault(f"位置 {position:.6g} はリスト（{len(items)}件）の外です")
    at = int(position)
    return at - 1 if at > 0 else len(items) + at
