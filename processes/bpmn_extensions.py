"""Extension elements of the dialect (namespace of SpiffWorkflow; read by local name, so that other tools'
`properties` are understood too)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from processes.bpmn_values import Operator, Parameter
from processes.bpmn_xml import Element, child, line, tag, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What the dialect adds to an element."""

    properties: Mapping[str, str] = field(default_factory=dict)
    instructions: str = ""
    result: str | None = None
    decision: str | None = None
    operator: Operator | None = None
    payload: str | None = None
    message_variable: str | None = None
    variable: str | None = None
    value: str | None = None
    names: tuple[str, ...] = ()


def read(element: Element) -> Extension:
    """What `extensionElements` of `element` say; an empty Extension if there are none."""
    root = child(element, "extensionElements")
    if root is None:
        return Extension()
    found = {tag(part): part for part in root if tag(part)}
    return Extension(
        properties=dict(_properties(root)),
        instructions=_told(found, "instructionsForEndUser") or "",
        result=_told(found, "variableName"),
        decision=_told(found, "calledDecisionId"),
        operator=_operator(found.get("serviceTaskOperator")),
        payload=_told(found, "messagePayload") or _told(found, "payloadExpression"),
        message_variable=_told(found, "messageVariable"),
        variable=_told(found, "messageVariable") or _told(found, "variableName"),
        value=_told(found, "value"),
        names=tuple(found),
    )


def _told(found: Mapping[str, Element], name: str) -> str | None:
    return text(found.get(name))


def _properties(root: Element) -> Iterator[tuple[str, str]]:
    for group in root:
        if tag(group) == "properties":
            for item in group:
                name = item.get("name")
                if tag(item) == "property" and name:
                    yield name, item.get("value") or text(item) or ""


def _operator(element: Element | None) -> Operator | None:
    if element is None:
        return None
    parameters = tuple(
        Parameter(id=item.get("id", ""), value=item.get("value", ""), type=item.get("type"))
        for item in element.iter()
        if tag(item) == "parameter"
    )
    return Operator(
        id=element.get("id", ""), parameters=parameters, result=element.get("resultVariable") or None,
        line=line(element),
    )
