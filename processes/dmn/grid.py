"""Gaps and overlaps of decision tables, by trying every cell of the grid that the tables' own bounds draw.

For each input column: one sample at every bound that a cell names, one between each two, one below and one above;
for words every word and one other; true and false.  A column's samples that the same rows accept count as one, so
that the search walks sets of rows, not values; it ends at a fixed number of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from processes import feel
from processes.feel import calendar
from processes.feel import nodes as n
from processes.feel import types as t
from processes.feel.run import Run, Scope
from processes.feel.values import NANOS, Date, DateTime, DaysTime, Time, Value, YearsMonths

from .boxes import InputClause, Rule, Table
from .errors import Finding
from .words import say

STEP_LIMIT = 20_000
EXAMPLE_LIMIT = 10

_OTHER = "\x00その他"
_SINGLE = frozenset({"UNIQUE", "ANY", "FIRST", "PRIORITY"})


@dataclass(frozen=True, slots=True)
class _Choice:
    """Values of a column that the same rows accept: the rows as bits, and an example in words."""

    rows: int
    example: str


@dataclass(slots=True)
class _Search:
    columns: list[list[_Choice]]
    seen: set[tuple[int, int]] = field(default_factory=set)
    steps: int = 0
    gaps: list[str] = field(default_factory=list)
    pairs: dict[tuple[int, int], str] = field(default_factory=dict)
    first: set[int] = field(default_factory=set)


def gaps_and_overlaps(table: Table, types: Mapping[str, t.Type] | None = None) -> list[Finding]:
    """What no row takes, what two rows take though only one may, and rows that an earlier row always precedes.

    Cells that read other variables cannot be judged; then one finding says so.
    """
    if not table.rules or any(len(rule.inputs) != len(table.inputs) for rule in table.rules):
        return []
    if len(table.rules) > 2000:
        return [
            _finding(table, table, "dmn-grid-unknown", "行が多すぎて、すき間と重なりを確かめられません。")
        ]
    columns = []
    for place, clause in enumerate(table.inputs):
        choices = _column(table, clause, place, types or {})
        if choices is None:
            message = f"「{_title(clause)}」の列はほかの値によるので、すき間と重なりを確かめられません。"
            return [_finding(table, clause, "dmn-grid-unknown", message)]
        columns.append(choices)
    search = _Search(columns)
    _walk(search, 0, (1 << len(table.rules)) - 1, (), table)
    return list(_findings(table, search))


def _findings(table: Table, search: _Search) -> Iterator[Finding]:
    if search.steps > STEP_LIMIT:
        yield _finding(
            table,
            table,
            "dmn-grid-unknown",
            "組み合わせが多すぎて、すき間と重なりをすべては確かめられません。",
        )
    for example in search.gaps if _asks_for_all(table) else ():
        message = f"どの行にも当てはまらない場合があります（例：{example}）。行を足すか、既定の出力を決めてください。"
        yield _finding(table, table, "dmn-gap", message)
    for (first, second), example in list(search.pairs.items())[:EXAMPLE_LIMIT]:
        rows = f"{first + 1}行目と{second + 1}行目"
        message = f"{rows}の両方に当てはまる場合があります（例：{example}）。条件を分けるか、ヒットポリシーを変えてください。"
        yield _finding(table, table.rules[second], "dmn-overlap", message, "error")
    if search.steps <= STEP_LIMIT and table.hit_policy == "FIRST":
        for place, rule in enumerate(table.rules):
            if place not in search.first:
                message = (
                    f"{place + 1}行目は、それより上の行がいつも先に当てはまるか条件が空なので、使われません。"
                )
                yield _finding(table, rule, "dmn-unreached-row", message)


def _asks_for_all(table: Table) -> bool:
    return table.hit_policy in _SINGLE and all(output.default is None for output in table.outputs)


def _finding(
    table: Table, place: Table | Rule | InputClause, rule: str, message: str, severity: str = "warning"
) -> Finding:
    return Finding(
        severity="error" if severity == "error" else "warning",
        rule=rule,
        element=place.id or table.id,
        line=place.line,
        message=message,
    )


# -- the search -------------------------------------------------------------------------------------------------------


def _walk(search: _Search, column: int, rows: int, examples: tuple[str, ...], table: Table) -> None:
    if rows == 0:
        if len(search.gaps) < EXAMPLE_LIMIT:
            search.gaps.append("、".join(examples))
        return
    if search.steps > STEP_LIMIT or (column, rows) in search.seen:
        return
    search.steps += 1
    search.seen.add((column, rows))
    if column == len(search.columns):
        _judge(search, rows, examples, table)
    else:
        title = _title(table.inputs[column])
        for choice in search.columns[column]:
            told = (*examples, f"{title}＝{choice.example}") if choice.example else examples
            _walk(search, column + 1, rows & choice.rows, told, table)


def _judge(search: _Search, rows: int, examples: tuple[str, ...], table: Table) -> None:
    places = [place for place in range(rows.bit_length()) if rows >> place & 1]
    search.first.add(places[0])
    if table.hit_policy not in ("UNIQUE", "ANY"):
        return
    for second in places[1:6]:
        pair = (places[0], second)
        if pair not in search.pairs and not (table.hit_policy == "ANY" and _same_result(table, *pair)):
            search.pairs[pair] = "、".join(examples) or "どんな値でも"


def _same_result(table: Table, first: int, second: int) -> bool:
    one, other = table.rules[first].outputs, table.rules[second].outputs
    return [cell.text for cell in one] == [cell.text for cell in other]


def _title(clause: InputClause) -> str:
    return clause.label or clause.expression.text


# -- a column's samples -----------------------------------------------------------------------------------------------


def _column(
    table: Table, clause: InputClause, place: int, types: Mapping[str, t.Type]
) -> list[_Choice] | None:
    """The choices of a column; None if a cell reads more than its input or cannot be read."""
    tests = []
    bounds: list[Value] = []
    for rule in table.rules:
        try:
            cell = feel.parse_unary(rule.inputs[place].text or "-", types=types)
        except feel.FeelSyntaxError:
            return None
        if cell.reads - {"?"}:
            return None
        bounds.extend(_literals(cell.node))
        tests.append(cell.code)
    samples = _samples(bounds, clause, types)
    if not samples:
        return [_Choice((1 << len(tests)) - 1, "")]
    return _grouped(samples, tests)


def _grouped(samples: list[tuple[Value, str]], tests: list[Callable[[Scope], Value]]) -> list[_Choice]:
    found: dict[int, str] = {}
    for value, words in samples:
        rows = 0
        for place, code in enumerate(tests):
            if code(Scope({"?": value}, None, Run())) is True:
                rows |= 1 << place
        found.setdefault(rows, words)
    return [_Choice(rows, words) for rows, words in found.items()]


def _samples(
    bounds: list[Value], clause: InputClause, types: Mapping[str, t.Type]
) -> list[tuple[Value, str]]:
    """Values to try, each with words for it; empty if the column distinguishes nothing."""
    kind = types.get(clause.expression.type_ref or "") or t.BUILT_IN.get(
        clause.expression.type_ref or "", t.ANY
    )
    allowed: list[Callable[[Value], Value]] = list(kind.allowed) if isinstance(kind, t.Named) else []
    limits: list[Value] = []
    if clause.allowed is not None and clause.allowed.text:
        try:
            cell = feel.parse_unary(clause.allowed.text, types=types)
        except feel.FeelSyntaxError:
            return []
        limits = list(_literals(cell.node))
        allowed.append(lambda value: cell.code(Scope({"?": value}, None, Run())))
    if not bounds:
        return []
    samples: list[tuple[Value, str]] = []
    known = {*map(_key, bounds), *map(_key, limits)}
    values = [value for _, value in sorted(known, key=lambda pair: pair[0])]
    for cls in {type(value) for value in values}:
        samples.extend(_of_kind(cls, [value for value in values if type(value) is cls]))
    return [(value, words) for value, words in samples if all(test(value) is True for test in allowed)]


def _of_kind(cls: type, values: list[Value]) -> list[tuple[Value, str]]:
    if cls is bool:
        return [(True, say(True)), (False, say(False))]
    if cls is str:
        return [*((value, f"「{value}」") for value in values), (_OTHER, "その他")]
    if cls is type(None):
        return []
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
    from processes.feel.compiler import Compiler
    from processes.feel.library import FUNCTIONS

    value = Compiler("", FUNCTIONS).node(node)(Scope({}, None, Run()))
    return value if type(value) in _MAKERS else None


def _key(value: Value) -> tuple[tuple[str, str], Value]:
    """Something to sort mixed values by."""
    return (type(value).__name__, str(value)), value


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
