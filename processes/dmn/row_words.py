"""A row of a decision table in the words of staff: its note, or else its conditions and outputs as a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from processes import feel
from processes.feel import nodes as n
from processes.feel.types import Type

from .words import say

if TYPE_CHECKING:
    from .boxes import Cell, Rule, Table
    from .model import Model

_BOUNDS = {"<": "より小さい", "<=": "以下", ">": "より大きい", ">=": "以上", "=": "", "!=": "以外"}
_LIST_TESTS = {"list contains": "を含む"}


def words_of_row(model: Model, table_id: str, row: int, *, decision: str | None = None) -> str:
    """`3行目：48時間以内に悪化の見込み`, from the row's description, else its annotations, else its cells.

    `row` counts from 1; `decision` is the id of the decision or knowledge model that holds the table, needed where
    two of them give their table the same id.  A row that is not there is told by its number alone.
    """
    table = model.table_of(decision, table_id)
    if table is None or not 0 < row <= len(table.rules):
        return f"{row}行目"
    rule = table.rules[row - 1]
    note = rule.description or "・".join(text for text in rule.annotations if text)
    return f"{row}行目：{note or _sentence(table, rule, model.types.named)}"


def _sentence(table: Table, rule: Rule, types: Mapping[str, Type]) -> str:
    asked = [
        f"{clause.label or clause.expression.text}：{told}"
        for clause, cell in zip(table.inputs, rule.inputs, strict=False)
        if (told := _condition(cell, types))
    ]
    given = [
        f"{name}：{_output(cell)}" if name else _output(cell)
        for name, cell in zip(_names(table), rule.outputs, strict=False)
        if cell.text.strip() not in ("", "null")
    ]
    return f"{'、'.join(asked) or 'いつでも'} → {'、'.join(given) or 'なし'}"


def _names(table: Table) -> Iterator[str]:
    for clause in table.outputs:
        yield clause.label or clause.name or ""


def _condition(cell: Cell, types: Mapping[str, Type]) -> str:
    """What the cell asks of its input; empty if it asks nothing."""
    if not cell.text.strip():
        return ""
    try:
        tests = feel.parse_unary(cell.text, types=types).node
    except feel.FeelSyntaxError:
        return f"「{cell.text.strip()}」に当てはまる"
    if tests.anything:
        return ""
    told = [_test(test) for test in tests.tests]
    if any(one is None for one in told):
        return f"「{cell.text.strip()}」に当てはまる"
    return _either(one for one in told if one) + ("以外" if tests.negated else "")


def _test(node: n.Node) -> str | None:
    """One test in words; None if it is too intricate to be worth saying in any but its own words."""
    if isinstance(node, n.Unary):
        value = _value(node.of)
        if value is not None and node.operator == "=":
            return value
        return None if value is None else value + _BOUNDS[node.operator]
    if isinstance(node, n.Interval):
        low, high = _value(node.start), _value(node.end)
        if low is None or high is None:
            return None
        return f"{low}{_BOUNDS['>=' if node.start_included else '>']}{high}{_BOUNDS['<=' if node.end_included else '<']}"
    if isinstance(node, n.Comparison) and _is_input(node.left):
        return _test(n.Unary(node.at, node.operator, node.right))
    if isinstance(node, n.Logic):
        return _logic(node)
    if isinstance(node, n.Call):
        return _call(node)
    return _value(node)


def _logic(node: n.Logic) -> str | None:
    parts = [_test(one) for one in node.operands if not _asks_presence(one)]
    if any(one is None for one in parts):
        return None
    told = [one for one in parts if one]
    return "、かつ".join(told) if node.operator == "and" else _either(told)


def _asks_presence(node: n.Node) -> bool:
    """`? != null` says nothing to people beside another test of the same input."""
    return (isinstance(node, n.Comparison) and node.operator == "!=" and _is_input(node.left)
            and isinstance(node.right, n.Literal) and node.right.value is None)


def _call(node: n.Call) -> str | None:
    if not isinstance(node.function, n.Name):
        return None
    if node.function.name == "not" and len(node.arguments) == 1:
        inner = _test(node.arguments[0])
        return None if inner is None else f"{inner}以外" if not inner.endswith("含む") else f"{inner[:-1]}まない"
    ending = _LIST_TESTS.get(node.function.name)
    if ending is None or len(node.arguments) != 2 or not _is_input(node.arguments[0]):
        return None
    value = _value(node.arguments[1])
    return None if value is None else value + ending


def _value(node: n.Node) -> str | None:
    if isinstance(node, n.Literal):
        return "未入力" if node.value is None else f"「{node.value}」" if isinstance(node.value, str) else say(node.value)
    if isinstance(node, n.At):
        return node.text
    if isinstance(node, n.Negation) and isinstance(node.of, n.Literal):
        return f"-{_value(node.of)}"
    if isinstance(node, n.ListLiteral):
        items = [_value(one) for one in node.items]
        return None if any(one is None for one in items) else "・".join(one for one in items if one) or "なし"
    return None


def _output(cell: Cell) -> str:
    text = cell.text.strip()
    try:
        return _value(feel.parse(text).node) or text
    except feel.FeelSyntaxError:
        return text


def _either(parts: Iterable[str]) -> str:
    return "または".join(parts)


def _is_input(node: n.Node) -> bool:
    return isinstance(node, n.Name) and node.name == "?"
