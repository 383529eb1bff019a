"""A decision model as values: definitions, their elements, and boxed expressions (DMN 1.5, chapters 5 to 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands in the file, and the type it declares."""

    id: str
    line: int
    type_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    name: str
    type_ref: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Place):
    """A literal expression."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A text inside a decision table: an input or output entry, or a list of allowed values."""

    id: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputClause:
    id: str
    line: int
    label: str | None
    expression: Text
    allowed: Cell | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputClause:
    id: str
    line: int
    name: str | None
    label: str | None
    type_ref: str | None
    allowed: Cell | None
    default: Cell | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    id: str
    line: int
    description: str
    annotations: tuple[str, ...]
    inputs: tuple[Cell, ...]
    outputs: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Place):
    hit_policy: str
    aggregation: str | None
    inputs: tuple[InputClause, ...]
    outputs: tuple[OutputClause, ...]
    annotation_names: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of a boxed context; without a variable it is the result."""

    variable: Variable | None
    value: Box | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Place):
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation(Place):
    columns: tuple[Variable, ...]
    rows: tuple[tuple[Box | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items(Place):
    """A boxed list."""

    items: tuple[Box | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation(Place):
    function: Box | None
    bindings: tuple[tuple[Variable, Box | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionBox(Place):
    """A boxed function; `kind` is FEEL, Java or PMML."""

    kind: str
    parameters: tuple[Variable, ...]
    body: Box | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Place):
    condition: Box | None
    then: Box | None
    otherwise: Box | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterBox(Place):
    source: Box | None
    match: Box | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration(Place):
    """A boxed for, some or every."""

    kind: str
    variable: str
    variable_type: str | None
    source: Box | None
    body: Box | None


Box: TypeAlias = (
    Text | Table | Context | Relation | Items | Invocation | FunctionBox | Conditional | FilterBox | Iteration
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDefinition:
    id: str
    line: int
    name: str
    type_ref: str | None
    is_collection: bool
    allowed: Cell | None
    constraint: Cell | None
    components: tuple[ItemDefinition, ...]
    function: FunctionItem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionItem:
    result: str | None
    parameters: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputData:
    id: str
    line: int
    name: str
    type_ref: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision; requirements are hrefs."""

    id: str
    line: int
    name: str
    type_ref: str | None
    question: str
    decisions: tuple[str, ...]
    inputs: tuple[str, ...]
    knowledge: tuple[str, ...]
    logic: Box | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """A business knowledge model."""

    id: str
    line: int
    name: str
    type_ref: str | None
    knowledge: tuple[str, ...]
    logic: FunctionBox | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A decision service; all members are hrefs."""

    id: str
    line: int
    name: str
    type_ref: str | None
    outputs: tuple[str, ...]
    encapsulated: tuple[str, ...]
    input_decisions: tuple[str, ...]
    input_data: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    id: str
    line: int
    name: str
    namespace: str
    location: str | None
    kind: str


Element: TypeAlias = InputData | Decision | Knowledge | Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """One file."""

    namespace: str
    name: str
    language: str | None
    imports: tuple[Import, ...]
    items: tuple[ItemDefinition, ...]
    elements: tuple[Element, ...]
