"""The types of FEEL: which values belong to them, and the standard's implicit conversions (DMN 1.5, 10.3.2.9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from .values import Date, DateTime, DaysTime, Function, Range, Time, Value, YearsMonths


@dataclass(frozen=True, slots=True)
class Simple:
    """A built-in type, by its FEEL name."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """`list<item>`."""

    item: Type


@dataclass(frozen=True, slots=True)
class RangeOf:
    """`range<item>`."""

    item: Type


@dataclass(frozen=True, slots=True)
class ContextOf:
    """`context<name: type, …>`; a context may hold more than is asked."""

    members: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class FunctionOf:
    """`function<parameters> -> result`; parameters None means any."""

    parameters: tuple[Type, ...] | None
    result: Type


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of several types; only parameters of built-in functions ask for such a thing."""

    kinds: tuple[Type, ...]


@dataclass(slots=True, eq=False)
class Named:
    """A type of a model's item definitions; `base` may be set after creation, so that definitions may refer on.

    `allowed` holds its constraints (each true, false or null for a value); `instance of` does not ask them.
    """

    name: str
    base: Type = Simple("Any")
    allowed: tuple[Callable[[Value], Value], ...] = ()
    allowed_per_item: bool = False


Type: TypeAlias = Simple | ListOf | RangeOf | ContextOf | FunctionOf | OneOf | Named

ANY = Simple("Any")
NULL = Simple("Null")
NUMBER = Simple("number")
STRING = Simple("string")
BOOLEAN = Simple("boolean")
DATE = Simple("date")
TIME = Simple("time")
DATE_TIME = Simple("date and time")
DAYS_TIME = Simple("days and time duration")
YEARS_MONTHS = Simple("years and months duration")
LIST = ListOf(ANY)
CONTEXT = ContextOf(())
FUNCTION = FunctionOf(None, ANY)
RANGE = RangeOf(ANY)

#: Every name that FEEL itself gives to a type; `dayTimeDuration` and the like are DMN 1.1's spellings.
BUILT_IN: dict[str, Type] = {
    "Any": ANY,
    "Null": NULL,
    "number": NUMBER,
    "string": STRING,
    "boolean": BOOLEAN,
    "date": DATE,
    "time": TIME,
    "date and time": DATE_TIME,
    "days and time duration": DAYS_TIME,
    "years and months duration": YEARS_MONTHS,
    "list": LIST,
    "context": CONTEXT,
    "function": FUNCTION,
    "range": RANGE,
    "dateTime": DATE_TIME,
    "dayTimeDuration": DAYS_TIME,
    "yearMonthDuration": YEARS_MONTHS,
}

_CLASSES: dict[str, type] = {
    "number": Decimal,
    "string": str,
    "boolean": bool,
    "date": Date,
    "time": Time,
    "date and time": DateTime,
    "days and time duration": DaysTime,
    "years and months duration": YearsMonths,
}

_NAMES: dict[type, str] = {
    Decimal: "数",
    str: "文字列",
    bool: "真偽値",
    Date: "日付",
    Time: "時刻",
    DateTime: "日時",
    DaysTime: "日数・時間の長さ",
    YearsMonths: "年月の長さ",
    list: "リスト",
    dict: "コンテキスト",
    Range: "範囲",
    Function: "関数",
    type(None): "null",
}

_DEPTH = 40


class _Mismatch:
    """What `coerce` answers when no conversion leads to the type."""


MISMATCH = _Mismatch()


def conforms(value: Value, kind: Type, depth: int = 0) -> bool:
    """Whether the value may stand where the type is asked; null may everywhere."""
    return value is None or instance_of(value, kind, depth)


def instance_of(value: Value, kind: Type, depth: int = 0) -> bool:
    """`value instance of kind`; null is an instance of Null only."""
    if value is None:
        return kind is NULL or kind == NULL
    if isinstance(kind, Simple):
        return kind.name == "Any" or type(value) is _CLASSES.get(kind.name)
    if depth > _DEPTH:
        return False
    if isinstance(kind, Named):
        return instance_of(value, kind.base, depth + 1)
    if isinstance(kind, ListOf):
        if type(value) is not list:
            return False
        return kind.item == ANY or all(conforms(item, kind.item, depth + 1) for item in value)
    if isinstance(kind, ContextOf):
        return type(value) is dict and all(
            name in value and conforms(value[name], member, depth + 1) for name, member in kind.members
        )
    if isinstance(kind, RangeOf):
        return type(value) is Range and conforms(value.start, kind.item) and conforms(value.end, kind.item)
    if isinstance(kind, OneOf):
        return any(instance_of(value, one, depth + 1) for one in kind.kinds)
    return type(value) is Function and _function_conforms(value, kind)


