"""Events that a diagram throws: messages go out, signals to everybody, errors and escalations outwards to the nearest
that catches them, terminate and cancel end what they stand in (BPMN 2.0 §10.5.6, §13.5)."""

from collections.abc import Mapping
from typing import Any

from engine.runtime import compensation
from engine.runtime.catching import occur, pass_boundary, start_handler
from engine.runtime.expressions import Visible
from engine.runtime.play import Play
from engine.runtime.programs import message_name
from engine.runtime.state import Scope, Token
from engine.runtime.subscriptions import Subscription, current, of_scope, of_token, still
from engine.runtime.values import Message
from engine.runtime.variables import plain, visible
from processes.bpmn import EventDefinition


def throw(play: Play, token: Token, definition: EventDefinition, index: int | None = None) -> None:
    """Throw what `definition` says from where the token is; the token itself may be gone afterwards."""
    kind = definition.kind
    if kind == "message":
        play.sent.append(_message(play, token, definition, index))
    elif kind == "signal":
        broadcast(play, definition.name or "", _payload(play, token, index))
    elif kind == "escalation":
        propagate(play, "escalation", code_of(definition), _payload(play, token, index), scope=play.scope(token))
    elif kind == "error":
        _fail(play, token, definition, _payload(play, token, index))
    elif kind == "terminate":
        play.empty(compensation.body_scope(play, token))
    elif kind == "cancel":
        compensation.cancel_transaction(play, token)


def broadcast(play: Play, name: str, payload: Mapping[str, Any]) -> int:
    """A signal reaches everything in this run that waits for it now; the number of those."""
    play.signals.append(Message(name=name, payload=payload))
    return receive_signal(play, name, payload)


def receive_signal(play: Play, name: str, payload: Mapping[str, Any]) -> int:
    """A signal arrives, from inside or outside; the number of those that it reached."""
    listening = [one for one in current(play, "signal") if one.definition.name == name]
    reached = 0
    for one in listening:
        if still(play, one):
            occur(play, one, payload)
            reached += 1
    return reached


def propagate(
    play: Play, kind: str, code: str | None, payload: Mapping[str, Any], *,
    scope: Scope | None = None, host: Token | None = None,
) -> bool:
    """Outwards from a scope or an activity: event sub-processes of each scope, then boundary events of the activity
    that holds it; the code's own catcher before one for all. False if nothing catches."""
    from_handler = False
    while True:
        if host is not None:
            found = None if host.instance else _match(of_token(play, host), kind, code, boundary=True)
            if found is not None:
                pass_boundary(play, found, payload)
                return True
            from_handler = play.node(host).triggered_by_event
            scope = play.scope(host)
        assert scope is not None
        if not from_handler:
            found = _match(of_scope(play, scope), kind, code, boundary=False)
            if found is not None:
                start_handler(play, found, payload)
                return True
        if scope.owner is None:
            return False
        host = play.run.tokens[scope.owner]


def end_by_error(play: Play, token: Token, code: str | None) -> None:
    """Nothing caught the error: the run ends, all its branches withdrawn."""
    play.note(token, "incident")
    root = play.run.root()
    assert root is not None
    play.run.error = code or ""
    play.empty(root)


def code_of(definition: EventDefinition) -> str | None:
    """What an error or escalation is told apart by: its code, else its name or id."""
    return definition.code or definition.name or definition.ref


def _fail(play: Play, token: Token, definition: EventDefinition, payload: Mapping[str, Any]) -> None:
    code = code_of(definition)
    if not propagate(play, "error", code, payload, scope=play.scope(token)):
        end_by_error(play, token, code)


def _match(found: Any, kind: str, code: str | None, *, boundary: bool) -> Subscription | None:
    """A catcher whose error or escalation has no code catches every one (BPMN 2.0 §8.3.3, §8.3.4)."""
    candidates = [one for one in found if one.definition.kind == kind and one.boundary == boundary]
    own = [one for one in candidates if one.definition.ref is not None and code in _codes(one.definition)]
    for_all = [one for one in candidates if one.definition.code is None]
    return next(iter(own or for_all), None)


def _codes(definition: EventDefinition) -> set[str | None]:
    return {definition.code} if definition.code else {definition.name, definition.ref}


def _message(play: Play, token: Token, definition: EventDefinition, index: int | None) -> Message:
    node = play.node(token)
    key = play.expression(token, "correlation")
    value = key.value(visible(play, token), play.now) if key else None
    if key is not None and value is None:
        raise key.failed("照合の鍵が空（null）です。鍵になる値が決まってから送るようにしてください。")
    payload = _payload(play, token, index)
    carried = play.expression(token, "carried")
    if carried is not None:
        value = carried.value(Visible(payload), play.now)
    return Message(name=message_name(node, definition), key=None if value is None else str(value), payload=payload)


def _payload(play: Play, token: Token, index: int | None) -> dict[str, Any]:
    expression = (play.expression(token, f"payload{index}") if index is not None else None) or play.expression(token, "payload")
    if expression is None:
        return {}
    found = plain(expression, expression.value(visible(play, token), play.now))
    if not isinstance(found, dict):
        raise expression.failed("送る内容は「{名前: 値}」の形のはずですが、別の値でした。")
    return found
