"""Which variables a node may write. What a person, an outside system or a message answers is not in the diagram:
such a node may write anything, unless its form is known."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from processes import feel
from processes.bpmn_values import SCOPES, Node

ANYTHING: Final = frozenset({"*"})
_ASKED = frozenset({"task", "userTask", "manualTask"})
_IDLE = frozenset(
    "exclusiveGateway inclusiveGateway parallelGateway complexGateway eventBasedGateway endEvent sendTask "
    "intermediateThrowEvent".split()
)


def writes(node: Node, fields: Mapping[str, frozenset[str]] | None = None) -> frozenset[str]:
    """Names that the node may write, or ANYTHING; `fields` are the coded fields of each form by its key."""
    if node.kind in _IDLE:
        return frozenset()
    if node.loop is not None and (node.loop.output or node.outputs):
        return frozenset({node.loop.output}) if node.loop.output else targets(node)
    if node.kind in _ASKED:
        return (fields or {}).get(node.properties.get("form", ""), ANYTHING)
    if node.kind in SCOPES or node.kind in ("callActivity", "serviceTask", "receiveTask", "businessRuleTask"):
        return _result(node)
    if node.kind == "scriptTask":
        return script_writes(node)
    return _caught(node)


def surely(node: Node, fields: Mapping[str, frozenset[str]] | None = None) -> frozenset[str]:
    """Names that are certainly set once the node has completed."""
    if node.loop is not None and not node.loop.output:
        return frozenset()
    found = writes(node, fields)
    return frozenset() if found is ANYTHING else found


def script_writes(node: Node) -> frozenset[str]:
    """A script writes its result variable, or without one the keys of the context that it gives."""
    if node.result:
        return frozenset({node.result}) | targets(node)
    return context_keys(node.script or "") | targets(node)


@lru_cache(maxsize=4096)
def context_keys(text: str) -> frozenset[str]:
    """Keys of a FEEL context literal; ANYTHING if the expression is of another kind."""
    try:
        node = feel.parse(text).node
    except feel.FeelSyntaxError:
        return ANYTHING
    if isinstance(node, feel.nodes.ContextLiteral):
        return frozenset(key for key, _ in node.entries)
    return ANYTHING


def targets(node: Node) -> frozenset[str]:
    """Variables that the node's data output associations set."""
    found = {one.target for one in node.outputs if one.target} | {to for one in node.outputs for _, to in one.assignments}
    return frozenset(found | {name[4:] for name in node.properties if name.startswith("out:")})


def _result(node: Node) -> frozenset[str]:
    named = node.operator.result if node.operator is not None else None
    result = named or node.result or node.message_variable
    declared = targets(node) | ({result} if result else set())
    return frozenset(declared) if declared else ANYTHING


def _caught(node: Node) -> frozenset[str]:
    carries = [event for event in node.events if event.kind in ("message", "signal", "error", "escalation")]
    if not carries:
        return targets(node)
    named = {event.variable or node.message_variable for event in carries}
    return ANYTHING if None in named else frozenset(name for name in named if name) | targets(node)


