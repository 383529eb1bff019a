"""Exploring the markings of a net. Small nets breadth-first and whole, which gives the shortest counterexample at
once. Larger ones depth-first, playing in each marking only one set of tokens that no other can disturb (a
persistent set; a marking still on the stack is expanded whole, so that nothing is put off for ever), and then
breadth-first only to show the trouble that was found."""

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from processes.net import Net, Transition
from processes.soundness_freshness import freed
from processes.soundness_reduction import reduce

Move = tuple[Transition, int, tuple[int, ...]]  # the transition, the marking after it, places that get a second token
Path = tuple[tuple[Transition, int], ...]  # transitions with the marking after each


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Numbers of markings: explored whole, explored reduced, and searched for a short counterexample."""

    small: int = 100  # places; larger nets are reduced before they are explored
    whole: int = 2_000
    reduced: int = 60_000
    trace: int = 20_000

    def sized(self, places: int) -> "Limits":
        """Fewer markings for a larger net, since each costs more: a check answers within seconds at any size."""
        reduced = min(self.reduced, max(5_000, 12_000_000 // max(places, 1)))
        return Limits(small=self.small, whole=self.whole, reduced=reduced, trace=min(self.trace, reduced))


@dataclass(slots=True)
class Effort:
    """What a check may still spend on all its scopes together: tries of transitions and looks at places, each about a
    microsecond. A search takes half of what is left."""

    left: int = 6_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A way into trouble: the moves, the marking there, and the place that got two tokens (-1: none)."""

    path: Path
    marking: int
    place: int = -1


@dataclass(slots=True, kw_only=True)
class Found:
    """What the exploration from one start met; `whole`: nothing was left out."""

    fired: set[str] = field(default_factory=set)
    completes: bool = False
    truncated: bool = False
    collision: Trouble | None = None
    standstill: Trouble | None = None
    endless: Trouble | None = None
    passed: tuple[Trouble, ...] = ()  # ways on which two tokens end by the same flow
    twice: Trouble | None = None

    @property
    def whole(self) -> bool:
        return not self.truncated and self.collision is None and self.standstill is None


def explore(net: Net, start: int, limits: Limits, effort: Effort | None = None) -> Found:
    """The first trouble of each kind from this marking, by the shortest way where the limits allow."""
    effort = effort or Effort()
    if net.too_wide:
        return Found(truncated=True)
    if len(net.places) > limits.small and (proved := proof(net, start, limits, effort)) is not None:
        return proved
    whole = _Breadth(net, start, limits.whole, effort)
    if not whole.truncated:
        return whole.found()
    if len(net.places) <= limits.small and (proved := proof(net, start, limits, effort)) is not None:
        return proved
    return _shortened(net, start, limits, _Depth(net, start, limits.reduced, effort).found(), effort)


def played_whole(net: Net, start: int, limit: int) -> Found | None:
    """What every marking together shows; None if there are more than `limit`."""
    played = _Breadth(net, start, limit, Effort())
    return None if played.truncated else played.found()


def proof(net: Net, start: int, limits: Limits, effort: Effort | None = None) -> Found | None:
    """That nothing is wrong, shown on the reduced net; None if it cannot be shown there."""
    small = reduce(freed(net), start)
    if small is None:
        return None
    effort = effort or Effort()
    played: _Search = _Breadth(small.net, small.start, limits.whole, effort)
    if played.truncated:
        played = _Depth(small.net, small.start, limits.reduced, effort)
    found = played.found()
    trouble = found.collision or found.standstill or found.endless or found.twice or found.passed
    if found.truncated or trouble or not found.completes:
        return None
    return Found(fired=small.fired(found.fired), completes=True)


def _shortened(net: Net, start: int, limits: Limits, found: Found, effort: Effort) -> Found:
    if found.collision is None:
        found.collision = next((_overtaken(net, start, end) or end for end in found.passed), None)
    if found.collision or found.standstill:
        short = _Breadth(net, start, limits.trace, effort).found()
        found.collision = short.collision or found.collision
        found.standstill = short.standstill or found.standstill
    return found


def _overtaken(net: Net, start: int, end: Trouble) -> Trouble | None:
    """The collision that shows when, on a way by which an end is met twice, the first token waits where the
    second one passes too; the reduced search lets it run ahead."""
    transitions = [transition for transition, _ in end.path]
    given: dict[int, list[int]] = {}
    histories: list[frozenset[int]] = []
    held: dict[int, list[frozenset[int]]] = {}
    for position, transition in enumerate(transitions):
        before = [held[place].pop(0) for place in transition.takes if held.get(place)]
        history = frozenset[int]().union(*before) | {position}
        histories.append(history)
        for place in transition.gives:
            earlier = [other for other in given.get(place, ()) if other not in history]
            if earlier and place not in net.ends:
                kept = [t for at, t in enumerate(transitions[: position + 1]) if at == earlier[0]
                        or earlier[0] not in histories[at]]
                return _replayed(net, start, kept, place)
            given.setdefault(place, []).append(position)
            held.setdefault(place, []).append(history)
    return None


