"""A diagram as values: `read` turns BPMN 2.0 XML into a frozen `Diagram`, or raises `DiagramError` with every
reason. The values themselves are in `processes.bpmn_values` and are re-exported here."""

import hashlib
import re
from collections.abc import Iterator, Mapping

from processes import bpmn_extensions as extensions
from processes.bpmn_nodes import NodeReading
from processes.bpmn_shapes import read_edges, read_labels, read_shapes
from processes.bpmn_values import (
    ACTIVITIES,
    CATCHES,
    GATEWAYS,
    GLOBAL_TASKS,
    NODES,
    SCOPES,
    THROWS,
    Association,
    Bounds,
    Correlation,
    Diagram,
    EventDefinition,
    Flow,
    Lane,
    Loop,
    MessageFlow,
    Named,
    Node,
    Operator,
    Parameter,
    Participant,
    Process,
    Timer,
    Unknown,
    Variable,
    is_feel,
)
from processes.bpmn_xml import BPMN, DiagramError, Element, children, line, namespace, parse, ref, tag, text
from processes.findings import Finding

__all__ = [
    "ACTIVITIES",
    "CATCHES",
    "GATEWAYS",
    "GLOBAL_TASKS",
    "NODES",
    "SCOPES",
    "THROWS",
    "Association",
    "Bounds",
    "Correlation",
    "Diagram",
    "DiagramError",
    "EventDefinition",
    "Finding",
    "Flow",
    "Lane",
    "Loop",
    "MessageFlow",
    "Named",
    "Node",
    "Operator",
    "Parameter",
    "Participant",
    "Process",
    "Timer",
    "Unknown",
    "Variable",
    "is_feel",
    "read",
]

MAX_ELEMENTS = 5_000  # nodes and flows


def read(source: bytes, *, name: str) -> Diagram:
    """The diagram in `source`; `name` is its file name, for messages. Raises DiagramError."""
    root = parse(source)
    lines, doubles = _lines(root)
    named = {kind: _named(root, kind) for kind in ("message", "signal", "error", "escalation")}
    reading = NodeReading(root, named)
    processes = {}
    for element in children(root):
        if tag(element) == "process" or tag(element) in GLOBAL_TASKS:
            process = reading.process(element)
            processes[process.id] = process
    problems = [*doubles, *reading.problems, *_too_large(processes)]
    if problems:
        raise DiagramError(problems)
    return Diagram(
        name=name,
        digest=hashlib.sha256(source).hexdigest(),
        processes=processes,
        messages=named["message"],
        signals=named["signal"],
        errors=named["error"],
        escalations=named["escalation"],
        participants=_participants(root),
        message_flows=_message_flows(root),
        shapes=read_shapes(root),
        labels=read_labels(root),
        edges=read_edges(root),
        unknown=tuple(reading.unknown) + tuple(reading.correlation.unknown) + _unknown_roots(root)
        + tuple(_languages(root)),
        lines=lines,
    )


def _lines(root: Element) -> tuple[Mapping[str, int], list[Finding]]:
    lines: dict[str, int] = {}
    doubles = []
    for element in root.iter():
        identity = element.get("id")
        # Extension elements name operators and parameters by `id`; only BPMN's own ids are identities.
        if identity is None or namespace(element) != BPMN:
            continue
        if identity in lines:
            message = (
                f"id「{identity}」が{lines[identity]}行目にもあります。idは図の中で一つずつにしてください。"
            )
            doubles.append(
                Finding(rule="duplicate-id", message=message, element=identity, line=line(element))
            )
        lines.setdefault(identity, line(element))
    return lines, doubles


def _too_large(processes: Mapping[str, Process]) -> list[Finding]:
    count = sum(len(process.nodes) + len(process.flows) for process in processes.values())
    if count <= MAX_ELEMENTS:
        return []
    message = f"ノードと線は合わせて{MAX_ELEMENTS:,}個までですが、{count:,}個ありました。図を分けてください。"
    return [Finding(rule="size", message=message)]


def _named(root: Element, kind: str) -> Mapping[str, Named]:
    found = {}
    for element in children(root, kind):
        identity = element.get("id") or ""
        extension = extensions.read(element)
        found[identity] = Named(
            id=identity,
            name=element.get("name") or identity,
            kind=kind,
            line=line(element),
            code=element.get("errorCode") or element.get("escalationCode"),
            payload=extension.payload,
            variable=extension.variable,
            properties=extension.properties,
        )
    return found


def _participants(root: Element) -> Mapping[str, Participant]:
    return {
        element.get("id", ""): Participant(
            id=element.get("id", ""),
            name=element.get("name", ""),
            process=ref(element.get("processRef")),
            line=line(element),
        )
        for collaboration in children(root, "collaboration", "choreography", "globalConversation")
        for element in children(collaboration, "participant")
    }


def _message_flows(root: Element) -> Mapping[str, MessageFlow]:
    return {
        element.get("id", ""): MessageFlow(
            id=element.get("id", ""),
            name=element.get("name", ""),
            source=ref(element.get("sourceRef")) or "",
            target=ref(element.get("targetRef")) or "",
            line=line(element),
        )
        for collaboration in children(root, "collaboration")
        for element in children(collaboration, "messageFlow")
    }


_ROOTS = frozenset(
    "process message signal error escalation collaboration itemDefinition dataStore interface resource "
    "category correlationProperty documentation extensionElements extension import endPoint partnerEntity "
    "partnerRole relationship eventDefinition cancelEventDefinition compensateEventDefinition "
    "conditionalEventDefinition errorEventDefinition escalationEventDefinition linkEventDefinition "
    "messageEventDefinition signalEventDefinition terminateEventDefinition timerEventDefinition".split()
) | frozenset(GLOBAL_TASKS)


def _unknown_roots(root: Element) -> tuple[Unknown, ...]:
    return tuple(
        Unknown(tag=tag(element), id=element.get("id"), line=line(element), parent=None)
        for element in children(root)
        if tag(element) not in _ROOTS
    )


def _languages(root: Element) -> Iterator[Unknown]:
    """Expressions in another language than FEEL, except conditions of flows, which tell it themselves, and bare ISO 8601."""
    for element in root.iter():
        language = element.get("language")
        if language and namespace(element) == BPMN and not is_feel(language) and not _tells_itself(element):
            home = next((one.get("id") for one in element.iterancestors() if tag(one) in NODES), None)
            yield Unknown(tag=language, id=home, line=line(element), parent=home, kind="language")


def _tells_itself(element: Element) -> bool:
    if tag(element) in ("timeDate", "timeDuration", "timeCycle"):
        return bool(_ISO.match(text(element) or ""))
    return tag(element) == "conditionExpression"


_ISO = re.compile(r"[-+]?P[\dT]|R\d*/|\d{4}-")
