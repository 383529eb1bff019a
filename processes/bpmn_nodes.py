"""Nodes, flows, lanes and data of one process."""

from collections.abc import Iterator, Mapping
from typing import Any

from processes import bpmn_extensions as extensions
from processes import bpmn_vendors as vendors
from processes.bpmn_correlation import CorrelationReading
from processes.bpmn_data import DataReading
from processes.bpmn_events import EventReading
from processes.bpmn_values import GLOBAL_TASKS, NODES, SCOPES, Flow, Lane, Loop, Named, Node, Process, Unknown
from processes.bpmn_xml import Element, child, children, line, ref, tag, text
from processes.findings import Finding

# Elements inside processes and nodes that carry no execution of their own, or are read with their parent.
_SILENT = frozenset(
    "documentation extensionElements incoming outgoing sequenceFlow laneSet lane flowNodeRef childLaneSet "
    "textAnnotation association group ioSpecification dataInput dataOutput inputSet outputSet property "
    "dataInputAssociation dataOutputAssociation dataObject dataObjectReference dataStoreReference dataState "
    "eventDefinitionRef script condition completionCondition activationCondition rendering resourceRole "
    "performer humanPerformer potentialOwner auditing monitoring category partitionElement "
    "supportedInterfaceRef supports correlationSubscription "
    "standardLoopCharacteristics multiInstanceLoopCharacteristics".split()
) | frozenset(
    f"{kind}EventDefinition"
    for kind in "message timer signal error escalation conditional compensate cancel terminate link".split()
)
_QUANTITY = ("startQuantity", "completionQuantity")


