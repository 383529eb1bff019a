"""One process made ready to run: what starts it, what is attached to what, which flows a join can still get, and
every expression parsed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.runtime.expressions import Computed, Reading
from processes import dmn
from processes.bpmn import (
    Association,
    Correlation,
    Diagram,
    EventDefinition,
    Finding,
    Flow,
    Node,
    Process,
    Variable,
)

JOINS = ("inclusiveGateway", "complexGateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a process or sub-process holds: `starts` are the nodes that get a token when it is entered, `handlers`
    its event sub-processes (sub-process id, start event id), `declared` the variables of its own, `initial` their
    expressions' roles."""

    id: str
    starts: tuple[str, ...]
    handlers: tuple[tuple[str, str], ...]
    compensation_handler: tuple[str, str] | None
    declared: frozenset[str]
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A process ready to run. `reach[gateway][node]`: the incoming flows of that inclusive or complex gateway that a
    token on the node can still come to without passing the gateway."""

    process: Process
    bodies: Mapping[str, Body]
    boundaries: Mapping[str, tuple[str, ...]]
    links: Mapping[str, str]
    reach: Mapping[str, Mapping[str, frozenset[str]]]
    expressions: Mapping[tuple[str, str], Computed]
    decisions: Mapping[str, dmn.Model]
    aliases: Mapping[str, str]
    start_messages: Mapping[str, str]
    compensates: bool

    @property
    def nodes(self) -> Mapping[str, Node]:
        return self.process.nodes

    @property
    def flows(self) -> Mapping[str, Flow]:
        return self.process.flows

    def expression(self, element: str, role: str) -> Computed | None:
        return self.expressions.get((element, role))


def build(process: Process, diagram: Diagram, models: list[dmn.Model]) -> tuple[Program, list[Finding]]:
    """The program of `process`, and what is wrong with its expressions and references."""
    reading = Reading(_names(process))
    decisions = _decisions(process, models, reading)
    for node in process.nodes.values():
        _read_node(reading, process, node)
    for flow in process.flows.values():
        reading.add(flow.id, "condition", flow.condition, flow.condition_line)
    for lane in process.lanes.values():
        for name, text in lane.properties.items():
            reading.add(lane.id, name, text if text.startswith("=") else None, lane.line)
    for message, correlation in _carried(process, diagram):
        reading.add(process.id, f"carried:{message}", correlation.carried, correlation.line)
    for variable in process.variables:
        reading.add(variable.id, "initial", variable.value, variable.line)
    links = dict(_links(process))
    bodies = {identity: _body(process, identity) for identity in (process.id, *_scopes(process))}
    boundaries = _boundaries(process)
    program = Program(
        process=process,
        bodies=MappingProxyType(bodies),
        boundaries=MappingProxyType(boundaries),
        links=MappingProxyType(links),
        reach=MappingProxyType(dict(_reach(process, boundaries, links))),
        expressions=MappingProxyType(reading.found),
        decisions=MappingProxyType(decisions),
        aliases=MappingProxyType(_aliases(process)),
        start_messages=MappingProxyType(dict(_start_messages(process))),
        compensates=any(e.kind in ("compensate", "cancel") for n in process.nodes.values() for e in n.events),
    )
    return program, reading.problems


def _names(process: Process) -> frozenset[str]:
    """Names that expressions may use although they hold spaces or signs."""
    found = {variable.name for variable in _variables(process)}
    for node in process.nodes.values():
        found |= {node.result or "", node.message_variable or ""}
        if node.loop:
            found |= {node.loop.item or "", node.loop.output_item or "", node.loop.collection or "", node.loop.output or ""}
        if node.operator:
            found.add(node.operator.result or "")
    return frozenset(found - {""})


def _variables(process: Process) -> Iterator[Variable]:
    yield from process.variables
    for node in process.nodes.values():
        yield from node.variables


def _aliases(process: Process) -> dict[str, str]:
    owners = [*process.variables, *(v for node in process.nodes.values() for v in node.variables)]
    return {alias: variable.name for variable in owners if variable.kind in ("dataObject", "property", "dataStore")
            for alias in variable.aliases if alias != variable.name}


def _scopes(process: Process) -> Iterator[str]:
    return (node.id for node in process.nodes.values() if node.is_scope)


def _body(process: Process, identity: str) -> Body:
    inside = process.children(identity)
    scope = process.nodes.get(identity)
    owner = scope.variables if scope else process.variables
    handlers = tuple(_handlers(process, inside))
    compensation = next((pair for pair in handlers if _kinds(process.nodes[pair[1]]) == {"compensate"}), None)
    return Body(
        id=identity,
        starts=_starts(process, inside, scope),
        handlers=tuple(pair for pair in handlers if pair != compensation),
        compensation_handler=compensation,
        declared=frozenset(v.name for v in owner),
        nodes=tuple(node.id for node in inside),
    )


def _handlers(process: Process, inside: Iterable[Node]) -> Iterator[tuple[str, str]]:
    for node in inside:
        if node.triggered_by_event:
            for start in process.children(node.id):
                if start.kind == "startEvent":
                    yield node.id, start.id


def _kinds(node: Node) -> set[str]:
    return {definition.kind for definition in node.events}


def _starts(process: Process, inside: tuple[Node, ...], scope: Node | None) -> tuple[str, ...]:
    """The plain start events; without any start event, every node that no flow leads to (BPMN 2.0 §13.3.4)."""
    if scope is not None and scope.kind == "adHocSubProcess":
        return tuple(node.id for node in inside if _is_entry(node) and not node.kind.endswith("Event"))
    starts = [node for node in inside if node.kind == "startEvent"]
    plain = tuple(node.id for node in starts if not node.events)
    if plain or starts:
        return plain
    if scope is None and any(_instantiates(node) for node in inside):
        return ()
    return tuple(node.id for node in inside if _is_entry(node))


def _is_entry(node: Node) -> bool:
    if node.incoming or node.triggered_by_event or node.for_compensation or node.kind == "boundaryEvent":
        return False
    return "link" not in _kinds(node) or node.kind != "intermediateCatchEvent"


def _instantiates(node: Node) -> bool:
    return node.instantiate and not node.incoming and node.kind in ("receiveTask", "eventBasedGateway")


def message_name(node: Node, definition: EventDefinition) -> str:
    """The message's name; an event or task without messageRef awaits or sends one named like itself."""
    return definition.name or node.name or node.id