def coerce(value: Value, kind: Type) -> Value | _Mismatch:
    """The value as the type asks it, by the implicit conversions; MISMATCH if there is none (10.3.2.9.4)."""
    converted = _convert(value, kind)
    if converted is MISMATCH or converted is None:
        return converted
    return converted if allows(converted, kind) else MISMATCH


def allows(value: Value, kind: Type, depth: int = 0) -> bool:
    """Whether the constraints of the type, and of the types inside it, admit a value that already has its shape."""
    if value is None or depth > _DEPTH:
        return True
    if isinstance(kind, Named):
        subjects = value if kind.allowed_per_item and type(value) is list else [value]
        if any(test(subject) is not True for subject in subjects for test in kind.allowed):
            return False
        return allows(value, kind.base, depth + 1)
    if isinstance(kind, ListOf) and type(value) is list and not isinstance(kind.item, Simple):
        return all(allows(item, kind.item, depth + 1) for item in value)
    if isinstance(kind, ContextOf) and type(value) is dict:
        return all(allows(value.get(name), member, depth + 1) for name, member in kind.members)
    return True


def base_of(kind: Type) -> Type:
    """The type behind its names."""
    for _ in range(_DEPTH):
        if not isinstance(kind, Named):
            return kind
        kind = kind.base
    return ANY


def subtype(left: Type, right: Type, depth: int = 0) -> bool:
    """Whether every value of `left` conforms to `right` (10.3.2.9.1 to 10.3.2.9.3)."""
    left, right = base_of(left), base_of(right)
    if right == ANY or left in (right, NULL):
        return True
    if depth > _DEPTH:
        return False
    if isinstance(right, OneOf):
        return any(subtype(left, one, depth + 1) for one in right.kinds)
    if isinstance(left, ListOf) and isinstance(right, ListOf):
        return subtype(left.item, right.item, depth + 1)
    if isinstance(left, RangeOf) and isinstance(right, RangeOf):
        return subtype(left.item, right.item, depth + 1)
    if isinstance(left, ContextOf) and isinstance(right, ContextOf):
        known = dict(left.members)
        return all(
            name in known and subtype(known[name], member, depth + 1) for name, member in right.members
        )
    if isinstance(left, FunctionOf) and isinstance(right, FunctionOf):
        return _signature_conforms(left.parameters, left.result, right)
    return False


def type_of(value: Value) -> Type:
    """The most general type that says what a value is."""
    for name, cls in _CLASSES.items():
        if type(value) is cls:
            return BUILT_IN[name]
    by_class: dict[type, Type] = {list: LIST, dict: CONTEXT, Range: RANGE, Function: FUNCTION}
    return by_class.get(type(value), NULL)


def describe(value: Value) -> str:
    """The Japanese word for a value's type, for warnings."""
    return _NAMES.get(type(value), "値")


def _convert(value: Value, kind: Type) -> Value | _Mismatch:
    if value is None or instance_of(value, kind):
        return value
    base = base_of(kind)
    if isinstance(base, ListOf):
        if type(value) is list:
            return _convert_items(value, base.item)
        converted = _convert(value, base.item)
        return MISMATCH if converted is MISMATCH else [converted]
    if type(value) is list:
        return value[0] if len(value) == 1 and conforms(value[0], kind) else MISMATCH
    if base == DATE_TIME and type(value) is Date:
        return DateTime(value, Time(0, 0, 0, 0, 0))
    return MISMATCH


def _convert_items(items: list[Value], kind: Type) -> Value | _Mismatch:
    if base_of(kind) != DATE_TIME:
        return MISMATCH
    converted = [_convert(item, kind) for item in items]
    return MISMATCH if any(item is MISMATCH for item in converted) else converted


def _function_conforms(function: Function, kind: FunctionOf) -> bool:
    """Whether one of its signatures may stand for the type; a result that nobody declared is not held against it."""
    if kind.parameters is None and kind.result == ANY:
        return True
    result = kind.result if function.result in (None, ANY) else function.result
    asked = None if kind.parameters is None else len(kind.parameters)
    for overload in function.overloads:
        parameters = overload.parameters
        if asked is not None and all(parameter.optional for parameter in parameters[asked:]):
            parameters = parameters[:asked]
        if _signature_conforms(tuple(parameter.accepts for parameter in parameters), result, kind):
            return True
    return False


def _signature_conforms(parameters: tuple[Type, ...] | None, result: Type, kind: FunctionOf) -> bool:
    if kind.parameters is not None:
        if parameters is None or len(parameters) != len(kind.parameters):
            return False
        if not all(subtype(asked, own) for asked, own in zip(kind.parameters, parameters, strict=True)):
            return False
    return subtype(result, kind.result)
