"""Values worth trying in a column of a decision table: the bounds its cells name, and what lies around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

from processes import feel
from processes.feel import calendar
from processes.feel import nodes as n
from processes.feel import types as t
from processes.feel.compiler import Compiler
from processes.feel.library import FUNCTIONS
from processes.feel.run import Run, Scope
from processes.feel.values import NANOS, Date, DateTime, DaysTime, Time, Value, YearsMonths

from .boxes import InputClause
from .words import say

LIST_LIMIT = 40

_OTHER = "\x00その他"
_LIST_FUNCTIONS = frozenset(
    {"list contains", "count", "index of", "all", "any", "distinct values", "concatenate"}
)


def samples_of(
    cells: Sequence[n.Tests], clause: InputClause, types: Mapping[str, t.Type], run: Run
) -> list[tuple[Value, str]]:
    """Values to try, each with words for it; empty if the column distinguishes nothing."""
    bounds = [value for cell in cells for value in _literals(cell)]
    if not bounds:
        return []
    reference = clause.expression.type_ref or ""
    kind = types.get(reference) or t.BUILT_IN.get(reference, t.ANY)
    allowed: list[Callable[[Value], Value]] = list(kind.allowed) if isinstance(kind, t.Named) else []
    if clause.allowed is not None and clause.allowed.text:
        try:
            tests = feel.parse_unary(clause.allowed.text, types=types)
        except feel.FeelSyntaxError:
            return []
        bounds += _literals(tests.node)
        allowed.append(lambda value: tests.code(Scope({"?": value}, None, run)))
    samples = [one for one in _around(bounds) if all(test(one[0]) is True for test in allowed)]
    if isinstance(t.base_of(kind), t.ListOf) or any(_asks_a_list(cell) for cell in cells):
        return _lists(samples)
    return samples


def _around(bounds: list[Value]) -> list[tuple[Value, str]]:
    known = {((type(value).__name__, str(value)), value) for value in bounds}
    values = [value for _, value in sorted(known, key=lambda pair: pair[0])]
    samples: list[tuple[Value, str]] = []
    for cls in dict.fromkeys(type(value) for value in values):
        samples.extend(_of_kind(cls, [value for value in values if type(value) is cls]))
    return samples if any(value is not None for value, _ in samples) else [*samples, (_OTHER, "入力あり")]


def _lists(samples: list[tuple[Value, str]]) -> list[tuple[Value, str]]:
    """The empty list, each sample alone, (of the first forty) each two together, and lists of the sizes named."""
    made: list[tuple[Value, str]] = [([], "なし")]
    made += [(value if value is None else [value], words) for value, words in samples]
    made += [
        ([f"{_OTHER}{place}" for place in range(size)], f"その他{size}件")
        for size in sorted(
            {int(value) for value, _ in samples if isinstance(value, Decimal) and 1 < value <= LIST_LIMIT}
        )
    ]
    pairs = combinations([one for one in samples if one[0] is not None][:LIST_LIMIT], 2)
    made += [([one, other], f"{words}と{others}") for (one, words), (other, others) in pairs]
    return made


def _asks_a_list(cell: n.Tests) -> bool:
    """Whether a cell walks its input as a list: `list contains(?, …)`, `some x in ? …`, `?[…]`."""
    todo: list[object] = [cell]
    while todo:
        part = todo.pop()
        if isinstance(part, tuple):
            todo.extend(part)
        elif type(part).__module__ == n.__name__:
            if isinstance(part, n.Call) and isinstance(part.function, n.Name):
                if part.function.name in _LIST_FUNCTIONS and _is_input(part.arguments[:1]):
                    return True
            elif (
                isinstance(part, n.Iterator)
                and _is_input((part.source,))
                or isinstance(part, n.Filter)
                and _is_input((part.of,))
            ):
                return True
            todo.extend(getattr(part, slot) for slot in getattr(part, "__slots__", ()))
    return False


def _is_input(nodes: Sequence[n.Node]) -> bool:
    return any(isinstance(node, n.Name) and node.name == "?" for node in nodes)


def _of_kind(cls: type, values: list[Value]) -> list[tuple[Value, str]]:
    if cls is bool:
        return [(True, say(True)), (False, say(False))]
    if cls is str:
        return [*((value, f"「{value}」") for value in values), (_OTHER, "その他")]
    if cls is type(None):
        return [(None, "未入力")]
    numbers = [_to_number(value) for value in values]
    ordered = sorted(set(numbers))
    make = _MAKERS[cls]
    samples: list[tuple[Value, str]] = []
    step = _STEPS[cls]
    before, after = ("より前", "より後") if cls in (Date, Time, DateTime) else ("より小さい", "より大きい")
    tries = [(ordered[0] - step, f"{say(make(ordered[0]))}{before}")]
    for low, high in zip(ordered, [*ordered[1:], None], strict=True):
        tries.append((low, say(make(low))))
        if high is None:
            tries.append((low + step, f"{say(make(low))}{after}"))
        elif cls in (Decimal, DaysTime) or high - low > step:
            tries.append(((low + high) / 2, f"{say(make(low))}と{say(make(high))}の間"))
    for number, words in tries:
        value = make(number)
        if value is not None:
            samples.append((value, words))
    return samples


def _literals(node: object) -> Iterator[Value]:
    """The values that a cell names."""
    if isinstance(node, n.Literal):
        yield node.value
    elif isinstance(node, (n.At, n.Negation)) or isinstance(node, n.Call) and _is_maker(node):
        yield _constant(node)
    elif isinstance(node, tuple):
        for part in node:
            yield from _literals(part)
    elif type(node).__module__ == n.__name__:
        for slot in getattr(node, "__slots__", ()):
            yield from _literals(getattr(node, slot))


def _is_maker(node: n.Call) -> bool:
    return isinstance(node.function, n.Name) and node.function.name in (
        "date",
        "time",
        "date and time",
        "duration",
    )


def _constant(node: n.Node) -> Value:
    value = Compiler("", FUNCTIONS).node(node)(Scope({}, None, Run()))
    return value if type(value) in _MAKERS else None


def _to_number(value: Value) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, Date):
        return Decimal(calendar.ordinal(value))
    if isinstance(value, Time):
        return Decimal(value.local_nanos)
    if isinstance(value, DateTime):
        return Decimal(calendar.instant(value))
    return Decimal(value.nanos if isinstance(value, DaysTime) else value.months)


def _moment(number: Decimal) -> DateTime | None:
    return calendar.add_nanos(DateTime(Date(1970, 1, 1), Time(0, 0, 0)), int(number))


def _time(number: Decimal) -> Time | None:
    return calendar.with_nanos(Time(0, 0, 0), int(number)) if 0 <= number < 86_400 * NANOS else None


_MAKERS: dict[type, Callable[[Decimal], Value]] = {
    Decimal: lambda number: number,
    Date: lambda number: calendar.date_from_ordinal(int(number)),
    Time: _time,
    DateTime: _moment,
    DaysTime: lambda number: DaysTime(int(number)),
    YearsMonths: lambda number: YearsMonths(int(number)),
}
_STEPS = {
    Decimal: Decimal(1),
    Date: Decimal(1),
    Time: Decimal(NANOS),
    DateTime: Decimal(NANOS),
    DaysTime: Decimal(NANOS),
    YearsMonths: Decimal(1),
}
