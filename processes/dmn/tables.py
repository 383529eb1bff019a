"""Decision tables (DMN 1.5, 8 and 10.2.2): all hit policies and aggregations, defaults, several outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from processes import feel
from processes.feel import operators as op
from processes.feel.built_in_lists import maximum, minimum, total
from processes.feel.compiler import Code, Compiler
from processes.feel.errors import Fault
from processes.feel.library import FUNCTIONS
from processes.feel.run import Run, Scope
from processes.feel.values import Value

from . import boxes as b
from .item_types import ALLOWED_STEP_LIMIT, allowed_test

if TYPE_CHECKING:
    from .compiling import Boxes, Names

_POLICIES = frozenset({"UNIQUE", "ANY", "PRIORITY", "FIRST", "RULE ORDER", "OUTPUT ORDER", "COLLECT"})
_AGGREGATIONS = frozenset({"SUM", "COUNT", "MIN", "MAX"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """One evaluation of a table: rows are (rule id, number from 1); `taken` are those that gave the value.

    `decision` is the id of the decision or knowledge model that holds the table, `name` its name.
    """

    decision: str
    name: str
    table: str
    rules: tuple[tuple[str, int], ...]
    taken: tuple[tuple[str, int], ...]
    value: Value


class Trace(Run):
    """An evaluation that remembers which rows of which tables matched."""

    __slots__ = ("matched",)

    def __init__(self, now: object, steps: int) -> None:
        super().__init__(now, steps)  # type: ignore[arg-type]
        self.matched: list[Matched] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    rule: b.Rule
    number: int
    tests: tuple[Code, ...]
    outputs: tuple[Code, ...]

    @property
    def label(self) -> tuple[str, int]:
        return self.rule.id, self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """An output: its name, its default, and its values in order of priority."""

    name: str
    default: Code | None
    ranks: tuple[Callable[[Value], Value], ...]

    def rank(self, value: Value) -> int:
        for place, holds in enumerate(self.ranks):
            if holds(value) is True:
                return place
        return len(self.ranks)


def compile_table(boxes: Boxes, table: b.Table, names: Names) -> Code:
    """The closure that evaluates a table and records its rows."""
    if not _sound(boxes, table):
        return lambda scope: None
    inputs = [_input(boxes, clause, names) for clause in table.inputs]
    columns = tuple(_column(boxes, clause, names) for clause in table.outputs)
    rows = tuple(_row(boxes, table, rule, number, names) for number, rule in enumerate(table.rules, 1))
    first_only = table.hit_policy == "FIRST"

    def run(scope: Scope) -> Value:
        scopes = []
        for code in inputs:
            value, refused = code(scope)
            if refused:
                return None
            scopes.append(scope.inner({"?": value}))
        matched = []
        for row in rows:
            scope.run.spend(1)
            if all(test(inner) is True for test, inner in zip(row.tests, scopes, strict=True)):
                matched.append(row)
                if first_only:
                    break
        value, taken = _outcome(table, columns, matched, scope, boxes.owner)
        _record(boxes, table, matched, taken, value, scope.run)
        return value

    kind = boxes.types.resolve(table.type_ref, element=table.id, line=table.line)
    return boxes.typed(run, kind, "表の値")


def _record(
    boxes: Boxes, table: b.Table, matched: Sequence[_Row], taken: Sequence[_Row], value: Value, run: Run
) -> None:
    if isinstance(run, Trace) and len(run.matched) < 10_000:
        rules, used = tuple(row.label for row in matched), tuple(row.label for row in taken)
        run.matched.append(
            Matched(
                decision=boxes.owner_id,
                name=boxes.owner,
                table=table.id,
                rules=rules,
                taken=used,
                value=value,
            )
        )


def _sound(boxes: Boxes, table: b.Table) -> bool:
    """Whether the table has the shape that the standard asks; what has not is reported."""
    wrong = []
    if table.hit_policy not in _POLICIES:
        wrong.append(("dmn-hit-policy", f"ヒットポリシー「{table.hit_policy}」を知りません。"))
    if table.aggregation is not None and table.aggregation not in _AGGREGATIONS:
        wrong.append(("dmn-aggregation", f"集計「{table.aggregation}」を知りません。"))
    if not table.outputs:
        wrong.append(("dmn-no-output", "表に出力の列がありません。"))
    for number, rule in enumerate(table.rules, 1):
        if len(rule.inputs) != len(table.inputs) or len(rule.outputs) != len(table.outputs):
            wrong.append(("dmn-row-length", f"{number}行目のます目の数が、列の数と合いません。"))
    if len(table.outputs) > 1 and any(not clause.name for clause in table.outputs):
        wrong.append(("dmn-output-name", "出力の列が二つ以上ある表では、どの列にも名前が必要です。"))
    for rule_name, message in wrong:
        boxes.finding(rule_name, table, message)
    return not wrong


def _input(boxes: Boxes, clause: b.InputClause, names: Names) -> Callable[[Scope], tuple[Value, bool]]:
    """The value of an input, and whether it is outside the values that the column allows."""
    expression = clause.expression
    if not expression.text:
        boxes.finding("dmn-empty-input", expression, "入力の列に式がありません。")
    kind = boxes.types.resolve(expression.type_ref, element=expression.id, line=expression.line)
    what = f"入力「{clause.label or expression.text}」の値"
    code = boxes.typed(boxes.text(expression.text, names, expression.id, expression.line), kind, what)
    allowed = allowed_test(clause.allowed, boxes.types.named, boxes.report) if clause.allowed else None

    def run(scope: Scope) -> tuple[Value, bool]:
        value = code(scope)
        if value is None or allowed is None:
            return value, False
        subjects = value if type(value) is list else [value]
        if allowed(value) is True or subjects and all(allowed(one) is True for one in subjects):
            return value, False
        scope.run.warn(f"{boxes.owner}：{what}が、列に許された値ではありません")
        return value, True

    return run


def _column(boxes: Boxes, clause: b.OutputClause, names: Names) -> _Column:
    default = None
    if clause.default is not None:
        code = boxes.text(clause.default.text, names, clause.default.id, clause.default.line)
        default = _output_typed(boxes, clause, code)
    return _Column(name=clause.name or "", default=default, ranks=_ranks(boxes, clause))


def _output_typed(boxes: Boxes, clause: b.OutputClause, code: Code) -> Code:
    kind = boxes.types.resolve(clause.type_ref, element=clause.id, line=clause.line)
    return boxes.typed(code, kind, f"出力「{clause.name or clause.label or ''}」の値")


def _ranks(boxes: Boxes, clause: b.OutputClause) -> tuple[Callable[[Value], Value], ...]:
    """The output values in their order, each as a test; those of the type if the column has none."""
    if clause.allowed is None or not clause.allowed.text:
        return ()
    try:
        tests = feel.parse_unary(clause.allowed.text, types=boxes.types.named).node.tests
    except feel.FeelSyntaxError:
        return ()
    compiler = Compiler(clause.allowed.text, FUNCTIONS)
    return tuple(_rank_test(compiler.test(test)) for test in tests)


def _rank_test(code: Callable[[Scope], Value]) -> Callable[[Value], Value]:
    return lambda value: code(Scope({"?": value}, None, Run(None, ALLOWED_STEP_LIMIT)))


def _row(boxes: Boxes, table: b.Table, rule: b.Rule, number: int, names: Names) -> _Row:
    outputs = []
    for clause, cell in zip(table.outputs, rule.outputs, strict=True):
        text = "" if cell.text == "-" else cell.text
        code = boxes.text(text, names, cell.id or rule.id, cell.line)
        outputs.append(_output_typed(boxes, clause, code))
    tests = tuple(boxes.unary(cell.text, names, cell.id or rule.id, cell.line) for cell in rule.inputs)
    return _Row(rule=rule, number=number, tests=tests, outputs=tuple(outputs))


# -- hit policies -----------------------------------------------------------------------------------------------------


def _outcome(
    table: b.Table, columns: tuple[_Column, ...], matched: list[_Row], scope: Scope, owner: str
) -> tuple[Value, Sequence[_Row]]:
    """The table's value, and the rows that gave it."""
    if not matched:
        return _default(table, columns, scope, owner), ()
    policy = table.hit_policy
    if policy == "UNIQUE" and len(matched) > 1:
        numbers = "・".join(str(row.number) for row in matched)
        scope.run.warn(f"{owner}：一つだけ当てはまるはずの表で、{numbers}行目が当てはまりました")
        return None, ()
    results = [[code(scope) for code in row.outputs] for row in matched]
    if policy == "ANY" and any(op.equal(results[0], result, scope.run) is not True for result in results[1:]):
        scope.run.warn(f"{owner}：当てはまった行の結果が同じではありません")
        return None, ()
    if policy in ("PRIORITY", "OUTPUT ORDER"):
        order = sorted(range(len(matched)), key=lambda place: _priority(columns, results[place]))
        matched, results = [matched[place] for place in order], [results[place] for place in order]
    if policy in ("UNIQUE", "ANY", "FIRST", "PRIORITY"):
        return _one(columns, results[0]), matched[:1]
    if policy == "COLLECT" and table.aggregation:
        return _aggregated(table.aggregation, columns, results, scope, owner), matched
    return [_one(columns, result) for result in results], matched


