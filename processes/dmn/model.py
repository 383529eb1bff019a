"""A decision model ready to decide."""

from __future__ import annotations

import datetime as std
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from processes.feel.errors import Exhausted, Fault
from processes.feel.functions import invoke_named
from processes.feel.run import Run
from processes.feel.values import Value
from processes.feel.wire import from_python

from . import boxes as b
from . import words
from .errors import Finding
from .item_types import ItemTypes
from .linking import File, Key, Path
from .program import Program
from .tables import Matched, Trace

STEP_LIMIT = 1_000_000
_ABSENT: Value = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a decision came to; `warnings` are in Japanese, `matched` tells the rows of every table evaluated."""

    name: str
    value: Value
    warnings: tuple[str, ...]
    matched: tuple[Matched, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A decision or service that can be asked, and the names of the inputs it needs."""

    id: str
    name: str
    kind: str
    question: str
    inputs: tuple[str, ...]


class Model:
    """One file with what it imports.  Immutable after creation, safe to share between threads."""

    def __init__(
        self, definitions: b.Definitions, imported: Iterable[tuple[b.Import, Model]], findings: list[Finding]
    ) -> None:
        others = tuple(imported)
        self._file: File = File(definitions, [(one, other._file) for one, other in others], findings)
        self._program: Program = Program(self._file, [other._program for _, other in others])

    @property
    def findings(self) -> list[Finding]:
        """What was found while reading, in the order of reading."""
        return self._file.findings

    @property
    def types(self) -> ItemTypes:
        """The types that the model defines or imports."""
        return self._file.types

    @property
    def decisions(self) -> tuple[Offer, ...]:
        """All decisions and decision services of this file."""
        return tuple(
            Offer(
                id=element.id,
                name=element.name,
                kind="decision" if isinstance(element, b.Decision) else "service",
                question=element.question if isinstance(element, b.Decision) else "",
                inputs=self._inputs_of(element),
            )
            for element in self._file.own
            if isinstance(element, (b.Decision, b.Service))
        )

    @property
    def tables(self) -> tuple[tuple[str, b.Table], ...]:
        """All decision tables of this file, each with the name of the decision or knowledge that holds it."""
        return tuple(
            (element.name, table)
            for element in self._file.own
            if isinstance(element, (b.Decision, b.Knowledge))
            for table in words.tables_in(element.logic)
        )

    def decide(
        self, name_or_id: str, inputs: Mapping[str, Value], *, now: std.datetime | None = None
    ) -> Decided:
        """Evaluate a decision, service or knowledge model by name or id; KeyError if there is none.

        Inputs are by name (`prefix.name`, or nested contexts, for those of imported files); what is missing is null.
        `now` is the only clock.
        """
        key = self._file.named(name_or_id)
        given = {name: from_python(value) for name, value in inputs.items()}
        run = Trace(now, STEP_LIMIT)
        try:
            value = self._answer(key, given, run)
        except Exhausted as exhausted:
            run.warn(str(exhausted))
            value = None
        except RecursionError:
            run.warn("計算の入れ子が深すぎます")
            value = None
        name = self._file.elements[key].name
        return Decided(name=name, value=value, warnings=tuple(run.warnings), matched=tuple(run.matched))

    def explain(self, decided: Decided) -> str:
        """What was decided, in words for staff: a line for each table, by its rows' notes."""
        return words.explain(self, decided)

    def table_of(self, decision: str | None, table: str) -> b.Table | None:
        """The table with this id, here or imported; if `decision` is given, in the decision or knowledge model with
        that id."""
        for element in self._file.elements.values():
            if decision in (None, element.id) and isinstance(element, (b.Decision, b.Knowledge)):
                found = next((one for one in words.tables_in(element.logic) if one.id == table), None)
                if found is not None:
                    return found
        return None

    def _answer(self, key: Key, given: Mapping[str, Value], run: Run) -> Value:
        if isinstance(self._file.elements[key], b.Decision):
            return self._program.values([key], self._provided(given), run)[key]
        function = self._program.functions[key]
        names = [parameter.name for parameter in function.overloads[0].parameters]
        arguments = {name: _look_up(given, tuple(name.split("."))) for name in names}
        try:
            return invoke_named(
                function,
                {name: None if value is _ABSENT else value for name, value in arguments.items()},
                run,
            )
        except Fault as fault:
            run.warn(str(fault))
            return None

    def _provided(self, given: Mapping[str, Value]) -> dict[Key, Value]:
        """The inputs given by the caller, under `prefix.name`, inside a context `prefix`, or by name alone."""
        found: dict[Key, Value] = {}
        for key, element in self._file.elements.items():
            if not isinstance(element, b.InputData):
                continue
            for path in (*self._file.paths_to(key), (element.name,)):
                value = _look_up(given, path)
                if value is not _ABSENT:
                    found[key] = value
                    break
        return found

    def _inputs_of(self, element: b.Decision | b.Service) -> tuple[str, ...]:
        key = self._file.key_of(element)
        if isinstance(element, b.Service):
            return tuple(parameter.name for parameter in self._program.functions[key].overloads[0].parameters)
        return tuple(".".join(self._file.path_to(one)) for one in self._program.input_keys(key))


def _look_up(given: Mapping[str, Value], path: Path) -> Value:
    joined = ".".join(path)
    if joined in given:
        return given[joined]
    value: Value = given
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value
