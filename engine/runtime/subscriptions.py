"""What a run waits for: catch events and receive tasks, boundary events of open activities, event sub-processes of
open scopes. Computed from the tokens, never stored."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.runtime.expressions import Visible
from engine.runtime.play import Play
from engine.runtime.programs import Program, message_name
from engine.runtime.state import Scope, Token
from engine.runtime.timers import Plan, TimerError, from_state, plan, to_state
from engine.runtime.variables import visible, visible_in
from processes.bpmn import EventDefinition, Node

_OPEN = ("active", "waiting", "repeating")
_CATCHES = ("intermediateCatchEvent", "receiveTask", "startEvent")  # a parallel multiple start waits for its rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`holder` is the waiting token, the open activity or the scope; `event` the node that would occur, by its
    definition number `index`; `handler` the event sub-process it would start."""

    holder: Token | Scope
    event: Node
    index: int
    definition: EventDefinition
    interrupting: bool
    boundary: bool = False
    handler: str | None = None

    @property
    def role(self) -> str:
        return f"{self.event.id}/{self.index}"


def current(play: Play, *kinds: str) -> list[Subscription]:
    """Everything awaited now of these kinds: what interrupts first, outer before inner."""
    found = [one for one in _all(play) if one.definition.kind in kinds]
    return sorted(found, key=lambda one: not one.interrupting)


def still(play: Play, one: Subscription) -> bool:
    """Is it still awaited, after what has happened since it was listed?"""
    if isinstance(one.holder, Scope):
        return one.holder.id in play.run.scopes and not one.holder.interrupted
    return one.holder.id in play.run.tokens


def of_token(play: Play, token: Token) -> Iterator[Subscription]:
    """What a token waits for: its own events, and boundary events of an open activity."""
    node = play.node(token)
    if token.status == "waiting" and node.kind in _CATCHES:
        for index, definition in enumerate(definitions(node)):
            yield Subscription(holder=token, event=node, index=index, definition=definition, interrupting=False)
    if not token.instance and token.status in _OPEN:
        program = play.program_of(token)
        for identity in program.boundaries.get(node.id, ()):
            event = program.nodes[identity]
            for index, definition in enumerate(event.events):
                yield Subscription(holder=token, event=event, index=index, definition=definition,
                                   interrupting=event.interrupting, boundary=True)


def of_scope(play: Play, scope: Scope) -> Iterator[Subscription]:
    """The event sub-processes that may start in an open scope."""
    body = play.body(scope)
    if body is None or scope.interrupted or scope.cancelling or scope.serves:
        return
    nodes = play.program(scope).nodes
    for handler, start in body.handlers:
        event = nodes[start]
        for index, definition in enumerate(event.events):
            yield Subscription(holder=scope, event=event, index=index, definition=definition,
                               interrupting=event.interrupting, handler=handler)


def definitions(node: Node) -> tuple[EventDefinition, ...]:
    """The triggers of a node: its message, or its event definitions."""
    return (node.message,) if node.message is not None else node.events


def arm(play: Play, holder: Token | Scope) -> None:
    """Set the timers and fix the correlation keys of what `holder` begins to wait for."""
    found = list(of_scope(play, holder) if isinstance(holder, Scope) else of_token(play, holder))
    for one in found:
        if one.definition.kind == "timer":
            holder.timers[one.role] = to_state(_planned(play, one))
        elif one.definition.kind == "conditional":
            play.changed = True
        elif one.definition.kind == "message" and isinstance(holder, Token):
            key = correlation(play, one)
            if key is not None:
                holder.keys[one.role] = key


def correlation(play: Play, one: Subscription) -> str | None:
    """The key of the message awaited; None if the diagram asks for none."""
    if isinstance(one.holder, Token) and one.role in one.holder.keys:
        return one.holder.keys[one.role]
    expression = _program(play, one.holder).expression(one.event.id, "correlation")
    if expression is None:
        return None
    value = expression.value(_visible(play, one.holder), play.now)
    if value is None and isinstance(one.holder, Token):
        raise expression.failed("照合の鍵が空（null）です。鍵になる値が決まってから待つようにしてください。")
    return None if value is None else str(value)


def is_ready(play: Play, one: Subscription) -> bool:
    """An event sub-process whose correlation key has no value yet cannot be reached yet."""
    expression = _program(play, one.holder).expression(one.event.id, "correlation")
    if expression is None or isinstance(one.holder, Token):
        return True
    return expression.tried(_visible(play, one.holder), play.now)[0] is not None


def awaited_name(one: Subscription) -> str:
    """The name of the message awaited."""
    return message_name(one.event, one.definition)


def due(one: Subscription) -> Plan | None:
    """When its timer fires next; None if it has none running."""
    found = one.holder.timers.get(one.role)
    return from_state(found) if found else None


def _planned(play: Play, one: Subscription) -> Plan:
    program = _program(play, one.holder)
    expression = program.expression(one.event.id, f"timer{one.index}")
    assert expression is not None
    assert one.definition.timer is not None
    value = expression.value(_visible(play, one.holder), play.now)
    try:
        return plan(one.definition.timer.kind, value, play.now)
    except TimerError as error:
        raise expression.failed(str(error)) from None


def _program(play: Play, holder: Token | Scope) -> Program:
    return play.program(holder) if isinstance(holder, Scope) else play.program_of(holder)


def _visible(play: Play, holder: Token | Scope) -> Visible:
    return visible_in(play, holder) if isinstance(holder, Scope) else visible(play, holder)


def _all(play: Play) -> Iterator[Subscription]:
    for scope in play.run.scopes.values():
        yield from of_scope(play, scope)
    for token in play.run.tokens.values():
        yield from of_token(play, token)