def _start_messages(process: Process) -> Iterator[tuple[str, str]]:
    for node in process.children(process.id):
        if node.kind == "startEvent":
            for definition in node.events:
                if definition.kind == "message":
                    yield message_name(node, definition), node.id
        elif _instantiates(node) and node.kind == "receiveTask" and node.message:
            yield message_name(node, node.message), node.id
        elif _instantiates(node):
            for target in (process.nodes[process.flows[flow].target] for flow in node.outgoing):
                for definition in (*target.events, *([target.message] if target.message else [])):
                    if definition.kind == "message":
                        yield message_name(target, definition), target.id


def _boundaries(process: Process) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for node in process.nodes.values():
        if node.kind == "boundaryEvent" and node.attached_to:
            found.setdefault(node.attached_to, []).append(node.id)
    return {activity: tuple(events) for activity, events in found.items()}


def _links(process: Process) -> Iterator[tuple[str, str]]:
    catches = {(node.parent, definition.name): node.id for node in process.nodes.values()
               if node.kind == "intermediateCatchEvent" for definition in node.events if definition.kind == "link"}
    for node in process.nodes.values():
        if node.kind == "intermediateThrowEvent":
            for definition in node.events:
                target = catches.get((node.parent, definition.name))
                if definition.kind == "link" and target:
                    yield node.id, target


def _reach(
    process: Process, boundaries: Mapping[str, tuple[str, ...]], links: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, frozenset[str]]]]:
    """Backwards from every incoming flow of every join, never through the join itself (BPMN 2.0 §13.4.3, table of
    the inclusive gateway). A boundary event counts as a way on from its activity, a link as a flow."""
    hosts = {event: activity for activity, events in boundaries.items() for event in events}
    sources: dict[str, list[str]] = {}
    for throw, catch in links.items():
        sources.setdefault(catch, []).append(throw)
    for node in process.nodes.values():
        if node.kind not in JOINS or len(node.incoming) < 2:
            continue
        reached: dict[str, set[str]] = {}
        for flow in node.incoming:
            stack = [process.flows[flow].source]
            while stack:
                place = stack.pop()
                if place == node.id or flow in reached.get(place, ()) or place not in process.nodes:
                    continue
                reached.setdefault(place, set()).add(flow)
                stack.extend(process.flows[one].source for one in process.nodes[place].incoming)
                stack.extend(sources.get(place, ()))
                if place in hosts:
                    stack.append(hosts[place])
        yield node.id, {place: frozenset(flows) for place, flows in reached.items()}


