"""Can every case that starts also end, whatever is chosen on the way? A token game over all markings of each scope
says so, or shows the shortest way into the trouble (soundness of workflow nets, van der Aalst 1997, with BPMN's
inclusive join of §13.4.3).

Findings: unreachable, no-way-to-end, deadlock, lack-of-synchronisation, livelock, dead-activity (errors);
improper-completion (warning); too-large-to-verify (warning, never silence). Values are not looked at, but equal
conditions share one truth; messages, errors thrown and called processes are taken as possible at any time."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from processes.bpmn_values import Diagram, Node, Process
from processes.findings import Finding, Severity
from processes.net import Net, compile_scope, in_play, scopes_of
from processes.soundness_causes import Cause, collision, livelock, names_of, standstill, steps
from processes.soundness_search import Effort, Found, Limits, explore

_RESCUING = frozenset({"timer", "message", "signal", "conditional"})


def verify(diagram: Diagram, limits: Limits | None = None) -> tuple[Finding, ...]:
    """The findings of all processes of the diagram, scope by scope, the innermost first."""
    found = []
    effort = Effort()
    for process in (one for one in diagram.processes.values() if not one.global_task):
        found += _Verifying(process, limits or Limits(), effort).run()
    return tuple(found)


class _Verifying:
    """The scopes of one process; remembers which sub-processes can never complete by themselves."""

    def __init__(self, process: Process, limits: Limits, effort: Effort) -> None:
        self.process = process
        self.limits = limits
        self.never: set[str] = set()
        self.effort = effort

    def run(self) -> list[Finding]:
        found: list[Finding] = []
        for scope in scopes_of(self.process):
            if self._countable(scope):
                found += self._scope(scope)
            else:
                found.append(_quantities(scope))
        return found

    def _countable(self, scope: str) -> bool:
        nodes = self.process.children(scope)
        return all(node.start_quantity == 1 and node.completion_quantity == 1 for node in nodes)

    def _scope(self, scope: str) -> Iterator[Finding]:
        net = compile_scope(self.process, scope, frozenset(self.never))
        if not net.starts:
            return
        graph = {finding.element: finding for finding in _by_graph(net)}
        fired: set[str] = set()
        limits = self.limits.sized(len(net.places))
        results = [explore(net, marking, limits, self.effort) for _, marking in net.starts]
        yield from self._graph(net, graph.values(), results)
        for found in results:
            fired |= found.fired
            yield from self._by_game(net, found, lost="no-way-to-end" in {f.rule for f in graph.values()})
        if all(found.whole for found in results):
            yield from _dead(net, fired, set(graph))
            if not any(found.completes for found in results) and not self._handles(scope):
                self.never.add(scope)

    def _graph(self, net: Net, graph: Iterable[Finding], results: list[Found]) -> Iterator[Finding]:
        """Findings of the graph, with the way into the round that nothing leads out of."""
        endless = next((found.endless for found in results if found.endless is not None), None)
        for finding in graph:
            if finding.rule == "no-way-to-end":
                trace = steps(net, endless.path) if endless is not None else ()
                yield replace(finding, trace=trace, severity=self._severity(net.scope))
            else:
                yield finding

    def _by_game(self, net: Net, found: Found, *, lost: bool) -> Iterator[Finding]:
        severity = self._severity(net.scope)
        if found.truncated:
            yield _too_large(net)
        if found.collision is not None:
            cause = collision(net, found.collision)
            yield _finding("lack-of-synchronisation", "error", net, cause)
        if found.standstill is not None:
            cause = standstill(net, found.standstill)
            yield _finding("deadlock", severity, net, cause)
        if found.endless is not None and not lost:
            yield _finding("livelock", severity, net, livelock(net, found.endless))
        if found.twice is not None and found.collision is None:
            yield _twice(net, found)

    def _severity(self, scope: str) -> Severity:
        """A scope that a timer or a message from outside can end at any time is left in the end: a warning."""
        return "warning" if self._rescued(scope) else "error"

    def _handles(self, scope: str) -> bool:
        """Whether an event sub-process may take over and complete the scope."""
        return any(node.triggered_by_event for node in self.process.children(scope))

    def _rescued(self, scope: str) -> bool:
        node = self.process.nodes.get(scope)
        if any(_starts_over(self.process, child) for child in self.process.children(scope)):
            return True
        if node is None:
            return False
        by_boundary = any(b.interrupting and _outside(b) for b in self.process.boundary(scope))
        return by_boundary or self._rescued(node.parent)


def _outside(node: Node) -> bool:
    return any(event.kind in _RESCUING for event in node.events)


def _starts_over(process: Process, node: Node) -> bool:
    """Whether the node is an event sub-process that ends its scope on an event from outside."""
    if not node.triggered_by_event:
        return False
    starts = [n for n in process.children(node.id) if n.kind == "startEvent"]
    return any(start.interrupting and _outside(start) for start in starts)


def _by_graph(net: Net) -> Iterator[Finding]:
    """What can be seen from the flows alone; of a part that cannot be reached or left, where it is entered."""
    following = net.successors()
    before: list[set[int]] = [set() for _ in net.places]
    for place, after in enumerate(following):
        for reached in after:
            before[reached].add(place)
    from_start = _closure(following, [p for _, marking in net.starts for p in net.marked(marking)])
    to_end = _closure(before, [*net.ends, *_killing_places(net)])
    entries: dict[str, set[int]] = {}
    for transition in net.transitions:
        entries.setdefault(transition.node, set()).update(
            p for p in transition.takes if not net.places[p].startswith("@armed:")
        )
    lost = {n.id for n in net.nodes.values() if in_play(n) and not entries.get(n.id, set()) & from_start}
    trapped = {n.id for n in net.nodes.values() if in_play(n) and not entries.get(n.id, set()) & to_end} - lost
    yield from map(_unreachable, _entered(net, lost))
    for node in net.nodes.values():
        if not in_play(node):
            continue
        if node.id in trapped and (not node.incoming or not _sources(net, node) <= trapped):
            yield _no_way(node)


def _entered(net: Net, lost: set[str]) -> Iterator[Node]:
    """Of the parts that cannot be reached, the nodes where each begins; of a mere round its first node."""
    begins = [n for n in net.nodes.values() if n.id in lost and (not n.incoming or not _sources(net, n) <= lost)]
    rest = lost - _behind(net, [node.id for node in begins])
    for node in net.nodes.values():
        if node.id in rest:
            begins.append(node)
            rest -= _behind(net, [node.id])
    yield from sorted(begins, key=lambda node: node.index)


def _behind(net: Net, nodes: list[str]) -> set[str]:
    """The nodes and all that the flows lead to from them or their boundary events."""
    seen, stack = set(nodes), list(nodes)
    while stack:
        node = stack.pop()
        leaving = [node, *(event.id for event in net.process.boundary(node))]
        for flow in (flow for one in leaving for flow in net.process.nodes[one].outgoing):
            target = net.process.flows[flow].target
            if target in net.nodes and target not in seen:
                seen.add(target)
                stack.append(target)
    return seen


def _sources(net: Net, node: Node) -> set[str]:
    found = {net.process.flows[flow].source for flow in node.incoming}
    return {net.process.nodes[s].attached_to or s for s in found if s in net.process.nodes}


def _killing_places(net: Net) -> list[int]:
    return [place for transition in net.transitions if transition.kills for place in transition.takes]


def _closure(edges: list[set[int]], roots: Iterable[int]) -> set[int]:
    seen = set(roots)
    stack = list(seen)
    while stack:
        for place in edges[stack.pop()] - seen:
            seen.add(place)
            stack.append(place)
    return seen


def _unreachable(node: Node) -> Finding:
    message = (
        f"「{names_of(node)}」には、開始から行ける道がありません。この手順は決して行われません。"
        "前の手順から線を引くか、要らなければ消してください。"
    )
    return Finding(rule="unreachable", element=node.id, line=node.line, message=message)


def _no_way(node: Node) -> Finding:
    message = (
        f"「{names_of(node)}」から終了へ行ける道がありません。ここに来た事案は終われません。"
        "終了へ向かう線を引いてください。"
    )
    return Finding(rule="no-way-to-end", element=node.id, line=node.line, message=message)


def _dead(net: Net, fired: set[str], known: set[str | None]) -> Iterator[Finding]:
    for node in net.nodes.values():
        if in_play(node) and node.id not in fired and node.id not in known:
            message = (
                f"「{names_of(node)}」は、どのように進んでも行われません（同じ条件がすでに別の道を選んでいるか、"
                "前の手順が止まるためです）。分岐の条件か線を見直してください。"
            )
            yield Finding(rule="dead-activity", element=node.id, line=node.line, message=message)


def _finding(rule: str, severity: Severity, net: Net, cause: Cause) -> Finding:
    node = net.process.nodes.get(cause.element)
    return Finding(
        rule=rule, severity=severity, element=cause.element, line=node.line if node else None,
        message=cause.sentence, trace=cause.trace,
    )


def _twice(net: Net, found: Found) -> Finding:
    assert found.twice is not None
    element = net.ended_twice(found.twice.marking) or net.scope
    node = net.process.nodes[element]
    message = (
        f"終了「{names_of(node)}」に一つの事案で2度着くことがあります。動きますが、同時に進む道を先に合流させると"
        "終わりがはっきりします。"
    )
    trace = steps(net, found.twice.path)
    return Finding(
        rule="improper-completion", severity="warning", element=element, line=node.line, message=message, trace=trace
    )


def _too_large(net: Net) -> Finding:
    message = (
        "図が大きく、行き止まりがないことを途中までしか確かめられませんでした。"
        "サブプロセスに分けると、全部を確かめられます。"
    )
    return Finding(rule="too-large-to-verify", severity="warning", element=net.scope, message=message)


def _quantities(scope: str) -> Finding:
    message = (
        "開始数量・完了数量（startQuantity・completionQuantity）を使う範囲は、行き止まりの検査ができません。"
        "実際に動かして確かめてください。"
    )
    return Finding(rule="too-large-to-verify", severity="warning", element=scope, message=message)
