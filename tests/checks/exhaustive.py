"""Every marking that a flat diagram can come to, by the plainest possible search over the independent interpreter's
rules (`tests/runtime/oracle_net`): one firing at a time, in any order, every choice. It knows nothing of the checker's
nets, masks and reductions. A message beside a task is let come once, as the checker counts it."""

from collections import Counter
from itertools import product

from tests.runtime.oracle_net import Markings, Net


class TooMany(Exception):
    """More markings than this search is willing to see."""


class Exhaustive:
    """`unsafe`: a flow gets two tokens; `stuck`: tokens are left and nothing can fire; `endless`: a marking from
    which none at rest can be reached."""

    def __init__(self, net: Net, limit: int = 500) -> None:
        self.net = net
        self.rules = Markings.__new__(Markings)
        self.rules.net = net
        self.unsafe = self.stuck = False
        self.fired = set()
        start = next(node for node, kind in net.kinds.items() if kind == "startEvent")
        armed = frozenset(event for event, (_, interrupting) in net.boundaries.items() if not interrupting)
        first = [(frozenset(Counter(flows).items()), truth, armed) for flows, truth in self._leave(start, {})]
        self.after = {}
        waiting = list(first)
        while waiting:
            state = waiting.pop()
            if state in self.after:
                continue
            if len(self.after) > limit:
                raise TooMany
            on = dict(state[0])
            if any(count > 1 for count in on.values()):
                self.unsafe = True
                self.after[state] = []
                continue
            self.after[state] = list(self._following(on, dict(state[1]), state[2]))
            self.stuck = self.stuck or (bool(on) and not self.after[state])
            waiting.extend(self.after[state])
        self.endless = self._endless()

    def _endless(self):
        before = {}
        for state, following in self.after.items():
            for one in following:
                before.setdefault(one, []).append(state)
        good = {state for state, following in self.after.items() if not following}
        stack = list(good)
        while stack:
            for state in before.get(stack.pop(), ()):
                if state not in good:
                    good.add(state)
                    stack.append(state)
        return len(good) < len(self.after)

    def _following(self, on, truth, armed):
        self.rules.on, self.rules.open = Counter(on), Counter()
        for node, kind in self.net.kinds.items():
            for taken, gone, known, left in self._firings(node, kind, on, truth, armed):
                for flows, after in gone(known):
                    self.fired.add(node)
                    marking = Counter(on)
                    marking.subtract(taken)
                    marking.update(flows)
                    yield frozenset((+marking).items()), after, left

    def _firings(self, node, kind, on, truth, armed):
        into = self.net.into(node)
        here = [flow for flow in into if flow in on]
        if kind == "parallelGateway" and into and len(here) == len(into):
            yield into, lambda known: self._all(node, known), truth, armed
        elif kind == "inclusiveGateway" and len(into) > 1:
            if here and all(self.rules._harmless({flow}, node, set(here)) for flow in on):
                yield here, lambda known: self._inclusive(node, known), truth, armed
        elif kind in ("inclusiveGateway", "exclusiveGateway"):
            gone = self._inclusive if kind == "inclusiveGateway" else self._exclusive
            for flow in here:
                yield [flow], lambda known: gone(node, known), truth, armed
        elif kind in ("userTask", "endEvent"):
            for flow in here:  # answers may change what any condition reads
                yield [flow], lambda known: self._leave(node, known), {} if kind == "userTask" else truth, armed
        elif kind == "boundaryEvent":
            host, interrupting = self.net.boundaries[node]
            for flow in self.net.into(host):
                if flow in on and interrupting:
                    yield [flow], lambda known: self._leave(node, known), {}, armed
                elif flow in on and node in armed:
                    yield [], lambda known: self._leave(node, known), {}, armed - {node}

    def _choices(self, node, truth):
        """Every way in which the conditions at the node may hold, given what is known."""
        asked = sorted({self.net.conditions[f] for f in self.net.out(node) if f in self.net.conditions} - set(truth))
        for values in product((False, True), repeat=len(asked)):
            yield truth | dict(zip(asked, values, strict=True))

    def _by(self, node, truth, rule):
        for known in self._choices(node, truth):
            self.rules.pick = known
            self.rules.on = Counter()
            before = self.rules.on
            rule(node)
            yield list(before.elements()), frozenset(known.items())

    def _exclusive(self, node, truth):
        yield from self._by(node, truth, self.rules._first)

    def _inclusive(self, node, truth):
        yield from self._by(node, truth, self.rules._chosen)

    def _leave(self, node, truth):
        yield from self._by(node, truth, self.rules._leave)

    def _all(self, node, truth):
        yield self.net.out(node), frozenset(truth.items())
