"""Is every variable set when an expression reads it? Forward analysis of what is surely set on each sequence flow
(exclusive merges keep what all ways have set, parallel joins bring together), over the same net as the token game.

What people, messages and outside systems answer is not in the diagram: such a step may set anything, unless its
form is known. So the findings are warnings: never-set, maybe-unset (with the way round every writer), and
concurrent-writers."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from processes.bpmn_values import Diagram, Node, Process
from processes.expressions import Written, expressions_of, names_of, parsed
from processes.feel import Expression
from processes.findings import Finding, TraceStep
from processes.house_values import KnownForm
from processes.lint.beside import Beside
from processes.lint.saying import called
from processes.net import Net, Transition, compile_scope
from processes.soundness_causes import steps
from processes.soundness_search import markings
from processes.writers import ANYTHING, surely, writes

_STATES = 2_000  # markings looked at for steps that can be open at once


def flow_findings(
    diagram: Diagram, beside: Beside, forms: Mapping[str, KnownForm] | None = None
) -> tuple[Finding, ...]:
    """The data-flow findings of every process of the diagram."""
    fields = {key: form.coded for key, form in forms.items()} if forms is not None else None
    return tuple(
        finding for process in diagram.processes.values() if process.nodes and not process.global_task
        for finding in _Analysis(process, beside, fields).run()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    node: str
    name: str
    written: Written | None
    after: bool


class _Analysis:
    """One process. Sets of variables are masks over the names that are read."""

    def __init__(self, process: Process, beside: Beside, fields: Mapping[str, frozenset[str]] | None) -> None:
        self.process = process
        self.beside = beside
        self.fields = fields
        self.reads = list(self._reads())
        self.unwritten: set[str] = set()
        self.ends = 0
        self.bits = {name: 1 << place for place, name in enumerate(dict.fromkeys(r.name for r in self.reads))}
        self.all = (1 << len(self.bits)) - 1
        self.sure = {n.id: self._mask(self._surely(n)) for n in process.nodes.values() if not n.is_scope}
        self.may = {n.id: self._mask(writes(n, fields)) for n in process.nodes.values() if not n.is_scope}

    def run(self) -> Iterator[Finding]:
        given = self._given(self.process.id)
        if self.reads:
            yield from self._never(given)
            found: list[Finding] = []
            self._scope(self.process.id, given, found)
            yield from found
        yield from self._concurrent()

    def _reads(self) -> Iterator[_Read]:
        names = names_of(self.process)
        known = _declared(self.process)
        for written in expressions_of(self.process):
            if written.literal:
                continue
            expression = parsed(written.plain, names | written.local)
            if isinstance(expression, Expression):
                after = written.element in self.process.flows
                for name in sorted(expression.reads - written.local - known):
                    if not _guarded(name, written.plain):
                        yield _Read(node=written.node, name=name, written=written, after=after)
        for node in self.process.nodes.values():
            if node.loop is not None and node.loop.collection:
                yield _Read(node=node.id, name=node.loop.collection, written=None, after=False)

    def _mask(self, names: Iterable[str]) -> int:
        if names is ANYTHING:
            return self.all
        mask = 0
        for name in names:
            mask |= self.bits.get(name, 0)
        return mask

    def _surely(self, node: Node) -> Iterable[str]:
        """Whoever may write anything is trusted to write what is wanted."""
        return ANYTHING if writes(node, self.fields) is ANYTHING else surely(node, self.fields)

    def _given(self, owner: str) -> int:
        """Data objects and properties with an initial value."""
        nodes = self.process.nodes
        variables = nodes[owner].variables if owner in nodes else self.process.variables
        loop = nodes[owner].loop if owner in nodes else None
        item = loop.item if loop is not None else None
        return self._mask([v.name for v in variables if v.value] + ([item] if item else []))

    # --- never set ------------------------------------------------------------------------------------

    def _never(self, given: int) -> Iterator[Finding]:
        written = given
        for node in self.process.nodes.values():
            written |= self._given(node.id) if node.is_scope else self.may[node.id]
        told: set[str] = set()
        for read in self.reads:
            if not written & self.bits[read.name] and read.name not in told:
                told.add(read.name)
                yield self._finding(read, "never-set", (
                    f"「{read.name}」を読みますが、このプロセスのどの手順も決めません。始まるときに渡されなければ空のままです。"
                    "名前の書き違いか、決める手順の抜けがないか確かめてください。"
                ))
        self.unwritten = told

    # --- maybe unset ----------------------------------------------------------------------------------

    def _scope(self, scope: str, given: int, found: list[Finding]) -> int:
        """Judges the reads of a scope entered with `given`; what is surely set when it completes."""
        net = compile_scope(self.process, scope)
        if not net.starts:
            return given
        for node in net.nodes.values():
            if node.is_scope:
                self.sure[node.id] = self.may[node.id] = self.all  # until its own analysis is done below
        before = self._fixpoint(net, given)
        inner = False
        for node in net.nodes.values():
            if node.is_scope and node.kind != "adHocSubProcess":
                entered = self.all if node.triggered_by_event else before.get(node.id, self.all)
                left = self._scope(node.id, entered | self._given(node.id), found)
                self.sure[node.id] = left if node.loop is None else 0
                inner = True
        if inner:
            before = self._fixpoint(net, given)
        self._judge(net, before, found)
        return self.ends

    def _fixpoint(self, net: Net, given: int) -> dict[str, int]:
        """What is surely set when each node begins; leaves what is set at every end in `self.ends`."""
        known: list[int | None] = [None] * len(net.places)
        waiting: deque[int] = deque()
        for _, marking in net.starts:
            for place in net.marked(marking):
                known[place] = given
                waiting.append(place)
        while waiting:
            for transition in net.consumers[waiting.popleft()]:
                after = self._after(net, transition, known)
                for place in transition.gives if after is not None else ():
                    old = known[place]
                    new = after if old is None else old & (after or 0)
                    if new != old and not net.places[place].startswith("@armed:"):
                        known[place] = new
                        waiting.append(place)
        ends = [mask for place in net.ends if (mask := known[place]) is not None]
        self.ends = self.all
        for mask in ends:
            self.ends &= mask
        return self._begins(net, known)

    def _after(self, net: Net, transition: Transition, known: list[int | None]) -> int | None:
        masks = [known[p] for p in transition.takes if not net.places[p].startswith("@armed:")]
        here = [mask for mask in masks if mask is not None]
        if not here or (len(here) < len(masks) and not transition.waits):
            return None
        joined = here[0]
        for mask in here[1:]:
            joined = joined & mask if transition.waits else joined | mask
        wrote = transition.chosen[0] if transition.interrupted else transition.node
        return joined | self.sure.get(wrote, 0)

    def _begins(self, net: Net, known: list[int | None]) -> dict[str, int]:
        found: dict[str, int] = {}
        for transition in net.transitions:
            masks = [m for p in transition.takes if (m := known[p]) is not None and net.places[p][:7] != "@armed:"]
            if not masks:
                continue
            joined = masks[0]
            for mask in masks[1:]:
                joined = joined & mask if transition.waits else joined | mask
            found[transition.node] = found.get(transition.node, self.all) & joined
        return found

    def _judge(self, net: Net, before: Mapping[str, int], found: list[Finding]) -> None:
        told: set[tuple[str, str]] = set()
        for read in self.reads:
            node = self.process.nodes.get(read.node)
            if node is None or node.parent != net.scope or read.name in self.unwritten:
                continue
            at = node.attached_to or node.id
            known = before.get(at, self.all) | (self.sure.get(at, 0) if read.after and at == node.id else 0)
            if known & self.bits[read.name] or (node.id, read.name) in told:
                continue
            told.add((node.id, read.name))
            way = self._way_round(net, at, self.bits[read.name])
            found.append(self._finding(read, "maybe-unset", self._round(read, way), way))

    def _round(self, read: _Read, way: tuple[TraceStep, ...]) -> str:
        names = [step.name for step in way if self.process.nodes[step.element].kind != "exclusiveGateway" or "を選ぶ" in step.name]
        passed = f"（{'→'.join(names[-4:])}）" if names else ""
        return (
            f"「{read.name}」は、まだ決まっていないことがあります{passed}。決める手順を通らない道があります。"
            "先に決めるか、決まっていない場合の道を条件に書いてください。"
        )

    def _way_round(self, net: Net, target: str, bit: int) -> tuple[TraceStep, ...]:
        """The shortest way from the start to the node that no writer lies on."""
        came: dict[int, tuple[int, Transition] | None] = {}
        waiting: deque[int] = deque()
        for _, marking in net.starts:
            for place in net.marked(marking):
                came.setdefault(place, None)
                waiting.append(place)
        while waiting:
            place = waiting.popleft()
            for transition in net.consumers[place]:
                if transition.node == target:
                    return _walked(net, came, place)
                wrote = transition.chosen[0] if transition.interrupted else transition.node
                if self.sure.get(wrote, 0) & bit:
                    continue
                for after in transition.gives:
                    if after not in came:
                        came[after] = (place, transition)
                        waiting.append(after)
        return ()

    def _finding(self, read: _Read, rule: str, message: str, trace: tuple[TraceStep, ...] = ()) -> Finding:
        node = self.process.nodes.get(read.node)
        where = f"{called(node)}：" if node is not None else ""
        element = read.written.element if read.written is not None else read.node
        line = read.written.line if read.written is not None else node.line if node is not None else None
        return Finding(rule=rule, severity="warning", element=element, line=line, message=where + message, trace=trace)

    # --- concurrent writers -----------------------------------------------------------------------------

    def _concurrent(self) -> Iterator[Finding]:
        scopes = dict.fromkeys(node.parent for node in self.process.nodes.values())
        for scope in scopes:
            yield from self._concurrent_in(scope)

    def _slow(self, *nodes: str) -> bool:
        """Whether one of them takes time; what a script reads and writes is done in one moment."""
        return any(self.process.nodes[node].kind not in _AT_ONCE for node in nodes)

    def _concurrent_in(self, scope: str) -> Iterator[Finding]:
        parent = self.process.nodes.get(scope)
        if parent is not None and parent.kind == "adHocSubProcess":
            return
        writers = {
            node.id: names for node in self.process.children(scope)
            if (names := writes(node, self.fields)) is not ANYTHING and names
        }
        pairs = {
            (one, other): sorted(writers[one] & writers[other])
            for one in writers for other in writers
            if one < other and writers[one] & writers[other] and self._slow(one, other)
        }
        if not pairs:
            return
        net = compile_scope(self.process, scope)
        for one, other in _open_together(net, set(pairs)):
            first, second = self.process.nodes[one], self.process.nodes[other]
            both = "・".join(pairs[one, other])
            yield Finding(
                rule="concurrent-writers", severity="warning", element=other, line=second.line,
                message=f"{called(first)}と{called(second)}は同時に進み、どちらも「{both}」を書きます。"
                "後から終わった方の値が残ります。名前を分けてください。",
            )


_AT_ONCE = frozenset({"scriptTask", "businessRuleTask"})


def _declared(process: Process) -> frozenset[str]:
    """Inputs that the process declares for itself: whoever calls it gives them."""
    return frozenset(v.name for v in process.variables if v.kind == "dataInput")


def _guarded(name: str, text: str) -> bool:
    """Whether the expression itself asks if the variable is there."""
    escaped = re.escape(name)
    return re.search(rf"is defined\s*\(\s*{escaped}|{escaped}\s*!?=\s*null|get or else\s*\(\s*{escaped}", text) is not None


def _walked(net: Net, came: Mapping[int, tuple[int, Transition] | None], place: int) -> tuple[TraceStep, ...]:
    path: list[tuple[Transition, int]] = []
    step = came[place]
    marking = 1 << 2 * place
    while step is not None:
        before, transition = step
        path.append((transition, marking))
        marking = 1 << 2 * before
        step = came[before]
    return steps(net, tuple(reversed(path)))


def _open_together(net: Net, pairs: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs of nodes that can hold tokens at the same moment."""
    entry: dict[int, str] = {}
    for transition in net.transitions:
        for place in transition.takes:
            entry.setdefault(place, transition.node)
    wanted = {name for pair in pairs for name in pair}
    found: set[tuple[str, str]] = set()
    for marking in markings(net, _STATES):
        here = sorted({entry[p] for p in net.marked(marking) if entry.get(p) in wanted})
        found.update((a, b) for i, a in enumerate(here) for b in here[i + 1:] if (a, b) in pairs)
    return sorted(found)
