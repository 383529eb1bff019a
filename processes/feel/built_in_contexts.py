"""Context functions, conversions and the rest (DMN 1.5, 10.3.4.1, 10.3.4.2, 10.3.4.10 and 10.3.4.11)."""

from __future__ import annotations

import re
from decimal import Decimal

from . import operators as op
from .declare import Library
from .errors import Fault
from .run import Run
from .values import NUMBERS, Value
from .writing import write_value

LIBRARY = Library()
declare = LIBRARY.declare

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@declare("get value", "m: context", "key: string")
def get_value(run: Run, context: dict[str, Value], key: str) -> Value:
    if key not in context:
        raise Fault(f"「{key[:40]}」という項目がありません")
    return context[key]


@declare("get entries", "m: context", result="list")
def get_entries(run: Run, context: dict[str, Value]) -> Value:
    run.spend(len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


@declare("context", "entries: contexts", result="context")
def context_of(run: Run, entries: list[dict[str, Value]]) -> Value:
    made: dict[str, Value] = {}
    for entry in entries:
        run.spend(1)
        if entry is None or not isinstance(entry.get("key"), str) or "value" not in entry:
            raise Fault("context には key（文字列）と value のある項目だけを渡せます")
        if entry["key"] in made:
            raise Fault(f"「{entry['key'][:40]}」という項目が二つあります")
        made[entry["key"]] = entry["value"]
    return made


@declare("context put", "context: context", "key: string", "value: Any", result="context")
def context_put(run: Run, context: dict[str, Value], key: str, value: Value) -> Value:
    run.spend(len(context))
    return {**context, key: value}


@declare("context put", "context: context", "keys: strings", "value: Any", result="context")
def context_put_deep(run: Run, context: dict[str, Value], keys: list[str], value: Value) -> Value:
    if not keys or len(keys) > 50 or any(key is None for key in keys):
        raise Fault("context put の keys には項目の名前が必要です")
    if len(keys) == 1:
        return context_put(run, context, keys[0], value)
    inner = context.get(keys[0])
    if not isinstance(inner, dict):
        raise Fault(f"「{keys[0][:40]}」はコンテキストではありません")
    return context_put(run, context, keys[0], context_put_deep(run, inner, keys[1:], value))


@declare("context merge", "contexts: contexts", result="context")
def context_merge(run: Run, contexts: list[dict[str, Value]]) -> Value:
    made: dict[str, Value] = {}
    for one in contexts:
        if one is None:
            raise Fault("context merge に null は渡せません")
        run.spend(len(one))
        made.update(one)
    return made


@declare("get or else", "value: Any", "default: Any")
def get_or_else(run: Run, value: Value, default: Value) -> Value:
    return default if value is None else value


@declare("is", "value1: Any", "value2: Any", result="boolean")
def is_same(run: Run, first: Value, second: Value) -> Value:
    """The same value of the same kind; unlike `=`, 10:00+00:00 and 10:00 in a zone differ."""
    if type(first) is not type(second):
        return False
    if isinstance(first, (list, dict)):
        return op.equal(first, second, run) is True
    return bool(first == second)


@declare("not", "negand: boolean~", result="boolean")
def negation(run: Run, negand: bool | None) -> Value:
    return None if negand is None else not negand


@declare("string", "from: Any", result="string")
def string_of(run: Run, value: Value) -> Value:
    return None if value is None else run.text(write_value(value, run))


@declare("number", "from: string", result="number")
def number_of(run: Run, source: str) -> Value:
    return _number(source, source)


@declare(
    "number", "from: string", "grouping separator: string~", "decimal separator: string~", result="number"
)
def number_separated(run: Run, source: str, grouping: str | None, point: str | None) -> Value:
    if grouping not in (None, " ", ",", "."):
        raise Fault("桁の区切りは空白・カンマ・ピリオドのどれかです")
    if point not in (None, ",", ".") or point is not None and point == grouping:
        raise Fault("小数点はカンマかピリオドで、桁の区切りとは別の文字です")
    if grouping == "." and point is None:
        raise Fault("桁の区切りと小数点が同じです")
    plain = source.replace(grouping, "") if grouping else source
    if point == ",":
        if "." in plain:
            raise Fault(f"「{source[:40]}」は数として読めません")
        plain = plain.replace(",", ".")
    return _number(plain, source)


def _number(plain: str, source: str) -> Decimal:
    if len(plain) > 1000 or not _NUMBER.fullmatch(plain):
        raise Fault(f"「{source[:40]}」は数として読めません")
    return NUMBERS.create_decimal(plain)
