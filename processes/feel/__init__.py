"""FEEL, the expression language of DMN 1.5 (chapter 10): read once, evaluated in microseconds, never able to hang.

    >>> parse("年齢 >= 65").evaluate({"年齢": 70}).value
    True

Conditions, timers, scripts, decision tables and forms all speak it.  An expression reads only what it is given and
the `now` it is given; it has no way to reach the machine.
"""

from __future__ import annotations

import datetime as std
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from . import nodes
from .compiler import Compiler
from .errors import Exhausted, FeelSyntaxError, FeelValueError
from .library import FUNCTIONS, NAMES
from .parser import Parser
from .reading import JOINT, paths_of
from .run import Run, Scope
from .types import Type
from .values import (
    Date,
    DateTime,
    DaysTime,
    Function,
    Range,
    Time,
    Value,
    YearsMonths,
)
from .wire import from_json, from_python, to_json

__all__ = [
    "Date",
    "DateTime",
    "DaysTime",
    "Evaluation",
    "Expression",
    "FeelSyntaxError",
    "FeelValueError",
    "Function",
    "Range",
    "Time",
    "UnaryTests",
    "Value",
    "YearsMonths",
    "from_json",
    "from_python",
    "parse",
    "parse_type",
    "parse_unary",
    "to_json",
]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an expression came to, and in Japanese what it stumbled over (each stumble is a null)."""

    value: Value
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Expression:
    """A FEEL expression, compiled; safe to keep and to share between threads."""

    text: str
    node: nodes.Node = field(repr=False)
    code: Callable[[Scope], Value] = field(repr=False)

    def evaluate(self, context: Mapping[str, Value], *, now: std.datetime | None = None) -> Evaluation:
        """The value for these variables.  Plain Python numbers, dates and lists in the context are converted."""
        return _evaluate(self.code, self._given(context), Run(now))

    @cached_property
    def reads(self) -> frozenset[str]:
        """The variables it reads, by their top-level names."""
        return _top_names(self._paths)

    @cached_property
    def paths(self) -> frozenset[str]:
        """The variables it reads with the fields asked of them, joined by dots."""
        return frozenset(path.replace(JOINT, ".") for path in self._paths)

    @cached_property
    def surely_reads(self) -> frozenset[str]:
        """The variables it reads outside filters, where a name cannot be a field of an item."""
        return _top_names(paths_of(self.node, FUNCTIONS, inside_filters=False))

    @cached_property
    def _paths(self) -> frozenset[str]:
        return paths_of(self.node, FUNCTIONS)

    def _given(self, context: Mapping[str, Value]) -> dict[str, Value]:
        return {name: from_python(context[name]) for name in self._wanted if name in context}

    @cached_property
    def _wanted(self) -> frozenset[str]:
        """Everything that a variable could give: also names that a built-in function has, and `item`."""
        return _top_names(paths_of(self.node, ())) | {"item", "partial"}


@dataclass(frozen=True)
class UnaryTests:
    """The tests of a decision table's cell, compiled."""

    text: str
    node: nodes.Tests = field(repr=False)
    code: Callable[[Scope], bool | None] = field(repr=False)

    def evaluate(
        self, input: Value, context: Mapping[str, Value], *, now: std.datetime | None = None
    ) -> Evaluation:
        """Whether the input passes: true, false, or null where the question has no answer."""
        wanted = _top_names(paths_of(self.node, ())) | {"item", "partial"}
        given = {name: from_python(context[name]) for name in wanted if name in context}
        return _evaluate(self.code, {**given, "?": from_python(input)}, Run(now))

    @cached_property
    def reads(self) -> frozenset[str]:
        """The variables it reads besides its input."""
        return _top_names(paths_of(self.node, FUNCTIONS))

    @cached_property
    def surely_reads(self) -> frozenset[str]:
        """The variables it reads outside filters, where a name cannot be a field of an item."""
        return _top_names(paths_of(self.node, FUNCTIONS, inside_filters=False))


def parse(
    text: str,
    *,
    names: Iterable[str] = (),
    members: Iterable[str] = (),
    types: Mapping[str, Type] | None = None,
) -> Expression:
    """Read an expression.

    `names` are the variables in scope and `members` the fields of their values, needed where they hold spaces or
    signs; `types` are the types a model defines.  Raises FeelSyntaxError with line, column and a Japanese sentence.
    """
    node = _parser(text, names, members, types).expression()
    return Expression(text, node, Compiler(text, FUNCTIONS).node(node))


def parse_unary(
    text: str,
    *,
    names: Iterable[str] = (),
    members: Iterable[str] = (),
    types: Mapping[str, Type] | None = None,
) -> UnaryTests:
    """Read the unary tests of a decision table's cell, such as `< 5, [10..20]`, `not("a")` or `-`."""
    node = _parser(text, names, members, types).unary_tests()
    return UnaryTests(text, node, Compiler(text, FUNCTIONS).tests(node))


def parse_type(text: str, *, types: Mapping[str, Type] | None = None) -> Type:
    """Read the name of a type, such as `list<number>`."""
    return _parser(text, (), (), types).type()


def _top_names(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(path.partition(JOINT)[0] for path in paths)


def _parser(
    text: str, names: Iterable[str], members: Iterable[str], types: Mapping[str, Type] | None
) -> Parser:
    return Parser(text, names=names, members=members, types=types or {}, built_in=NAMES)


def _evaluate(code: Callable[[Scope], Value], values: dict[str, Value], run: Run) -> Evaluation:
    try:
        value = code(Scope(values, None, run))
    except Exhausted as exhausted:
        run.warn(str(exhausted))
        value = None
    except RecursionError:
        run.warn("計算の入れ子が深すぎます")
        value = None
    return Evaluation(value, tuple(run.warnings))
