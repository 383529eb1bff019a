"""How built-in functions are declared: name, parameters with their types, result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from . import types as t
from .values import Function, Overload, Parameter, Value

_TYPES: dict[str, t.Type] = {
    **t.BUILT_IN,
    "day": t.OneOf((t.DATE, t.DATE_TIME)),
    "duration": t.OneOf((t.DAYS_TIME, t.YEARS_MONTHS)),
    "amount": t.OneOf((t.NUMBER, t.DAYS_TIME, t.YEARS_MONTHS)),
    "moment": t.OneOf((t.STRING, t.DATE, t.DATE_TIME)),
    "clock": t.OneOf((t.STRING, t.TIME, t.DATE, t.DATE_TIME)),
    "zone": t.OneOf((t.STRING, t.NUMBER, t.DAYS_TIME)),
    "lists": t.ListOf(t.LIST),
    "contexts": t.ListOf(t.CONTEXT),
    "strings": t.ListOf(t.STRING),
}

_Body = TypeVar("_Body", bound=Callable[..., Value])


class Library:
    """Functions under declaration; several declarations of one name are its signatures, tried in order."""

    def __init__(self) -> None:
        self._overloads: dict[str, list[Overload]] = {}
        self._results: dict[str, t.Type] = {}

    def declare(
        self, name: str, *parameters: str, result: str = "Any", variadic: bool = False
    ) -> Callable[[_Body], _Body]:
        """Parameters read `name: type`, with `?` if it may be left out and `~` if it may be null."""

        def keep(body: _Body) -> _Body:
            overload = Overload(tuple(_parameter(text) for text in parameters), body, variadic)
            self._overloads.setdefault(name, []).append(overload)
            self._results[name] = _TYPES[result]
            return body

        return keep

    def functions(self) -> dict[str, Function]:
        return {
            name: Function(name, tuple(overloads), self._results[name])
            for name, overloads in self._overloads.items()
        }


def _parameter(text: str) -> Parameter:
    name, _, kind = text.partition(": ")
    bare = kind.rstrip("?~")
    marks = kind[len(bare) :]
    return Parameter(name, _TYPES[bare], optional="?" in marks, nullable="~" in marks or bare == "Any")