def _default(table: b.Table, columns: tuple[_Column, ...], scope: Scope, owner: str) -> Value:
    if any(column.default is not None for column in columns):
        value = _one(columns, [column.default(scope) if column.default else None for column in columns])
        listing = table.hit_policy in ("RULE ORDER", "OUTPUT ORDER") or (
            table.hit_policy == "COLLECT" and not table.aggregation
        )
        return [value] if listing and type(value) is not list else value
    if table.hit_policy == "COLLECT" and table.aggregation == "COUNT":
        return Decimal(0)
    if table.hit_policy in ("COLLECT", "RULE ORDER", "OUTPUT ORDER") and not table.aggregation:
        return []
    scope.run.warn(f"{owner}：当てはまる行がありません")
    return None


def _priority(columns: tuple[_Column, ...], result: list[Value]) -> tuple[int, ...]:
    return tuple(column.rank(value) for column, value in zip(columns, result, strict=True))


def _one(columns: tuple[_Column, ...], result: list[Value]) -> Value:
    if len(columns) == 1:
        return result[0]
    return {column.name: value for column, value in zip(columns, result, strict=True)}


def _aggregated(
    aggregation: str, columns: tuple[_Column, ...], results: list[list[Value]], scope: Scope, owner: str
) -> Value:
    if aggregation == "COUNT":
        return Decimal(len(results))
    gather = {"SUM": total, "MIN": minimum, "MAX": maximum}[aggregation]
    made = []
    for place in range(len(columns)):
        try:
            made.append(gather(scope.run, [result[place] for result in results]))
        except (Fault, ArithmeticError) as fault:
            scope.run.warn(f"{owner}：集計できません（{fault}）")
            made.append(None)
    return _one(columns, made)