def said_of(process: Process, node: Node) -> dict[str, str]:
    """The node's own properties over those of the lanes around it; the inner lane wins."""
    said, lane = dict(node.properties), process.lanes.get(node.lane or "")
    while lane is not None:
        said = {**lane.properties, **said}
        lane = process.lanes.get(lane.parent or "")
    return said


def _decisions(process: Process, models: list[dmn.Model], reading: Reading) -> dict[str, dmn.Model]:
    found: dict[str, dmn.Model] = {}
    for node in process.nodes.values():
        if node.kind != "businessRuleTask":
            continue
        if not node.decision:
            reading.problem("decision", "判定タスクに判定（calledDecisionId）がありません。判定表を選んでください。", node.id, node.line)
            continue
        model = next((m for m in models if any(node.decision in (o.id, o.name) for o in m.decisions)), None)
        if model is None:
            message = f"判定「{node.decision}」の表が見つかりません。DMNファイルを一緒に置いてください。"
            reading.problem("decision", message, node.id, node.line)
        else:
            found[node.decision] = model
    return found


def _read_node(reading: Reading, process: Process, node: Node) -> None:
    line = node.line
    reading.add(node.id, "script", node.script, line)
    reading.add(node.id, "payload", node.payload, line)
    reading.add(node.id, "activation", node.activation, line)
    reading.add(node.id, "completion", node.completion, line)
    for name, text in said_of(process, node).items():
        if name in ("correlation", "compartment") or name.startswith(("in:", "out:")) or text.startswith("="):
            reading.add(node.id, name, text, line)
    for index, definition in enumerate(node.events):
        _read_event(reading, node.id, str(index), definition)
    if node.message:
        reading.add(node.id, "payload", node.payload or node.message.payload, line)
    for parameter in node.operator.parameters if node.operator else ():
        reading.add(node.id, f"parameter:{parameter.id}", parameter.value, line)
    _read_correlation(reading, process, node)
    _read_loop(reading, node)
    for kind, associations in (("input", node.inputs), ("output", node.outputs)):
        for index, association in enumerate(associations):
            _read_association(reading, node.id, f"{kind}{index}", association)
    for variable in node.variables:
        reading.add(variable.id, "initial", variable.value, variable.line)


def _read_correlation(reading: Reading, process: Process, node: Node) -> None:
    """The keys of its messages by the process's subscription, unless the node has a key of its own."""
    definitions = (*node.events, *([node.message] if node.message else ()))
    known = (process.correlations.get(one.ref or "") for one in definitions if one.kind == "message")
    correlation = next((one for one in known if one is not None), None)
    if correlation is None or "correlation" in node.properties:
        return
    if node.kind in ("sendTask", "intermediateThrowEvent", "endEvent"):
        reading.add(node.id, "carried", correlation.carried, correlation.line)
    elif node.kind != "startEvent" or node.parent != process.id:
        reading.add(node.id, "correlation", correlation.awaited, correlation.line)


def _carried(process: Process, diagram: Diagram) -> Iterator[tuple[str, Correlation]]:
    for identity, correlation in process.correlations.items():
        message = diagram.messages.get(identity)
        if message is not None:
            yield message.name, correlation


def _read_event(reading: Reading, element: str, index: str, definition: EventDefinition) -> None:
    reading.add(element, f"payload{index}", definition.payload, definition.line)
    reading.add(element, f"condition{index}", definition.condition, definition.line)
    if definition.timer:
        timer = definition.timer
        reading.add_timer(element, f"timer{index}", timer.kind, timer.expression, timer.line)


def _read_loop(reading: Reading, node: Node) -> None:
    loop = node.loop
    if loop is None:
        return
    for role, text in (("loop", loop.condition), ("maximum", loop.maximum), ("cardinality", loop.cardinality),
                       ("loop completion", loop.completion)):
        reading.add(node.id, role, text, loop.line)
    for index, (condition, _) in enumerate(loop.complex):
        reading.add(node.id, f"complex{index}", condition, loop.line)


def _read_association(reading: Reading, element: str, role: str, association: Association) -> None:
    reading.add(element, role, association.transformation, association.line)
    for index, (source, _) in enumerate(association.assignments):
        reading.add(element, f"{role}.{index}", source, association.line)
