"""Gateways (BPMN 2.0 §13.4): tokens wait at joins one by one, and a join takes exactly one from each flow."""

from typing import Any

from engine.runtime.flows import go, split_exclusive, split_inclusive, split_parallel
from engine.runtime.play import Play
from engine.runtime.programs import JOINS
from engine.runtime.state import Scope, Token
from engine.runtime.variables import visible
from processes.bpmn import Node


def arrive(play: Play, token: Token) -> None:
    """A token comes to a gateway."""
    node = play.node(token)
    play.note(token, "started")
    if node.kind == "exclusiveGateway":
        _pass(play, token, split_exclusive(play, token))
    elif node.kind == "eventBasedGateway":
        _race(play, token)
    elif node.kind == "parallelGateway":
        token.status = "joining"
        _join_parallel(play, token, node)
    else:
        token.status = "joining"
        _join_or_pass(play, token, node)


def fire_one(play: Play) -> bool:
    """At rest: let the first inclusive or complex join that can act do so; False if none can."""
    for scope, node in _waiting_joins(play):
        tokens = _at(play, scope, node)
        if node.id in scope.seen:
            if _may_reset(play, scope, node, tokens):
                _reset(play, scope, node, tokens)
                return True
        elif tokens and not _is_counted(play, scope, node) and _may_fire(play, scope, node, tokens):
            taken = _consume(play, tokens)
            _pass(play, taken, split_inclusive(play, taken))
            return True
    return False


def _pass(play: Play, token: Token, flows: list[Any]) -> None:
    play.note(token, "completed")
    go(play, token, flows)


def _race(play: Play, token: Token) -> None:
    """An event-based gateway: each event behind it waits; the first that occurs withdraws the others."""
    play.note(token, "completed")
    for flow in split_parallel(play, token):
        waiting = play.spawn(flow.target, token.scope, flow=flow.id, race=token.id)
        play.later("arrive", waiting.id)
    play.drop(token)


def _join_parallel(play: Play, token: Token, node: Node) -> None:
    tokens = _at(play, play.scope(token), node)
    if {one.flow for one in tokens} >= set(node.incoming) or len(node.incoming) < 2:
        taken = _consume(play, tokens)
        _pass(play, taken, split_parallel(play, taken))


def _join_or_pass(play: Play, token: Token, node: Node) -> None:
    if play.expression(token, "activation") is not None:
        _activate(play, play.scope(token), node)
    elif len(node.incoming) < 2:
        _pass(play, token, split_inclusive(play, token))


def _at(play: Play, scope: Scope, node: Node) -> list[Token]:
    return [t for t in play.run.tokens_in(scope.id) if t.element == node.id and t.status == "joining"]


def _consume(play: Play, tokens: list[Token]) -> Token:
    """Take the oldest token of each flow; one of them goes on for all."""
    oldest: dict[str | None, Token] = {}
    for token in tokens:
        oldest.setdefault(token.flow, token)
    taken = list(oldest.values())
    for token in taken[1:]:
        play.run.drop(token)
    return taken[0]


def _waiting_joins(play: Play) -> list[tuple[Scope, Node]]:
    """Inclusive and complex gateways with something to decide, outer scopes first, in document order."""
    places = {(play.scope(token).id, token.element) for token in play.run.tokens.values() if token.status == "joining"}
    places |= {(scope.id, element) for scope in play.run.scopes.values() for element in scope.seen}
    found = [
        (scope, node) for scope in play.run.scopes.values() for place, element in places
        if place == scope.id and (node := play.program(scope).nodes[element]).kind in JOINS
    ]
    return sorted(found, key=lambda pair: (int(pair[0].id[1:]), pair[1].index))


def _may_fire(play: Play, scope: Scope, node: Node, tokens: list[Token]) -> bool:
    """The standard's rule of the inclusive join: every token elsewhere that can come to an empty incoming flow can
    also come to one that has a token, without passing the join."""
    filled = {token.flow for token in tokens}
    if filled >= set(node.incoming):
        return True
    reach = play.program(scope).reach.get(node.id, {})
    return not any(
        token.element in reach and not (reach[token.element] & filled)
        for token in play.run.tokens_in(scope.id) if token.element != node.id
    )


def _is_counted(play: Play, scope: Scope, node: Node) -> bool:
    return play.program(scope).expression(node.id, "activation") is not None


def _activate(play: Play, scope: Scope, node: Node) -> None:
    """A complex gateway that waits for its start: its activationCondition decides at each token (§13.4.5)."""
    tokens = _at(play, scope, node)
    if node.id in scope.seen or not tokens:
        return
    condition = play.program(scope).expression(node.id, "activation")
    extra = _counted(node, tokens, starting=True)
    if condition is None or not condition.truth(visible(play, tokens[0], extra), play.now):
        return
    used = {token.flow for token in tokens}
    if len(node.incoming) > 1:
        scope.seen[node.id] = [index for index, flow in enumerate(node.incoming) if flow in used]
    taken = _consume(play, tokens)
    _pass(play, taken, split_inclusive(play, taken, extra))


def _counted(node: Node, tokens: list[Token], *, starting: bool) -> dict[str, Any]:
    """activationCount: tokens that wait at the gateway; each incoming flow's id: tokens on that flow."""
    by_flow = {flow: sum(1 for token in tokens if token.flow == flow) for flow in node.incoming}
    return {"activationCount": len(tokens), "waitingForStart": starting, **by_flow}


def _may_reset(play: Play, scope: Scope, node: Node, tokens: list[Token]) -> bool:
    """After it fired, a complex gateway waits for the flows that had no token, as far as one can still come."""
    here = {token.flow for token in tokens}
    missing = {flow for index, flow in enumerate(node.incoming) if index not in scope.seen[node.id]} - here
    reach = play.program(scope).reach.get(node.id, {})
    return not any(
        reach.get(token.element, frozenset()) & missing
        for token in play.run.tokens_in(scope.id) if token.element != node.id
    )


def _reset(play: Play, scope: Scope, node: Node, tokens: list[Token]) -> None:
    used = scope.seen.pop(node.id)
    late = [token for token in tokens if token.flow is not None and node.incoming.index(token.flow) not in used]
    extra = _counted(node, late, starting=False)
    if late:
        taken = _consume(play, late)
        flows = [
            flow for flow in split_parallel(play, taken)
            if (condition := play.program(scope).expression(flow.id, "condition")) is not None
            and "waitingForStart" in condition.reads and condition.truth(visible(play, taken, extra), play.now)
        ]
        go(play, taken, flows)
    _activate(play, scope, node)
