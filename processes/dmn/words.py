"""Decisions told in words, and what names and tables a model's logic holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from processes.feel.errors import Fault
from processes.feel.run import Run
from processes.feel.values import Value
from processes.feel.writing import write_value

from . import boxes as b

if TYPE_CHECKING:
    from .model import Decided, Model
    from .tables import Matched

_TRUTH = {True: "はい", False: "いいえ", None: "なし"}


def explain(model: Model, decided: Decided) -> str:
    """A line for each table: `緊急度判定：3行目（48時間以内に悪化の見込み）→ 2`."""
    lines = [_line(model, one) for one in decided.matched]
    if not lines or decided.matched[-1].name != decided.name:
        lines.append(f"{decided.name} → {say(decided.value)}")
    return "\n".join(lines)


def say(value: Value) -> str:
    """A value as staff read it."""
    if value is None or isinstance(value, bool):
        return _TRUTH[value]
    if isinstance(value, list):
        return "・".join(say(one) for one in value[:50]) if value else "なし"
    if isinstance(value, dict):
        return "、".join(f"{key}：{say(one)}" for key, one in list(value.items())[:50])
    try:
        return write_value(value, Run())
    except Fault:
        return "（表せない値）"


def tables_in(box: b.Box | None) -> Iterator[b.Table]:
    """All tables inside an expression."""
    for one in _walk(box):
        if isinstance(one, b.Table):
            yield one


def names_in(box: b.Box | None) -> set[str]:
    """Names of entries, columns and outputs, by which a path may ask for a field."""
    names: set[str] = set()
    for one in _walk(box):
        if isinstance(one, b.Table):
            names |= {clause.name for clause in one.outputs if clause.name}
        elif isinstance(one, b.Context):
            names |= {entry.variable.name for entry in one.entries if entry.variable}
        elif isinstance(one, b.Relation):
            names |= {column.name for column in one.columns}
    return names


def parts_of(box: b.Box) -> list[b.Box | None]:
    """The expressions directly inside one."""
    if isinstance(box, b.Context):
        return [entry.value for entry in box.entries]
    if isinstance(box, b.Relation):
        return [cell for row in box.rows for cell in row]
    if isinstance(box, b.Items):
        return list(box.items)
    if isinstance(box, b.Invocation):
        return [box.function, *(value for _, value in box.bindings)]
    if isinstance(box, b.FunctionBox):
        return [box.body]
    if isinstance(box, b.Conditional):
        return [box.condition, box.then, box.otherwise]
    if isinstance(box, b.FilterBox):
        return [box.source, box.match]
    if isinstance(box, b.Iteration):
        return [box.source, box.body]
    return []


def _walk(box: b.Box | None) -> Iterator[b.Box]:
    todo = [box]
    while todo:
        one = todo.pop()
        if one is not None:
            yield one
            todo.extend(parts_of(one))


def _line(model: Model, matched: Matched) -> str:
    table = model.table_of(matched.decision, matched.table)
    rows = "、".join(_row(table, number) for _, number in matched.taken or matched.rules)
    return f"{matched.name}：{rows or '当てはまる行なし'}→ {say(matched.value)}"


def _row(table: b.Table | None, number: int) -> str:
    if table is None or number > len(table.rules):
        return f"{number}行目 "
    rule = table.rules[number - 1]
    note = rule.description or "・".join(text for text in rule.annotations if text)
    return f"{number}行目（{note}）" if note else f"{number}行目 "