def _replayed(net: Net, start: int, transitions: list[Transition], place: int) -> Trouble | None:
    marking = start
    path = []
    for transition in transitions:
        rest = _taken(net, marking, transition)
        if rest is None:
            return None
        _, marking, _ = _given(net, rest, transition)
        path.append((transition, marking))
    return Trouble(path=tuple(path), marking=marking, place=place)


def markings(net: Net, limit: int) -> Iterator[int]:
    """The markings that can be reached, the nearest first, at most about `limit` for each start."""
    for _, start in net.starts:
        yield from _Breadth(net, start, limit, Effort()).came


def moves(net: Net, marking: int, effort: Effort | None = None) -> dict[Hashable, list[Move]]:
    """What can happen next, in groups that compete for the same tokens."""
    groups: dict[Hashable, list[Move]] = {}
    seen: set[int] = set()
    places = list(net.marked(marking))
    for place in places:
        for transition in net.consumers[place]:
            if transition.index not in seen:
                seen.add(transition.index)
                rest = _taken(net, marking, transition)
                if rest is not None:
                    groups.setdefault(_group(transition), []).append(_given(net, rest, transition))
    if effort is not None:
        effort.left -= len(seen) + len(places) * (1 + len(net.places) // 500)
    return groups


def _group(transition: Transition) -> Hashable:
    if transition.waits:
        return ("join", transition.node)
    return transition.takes[0] if len(transition.takes) == 1 or transition.interrupted else ("all", transition.node)


def _taken(net: Net, marking: int, transition: Transition) -> int | None:
    """The marking without the tokens that the transition takes, None if it cannot happen."""
    if not net.truths.allow(marking & ~(transition.forgets << net.truths.above), transition.truth):
        return None
    if transition.waits:
        filled = _arrived(net, marking, transition.node)
        return None if filled is None else marking - sum(1 << 2 * place for place in filled)
    if all(marking >> 2 * place & 3 for place in transition.takes):
        return marking - transition.taken
    return None


def _arrived(net: Net, marking: int, join: str) -> list[int] | None:
    """The inputs with tokens, if no other token can still reach an empty one that it would not also reach one
    already filled by (BPMN 2.0 §13.4.3)."""
    inputs = net.joins[join]
    filled = [place for place in inputs if marking >> 2 * place & 3]
    if not filled:
        return None
    reach = net.reach[join]
    counted = 0
    for place in filled:
        counted |= reach[place] | 3 << 2 * place
    tokens = marking & ~counted
    missing = [place for place in inputs if place not in filled]
    return None if any(tokens & reach[place] for place in missing) else filled


def _given(net: Net, rest: int, transition: Transition) -> Move:
    if transition.kills:
        rest = rest >> net.truths.above << net.truths.above
    double = []
    for place in transition.gives:
        held = rest >> 2 * place & 3
        if held:
            double.append(place)
        if held < 2:
            rest += 1 << 2 * place
    after = net.truths.learn(rest, transition.truth, transition.forgets)
    return transition, after, tuple(double)


def _shared(reach: dict[int, int]) -> int:
    """The places from which a token can still reach more than one input of a join."""
    once = several = 0
    for mask in reach.values():
        several |= once & mask
        once |= mask
    return several


class _Search:
    """What both explorations remember."""

    def __init__(self, net: Net, start: int, limit: int, effort: Effort) -> None:
        self.net = net
        self.limit = limit
        self.effort = effort
        self.keeps = effort.left // 2
        self.start = start
        self.truncated = False
        self.came: dict[int, tuple[int, Transition] | None] = {start: None}
        self.after: dict[int, list[int]] = {}
        self.terminal: list[int] = []
        self.collision: Trouble | None = None
        self.passed: list[Trouble] = []
        self.cut: list[int] = []
        self.fired: set[str] = set()

    def found(self) -> Found:
        stuck = [m for m in self.terminal if not self.net.finished(m)]
        return Found(
            fired=self.fired, truncated=self.truncated, collision=self.collision, passed=tuple(self.passed), twice=self._twice(),
            completes=any(self.net.finished(m) and not self.net.failed(m) for m in self.terminal),
            standstill=Trouble(path=self.path(stuck[0]), marking=stuck[0]) if stuck else None,
            endless=None if self.truncated else self._endless(),
        )

    def path(self, marking: int) -> Path:
        steps = []
        came = self.came[marking]
        while came is not None:
            steps.append((came[1], marking))
            marking = came[0]
            came = self.came[marking]
        return tuple(reversed(steps))

    def spent(self) -> bool:
        """Whether the search has to stop here."""
        self.truncated = self.truncated or len(self.came) > self.limit or self.effort.left < self.keeps
        return self.truncated

    def take(self, marking: int, move: Move) -> bool:
        """Notes the move; whether its marking is new and worth going on from."""
        transition, after, double = move
        self.fired.add(transition.node)
        self.fired.update(transition.chosen if transition.interrupted else ())
        collided = [place for place in double if place not in self.net.ends]
        if collided and self.collision is None:
            self.collision = self._trouble(marking, move, collided[0])
        elif double and not self.passed:
            self.passed.append(self._trouble(marking, move, double[0]))
        if collided:
            self.cut.append(marking)
            return False
        self.after[marking].append(after)
        if after in self.came:
            return False
        self.came[after] = (marking, transition)
        return True

    def _trouble(self, marking: int, move: Move, place: int) -> Trouble:
        return Trouble(path=(*self.path(marking), (move[0], move[1])), marking=move[1], place=place)

    def _twice(self) -> Trouble | None:
        """The first end that two tokens reach by different flows."""
        for marking in self.terminal:
            if self.net.finished(marking) and self.net.ended_twice(marking) is not None:
                return Trouble(path=self.path(marking), marking=marking)
        return None

    def _endless(self) -> Trouble | None:
        """The nearest marking from which no end can be reached although something always happens."""
        before: dict[int, list[int]] = {}
        for marking, following in self.after.items():
            for after in following:
                before.setdefault(after, []).append(marking)
        good = set(self.terminal) | set(self.cut)
        stack = list(good)
        while stack:
            for marking in before.get(stack.pop(), ()):
                if marking not in good:
                    good.add(marking)
                    stack.append(marking)
        lost = [marking for marking in self.came if marking not in good]
        if not lost:
            return None
        nearest = min(lost, key=lambda marking: len(self.path(marking))) if len(lost) < 500 else lost[0]
        return Trouble(path=self.path(nearest), marking=nearest)


class _Breadth(_Search):
    """All markings, the nearest first."""

    def __init__(self, net: Net, start: int, limit: int, effort: Effort) -> None:
        super().__init__(net, start, limit, effort)
        waiting = deque([start])
        while waiting:
            if self.spent():
                return
            marking = waiting.popleft()
            self.after[marking] = []
            groups = moves(net, marking, effort)
            if not groups:
                self.terminal.append(marking)
            for group in groups.values():
                waiting.extend(move[1] for move in group if self.take(marking, move))


class _Depth(_Search):
    """One undisturbed group of moves in each marking."""

    def __init__(self, net: Net, start: int, limit: int, effort: Effort) -> None:
        super().__init__(net, start, limit, effort)
        self.open = {start}
        self.shared = {join: _shared(reach) for join, reach in net.reach.items()}
        self.stack = [(start, self._moves(start))]
        while self.stack:
            marking, rest = self.stack[-1]
            if not self._step(marking, rest):
                self.open.discard(marking)
                self.stack.pop()
            if self.spent():
                return

    def _step(self, marking: int, rest: Iterator[Move]) -> bool:
        for move in rest:
            if self.take(marking, move):
                self.open.add(move[1])
                self.stack.append((move[1], self._moves(move[1])))
                return True
        return False

    def _moves(self, marking: int) -> Iterator[Move]:
        self.after[marking] = []
        groups = moves(self.net, marking, self.effort)
        if not groups:
            self.terminal.append(marking)
        chosen = self._undisturbed(marking, groups)
        if chosen is not None and not all(after in self.open for _, after, _ in groups[chosen]):
            return iter(groups[chosen])
        return iter([move for group in groups.values() for move in group])

    def _undisturbed(self, marking: int, groups: dict[Hashable, list[Move]]) -> Hashable | None:
        able = [key for key, group in groups.items() if self._alone(marking, key, group)]
        return min(able, key=lambda key: self._order(groups[key]), default=None)

    def _alone(self, marking: int, key: Hashable, group: list[Move]) -> bool:
        """Whether no other token's move can change what this group may do, nor this group theirs. A join that
        waits looks at tokens elsewhere; what asks or forgets a shared truth touches all who ask it."""
        first = group[0][0]
        if any(move[0].truth or move[0].forgets for move in group):
            return False
        if first.waits:
            return not marking & self.shared[first.node]
        taken = first.taken
        return not any(taken & shared for shared in self.shared.values())

    def _order(self, group: list[Move]) -> tuple[bool, int]:
        transition = group[0][0]
        return transition.kills, min(self.net.rank[place] for place in transition.takes)


