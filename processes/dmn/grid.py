"""Gaps and overlaps of decision tables, by trying every cell of the grid that the tables' own bounds draw.

For each input column: one sample at every bound that a cell names, one between each two, one below and one above;
for words every word and one other; true and false.  A column's samples that the same rows accept count as one, so
that the search walks sets of rows, not values; it ends at a fixed number of steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from processes import feel
from processes.feel import types as t
from processes.feel.compiler import reads_input
from processes.feel.errors import Exhausted
from processes.feel.run import Run, Scope

from .boxes import InputClause, Rule, Table
from .errors import Finding
from .samples import samples_of

STEP_LIMIT = 20_000
CELL_STEP_LIMIT = 3_000_000
EXAMPLE_LIMIT = 10

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
    columns, run = [], Run(None, CELL_STEP_LIMIT)
    for place, clause in enumerate(table.inputs):
        choices = _column(table, clause, place, types or {}, run)
        if choices is None:
            message = f"「{_title(clause)}」の列はほかの値によるので、すき間と重なりを確かめられません。"
            return [_finding(table, clause, "dmn-grid-unknown", message)]
        columns.append(choices)
    search = _Search(columns)
    _walk(search, 0, (1 << len(table.rules)) - 1, (), table)
    return list(_findings(table, search, types or {}))


def _findings(table: Table, search: _Search, types: Mapping[str, t.Type]) -> Iterator[Finding]:
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
    if search.steps <= STEP_LIMIT and table.hit_policy == "FIRST" and _is_plain(table, types):
        for place, rule in enumerate(table.rules):
            if place not in search.first:
                message = (
                    f"{place + 1}行目は、それより上の行がいつも先に当てはまるか条件が空なので、使われません。"
                )
                yield _finding(table, rule, "dmn-unreached-row", message)


def _is_plain(table: Table, types: Mapping[str, t.Type]) -> bool:
    """Whether no cell reckons with its input by name, so that the samples stand for every value but null."""
    cells = [
        feel.parse_unary(cell.text or "-", types=types).node for rule in table.rules for cell in rule.inputs
    ]
    return not any(reads_input(cell) for cell in cells)


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


# -- columns ----------------------------------------------------------------------------------------------------------


def _title(clause: InputClause) -> str:
    return clause.label or clause.expression.text


def _column(
    table: Table, clause: InputClause, place: int, types: Mapping[str, t.Type], run: Run
) -> list[_Choice] | None:
    """The choices of a column; None if a cell reads more than its input, cannot be read, or takes too long."""
    cells = []
    for rule in table.rules:
        try:
            cell = feel.parse_unary(rule.inputs[place].text or "-", types=types)
        except feel.FeelSyntaxError:
            return None
        if cell.reads:
            return None
        cells.append(cell)
    found: dict[int, str] = {}
    try:
        for value, words in samples_of([cell.node for cell in cells], clause, types, run):
            rows = 0
            for row, cell in enumerate(cells):
                if cell.code(Scope({"?": value}, None, run)) is True:
                    rows |= 1 << row
            found.setdefault(rows, words)
    except Exhausted:
        return None
    if not found and all(cell.node.anything for cell in cells):
        return [_Choice((1 << len(cells)) - 1, "")]
    return [_Choice(rows, words) for rows, words in found.items()] or None
