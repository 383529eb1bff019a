"""A decision model ready to decide: elements linked across files, everything compiled once (DMN 1.5, 6 and 10.4)."""

from __future__ import annotations

import datetime as std
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from processes.feel import types as t
from processes.feel.compiler import Code
from processes.feel.errors import Exhausted, Fault
from processes.feel.functions import invoke_named
from processes.feel.run import Run, Scope
from processes.feel.values import Function, Overload, Parameter, Value
from processes.feel.wire import from_python

from . import boxes as b
from . import words
from .compiling import Boxes, Names
from .errors import Finding
from .item_types import ItemTypes
from .tables import Matched, Trace

STEP_LIMIT = 1_000_000

#: An element in any file: its namespace and id.
Key: TypeAlias = tuple[str, str]


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


@dataclass(frozen=True, slots=True)
class _Ready:
    """A decision compiled: where each value it needs is bound, and its logic."""

    code: Code
    wants: tuple[tuple[tuple[str, ...], Key], ...]
    functions: tuple[tuple[tuple[str, ...], Key], ...]


class Model:
    """One file with what it imports.  Immutable after creation, safe to share between threads."""

    def __init__(
        self, definitions: b.Definitions, imported: Iterable[tuple[b.Import, Model]], findings: list[Finding]
    ) -> None:
        self.definitions = definitions
        self.findings = findings
        self._imported = tuple(imported)
        self._elements: dict[Key, tuple[Model, b.Element]] = {}
        for _, other in self._imported:
            self._elements.update(other._elements)
        for element in definitions.elements:
            self._elements[self._own_key(element)] = (self, element)
        self.types = ItemTypes(definitions.items, self._imported_types(), self._report)
        self._members = self._member_names()
        self._ready: dict[str, _Ready] = {}
        self._functions: dict[Key, Function] = {
            key: function for _, other in self._imported for key, function in other._functions.items()
        }
        self._inputs = {
            element.id: self.types.resolve(element.type_ref, element=element.id, line=element.line)
            for element in definitions.elements
            if isinstance(element, b.InputData)
        }
        self._compile()

    @property
    def decisions(self) -> tuple[Offer, ...]:
        """All decisions and decision services of this file."""
        return tuple(
            Offer(
                id=element.id,
                name=element.name,
                kind="decision" if isinstance(element, b.Decision) else "service",
                question=element.question if isinstance(element, b.Decision) else "",
                inputs=tuple(self._inputs_of(element)),
            )
            for element in self.definitions.elements
            if isinstance(element, (b.Decision, b.Service))
        )

    @property
    def tables(self) -> tuple[tuple[str, b.Table], ...]:
        """The decision tables that are the whole logic of a decision or knowledge model, with its name."""
        found = []
        for element in self.definitions.elements:
            logic = getattr(element, "logic", None)
            logic = logic.body if isinstance(logic, b.FunctionBox) else logic
            if isinstance(logic, b.Table):
                found.append((element.name, logic))
        return tuple(found)

    def decide(
        self, name_or_id: str, inputs: Mapping[str, Value], *, now: std.datetime | None = None
    ) -> Decided:
        """Evaluate a decision, service or knowledge model by name or id; KeyError if there is none.

        Inputs are by name (`prefix.name`, or nested contexts, for those of imported files); what is missing is null.
        """
        model, element = self._named(name_or_id)
        run = Trace(now, STEP_LIMIT)
        given = {name: from_python(value) for name, value in inputs.items()}
        try:
            value = model._answer(element, self._provided(given), given, run)
        except Exhausted as exhausted:
            run.warn(str(exhausted))
            value = None
        except RecursionError:
            run.warn("計算の入れ子が深すぎます")
            value = None
        return Decided(
            name=element.name, value=value, warnings=tuple(run.warnings), matched=tuple(run.matched)
        )

    def explain(self, decided: Decided) -> str:
        """What was decided, in words for staff: a line for each table, by its rows' notes."""
        return words.explain(self, decided)

    def table_of(self, decision: str, table: str) -> b.Table | None:
        """The table with this id in the decision or knowledge model with that id, here or imported."""
        for _, element in self._elements.values():
            if element.id == decision and isinstance(element, (b.Decision, b.Knowledge)):
                for found in words.tables_in(element.logic):
                    if found.id == table:
                        return found
        return None

    # -- evaluation -------------------------------------------------------------------------------------------------

    def _answer(
        self, element: b.Element, provided: Mapping[Key, Value], given: Mapping[str, Value], run: Run
    ) -> Value:
        if isinstance(element, b.Decision):
            return self._values([self._own_key(element)], provided, run)[self._own_key(element)]
        function = self._functions[self._own_key(element)]
        names = [parameter.name for parameter in function.overloads[0].parameters]
        try:
            return invoke_named(function, {name: given.get(name) for name in names}, run)
        except Fault as fault:
            run.warn(str(fault))
            return None

    def _values(self, wanted: Iterable[Key], values: Mapping[Key, Value], run: Run) -> dict[Key, Value]:
        """Values of the decisions, what they require first; no recursion, whatever the graph's depth.

        `values` holds what is already known: raw inputs, and decisions given to a service.
        """
        known: dict[Key, Value] = {}
        for key, value in values.items():
            model, element = self._elements[key]
            if isinstance(element, b.InputData):
                known[key] = model._input(element, values, run)
            else:
                known[key] = value
        todo = list(wanted)
        opened: set[Key] = set()
        while todo:
            key = todo[-1]
            if key in known:
                todo.pop()
                continue
            model, element = self._elements[key]
            if isinstance(element, b.InputData):
                known[key] = model._input(element, values, run)
                continue
            ready = model._ready[element.id]
            missing = [other for _, other in ready.wants if other not in known]
            if missing and key not in opened:
                opened.add(key)
                todo.extend(missing)
                continue
            known[key] = ready.code(Scope(model._bindings(ready, known), None, run))
        return known

    def _bindings(self, ready: _Ready, known: Mapping[Key, Value]) -> dict[str, Value]:
        bound: dict[str, Value] = {}
        for path, key in ready.functions:
            _bind(bound, path, self._functions[key])
        for path, key in ready.wants:
            _bind(bound, path, known.get(key))
        return bound

    def _input(self, element: b.InputData, values: Mapping[Key, Value], run: Run) -> Value:
        key = self._own_key(element)
        if key not in values:
            run.warn(f"入力「{element.name}」がありません")
            return None
        converted = t.coerce(values[key], self._inputs[element.id])
        if converted is t.MISMATCH:
            run.warn(
                f"入力「{element.name}」の値（{t.describe(values[key])}）が、決められた型や許された値に合いません"
            )
            return None
        return converted

    def _provided(self, given: Mapping[str, Value]) -> dict[Key, Value]:
        """The inputs given by the caller, found under their own name, `prefix.name`, or inside a context `prefix`."""
        found: dict[Key, Value] = {}
        for key, (_, element) in self._elements.items():
            if not isinstance(element, b.InputData):
                continue
            for path in [*self._paths_to(key), (element.name,)]:
                value = _look_up(given, path)
                if value is not _ABSENT:
                    found[key] = value
                    break
        return found

    # -- linking ------------------------------------------------------------------------------------------------------

    def _compile(self) -> None:
        for element in self.definitions.elements:
            if isinstance(element, b.Knowledge):
                self._functions[self._own_key(element)] = self._knowledge(element)
            elif isinstance(element, b.Service):
                self._functions[self._own_key(element)] = self._service(element)
        for element in self.definitions.elements:
            if isinstance(element, b.Decision):
                self._ready[element.id] = self._decision(element)
        self._find_circles()

    def _decision(self, decision: b.Decision) -> _Ready:
        wants = self._linked(decision, (*decision.inputs, *decision.decisions))
        functions = self._linked(decision, decision.knowledge)
        names = frozenset(path[0] for path, _ in (*wants, *functions))
        boxes = self._boxes(decision)
        code = boxes.box(decision.logic, names)
        if decision.logic is None:
            self._finding(
                "dmn-no-logic", decision, f"判断「{decision.name}」に中身（表や式）がありません。", "warning"
            )
        kind = self.types.resolve(decision.type_ref, element=decision.id, line=decision.line)
        return _Ready(boxes.typed(code, kind, "判断の値"), tuple(wants), tuple(functions))

    def _knowledge(self, knowledge: b.Knowledge) -> Function:
        """The function of a business knowledge model; it sees the knowledge it requires, and itself."""
        required = self._linked(knowledge, knowledge.knowledge)
        names = frozenset({knowledge.name, *(path[0] for path, _ in required)})
        if knowledge.logic is None:
            self._finding(
                "dmn-no-logic", knowledge, f"「{knowledge.name}」に中身（表や式）がありません。", "warning"
            )
        logic = knowledge.logic or b.FunctionBox(
            id=knowledge.id, line=knowledge.line, kind="FEEL", parameters=(), body=None
        )
        result = self._result_of(knowledge.type_ref, knowledge)
        make = self._boxes(knowledge).function(logic, names, knowledge.name, result)
        parameters = make(Scope({}, None, Run())).overloads[0].parameters

        def called(run: Run, *arguments: Value) -> Value:
            bound: dict[str, Value] = {knowledge.name: function}
            for path, key in required:
                _bind(bound, path, self._functions[key])
            return make(Scope(bound, None, run)).overloads[0].body(run, *arguments)

        function = Function(knowledge.name, (Overload(parameters, called),), result, user_defined=True)
        return function

    def _service(self, service: b.Service) -> Function:
        """The function of a decision service: its input data, then its input decisions, are the parameters."""
        inputs = self._linked(service, (*service.input_data, *service.input_decisions))
        outputs = self._linked(service, service.outputs)
        if not outputs:
            self._finding("dmn-no-output", service, f"「{service.name}」に出力の判断がありません。", "error")
        self._linked(service, service.encapsulated)
        keys = [key for _, key in inputs]
        parameters = tuple(
            Parameter(".".join(path), self._declared(self._elements[key][1]), nullable=True)
            for path, key in inputs
        )
        result = self._result_of(service.type_ref, service)
        wanted = [key for _, key in outputs if isinstance(self._elements[key][1], b.Decision)]

        def called(run: Run, *arguments: Value) -> Value:
            known = self._values(wanted, dict(zip(keys, arguments, strict=True)), run)
            value: Value = known[wanted[0]] if wanted else None
            if len(wanted) > 1:
                value = {self._elements[key][1].name: known[key] for key in wanted}
            converted = t.coerce(value, result)
            if converted is t.MISMATCH:
                run.warn(f"{service.name}：結果（{t.describe(value)}）が、決められた型に合いません")
                return None
            return converted

        return Function(service.name, (Overload(parameters, called),), result, user_defined=True)

    def _boxes(self, owner: b.Element) -> Boxes:
        return Boxes(self.types, self._members, owner, self._report, self.definitions.language)

    def _result_of(self, type_ref: str | None, element: b.Element) -> t.Type:
        """A function's result: the output of its function type, or (before DMN 1.2) the type itself."""
        kind = self.types.resolve(type_ref, element=element.id, line=element.line)
        base = t.base_of(kind)
        return base.result if isinstance(base, t.FunctionOf) else kind

    def _declared(self, element: b.Element) -> t.Type:
        model = next(model for model, one in self._elements.values() if one is element)
        return model.types.resolve(element.type_ref, element=element.id, line=element.line)

    def _linked(self, element: b.Element, hrefs: tuple[str, ...]) -> list[tuple[tuple[str, ...], Key]]:
        """The required elements with the path under which the expression sees each."""
        found = []
        for href in hrefs:
            key = self._key(href)
            if key is None:
                self._finding(
                    "dmn-unknown-reference",
                    element,
                    f"「{element.name}」が必要とする「{href}」がありません。",
                )
                continue
            path = next(iter(self._paths_to(key)), (self._elements[key][1].name,))
            found.append((path, key))
        return found

    def _key(self, href: str) -> Key | None:
        namespace, _, id = href.rpartition("#")
        candidates = [(namespace or self.definitions.namespace, id)]
        if namespace:
            candidates.append((namespace.rstrip("/"), id))
        return next((key for key in candidates if key in self._elements), None)

    def _paths_to(self, key: Key) -> list[tuple[str, ...]]:
        """Names by which this file sees an element: its own by name, imported ones behind their prefix."""
        if key[0] == self.definitions.namespace and self._elements[key][0] is self:
            return [(self._elements[key][1].name,)]
        paths = []
        for one, other in self._imported:
            if key in other._elements:
                for path in other._paths_to(key):
                    paths.append((one.name, *path) if one.name else path)
        return sorted(paths, key=len)

    def _imported_types(self) -> dict[str, t.Type]:
        return {
            f"{one.name}.{name}" if one.name else name: kind
            for one, other in self._imported
            for name, kind in other.types.named.items()
        }

    def _member_names(self) -> Names:
        names: set[str] = set()
        for _, element in self._elements.values():
            names.add(element.name)
        for _, other in self._imported:
            names |= other._members
        todo = list(self.definitions.items)
        while todo:
            item = todo.pop()
            names.add(item.name)
            todo.extend(item.components)
        for element in self.definitions.elements:
            if isinstance(element, (b.Decision, b.Knowledge)):
                names |= words.names_in(element.logic)
        return frozenset(names)

    def _inputs_of(self, element: b.Decision | b.Service) -> list[str]:
        if isinstance(element, b.Service):
            return [
                ".".join(path)
                for path, _ in self._quietly(element, (*element.input_data, *element.input_decisions))
            ]
        names: list[str] = []
        seen: set[Key] = set()
        todo = [self._own_key(element)]
        while todo:
            key = todo.pop(0)
            if key in seen:
                continue
            seen.add(key)
            model, one = self._elements[key]
            if isinstance(one, b.InputData):
                names.append(".".join(next(iter(self._paths_to(key)), (one.name,))))
            elif isinstance(one, b.Decision):
                todo.extend(key for _, key in model._ready[one.id].wants)
        return names

    def _quietly(self, element: b.Element, hrefs: tuple[str, ...]) -> list[tuple[tuple[str, ...], Key]]:
        return self._linked(element, tuple(href for href in hrefs if self._key(href) is not None))

    def _find_circles(self) -> None:
        """Decisions that need themselves are errors."""
        for element in self.definitions.elements:
            if not isinstance(element, b.Decision):
                continue
            own, seen = self._own_key(element), set[Key]()
            todo = [key for _, key in self._ready[element.id].wants]
            while todo:
                key = todo.pop()
                if key == own:
                    self._finding(
                        "dmn-circle",
                        element,
                        f"判断「{element.name}」が、回り回って自分自身を必要としています。",
                    )
                    break
                if key not in seen:
                    seen.add(key)
                    model, one = self._elements[key]
                    if isinstance(one, b.Decision):
                        todo.extend(
                            other for _, other in model._ready[one.id].wants if one.id in model._ready
                        )

    def _named(self, name_or_id: str) -> tuple[Model, b.Element]:
        name = " ".join(name_or_id.split())
        kinds: tuple[type, ...] = (b.Decision, b.Service, b.Knowledge)
        for kind in kinds:
            for element in self.definitions.elements:
                if isinstance(element, kind) and name_or_id == element.id:
                    return self, element
        for kind in kinds:
            for element in self.definitions.elements:
                if isinstance(element, kind) and name == element.name:
                    return self, element
        for key, (model, element) in self._elements.items():
            if isinstance(element, kinds) and name in {".".join(path) for path in self._paths_to(key)}:
                return model, element
        raise KeyError(name_or_id)

    def _own_key(self, element: b.Element) -> Key:
        return self.definitions.namespace, element.id

    def _report(self, finding: Finding) -> None:
        if len(self.findings) < 500 and finding not in self.findings:
            self.findings.append(finding)

    def _finding(self, rule: str, element: b.Element, message: str, severity: str = "error") -> None:
        self._report(
            Finding(
                severity="warning" if severity == "warning" else "error",
                rule=rule,
                element=element.id,
                line=element.line,
                message=message,
            )
        )


_ABSENT: Value = object()


def _bind(bound: dict[str, Value], path: tuple[str, ...], value: Value) -> None:
    for name in path[:-1]:
        bound = bound.setdefault(name, {})
    bound[path[-1]] = value


def _look_up(given: Mapping[str, Value], path: tuple[str, ...]) -> Value:
    joined = ".".join(path)
    if joined in given:
        return given[joined]
    value: Value = given
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value
