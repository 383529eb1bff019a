"""An awaited event occurs: a catch event goes on, a boundary event leaves its activity or interrupts it, an event
sub-process starts (BPMN 2.0 §13.5)."""

from collections.abc import Mapping
from typing import Any

from engine.runtime.flows import leave
from engine.runtime.play import Play
from engine.runtime.scopes import open_handler
from engine.runtime.state import Scope, Token
from engine.runtime.subscriptions import Subscription
from engine.runtime.variables import bring_out, write
from processes.bpmn import EventDefinition


def occur(play: Play, one: Subscription, payload: Mapping[str, Any]) -> None:
    """Let the event happen now, with its payload (plain JSON)."""
    if not _is_complete(one):
        _keep(play, one, payload)
        return
    if isinstance(one.holder, Scope):
        start_handler(play, one, payload)
    elif one.boundary:
        pass_boundary(play, one, payload)
    else:
        _go_on(play, one.holder, one.definition, payload)


def pass_boundary(play: Play, one: Subscription, payload: Mapping[str, Any]) -> None:
    """A boundary event of an open activity, which it interrupts or leaves alone."""
    host = one.holder
    assert isinstance(host, Token)
    scope = host.scope
    if one.interrupting:
        play.cancel(host)
    token = play.spawn(one.event.id, scope)
    play.note(token, "started")
    _give(play, token, one.definition, payload)
    bring_out(play, token)
    play.note(token, "completed")
    leave(play, token)


def start_handler(play: Play, one: Subscription, payload: Mapping[str, Any]) -> None:
    """An event sub-process; one that interrupts ends everything else in the scope and lets no other start."""
    scope = one.holder
    assert isinstance(scope, Scope)
    assert one.handler is not None
    if one.interrupting:
        scope.interrupted = True
        scope.timers.clear()
        play.empty(scope)
    enter_handler(play, scope, one.handler, one.event.id, one.definition, payload)


def enter_handler(
    play: Play, scope: Scope, handler: str, start: str, definition: EventDefinition, payload: Mapping[str, Any]
) -> Token:
    """A token on the event sub-process, and one behind its start event."""
    owner = play.spawn(handler, scope.id, status="active")
    play.note(owner, "started")
    inside = open_handler(play, owner, handler=handler)
    token = play.spawn(start, inside.id)
    play.note(token, "started")
    _give(play, token, definition, payload)
    bring_out(play, token)
    play.note(token, "completed")
    leave(play, token)
    return owner


def withdraw_rivals(play: Play, token: Token) -> None:
    """The other events of its event-based gateway can no longer occur."""
    if token.race is None:
        return
    for other in [t for t in play.run.tokens.values() if t.race == token.race and t is not token]:
        play.cancel(other)
    token.race = None


def _go_on(play: Play, token: Token, definition: EventDefinition, payload: Mapping[str, Any]) -> None:
    withdraw_rivals(play, token)
    _give(play, token, definition, payload)
    token.timers.clear()
    if play.node(token).kind == "receiveTask":
        token.status = "active"
        play.at_once("finish", token.id)
        return
    bring_out(play, token)
    play.note(token, "completed")
    leave(play, token)


def _give(play: Play, token: Token, definition: EventDefinition, payload: Mapping[str, Any]) -> None:
    """A payload goes into the variable that the diagram names, or the event's one data output, else key by key."""
    if not payload:
        return
    node = play.node(token)
    outputs = [one.name for one in node.variables if one.kind == "dataOutput"]
    whole = outputs[0] if len(outputs) == 1 and outputs[0] not in payload else None
    name = node.message_variable or definition.variable or node.result or whole
    if name:
        write(play, token, name, dict(payload))
        return
    for key, one in payload.items():
        write(play, token, key, one)


def _is_complete(one: Subscription) -> bool:
    """Parallel multiple: only when every one of its definitions has occurred."""
    if not one.event.parallel_multiple:
        return True
    occurred = one.holder.seen.setdefault(one.event.id, [])
    if one.index not in occurred:
        occurred.append(one.index)
    if len(occurred) < len(one.event.events):
        return False
    del one.holder.seen[one.event.id]
    return True


def _keep(play: Play, one: Subscription, payload: Mapping[str, Any]) -> None:
    if payload and isinstance(one.holder, Token):
        for key, value in payload.items():
            write(play, one.holder, key, value)
