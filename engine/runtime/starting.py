"""Starting a run by an event: at a start event, a receive task or an event behind a gateway that instantiates
(BPMN 2.0 §13.2)."""

from engine.errors import NotFound
from engine.runtime.flows import leave
from engine.runtime.play import Play
from engine.runtime.programs import message_name
from engine.runtime.state import Scope
from engine.runtime.subscriptions import arm, definitions
from engine.runtime.values import Message
from engine.runtime.variables import checked, write
from processes.bpmn import Node


def start_at(play: Play, root: Scope, element: str, message: Message | None) -> None:
    """A token at `element`, whose event has occurred: by `message` (a message or signal), else by time or condition.
    A parallel multiple start event waits in its new instance for the rest of its triggers."""
    node = play.program(root).nodes.get(element)
    if node is None or node.parent != root.body:
        raise NotFound(f"開始「{element}」が図にありません。図の開始イベントを確かめてください。")
    gateway = _gateway(play, root, node)
    if gateway is not None:
        _wait_for_the_others(play, root, gateway, node)
    payload = checked(message.payload) if message else {}
    token = play.spawn(element, root.id)
    play.note(token, "started")
    name = node.message_variable or next((d.variable for d in definitions(node) if d.variable), None)
    for key, one in {name: dict(payload)}.items() if name else payload.items():
        write(play, token, key, one)
    if node.kind == "receiveTask":
        token.status = "active"
        play.at_once("finish", token.id)
        return
    if node.parallel_multiple and len(node.events) > 1:
        token.status = "waiting"
        token.seen[node.id] = [_occurred(node, message)]
        arm(play, token)
        return
    play.note(token, "completed")
    leave(play, token)


def _occurred(node: Node, message: Message | None) -> int:
    """The number of the trigger that occurred first."""
    for index, one in enumerate(node.events):
        if message is None and one.kind in ("timer", "conditional"):
            return index
        if message is not None and one.kind in ("message", "signal") and message.name in (one.name, message_name(node, one)):
            return index
    return 0


def _gateway(play: Play, root: Scope, node: Node) -> Node | None:
    """The instantiating event-based gateway before the event."""
    program = play.program(root)
    before = (program.nodes[program.flows[flow].source] for flow in node.incoming)
    return next((one for one in before if one.kind == "eventBasedGateway" and one.instantiate), None)


def _wait_for_the_others(play: Play, root: Scope, gateway: Node, first: Node) -> None:
    """Parallel: every event behind the gateway must occur, the first has (§13.4.4); exclusive: the first is all."""
    token = play.spawn(gateway.id, root.id)
    play.note(token, "started")
    play.note(token, "completed")
    play.run.drop(token)
    if gateway.gateway_type != "Parallel":
        return
    for flow in gateway.outgoing:
        target = play.program(root).flows[flow].target
        if target != first.id:
            play.later("arrive", play.spawn(target, root.id, flow=flow).id)
