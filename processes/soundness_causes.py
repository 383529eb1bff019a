"""Why: the cause of a trouble in a sentence that names the steps on the drawing, and the way into it as moves that
the drawing can play."""

from dataclasses import dataclass

from processes.bpmn_values import GATEWAYS, Flow, Node
from processes.findings import TraceStep
from processes.net import Net, Transition
from processes.soundness_search import Path, Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The element to look at, the sentence, and the shortest way there."""

    element: str
    sentence: str
    trace: tuple[TraceStep, ...]


_KINDS = {
    "exclusiveGateway": "排他分岐", "parallelGateway": "並行分岐", "inclusiveGateway": "包含分岐",
    "eventBasedGateway": "イベント分岐", "complexGateway": "複合分岐", "startEvent": "開始", "endEvent": "終了",
}


def names_of(node: Node) -> str:
    """What people call the node: its name, else its kind with its id."""
    return node.name or f"{_KINDS.get(node.kind, '手順')}{node.id}"


def steps(net: Net, path: Path) -> tuple[TraceStep, ...]:
    """The moves of a path as the drawing shows them."""
    return tuple(
        TraceStep(element=transition.node, name=_told(net, transition), marking=net.shown(marking))
        for transition, marking in path
    )


def _told(net: Net, transition: Transition) -> str:
    node = net.process.nodes[transition.node]
    name = names_of(node)
    if transition.interrupted:
        events = "・".join(names_of(net.process.nodes[event]) for event in transition.chosen)
        return f"{name}の途中で「{events}」が起きる"
    chosen = [net.process.flows[flow] for flow in transition.chosen if flow in net.process.flows]
    if chosen:
        return f"{name}で{'と'.join(f'「{_flow(net, flow)}」' for flow in chosen)}を選ぶ"
    return f"{name}で待ち合わせる" if node.kind in GATEWAYS and len(transition.takes) > 1 else name


def _flow(net: Net, flow: Flow) -> str:
    return flow.name or f"{names_of(net.process.nodes[flow.target])}へ"


def standstill(net: Net, trouble: Trouble) -> Cause:
    """Which node waits for which path, and the choice after which that path cannot come any more."""
    element = net.scope
    told = []
    for place in net.marked(trouble.marking):
        flow = net.process.flows.get(net.places[place])
        if flow is None:
            continue
        node = net.process.nodes[flow.target]
        missing = [f for f in node.incoming if f in net.index and not trouble.marking >> 2 * net.index[f] & 3]
        element = node.id
        told.append(_waits(net, trouble, node, missing) if missing else _undecided(node))
    sentences = "".join(dict.fromkeys(told)) or "ここで止まります。"
    return Cause(
        element=element, sentence=sentences + "線か分岐の種類を直してください。", trace=steps(net, trouble.path)
    )


def _waits(net: Net, trouble: Trouble, node: Node, missing: list[str]) -> str:
    flows, nodes = net.process.flows, net.process.nodes
    sources = "と".join(dict.fromkeys(f"「{names_of(nodes[flows[flow].source])}」" for flow in missing))
    culprit = _culprit(net, trouble, node, missing)
    if culprit is None:
        return f"「{names_of(node)}」は{sources}からの道を待ちますが、その道はもう来ないので、ここで止まります。"
    gate = names_of(nodes[culprit.node])
    if culprit.interrupted:
        return f"「{names_of(node)}」は{sources}からの道を待ちますが、「{gate}」が途中で打ち切られると来ません。"
    return f"「{names_of(node)}」は{sources}からの道を待ちますが、分岐「{gate}」で別の道を選ぶと来ません。"


def _undecided(node: Node) -> str:
    return f"「{names_of(node)}」では、前の分岐で選んだ条件のもとで成り立つ道がなく、ここで止まります。"


def _culprit(net: Net, trouble: Trouble, node: Node, missing: list[str]) -> Transition | None:
    following: list[set[int]] = [set() for _ in net.places]
    for transition in net.transitions:
        if transition.node != node.id:
            for place in transition.takes:
                following[place].update(transition.gives)
    wanted = {net.index[flow] for flow in missing}
    for transition, _ in reversed(trouble.path):
        others = [t for t in net.transitions if t.node == transition.node and t.takes == transition.takes]
        able = any(_leads(following, other, wanted) for other in others if other.index != transition.index)
        if transition.chosen and able and not _leads(following, transition, wanted):
            return transition
        if len(others) > 1 and able and not _leads(following, transition, wanted):
            return transition
    return None


def _leads(following: list[set[int]], transition: Transition, wanted: set[int]) -> bool:
    seen = set(transition.gives)
    stack = list(seen)
    while stack:
        place = stack.pop()
        if place in wanted:
            return True
        stack.extend(following[place] - seen)
        seen |= following[place]
    return False


def collision(net: Net, trouble: Trouble) -> Cause:
    """Two paths opened at the same place meet where nobody waits for both: where they part, where they meet."""
    parted = _parted(net, trouble)
    meeting = trouble.path[-1][0].node
    node = net.process.nodes[meeting]
    flow = net.process.flows.get(net.places[trouble.place])
    after = net.process.nodes[flow.target] if flow is not None else node
    opened = f"「{names_of(net.process.nodes[parted])}」から同時に進む道が" if parted else "同時に進む道が"
    sentence = (
        f"{opened}「{names_of(node)}」で待ち合わせずに合流し、「{names_of(after)}」が2度行われます。"
        "合流を待ち合わせのできる分岐（並行か包含）にするか、分かれる所を排他分岐にしてください。"
    )
    return Cause(element=meeting, sentence=sentence, trace=steps(net, trouble.path))


def _parted(net: Net, trouble: Trouble) -> str | None:
    """The last move that both tokens have in their history and that gave more than one token."""
    held: dict[int, list[frozenset[int]]] = {}
    moves = [transition for transition, _ in trouble.path]
    for position, transition in enumerate(moves):
        histories = [held[place].pop(0) for place in transition.takes if held.get(place)]
        history = frozenset[int]().union(*histories) | {position}
        for place in transition.gives:
            held.setdefault(place, []).append(history)
    both = held.get(trouble.place, [])
    if len(both) < 2:
        return None
    common = sorted(both[0] & both[1], reverse=True)
    return next((moves[position].node for position in common if len(moves[position].gives) > 1), None)


def livelock(net: Net, trouble: Trouble) -> Cause:
    """A round that nothing leads out of."""
    nodes = [t.node for p in net.marked(trouble.marking) for t in net.consumers[p]]
    element = nodes[0] if nodes else net.scope
    name = names_of(net.process.nodes[element]) if element in net.process.nodes else element
    sentence = (
        f"「{name}」のあたりで同じ所を回り続け、終了に着けなくなります。回り続ける道から終了へ出る線を引いてください。"
    )
    return Cause(element=element, sentence=sentence, trace=steps(net, trouble.path))
