"""Every expression of a process: where it stands and what it is for. The checks parse them, the data flow asks what
they read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from processes import feel
from processes.bpmn_values import EventDefinition, Loop, Node, Process, Variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One expression: the `element` it belongs to (node, flow or variable), the `node` at which it is read, its
    `role`, and for timers the kind (date, duration, cycle). `local`: names that exist only inside it."""

    element: str
    node: str
    line: int | None
    role: str
    text: str
    timer: str | None = None
    local: frozenset[str] = frozenset()

    @property
    def plain(self) -> str:
        """The FEEL without the equals sign that some tools put in front."""
        text = self.text.strip()
        return text[1:].strip() if text.startswith("=") else text

    @property
    def literal(self) -> bool:
        """Whether it is a timer's bare ISO 8601 text (`P3D`), not FEEL."""
        return self.timer is not None and LITERAL.fullmatch(self.text.strip()) is not None


LITERAL = re.compile(r"[+-]?P[\dTYMWDHS.,]+|\d{4}-\d{2}-\d{2}(?:T.*)?|R\d*/.*")  # ISO 8601 instead of FEEL

MULTI = frozenset(
    "numberOfInstances numberOfActiveInstances numberOfCompletedInstances numberOfTerminatedInstances "
    "nrOfInstances nrOfActiveInstances nrOfCompletedInstances nrOfTerminatedInstances loopCounter".split()
)
COUNTED = frozenset({"activationCount", "waitingForStart"})


def expressions_of(process: Process) -> Iterator[Written]:
    """All expressions of the process, in no particular order."""
    for node in process.nodes.values():
        for found in _node(node):
            if found.text.strip():
                yield found
    for flow in process.flows.values():
        if flow.condition is not None:
            local = _counts(process, process.nodes.get(flow.source))
            yield _at(flow.id, flow.source, flow.condition_line or flow.line, "条件", flow.condition, local=local)
    yield from _initial(process.id, process.variables)


def names_of(process: Process) -> frozenset[str]:
    """Names that expressions may use although they hold spaces or signs."""
    found = {variable.name for variable in process.variables}
    for node in process.nodes.values():
        found |= {variable.name for variable in node.variables}
        found |= {node.result or "", node.message_variable or "", node.operator.result or "" if node.operator else ""}
        found |= {event.variable or "" for event in node.events}
        found |= _loop_names(node.loop)
    return frozenset(found - {""})


@lru_cache(maxsize=4096)
def parsed(text: str, names: frozenset[str]) -> feel.Expression | feel.FeelSyntaxError:
    """The expression, or the error instead of raising it: diagrams are checked again and again while drawn."""
    try:
        return feel.parse(text, names=names)
    except feel.FeelSyntaxError as error:
        return error


def _loop_names(loop: Loop | None) -> set[str]:
    if loop is None:
        return set()
    return {loop.item or "", loop.output_item or "", loop.collection or "", loop.output or ""}


def _counts(process: Process, node: Node | None) -> frozenset[str]:
    if node is None or node.kind != "complexGateway":
        return frozenset()
    return COUNTED | frozenset(node.incoming)


def _at(
    element: str, node: str, line: int | None, role: str, text: str | None, *, timer: str | None = None,
    local: frozenset[str] = frozenset(),
) -> Written:
    return Written(element=element, node=node, line=line, role=role, text=text or "", timer=timer, local=local)


def _node(node: Node) -> Iterator[Written]:
    inside = frozenset({node.loop.item} if node.loop and node.loop.item else ()) | (MULTI if node.loop else frozenset())
    complex_names = COUNTED | frozenset(node.incoming)
    yield _at(node.id, node.id, node.line, "スクリプト", node.script, local=inside)
    yield _at(node.id, node.id, node.line, "送る内容", node.payload or (node.message.payload if node.message else None))
    yield _at(node.id, node.id, node.line, "合流の条件", node.activation, local=complex_names)
    yield _at(node.id, node.id, node.line, "完了の条件", node.completion, local=inside)
    for name, text in node.properties.items():
        if name == "correlation" or name.startswith(("in:", "out:")) or text.startswith("="):
            yield _at(node.id, node.id, node.line, f"設定「{name}」", text, local=inside)
    for event in node.events:
        yield from _event(node, event)
    for parameter in node.operator.parameters if node.operator else ():
        yield _at(node.id, node.id, node.line, f"引数「{parameter.id}」", parameter.value, local=inside)
    yield from _loop(node)
    for association in (*node.inputs, *node.outputs):
        yield _at(node.id, node.id, association.line, "受け渡し", association.transformation, local=inside)
        for source, _ in association.assignments:
            yield _at(node.id, node.id, association.line, "受け渡し", source, local=inside)
    yield from _initial(node.id, node.variables)


def _event(node: Node, event: EventDefinition) -> Iterator[Written]:
    yield _at(node.id, node.id, event.line, "送る内容", event.payload)
    yield _at(node.id, node.id, event.line, "条件", event.condition)
    if event.timer is not None:
        yield _at(node.id, node.id, event.timer.line, "タイマー", event.timer.expression, timer=event.timer.kind)


def _loop(node: Node) -> Iterator[Written]:
    loop = node.loop
    if loop is None:
        return
    names = MULTI | _loop_names(loop)
    yield _at(node.id, node.id, loop.line, "繰り返しの条件", loop.condition, local=MULTI)
    yield _at(node.id, node.id, loop.line, "繰り返しの上限", loop.maximum)
    yield _at(node.id, node.id, loop.line, "回数", loop.cardinality)
    yield _at(node.id, node.id, loop.line, "完了の条件", loop.completion, local=names)
    for condition, _ in loop.complex:
        yield _at(node.id, node.id, loop.line, "ふるまいの条件", condition, local=names)


def _initial(owner: str, variables: tuple[Variable, ...]) -> Iterator[Written]:
    for variable in variables:
        if variable.value:
            yield _at(variable.id, owner, variable.line, "はじめの値", variable.value)