class NodeReading:
    """Reads the processes of one file; gathers `problems` (file unusable) and `unknown` elements on the way."""

    def __init__(self, root: Element, named: Mapping[str, Mapping[str, Named]]) -> None:
        self.events = EventReading(root, named)
        self.data = DataReading(root)
        self.correlation = CorrelationReading(root)
        self.problems: list[Finding] = []
        self.unknown: list[Unknown] = []
        self.count = 0

    def process(self, element: Element) -> Process:
        identity = self._id(element)
        is_global = tag(element) in GLOBAL_TASKS
        nodes = self._global_node(element, identity) if is_global else dict(self._nodes(element, identity))
        flows = dict(self._flows(element, identity)) if not is_global else {}
        lanes = {} if is_global else dict(self._lanes(element, None))
        extension = extensions.read(element)
        return Process(
            id=identity,
            name=element.get("name", ""),
            line=line(element),
            executable=element.get("isExecutable") not in ("false", "0"),
            nodes=_connected(nodes, flows, lanes, _associated(element)),
            flows=flows,
            lanes=lanes,
            properties={} if is_global else extension.properties,
            variables=tuple(self.data.declared(element)),
            documentation=_documentation(element),
            global_task=is_global,
            marked_executable=_true(element, "isExecutable"),
            correlations=self.correlation.of(element),
        )

    def _nodes(self, scope: Element, parent: str) -> Iterator[tuple[str, Node]]:
        for element in children(scope):
            name = tag(element)
            if name in NODES:
                node = self._node(element, name, parent)
                yield node.id, node
                if name in SCOPES:
                    yield from self._nodes(element, node.id)
            elif name not in _SILENT:
                self._note_unknown(element, parent)

    def _global_node(self, element: Element, identity: str) -> dict[str, Node]:
        node = self._node(element, GLOBAL_TASKS[tag(element)], identity)
        return {node.id: node}

    def _node(self, element: Element, kind: str, parent: str) -> Node:
        self.count += 1
        extension, foreign = extensions.read(element), vendors.read(element)
        for name in foreign.undone:
            self.unknown.append(_undone(name, element))
        for part in children(element):
            if tag(part) not in _SILENT and not (kind in SCOPES and tag(part) in NODES):
                self._note_unknown(part, element.get("id"))
        values: dict[str, Any] = {
            "id": self._id(element), "kind": kind, "line": line(element), "parent": parent, "index": self.count,
            "name": " ".join((element.get("name") or "").split()),
            "default": ref(element.get("default")),
            "documentation": _documentation(element),
            "properties": extension.properties, "instructions": extension.instructions,
            "operator": extension.operator, "payload": extension.payload,
            "message_variable": extension.message_variable, "extensions": extension.names,
            "result": _result(element, extension) or foreign.result,
            "decision": extension.decision or _foreign(element, "decisionRef") or foreign.decision,
            "called": ref(element.get("calledElement")) or foreign.called,
            "script": text(child(element, "script")) or foreign.script, "script_format": element.get("scriptFormat"),
            "loop": self._loop(element), "instantiate": _true(element, "instantiate"),
            "gateway_type": element.get("eventGatewayType"),
            "activation": text(child(element, "activationCondition")),
            "for_compensation": _true(element, "isForCompensation"),
            "triggered_by_event": _true(element, "triggeredByEvent"),
            "ordering": element.get("ordering"),
            "cancel_remaining": element.get("cancelRemainingInstances") not in ("false", "0"),
            "completion": text(child(element, "completionCondition")),
            "transaction_method": element.get("method") if kind == "transaction" else None,
            "inputs": tuple(self.data.associations(element, "dataInputAssociation")),
            "outputs": tuple(self.data.associations(element, "dataOutputAssociation")),
            "variables": tuple(self.data.declared(element)),
        }
        values.update(self._quantities(element), **self._of_event(element, kind))
        if kind in ("sendTask", "receiveTask"):
            values["message"] = self.events.of_task(element)
        return Node(**values)

    def _of_event(self, element: Element, kind: str) -> dict[str, Any]:
        if not kind.endswith("Event"):
            return {}
        interrupting = element.get("cancelActivity" if kind == "boundaryEvent" else "isInterrupting")
        return {
            "events": self.events.of_event(element),
            "parallel_multiple": _true(element, "parallelMultiple"),
            "attached_to": ref(element.get("attachedToRef")),
            "interrupting": interrupting not in ("false", "0"),
        }

    def _quantities(self, element: Element) -> dict[str, int]:
        found = {}
        for attribute, key in zip(_QUANTITY, ("start_quantity", "completion_quantity"), strict=True):
            written = element.get(attribute, "1").strip()
            if written.isdecimal() and 1 <= int(written) <= 1000:
                found[key] = int(written)
            else:
                message = f"{attribute}は1から1000までの整数のはずですが、「{written}」でした。直してください。"
                self.problems.append(
                    Finding(rule="quantity", message=message, element=element.get("id"), line=line(element))
                )
        return found

    def _loop(self, element: Element) -> Loop | None:
        standard = child(element, "standardLoopCharacteristics")
        if standard is not None:
            return Loop(
                kind="standard", line=line(standard), condition=text(child(standard, "loopCondition")),
                test_before=_true(standard, "testBefore"), maximum=standard.get("loopMaximum"),
            )
        multi = child(element, "multiInstanceLoopCharacteristics")
        return None if multi is None else self._multi(element, multi)

    def _multi(self, activity: Element, multi: Element) -> Loop:
        behavior = multi.get("behavior", "All")
        throws = {"One": "oneBehaviorEventRef", "None": "noneBehaviorEventRef"}.get(behavior)
        foreign = vendors.repeated(multi)
        if vendors.computed_output(multi):
            self.unknown.append(_undone("outputElement", activity))
        return Loop(
            kind="multi", line=line(multi), sequential=_true(multi, "isSequential"),
            cardinality=text(child(multi, "loopCardinality")),
            collection=self.data.named(activity, text(child(multi, "loopDataInputRef"))) or foreign["collection"],
            output=self.data.named(activity, text(child(multi, "loopDataOutputRef"))) or foreign["output"],
            item=_item(child(multi, "inputDataItem")) or foreign["item"],
            output_item=_item(child(multi, "outputDataItem")) or foreign["output_item"],
            completion=text(child(multi, "completionCondition")), behavior=behavior,
            behavior_ref=self.events.of_reference(multi, throws) if throws else None,
            complex=tuple(self._complex(multi)),
        )

    def _complex(self, multi: Element) -> Iterator[Any]:
        for part in children(multi, "complexBehaviorDefinition"):
            event = child(part, "event")
            definitions = self.events.of_event(event) if event is not None else ()
            for definition in definitions:
                yield text(child(part, "condition")) or "", definition

    def _flows(self, scope: Element, parent: str) -> Iterator[tuple[str, Flow]]:
        for element in children(scope):
            if tag(element) == "sequenceFlow":
                flow = self._flow(element, parent)
                yield flow.id, flow
            elif tag(element) in SCOPES:
                yield from self._flows(element, element.get("id") or f"{tag(element)}@{line(element)}")

    def _flow(self, element: Element, parent: str) -> Flow:
        condition = child(element, "conditionExpression")
        return Flow(
            id=self._id(element), source=ref(element.get("sourceRef")) or "",
            target=ref(element.get("targetRef")) or "", line=line(element), parent=parent,
            name=" ".join((element.get("name") or "").split()), condition=text(condition),
            condition_line=line(condition) if condition is not None else None,
            language=condition.get("language") if condition is not None else None,
        )

    def _lanes(self, scope: Element, parent: str | None) -> Iterator[tuple[str, Lane]]:
        for lane_set in children(scope, "laneSet", "childLaneSet"):
            for element in children(lane_set, "lane"):
                nodes = tuple(ref(text(item)) or "" for item in children(element, "flowNodeRef"))
                identity = self._id(element)
                yield identity, Lane(
                    id=identity, name=element.get("name", ""), line=line(element), parent=parent, nodes=nodes,
                    properties=extensions.read(element).properties,
                )
                yield from self._lanes(element, identity)
        for element in children(scope, *SCOPES):
            yield from self._lanes(element, parent)

    def _note_unknown(self, element: Element, parent: str | None) -> None:
        self.unknown.append(Unknown(tag=tag(element), id=element.get("id"), line=line(element), parent=parent))

    def _id(self, element: Element) -> str:
        return element.get("id") or f"{tag(element)}@{line(element)}"


