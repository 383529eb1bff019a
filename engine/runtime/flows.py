"""Leaving a node: which sequence flows get a token (BPMN 2.0 §13.3.1, §13.4)."""

from collections.abc import Mapping
from typing import Any

from engine.runtime.play import Play
from engine.runtime.state import Token
from engine.runtime.values import StepFailed
from engine.runtime.variables import visible
from processes.bpmn import Flow


def leave(play: Play, token: Token) -> None:
    """From an activity or event: over every unconditional flow and every one whose condition is true; the default
    flow if no condition was. A token passes a flow only if its condition is true (BPMN 2.0 §8.3.13): if nothing
    leads on, it ends here; only gateways demand a way on."""
    node = play.node(token)
    go(play, token, _several(play, token), node.completion_quantity)


def go(play: Play, token: Token, flows: list[Flow], quantity: int = 1) -> None:
    """Move the token over each of `flows`, `quantity` tokens each."""
    for flow in flows:
        for _ in range(quantity):
            moved = play.spawn(flow.target, token.scope, flow=flow.id)
            play.later("arrive", moved.id)
    play.drop(token)


def split_exclusive(play: Play, token: Token) -> list[Flow]:
    """The first flow in document order whose condition is true, else the default."""
    outgoing, default = _outgoing(play, token)
    for flow in outgoing:
        if flow is not default and _is_true(play, token, flow, None):
            return [flow]
    return _or_default(play, token, outgoing, default)


def split_inclusive(play: Play, token: Token, extra: Mapping[str, Any] | None = None) -> list[Flow]:
    """Every flow whose condition is true, else the default."""
    outgoing, default = _outgoing(play, token)
    taken = [flow for flow in outgoing if flow is not default and _is_true(play, token, flow, extra)]
    return taken or _or_default(play, token, outgoing, default)


def split_parallel(play: Play, token: Token) -> list[Flow]:
    """All outgoing flows."""
    return _outgoing(play, token)[0]


def _several(play: Play, token: Token) -> list[Flow]:
    outgoing, default = _outgoing(play, token)
    chosen = {flow.id: _is_true(play, token, flow, None) for flow in outgoing if flow is not default}
    taken = [flow for flow in outgoing if chosen.get(flow.id)]
    conditional = [flow for flow in outgoing if flow.condition is not None and flow is not default]
    if default is not None and not any(chosen[flow.id] for flow in conditional):
        taken.append(default)
    return taken


def _outgoing(play: Play, token: Token) -> tuple[list[Flow], Flow | None]:
    node = play.node(token)
    flows = play.program_of(token).flows
    return [flows[one] for one in node.outgoing], flows.get(node.default) if node.default else None


def _is_true(play: Play, token: Token, flow: Flow, extra: Mapping[str, Any] | None) -> bool:
    condition = play.program_of(token).expression(flow.id, "condition")
    return True if condition is None else condition.truth(visible(play, token, extra), play.now)


def _or_default(play: Play, token: Token, outgoing: list[Flow], default: Flow | None) -> list[Flow]:
    if default is not None:
        return [default]
    if not outgoing:
        return []
    node = play.node(token)
    first = next((flow for flow in outgoing if flow.condition), outgoing[0])
    raise StepFailed(
        element=node.id, expression=first.condition or "", line=node.line,
        reason_ja="どの条件にも当てはまらず、既定の流れもないため、先へ進めません。既定の流れを決めてください。",
    )
