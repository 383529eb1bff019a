"""The parts of a form as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .conditions import Condition

Kind = Literal[
    "text", "long", "number", "int", "yen", "kana", "zip", "tel",
    "date", "datetime", "time", "bool", "one", "many", "file", "files",
    "group", "table", "note", "separator",
]  # fmt: skip

#: What may enter the state of a running process: nothing that a person wrote freely.
CODED = frozenset({"number", "int", "yen", "date", "datetime", "time", "bool", "one", "many"})
#: What asks for an answer of its own.
ASKING = frozenset(
    {"text", "long", "kana", "zip", "tel", "file", "files"} | CODED
)
LISTS = frozenset({"many", "files"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several answers: its code, and how it is written."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A component of a form: an input, a group or table of inputs, a note or a line.

    `key` is its own name ('' if it has no answer), `path` the names from the root joined by dots, where a table's
    rows have no number; `name` is the key, or for a part without one a mark that no key can be.
    `source` names the list that the page gives (agency, staff, person, household, case, a register).  `codes` names
    the code list that `choices` were taken from; `restricted` that only some of its codes may be chosen here.
    `item` says what of a person it tells (提供する項目 of a consent: 家計, 健康 …), '' where its class says enough.
    `fact` is what the answer says of the case itself (district, event).
    """

    key: str
    name: str
    path: str
    kind: Kind
    label: str
    description: str = ""
    required: bool = False
    required_if: Condition | None = None
    hide: Condition | None = None
    choices: tuple[Choice, ...] = ()
    source: str = ""
    codes: str = ""
    restricted: bool = False
    shown_as: str = ""
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    pattern_sentence: str = ""
    digits: int | None = None
    accept: tuple[str, ...] = ()
    min_rows: int = 0
    max_rows: int = 50
    blank_rows: int = 1
    default: Any = None
    class_: str = "L3"
    item: str = ""
    reported: bool = False
    fact: str = ""
    #: Of a date of birth: the name under which the age in whole years may enter a running process; the date never does.
    age: str = ""
    prefill: str = ""
    compute: Condition | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Field, ...] = ()

    @property
    def asks(self) -> bool:
        return self.kind in ASKING

    @property
    def coded(self) -> bool:
        return self.kind in CODED and not self.age

    @property
    def empty(self) -> Any:
        """The answer where nothing was answered."""
        return [] if self.kind in LISTS or self.kind == "table" else False if self.kind == "bool" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule over several fields: `when` true means that the answers are wrong."""

    when: Condition
    path: str
    sentence: str


def every(fields: tuple[Field, ...]) -> Iterator[Field]:
    """All fields, outer before inner."""
    for one in fields:
        yield one
        yield from every(one.children)
