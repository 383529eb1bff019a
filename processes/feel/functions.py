"""Calling a function: choosing the signature, converting the arguments (DMN 1.5, 10.3.2.13.1 and 10.3.4)."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import Fault
from .run import Run
from .types import ANY, MISMATCH, allows, coerce, describe, instance_of
from .values import Function, Overload, Parameter, Value


def invoke(function: Function, arguments: list[Value], run: Run) -> Value:
    """Call with arguments in order; Fault if no signature takes them."""
    counted = [overload for overload in function.overloads if _takes(overload, len(arguments))]
    if not counted:
        raise Fault(f"{function.name} の引数の数（{len(arguments)}）が合いません")
    placed = [(overload, _placed(overload, arguments)) for overload in counted]
    return _call(function, placed, run)


def invoke_named(function: Function, arguments: Mapping[str, Value], run: Run) -> Value:
    """Call with arguments by name; Fault if no signature has exactly these names. Of several signatures (`before` has
    range and point in either order) those in the order written come first."""
    placed: list[tuple[Overload, list[Value]]] = []
    for overload in function.overloads:
        names = [parameter.name for parameter in overload.parameters]
        required = {parameter.name for parameter in overload.parameters if not parameter.optional}
        if required <= arguments.keys() and arguments.keys() <= set(names):
            found = (overload, [arguments.get(name, _OMITTED) for name in names])
            as_written = [name for name in names if name in arguments] == list(arguments)
            placed.insert(0 if as_written else len(placed), found)
    if not placed:
        raise Fault(f"{function.name} にこの名前の引数はありません（{'、'.join(arguments)}）")
    return _call(function, placed, run)


class _Omitted:
    """Stands for an optional argument that was not given."""


_OMITTED = _Omitted()


def _takes(overload: Overload, count: int) -> bool:
    fixed = overload.parameters[:-1] if overload.variadic else overload.parameters
    required = sum(not parameter.optional for parameter in fixed)
    return required <= count and (overload.variadic or count <= len(overload.parameters))


def _placed(overload: Overload, arguments: list[Value]) -> list[Value]:
    if not overload.variadic:
        return arguments
    fixed = len(overload.parameters) - 1
    return [*arguments[:fixed], arguments[fixed:]]


def _call(function: Function, placed: list[tuple[Overload, list[Value]]], run: Run) -> Value:
    for overload, arguments in placed:
        if all(
            _fits(value, parameter) for value, parameter in zip(arguments, overload.parameters, strict=False)
        ):
            return overload.body(run, *_given(arguments))
    wrong = ""
    for overload, arguments in placed:
        converted: list[Value] = []
        for value, parameter in zip(arguments, overload.parameters, strict=False):
            fitting = _converted(value, parameter)
            if fitting is MISMATCH:
                wrong = wrong or f"{function.name} の引数「{parameter.name}」に{describe(value)}は使えません"
                break
            converted.append(fitting)
        else:
            return overload.body(run, *_given(converted))
    raise Fault(wrong)


def _given(arguments: list[Value]) -> list[Value]:
    """Arguments without the omitted ones at the end; an omitted one in between is null."""
    while arguments and arguments[-1] is _OMITTED:
        arguments = arguments[:-1]
    return [None if value is _OMITTED else value for value in arguments]


def _fits(value: Value, parameter: Parameter) -> bool:
    if value is None:
        return parameter.nullable
    if value is _OMITTED or parameter.accepts is ANY:
        return True
    return instance_of(value, parameter.accepts) and allows(value, parameter.accepts)


def _converted(value: Value, parameter: Parameter) -> Value:
    if value is _OMITTED:
        return value
    if value is None:
        return None if parameter.nullable else MISMATCH
    converted = coerce(value, parameter.accepts)
    return MISMATCH if converted is None and not parameter.nullable else converted
