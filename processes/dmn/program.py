"""A file's decisions, knowledge and services compiled, and their evaluation along the requirements (DMN 1.5, 10.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from processes.feel import types as t
from processes.feel.compiler import Code
from processes.feel.run import Run, Scope
from processes.feel.values import Function, Overload, Parameter, Value

from . import boxes as b
from .compiling import Boxes
from .linking import File, Key, Path


@dataclass(frozen=True, slots=True)
class Ready:
    """A decision compiled: its logic, the values it wants and the functions it knows, by path."""

    code: Code
    wants: tuple[tuple[Path, Key], ...]
    knows: tuple[tuple[Path, Key], ...]


class Program:
    """Everything compiled, imported files included; immutable after creation."""

    def __init__(self, file: File, imported: Iterable[Program]) -> None:
        self._file = file
        self.ready: dict[Key, Ready] = {}
        self.functions: dict[Key, Function] = {}
        self._inputs: dict[Key, t.Type] = {}
        for other in imported:
            self.ready.update(other.ready)
            self.functions.update(other.functions)
            self._inputs.update(other._inputs)
        for element in file.own:
            if isinstance(element, b.InputData):
                self._inputs[file.key_of(element)] = file.type_of(element)
            elif isinstance(element, b.Knowledge):
                self.functions[file.key_of(element)] = self._knowledge(element)
            elif isinstance(element, b.Service):
                self.functions[file.key_of(element)] = self._service(element)
        for element in file.own:
            if isinstance(element, b.Decision):
                self.ready[file.key_of(element)] = self._decision(element)
        self._find_circles()

    def values(self, wanted: Iterable[Key], given: Mapping[Key, Value], run: Run) -> dict[Key, Value]:
        """Values of the decisions, what they require first; no recursion, however deep the requirements go.

        `given` are input data as they came, and decisions that a service's caller stands in for.
        """
        known = {key: value for key, value in given.items() if key not in self._inputs}
        todo, opened = list(wanted), set[Key]()
        while todo:
            key = todo[-1]
            if key in known:
                todo.pop()
            elif key in self._inputs:
                known[key] = self._input(key, given, run)
            else:
                ready = self.ready[key]
                missing = [other for _, other in ready.wants if other not in known]
                if missing and key not in opened:
                    opened.add(key)
                    todo.extend(missing)
                else:
                    known[key] = ready.code(Scope(self._bindings(ready, known), None, run))
        return known

    def input_keys(self, decision: Key) -> list[Key]:
        """The input data that a decision needs, itself or through what it requires."""
        found, seen, todo = [], set[Key](), [decision]
        while todo:
            key = todo.pop(0)
            if key in seen:
                continue
            seen.add(key)
            if key in self._inputs:
                found.append(key)
            else:
                todo.extend(other for _, other in self.ready[key].wants)
        return found

    def _bindings(self, ready: Ready, known: Mapping[Key, Value]) -> dict[str, Value]:
        bound: dict[str, Value] = {}
        for path, key in ready.knows:
            _bind(bound, path, self.functions[key])
        for path, key in ready.wants:
            _bind(bound, path, known.get(key))
        return bound

    def _input(self, key: Key, given: Mapping[Key, Value], run: Run) -> Value:
        name = self._file.elements[key].name
        if key not in given:
            run.warn(f"入力「{name}」がありません")
            return None
        converted = t.coerce(given[key], self._inputs[key])
        if converted is t.MISMATCH:
            run.warn(
                f"入力「{name}」の値（{t.describe(given[key])}）が、決められた型や許された値に合いません"
            )
            return None
        return converted

    def _decision(self, decision: b.Decision) -> Ready:
        file = self._file
        wants = [
            *file.linked(decision, decision.inputs, b.InputData),
            *file.linked(decision, decision.decisions, b.Decision),
        ]
        knows = file.linked(decision, decision.knowledge, b.Knowledge, b.Service)
        if decision.logic is None:
            file.finding(
                "dmn-no-logic",
                decision,
                f"判断「{decision.name}」に中身（表や式）がありません。",
                warning=True,
            )
        boxes = self._boxes(decision)
        code = boxes.box(decision.logic, frozenset(path[0] for path, _ in (*wants, *knows)))
        return Ready(boxes.typed(code, file.type_of(decision), "判断の値"), tuple(wants), tuple(knows))

    def _knowledge(self, knowledge: b.Knowledge) -> Function:
        """The function of a business knowledge model; it sees the knowledge it requires, and itself."""
        file = self._file
        required = file.linked(knowledge, knowledge.knowledge, b.Knowledge, b.Service)
        names = frozenset({knowledge.name, *(path[0] for path, _ in required)})
        if knowledge.logic is None:
            file.finding(
                "dmn-no-logic", knowledge, f"「{knowledge.name}」に中身（表や式）がありません。", warning=True
            )
        place = b.FunctionBox(id=knowledge.id, line=knowledge.line, kind="FEEL", parameters=(), body=None)
        result = self._result_of(knowledge)
        make = self._boxes(knowledge).function(knowledge.logic or place, names, knowledge.name, result)
        parameters = make(Scope({}, None, Run())).overloads[0].parameters

        def called(run: Run, *arguments: Value) -> Value:
            bound: dict[str, Value] = {knowledge.name: function}
            for path, key in required:
                _bind(bound, path, self.functions[key])
            return make(Scope(bound, None, run)).overloads[0].body(run, *arguments)

        function = Function(knowledge.name, (Overload(parameters, called),), result, user_defined=True)
        return function

    def _service(self, service: b.Service) -> Function:
        """The function of a decision service: its input data, then its input decisions, are the parameters."""
        file = self._file
        inputs = [
            *file.linked(service, service.input_data, b.InputData),
            *file.linked(service, service.input_decisions, b.Decision),
        ]
        outputs = [key for _, key in file.linked(service, service.outputs, b.Decision)]
        file.linked(service, service.encapsulated, b.Decision)
        if not outputs:
            file.finding("dmn-no-output", service, f"「{service.name}」に出力の判断がありません。")
        parameters = tuple(
            Parameter(".".join(path), file.owners[key].type_of(file.elements[key]), nullable=True)
            for path, key in inputs
        )
        result = self._result_of(service)

        def called(run: Run, *arguments: Value) -> Value:
            given = {key: value for (_, key), value in zip(inputs, arguments, strict=True)}
            known = self.values(outputs, given, run)
            value: Value = known[outputs[0]] if outputs else None
            if len(outputs) > 1:
                value = {file.elements[key].name: known[key] for key in outputs}
            converted = t.coerce(value, result)
            if converted is t.MISMATCH:
                run.warn(f"{service.name}：結果（{t.describe(value)}）が、決められた型に合いません")
                return None
            return converted

        return Function(service.name, (Overload(parameters, called),), result, user_defined=True)

    def _boxes(self, owner: b.Element) -> Boxes:
        file = self._file
        return Boxes(file.types, file.members, owner, file.report, file.definitions.language)

    def _result_of(self, element: b.Knowledge | b.Service) -> t.Type:
        """A function's result: the output of its function type, or (before DMN 1.2) the type itself."""
        kind = self._file.type_of(element)
        base = t.base_of(kind)
        return base.result if isinstance(base, t.FunctionOf) else kind

    def _find_circles(self) -> None:
        """Decisions that need themselves are errors."""
        for element in self._file.own:
            if not isinstance(element, b.Decision):
                continue
            own, seen = self._file.key_of(element), set[Key]()
            todo = [key for _, key in self.ready[own].wants]
            while todo and own not in seen:
                key = todo.pop()
                if key not in seen and key in self.ready:
                    todo.extend(other for _, other in self.ready[key].wants)
                seen.add(key)
            if own in seen:
                message = f"判断「{element.name}」が、回り回って自分自身を必要としています。"
                self._file.finding("dmn-circle", element, message)


def _bind(bound: dict[str, Value], path: Path, value: Value) -> None:
    for name in path[:-1]:
        bound = bound.setdefault(name, {})
    bound[path[-1]] = value
