"""The parts of a parsed FEEL expression.  `at` is the offset of the part in its text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from .types import Type


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, truth value or null."""

    at: int
    value: Decimal | str | bool | None


@dataclass(frozen=True, slots=True)
class At:
    """`@"2026-11-23"`."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Path:
    at: int
    of: Node
    name: str


@dataclass(frozen=True, slots=True)
class Filter:
    at: int
    of: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Call:
    """An invocation with positional arguments, or with `names` for all of them."""

    at: int
    function: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Negation:
    at: int
    of: Node


@dataclass(frozen=True, slots=True)
class Arithmetic:
    at: int
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comparison:
    at: int
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` over two or more operands."""

    at: int
    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Between:
    at: int
    of: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class In:
    """`x in tests`: true if one test holds for x."""

    at: int
    of: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class InstanceOf:
    at: int
    of: Node
    kind: Type


@dataclass(frozen=True, slots=True)
class Interval:
    at: int
    start: Node
    end: Node
    start_included: bool
    end_included: bool


@dataclass(frozen=True, slots=True)
class Unary:
    """`< 5`, `>= x`, `= y`, `!= z`: a range without a subject."""

    at: int
    operator: str
    of: Node


@dataclass(frozen=True, slots=True)
class ListLiteral:
    at: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ContextLiteral:
    at: int
    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Iterator:
    """`name in source`, or `name in source .. end`."""

    name: str
    source: Node
    end: Node | None = None


@dataclass(frozen=True, slots=True)
class For:
    at: int
    iterators: tuple[Iterator, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantified:
    at: int
    every: bool
    iterators: tuple[Iterator, ...]
    condition: Node


@dataclass(frozen=True, slots=True)
class If:
    at: int
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """`function(a: number, b) body`; `external` bodies are kept but never run."""

    at: int
    parameters: tuple[tuple[str, Type], ...]
    body: Node
    external: bool = False


@dataclass(frozen=True, slots=True)
class Tests:
    """A cell of a decision table: `-`, or tests of which one must hold, or none if `negated`."""

    at: int
    tests: tuple[Node, ...]
    negated: bool = False
    anything: bool = False


Node: TypeAlias = (
    Literal
    | At
    | Name
    | Path
    | Filter
    | Call
    | Negation
    | Arithmetic
    | Comparison
    | Logic
    | Between
    | In
    | InstanceOf
    | Interval
    | Unary
    | ListLiteral
    | ContextLiteral
    | For
    | Quantified
    | If
    | FunctionDefinition
)
