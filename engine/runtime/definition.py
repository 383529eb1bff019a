"""A definition: diagrams and tables made ready to run. Immutable, cached by content, safe between threads."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from engine.runtime.expressions import Computed
from engine.runtime.programs import Program, build
from engine.runtime.refusals import refusals
from engine.runtime.values import Unrunnable
from processes import bpmn, dmn
from processes.bpmn import DiagramError, Finding, Node

_KEPT = 128  # versions; a parsed one takes about a hundred times its file's size


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """`programs` by process id: the main process (`process_id`) and every process that it may call. `digest` is the
    SHA-256 of everything it was made of."""

    digest: str
    process_id: str
    name: str
    programs: Mapping[str, Program]
    decisions: Mapping[str, dmn.Model]
    effects: frozenset[str]
    reads: frozenset[str]

    @property
    def main(self) -> Program:
        return self.programs[self.process_id]

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes of the main process."""
        return self.main.process.nodes

    @property
    def called(self) -> frozenset[str]:
        return frozenset(self.programs) - {self.process_id}

    @property
    def start_messages(self) -> Mapping[str, str]:
        """Message name → id of the start event (or receive task) that it starts."""
        return self.main.start_messages

    def node(self, process_id: str, element: str) -> Node:
        return self.programs[process_id].process.nodes[element]


def compile(
    main: bytes,
    *,
    called: Mapping[str, bytes] = MappingProxyType({}),
    decisions: Mapping[str, bytes] = MappingProxyType({}),
    effects: frozenset[str] = frozenset(),
    process: str | None = None,
    name: str = "main",
) -> Definition:
    """The definition of `process` (default: the first process of `main` that is executable and that no other of
    them calls).

    `called` are further diagrams and `decisions` DMN files, both by file name; `effects` the service operations that
    do not wait. Raises Unrunnable with every reason why it could not run exactly as BPMN says."""
    return _compiled(
        main, tuple(sorted(called.items())), tuple(sorted(decisions.items())), frozenset(effects), process, name
    )


@lru_cache(maxsize=_KEPT)
def _compiled(
    main: bytes,
    called: tuple[tuple[str, bytes], ...],
    decisions: tuple[tuple[str, bytes], ...],
    effects: frozenset[str],
    process: str | None,
    name: str,
) -> Definition:
    problems: list[Finding] = []
    diagrams = [diagram for source, file in ((main, name), *((s, n) for n, s in called))
                if (diagram := _read(source, file, problems)) is not None]
    models = _models(dict(decisions), problems)
    if problems:
        raise Unrunnable(problems)
    main_id = _main(diagrams[0], process)
    programs = _programs(main_id, diagrams, models, problems)
    if problems:
        raise Unrunnable(problems)
    return Definition(
        digest=_digest(main, called, decisions, effects, process),
        process_id=main_id,
        name=programs[main_id].process.name,
        programs=MappingProxyType(programs),
        decisions=MappingProxyType({key: model for program in programs.values() for key, model in program.decisions.items()}),
        effects=effects,
        reads=frozenset(name for program in programs.values() for name in _reads(program)),
    )


def _read(source: bytes, file: str, problems: list[Finding]) -> bpmn.Diagram | None:
    try:
        return bpmn.read(source, name=file)
    except DiagramError as error:
        problems.extend(error.findings)
        return None


def _models(sources: Mapping[str, bytes], problems: list[Finding]) -> list[dmn.Model]:
    def resolve(namespace: str, location: str | None) -> bytes:
        found = sources.get((location or "").rpartition("/")[2])
        if found is None:
            found = next((s for s in sources.values() if f'namespace="{namespace}"'.encode() in s), None)
        if found is None:
            raise LookupError(namespace)
        return found

    models = []
    for file, source in sources.items():
        try:
            models.append(dmn.read(source, resolve=resolve))
        except dmn.DmnError as error:
            problems.extend(
                Finding(rule=one.rule, message=f"{file}：{one.message}", element=one.element, line=one.line)
                for one in error.findings if one.severity == "error"
            )
    return models


def _main(diagram: bpmn.Diagram, wanted: str | None) -> str:
    if wanted is not None:
        if wanted in diagram.processes:
            return wanted
        known = "、".join(diagram.processes) or "なし"
        raise Unrunnable([Finding(rule="process", message=f"プロセス「{wanted}」は図にありません（あるもの：{known}）。")])
    runnable = [p for p in diagram.processes.values() if not p.global_task and p.nodes] or list(diagram.processes.values())
    if not runnable:
        raise Unrunnable([Finding(rule="process", message="図にプロセスがありません。開始イベントから描いてください。")])
    called = {node.called for process in runnable for node in process.nodes.values()}
    return min(runnable, key=lambda one: (not one.executable, one.id in called, not one.marked_executable)).id


def _programs(
    main: str, diagrams: list[bpmn.Diagram], models: list[dmn.Model], problems: list[Finding]
) -> dict[str, Program]:
    home = {process.id: diagram for diagram in reversed(diagrams) for process in diagram.processes.values()}
    programs: dict[str, Program] = {}
    wanted = [main]
    while wanted:
        identity = wanted.pop()
        if identity in programs:
            continue
        diagram = home[identity]
        program, found = build(diagram.processes[identity], diagram, models)
        problems.extend(found)
        problems.extend(refusals(program, diagram, frozenset(home)))
        programs[identity] = program
        wanted.extend(node.called for node in program.process.nodes.values() if node.called in home and node.called)
    return programs


def _reads(program: Program) -> frozenset[str]:
    read = frozenset(name for found in program.expressions.values() for name in found.reads)
    associated = frozenset(
        source for node in program.process.nodes.values()
        for association in (*node.inputs, *node.outputs) for source in association.sources
    )
    collections = frozenset(
        node.loop.collection for node in program.process.nodes.values() if node.loop and node.loop.collection
    )
    return read | associated | collections | _decision_inputs(program)


def _decision_inputs(program: Program) -> frozenset[str]:
    return frozenset(
        name for key, model in program.decisions.items() for offer in model.decisions
        if key in (offer.id, offer.name) for name in offer.inputs
    )


def _digest(
    main: bytes, called: tuple[tuple[str, bytes], ...], decisions: tuple[tuple[str, bytes], ...],
    effects: frozenset[str], process: str | None,
) -> str:
    digest = hashlib.sha256(main)
    for name, source in (*called, *decisions):
        digest.update(f"\0{name}\0{len(source)}\0".encode() + source)
    digest.update("\0".join([process or "", *sorted(effects)]).encode())
    return digest.hexdigest()


__all__ = ["Computed", "Definition", "Program", "compile"]
