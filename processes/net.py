"""The token game of one scope (a process or a sub-process) as a net: a place for every sequence flow, transitions
for what a node may do with its tokens. A marking is one integer, two bits a place (0, 1 or 2 tokens; the second is
already a finding), with the known truth of shared conditions above them.

What is inside an activity (sub-process, called process, multi-instance) is one transition here; each sub-process
is a net of its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from processes.bpmn_values import ACTIVITIES, SCOPES, Node, Process
from processes.net_truth import Truths, conditions_of

MAX_SUBSETS_OF = 6  # an inclusive split of more flows is tried with one, two, or all of them
MAX_PAIRS_OF = 40  # of more, with two neighbours
MAX_REACH = 5_000_000  # inputs of inclusive joins times transitions
KILLING = frozenset({"terminate", "error", "cancel"})
END = "@end:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """What `node` may do: take a token from each of `takes`, put one on each of `gives`. `chosen` are the flows
    (or boundary events) decided for; `waits` marks the inclusive join, which takes what is there; `kills` ends
    the scope; `asks` and `forgets` are masks over the truth bits, see `Truths`."""

    index: int
    node: str
    takes: tuple[int, ...]
    gives: tuple[int, ...]
    chosen: tuple[str, ...] = ()
    waits: bool = False
    kills: bool = False
    interrupted: bool = False  # left by a boundary event
    taken: int = 0  # the tokens of `takes` as a marking
    truth: tuple[tuple[int, bool], ...] = ()
    forgets: int = 0


@dataclass(slots=True)
class Net:
    """Compiled once from a scope, then only read."""

    process: Process
    scope: str
    nodes: Mapping[str, Node]
    never_completes: frozenset[str] = frozenset()
    places: list[str] = field(default_factory=list)
    index: dict[str, int] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    starts: list[tuple[str, int]] = field(default_factory=list)  # (start, marking)
    plain: list[int] = field(default_factory=list)  # of start events without trigger: they all start at once
    ends: set[int] = field(default_factory=set)
    joins: dict[str, tuple[int, ...]] = field(default_factory=dict)
    reach: dict[str, dict[int, int]] = field(default_factory=dict)
    consumers: list[list[Transition]] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    truths: Truths = field(default_factory=Truths)
    too_wide: bool = False  # too many inclusive joins to say who can still reach them

    def place(self, name: str) -> int:
        if name not in self.index:
            self.index[name] = len(self.places)
            self.places.append(name)
        return self.index[name]

    def marked(self, marking: int) -> Iterator[int]:
        """Places that hold a token."""
        rest = marking & (1 << 2 * len(self.places)) - 1
        while rest:
            place = (rest & -rest).bit_length() - 1 >> 1
            yield place
            rest &= ~(3 << 2 * place)

    def shown(self, marking: int) -> tuple[str, ...]:
        """Ids of the sequence flows that hold a token."""
        return tuple(name for p in self.marked(marking) if (name := self.places[p]) in self.process.flows)

    def ended_twice(self, marking: int) -> str | None:
        """A node at which tokens ended that came by different flows."""
        seen: set[str] = set()
        for place in self.marked(marking):
            if place in self.ends:
                node = self.ended(place)
                if node in seen:
                    return node
                seen.add(node)
        return None

    def failed(self, marking: int) -> bool:
        """Whether the scope was left by an error or a cancellation, which is no completion."""
        ends = {self.ended(place) for place in self.marked(marking) if place in self.ends}
        return any(event.kind in ("error", "cancel") for end in ends for event in self.process.nodes[end].events
                   if self.process.nodes[end].kind == "endEvent")

    def ended(self, place: int) -> str:
        """The node of an end place."""
        return self.places[place].removeprefix(END).partition("|")[0]

    def finished(self, marking: int) -> bool:
        return all(p in self.ends or self.places[p].startswith("@armed:") for p in self.marked(marking))

    def successors(self) -> list[set[int]]:
        found: list[set[int]] = [set() for _ in self.places]
        for transition in self.transitions:
            for place in transition.takes:
                found[place].update(transition.gives)
        return found


def compile_scope(process: Process, scope: str, never_completes: frozenset[str] = frozenset()) -> Net:
    """The net of the nodes directly inside `scope`; sub-processes in `never_completes` are left only by their
    boundary events."""
    nodes = {node.id: node for node in process.children(scope)}
    net = Net(process=process, scope=scope, nodes=nodes, never_completes=never_completes)
    net.truths = Truths.of(process, nodes)
    for flow in process.flows.values():
        if flow.source in nodes and flow.target in nodes:
            net.place(flow.id)
    for node in nodes.values():
        if in_play(node):
            _Compiling(net, node).run()
    _start_without_event(net)
    _finish(net)
    return net


def in_play(node: Node) -> bool:
    """Whether a token comes to the node by the flows of its scope: not so for boundary events (their activity
    plays them), compensation handlers and event sub-processes."""
    return node.kind != "boundaryEvent" and not node.for_compensation and not node.triggered_by_event


def link_name(node: Node) -> str | None:
    """The name of a link event, None for other nodes."""
    return next((event.name or "" for event in node.events if event.kind == "link"), None)


class _Compiling:
    """Adds the transitions of one node."""

    def __init__(self, net: Net, node: Node) -> None:
        self.net = net
        self.node = node
        self.outgoing = [flow for flow in node.outgoing if flow in net.index]
        self.incoming = self._incoming()

    def run(self) -> None:
        if self.incoming:
            self._by_kind()

    def _by_kind(self) -> None:
        kind = self.node.kind
        if kind == "parallelGateway":
            self._add(self.incoming, self._all_out())
        elif kind in ("inclusiveGateway", "complexGateway"):
            self._inclusive()
        elif kind in ("exclusiveGateway", "eventBasedGateway"):
            self._exclusive()
        elif kind == "endEvent":
            kills = any(event.kind in KILLING for event in self.node.events)
            for place in self.incoming:
                self._add([place], self._all_out(place), kills=kills)
        elif kind in ACTIVITIES:
            self._activity()
        else:
            self._forked(self.incoming)

    def _incoming(self) -> list[int]:
        net, node = self.net, self.node
        places = [net.index[flow] for flow in node.incoming if flow in net.index]
        if node.kind == "startEvent":
            places.append(net.place(f"@start:{node.id}"))
            if node.events:
                net.starts.append((node.id, 1 << 2 * places[-1]))
            else:
                self.net.plain.append(places[-1])
        elif node.kind == "intermediateCatchEvent" and link_name(node) is not None:
            places.append(net.place(f"@link:{link_name(node)}"))
        elif instantiates(node):
            places.append(net.place(f"@start:{node.id}"))
            net.starts.append((node.id, 1 << 2 * places[-1]))
        elif not places and is_root(node) and not _has_start(net):
            places.append(net.place(f"@root:{node.id}"))
        return places

    def _all_out(self, taken: int | None = None) -> tuple[int, ...]:
        return self._places(self.outgoing) or (self._end(taken),)

    def _places(self, flows: Sequence[str]) -> tuple[int, ...]:
        return tuple(self.net.index[flow] for flow in flows)

    def _end(self, taken: int | None) -> int:
        """Where a token ends: one place for each flow by which it came, so that two there mean the same way twice."""
        name = link_name(self.node) if self.node.kind == "intermediateThrowEvent" else None
        if name is not None:
            return self.net.place(f"@link:{name}")
        by = "" if taken is None else self.net.places[taken]
        place = self.net.place(f"{END}{self.node.id}|{by}")
        self.net.ends.add(place)
        return place

    def _exclusive(self) -> None:
        for place in self.incoming:
            if len(self.outgoing) < 2:
                self._add([place], self._all_out(place))
            else:
                self._choices(place)

    def _choices(self, place: int) -> None:
        """The first true condition in document order is taken, the default when none is."""
        node, truths = self.node, self.net.truths
        passed: list[tuple[int, bool]] = []
        for flow in [f for f in self.outgoing if f != node.default]:
            literal = truths.literal(flow)
            asked = [*passed, literal] if literal is not None else list(passed)
            self._add([place], self._places([flow]), chosen=(flow,), truth=asked)
            if literal is not None and node.kind == "exclusiveGateway":
                passed.append((literal[0], not literal[1]))
        if node.default in self.outgoing:
            self._add([place], self._places([node.default]), chosen=(node.default,), truth=passed)

    def _inclusive(self) -> None:
        joins = len(self.incoming) > 1
        if joins:
            self.net.joins[self.node.id] = tuple(self.incoming)
        for chosen, truth in self._splits():
            flows = chosen or tuple(self.outgoing)
            label = chosen if len(self.outgoing) > 1 else ()
            self._add(self.incoming, self._places(flows) or self._all_out(), chosen=label, truth=truth, waits=joins)

    def _splits(self) -> Iterator[tuple[tuple[str, ...], list[tuple[int, bool]]]]:
        """What an inclusive choice may take: (flows, truth asked). The default alone, when nothing else holds."""
        conditioned = [flow for flow in self.outgoing if flow != self.node.default]
        if len(self.outgoing) < 2:
            yield (), []
            return
        for chosen in _subsets(conditioned):
            yield chosen, self._asked(conditioned, chosen)
        if self.node.default in self.outgoing:
            yield (self.node.default,), self._asked(conditioned, ())

    def _asked(self, conditioned: Sequence[str], chosen: Sequence[str]) -> list[tuple[int, bool]]:
        asked: list[tuple[int, bool]] = []
        if not self.net.truths.literals:
            return asked
        for flow in conditioned:
            literal = self.net.truths.literal(flow)
            if literal is not None:
                asked.append(literal if flow in chosen else (literal[0], not literal[1]))
        return asked

    def _activity(self) -> None:
        node, net = self.node, self.net
        boundary = [b for b in net.process.boundary(node.id) if _fires(b)]
        if node.id not in net.never_completes:
            self._forked(self.incoming)
        for event in boundary:
            flows = [flow for flow in event.outgoing if flow in net.index]
            gives = self._places(flows) or (self._boundary_end(event),)
            for place in self.incoming:
                if event.interrupting:
                    self._add([place], gives, chosen=(event.id,), interrupted=True)
                else:
                    self._beside(place, event, gives)

    def _beside(self, place: int, event: Node, gives: tuple[int, ...]) -> None:
        """A non-interrupting event leaves the activity's token where it is; it is played once, for any number
        of times would say nothing new about the rest."""
        armed = self.net.place(f"@armed:{event.id}")
        self._add([place, armed], (place, *gives), chosen=(event.id,), interrupted=True)

    def _boundary_end(self, event: Node) -> int:
        place = self.net.place(f"{END}{event.id}|")
        self.net.ends.add(place)
        return place

    def _forked(self, incoming: Sequence[int]) -> None:
        """Implicit merge and fork: every token passes alone and takes all flows, conditional ones as they hold."""
        node, flows = self.node, self.net.process.flows
        conditional = [f for f in self.outgoing if flows[f].condition is not None and f != node.default]
        always = [f for f in self.outgoing if f not in conditional and f != node.default]
        for place in incoming:
            if not conditional:
                self._add([place], self._all_out(place))  # the default too: no condition was true
                continue
            for chosen in _subsets(conditional):
                truth = self._asked(conditional, chosen)
                self._add([place], self._places([*always, *chosen]), chosen=chosen, truth=truth)
            otherwise = [*always, *(f for f in self.outgoing if f == node.default)]
            if otherwise:  # else the step fails when no condition holds: nothing advances
                truth = self._asked(conditional, ())
                self._add([place], self._places(otherwise), chosen=tuple(otherwise), truth=truth)

    def _add(
        self, takes: Sequence[int], gives: Sequence[int], *, chosen: tuple[str, ...] = (),
        truth: Sequence[tuple[int, bool]] = (), waits: bool = False, kills: bool = False, interrupted: bool = False,
    ) -> None:
        if _contradicts(truth):
            return
        net = self.net
        net.transitions.append(Transition(
            index=len(net.transitions), node=self.node.id, takes=tuple(takes), gives=tuple(gives), chosen=chosen,
            waits=waits, kills=kills, interrupted=interrupted, taken=sum(1 << 2 * p for p in takes),
            truth=tuple(dict.fromkeys(truth)), forgets=net.truths.forgotten_after(self.node),
        ))


def _subsets(flows: Sequence[str]) -> Iterator[tuple[str, ...]]:
    if len(flows) <= MAX_SUBSETS_OF:
        for size in range(1, len(flows) + 1):
            yield from combinations(flows, size)
        return
    yield from combinations(flows, 1)
    yield from combinations(flows, 2) if len(flows) <= MAX_PAIRS_OF else pairwise(flows)
    yield tuple(flows)


def _contradicts(truth: Sequence[tuple[int, bool]]) -> bool:
    return any((condition, not value) in truth for condition, value in truth)


def _fires(boundary: Node) -> bool:
    return not any(event.kind == "compensate" for event in boundary.events)


def instantiates(node: Node) -> bool:
    """Receive tasks and event-based gateways that start an instance themselves (BPMN 2.0 §10.3.3, §10.6.6)."""
    return node.instantiate and not node.incoming and node.kind in ("receiveTask", "eventBasedGateway")


def is_root(node: Node) -> bool:
    """Whether the node gets a token at the start of a scope that has no start event."""
    link = link_name(node) is not None and node.kind == "intermediateCatchEvent"
    return not node.incoming and in_play(node) and node.kind != "startEvent" and not link


def _has_start(net: Net) -> bool:
    return any(node.kind == "startEvent" or instantiates(node) for node in net.nodes.values())


def _start_without_event(net: Net) -> None:
    roots = [place for name, place in net.index.items() if name.startswith("@root:")]
    together = net.plain or ([] if net.starts else roots)
    if together:
        net.starts.insert(0, (net.scope, sum(1 << 2 * place for place in together)))


def _finish(net: Net) -> None:
    armed = sum(1 << 2 * place for name, place in net.index.items() if name.startswith("@armed:"))
    net.starts = [(start, marking + armed) for start, marking in net.starts]
    net.truths.place_above(len(net.places))
    net.consumers = [[] for _ in net.places]
    for transition in net.transitions:
        for place in transition.takes:
            net.consumers[place].append(transition)
    net.too_wide = len(net.transitions) * sum(map(len, net.joins.values())) > MAX_REACH
    net.reach = {} if net.too_wide else reach_of(net)
    net.rank = _ranks(net)


def reach_of(net: Net) -> dict[str, dict[int, int]]:
    """For each inclusive join and each of its inputs the places (as a mask of tokens) from which a path leads to it
    that does not pass the join itself (BPMN 2.0 §13.4.3)."""
    before: list[set[tuple[int, str]]] = [set() for _ in net.places]
    for transition in net.transitions if net.joins else ():
        for place in transition.gives:
            before[place].update((taken, transition.node) for taken in transition.takes)
    return {join: _reach(net, before, join, inputs) for join, inputs in net.joins.items()}


def _reach(net: Net, before: list[set[tuple[int, str]]], join: str, inputs: Sequence[int]) -> dict[int, int]:
    found = {}
    for wanted in inputs:
        seen: set[int] = set()
        stack = [wanted]
        while stack:
            for place, node in before[stack.pop()]:
                if node != join and place not in seen and not net.places[place].startswith("@armed:"):
                    seen.add(place)
                    stack.append(place)
        found[wanted] = sum(3 << 2 * place for place in seen)
    return found


def _ranks(net: Net) -> list[int]:
    """Small near the ends: playing those tokens first finishes one branch before the next begins."""
    following = net.successors()
    order: list[int] = []
    seen: set[int] = set()
    for _, marking in net.starts:
        for start in net.marked(marking):
            if start not in seen:
                seen.add(start)
                _post_order(start, following, seen, order)
    ranks = [0] * len(net.places)
    for position, place in enumerate(order):
        ranks[place] = position
    return ranks


def _post_order(start: int, following: list[set[int]], seen: set[int], order: list[int]) -> None:
    stack = [(start, iter(sorted(following[start])))]
    while stack:
        place, rest = stack[-1]
        for after in rest:
            if after not in seen:
                seen.add(after)
                stack.append((after, iter(sorted(following[after]))))
                break
        else:
            order.append(place)
            stack.pop()


def scopes_of(process: Process) -> list[str]:
    """Ids of the process and of the sub-processes that play tokens, the innermost first."""
    inner = [n for n in process.nodes.values() if n.kind in SCOPES and n.kind != "adHocSubProcess"]
    return [node.id for node in reversed(inner)] + [process.id]


__all__ = [
    "Net", "Transition", "compile_scope", "conditions_of", "in_play", "instantiates", "is_root", "reach_of", "scopes_of",
]
