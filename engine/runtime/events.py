"""Events that a token comes to: starts, catches, throws and ends (BPMN 2.0 §13.5)."""

from engine.runtime import compensation
from engine.runtime.flows import leave
from engine.runtime.play import Play
from engine.runtime.state import Token
from engine.runtime.subscriptions import arm
from engine.runtime.throwing import throw
from processes.bpmn import Node


def arrive(play: Play, token: Token) -> None:
    """A token comes to an event."""
    node = play.node(token)
    play.note(token, "started")
    if node.kind == "intermediateCatchEvent" and not _is_link(node):
        token.status = "waiting"
        arm(play, token)
        return
    if node.kind in ("intermediateThrowEvent", "endEvent"):
        _throw(play, token, node)
    else:
        play.note(token, "completed")
        leave(play, token)


def _is_link(node: Node) -> bool:
    return any(definition.kind == "link" for definition in node.events)


def _throw(play: Play, token: Token, node: Node) -> None:
    for _ in node.events:
        play.note(token, "thrown")
    undoes = next((one for one in node.events if one.kind == "compensate"), None)
    waits = undoes is not None and undoes.waits
    if not waits:
        play.note(token, "completed")
    for index, definition in enumerate(node.events):
        if definition.kind == "compensate":
            compensation.begin(play, token, definition)
        elif play.alive(token):
            throw(play, token, definition, index)
    if waits or not play.alive(token):
        return
    target = play.program_of(token).links.get(node.id)
    if target is not None:
        following = play.spawn(target, token.scope)
        play.later("arrive", following.id)
        play.drop(token)
    else:
        leave(play, token)