def _connected(
    nodes: Mapping[str, Node], flows: Mapping[str, Flow], lanes: Mapping[str, Lane], handlers: Mapping[str, str]
) -> dict[str, Node]:
    incoming: dict[str, list[str]] = {}
    outgoing: dict[str, list[str]] = {}
    for flow in flows.values():
        outgoing.setdefault(flow.source, []).append(flow.id)
        incoming.setdefault(flow.target, []).append(flow.id)
    lane_of = {node: lane.id for lane in lanes.values() for node in lane.nodes}
    return {
        node.id: _replaced(
            node,
            incoming=tuple(incoming.get(node.id, ())),
            outgoing=tuple(outgoing.get(node.id, ())),
            lane=_lane(node, nodes, lane_of),
            compensated_by=handlers.get(node.id) if node.kind == "boundaryEvent" else None,
        )
        for node in nodes.values()
    }


def _lane(node: Node, nodes: Mapping[str, Node], lane_of: Mapping[str, str]) -> str | None:
    """A node inside a sub-process belongs to the lane of that sub-process unless it is in one of its own."""
    current: Node | None = node
    seen = set()  # an id that stands twice may make a node its own parent; it is refused, after this
    while current is not None and current.id not in lane_of and current.id not in seen:
        seen.add(current.id)
        current = nodes.get(current.parent)
    return lane_of.get(current.id) if current is not None else None


def _replaced(node: Node, **changes: Any) -> Node:
    return Node(**{name: getattr(node, name) for name in Node.__slots__} | changes)


def _associated(process: Element) -> Mapping[str, str]:
    """Compensation boundary id → handler: an association's direction may be drawn either way."""
    found = {}
    for element in process.iter():
        if tag(element) == "association":
            source, target = ref(element.get("sourceRef")) or "", ref(element.get("targetRef")) or ""
            found[source] = target
            found.setdefault(target, source)
    return found


def _documentation(element: Element) -> str:
    return "\n\n".join(found for part in children(element, "documentation") if (found := text(part)))


def _result(element: Element, extension: extensions.Extension) -> str | None:
    return extension.result or extension.properties.get("result") or _foreign(element, "resultVariable")


def _foreign(element: Element, name: str) -> str | None:
    """An attribute of another tool's namespace (or none), by local name."""
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), None)


def _undone(name: str, element: Element) -> Unknown:
    return Unknown(tag=name, id=element.get("id"), line=line(element), parent=element.get("id"), kind="vendor")


def _item(element: Element | None) -> str | None:
    return None if element is None else element.get("name") or element.get("id")


def _true(element: Element, attribute: str) -> bool:
    return element.get(attribute) in ("true", "1")
