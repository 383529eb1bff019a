"""Proving a large net sound without playing it whole: rules that keep every verdict (Murata 1989 §5; Esparza and Desel's
free-choice reductions) shrink sequences, choices, parallel and inclusive blocks, loops and reminders to almost nothing, and
what is left is played. Only a clean result counts as proof; whatever looks like trouble is searched in the net as drawn,
where the counterexample can be shown.

A step whose choice asks or forgets a shared truth is left as it is."""

from dataclasses import dataclass, field, replace

from processes.net import Net, Transition, reach_of


@dataclass(slots=True)
class _Step:
    """A transition under reduction; `nodes` are all that surely happen when it does."""

    source: Transition
    takes: frozenset[int]
    gives: frozenset[int]
    nodes: frozenset[str]

    @property
    def plain(self) -> bool:
        one = self.source
        return not (one.waits or one.kills or one.truth or one.forgets)


@dataclass(frozen=True, slots=True)
class Reduced:
    """A smaller net with the same verdict. `nodes` are the nodes behind each label of its transitions, `at_once` those
    that happen in any case."""

    net: Net
    start: int
    nodes: dict[str, frozenset[str]]
    at_once: frozenset[str]

    def fired(self, labels: set[str]) -> set[str]:
        return {node for label in labels for node in self.nodes.get(label, ())} | self.at_once


class _Unsafe(Exception):
    """Two tokens would meet: no reduction can be trusted."""


def reduce(net: Net, start: int) -> Reduced | None:
    """The net shrunk as far as the rules go; None if they show that two tokens could meet."""
    try:
        return _Reducing(net, start).run()
    except _Unsafe:
        return None


@dataclass(slots=True)
class _Reducing:
    net: Net
    start: int
    steps: dict[int, _Step] = field(default_factory=dict)
    before: dict[int, set[int]] = field(default_factory=dict)  # place → steps that give to it
    after: dict[int, set[int]] = field(default_factory=dict)  # place → steps that take from it
    marked: set[int] = field(default_factory=set)
    at_once: frozenset[str] = frozenset()

    def run(self) -> Reduced:
        self.marked = set(self.net.marked(self.start))
        for place in range(len(self.net.places)):
            self.before[place], self.after[place] = set(), set()
        for one in self.net.transitions:
            if len(set(one.gives)) < len(one.gives):
                raise _Unsafe
            self._put(one.index, _Step(one, frozenset(one.takes), frozenset(one.gives), frozenset({one.node})))
        while any([self._series(), self._twins(), self._rounds(), self._parallel_places(), self._reminders(),
                   self._inclusive_blocks()]):
            pass
        return self._made()

    def _put(self, index: int, step: _Step) -> None:
        self.steps[index] = step
        for place in step.takes:
            self.after[place].add(index)
        for place in step.gives:
            self.before[place].add(index)

    def _drop(self, index: int) -> _Step:
        step = self.steps.pop(index)
        for place in step.takes:
            self.after[place].discard(index)
        for place in step.gives:
            self.before[place].discard(index)
        return step

    def _change(self, index: int, takes: frozenset[int], gives: frozenset[int], more: frozenset[str]) -> None:
        step = self._drop(index)
        self._put(index, _Step(step.source, takes, gives, step.nodes | more))

    def _remove_place(self, place: int) -> None:
        self.marked.discard(place)
        del self.before[place], self.after[place]

    def _series(self) -> bool:
        """A place with a single way on: who gives to it gives what comes after instead."""
        changed = False
        for place in list(self.before):
            found = self.after[place]
            step = self.steps[next(iter(found))] if len(found) == 1 else None
            if step is None or not step.plain or step.takes != {place} or place in step.gives:
                continue
            index = next(iter(found))
            for giver in list(self.before[place]):
                rest = self.steps[giver].gives - {place}
                if rest & step.gives:
                    raise _Unsafe
                self._change(giver, self.steps[giver].takes, rest | step.gives, step.nodes)
            if place in self.marked:
                if self.marked & step.gives:
                    raise _Unsafe
                self.marked |= step.gives
                self.at_once |= step.nodes
            self._drop(index)
            self._remove_place(place)
            changed = True
        return changed

    def _twins(self) -> bool:
        """Steps that take and give the same: one is enough."""
        seen: dict[object, int] = {}
        changed = False
        for index, step in list(self.steps.items()):
            one = step.source
            if one.waits:
                continue
            key = step.takes, step.gives, one.kills, one.truth, one.forgets
            if key in seen:
                self._drop(index)
                kept = self.steps[seen[key]]
                kept.nodes |= step.nodes
                changed = True
            else:
                seen[key] = index
        return changed

    def _rounds(self) -> bool:
        """A step back to where it began changes nothing; it happens if anything ever comes there."""
        found = [index for index, step in self.steps.items() if step.plain and step.takes == step.gives]
        for index in found:
            step = self._drop(index)
            self._note(min(step.takes), step.nodes)
        return bool(found)

    def _note(self, place: int, nodes: frozenset[str]) -> None:
        """These nodes happen whenever something comes to the place."""
        for giver in self.before[place]:
            self.steps[giver].nodes |= nodes
        if place in self.marked:
            self.at_once |= nodes

    def _parallel_places(self) -> bool:
        """Places filled and emptied by the same steps: one is enough."""
        seen: dict[object, int] = {}
        changed = False
        for place in list(self.before):
            if place in self.net.ends or not self.after[place] or self._waited_at(place):
                continue
            key = frozenset(self.before[place]), frozenset(self.after[place]), place in self.marked
            if key in seen and not self.net.places[place].startswith("@armed:"):
                for index in set(self.before[place]) | set(self.after[place]):
                    step = self.steps[index]
                    self._change(index, step.takes - {place}, step.gives - {place}, frozenset())
                self._remove_place(place)
                changed = True
            else:
                seen[key] = place
        return changed

    def _waited_at(self, place: int) -> bool:
        return any(self.steps[index].source.waits for index in self.after[place])

    def _reminders(self) -> bool:
        """What happens once beside an open activity and ends by itself, at an end that nothing else reaches."""
        changed = False
        for armed in [p for p in self.before if self.net.places[p].startswith("@armed:")]:
            found = list(self.after[armed])
            if not found or self.before[armed] or not all(self._ends_by_itself(i, armed) for i in found):
                changed = self._unfolded(found, armed) or changed
                continue
            for index in found:
                step = self._drop(index)
                self._note(min(step.takes - {armed}), step.nodes)
                for end in step.gives - step.takes:
                    self._remove_place(end)
            self._remove_place(armed)
            changed = True
        return changed

    def _ends_by_itself(self, index: int, armed: int) -> bool:
        step = self.steps[index]
        beside = step.takes - {armed}
        rest = step.gives - beside
        return step.plain and len(beside) == 1 and beside <= step.gives and all(
            end in self.net.ends and self.before[end] == {index} and self._alone(end) for end in rest
        )

    def _alone(self, end: int) -> bool:
        """The end node is reached in this one way only, so that no second token can come to it."""
        node = self.net.ended(end)
        return sum(1 for one in self.net.ends if self.net.ended(one) == node) == 1

    def _unfolded(self, found: list[int], armed: int) -> bool:
        """A choice on the way of a reminder is taken as it begins."""
        for index in found:
            step = self.steps[index]
            for place in step.gives - step.takes:
                choices = list(self.after[place])
                if place in self.marked or self.before[place] != {index} or not 1 < len(choices) <= 4 or not step.plain:
                    continue
                if not all(self.steps[c].plain and self.steps[c].takes == {place} for c in choices):
                    continue
                if any(self.steps[c].gives & step.gives for c in choices):
                    continue
                self._drop(index)
                for choice in choices:
                    taken = self._drop(choice)
                    self._put(choice, _Step(
                        replace(step.source, index=choice), step.takes, step.gives - {place} | taken.gives,
                        step.nodes | taken.nodes,
                    ))
                self._remove_place(place)
                return True
        return False

    def _inclusive_blocks(self) -> bool:
        """An inclusive choice whose branches all come to one inclusive join, and nothing else does."""
        changed = False
        for join, inputs in self.net.joins.items():
            waiting = [i for i, step in self.steps.items() if step.source.waits and step.source.node == join]
            places = frozenset(inputs)
            if not waiting or not places <= self.before.keys() or places & self.marked:
                continue
            splits = {giver for place in places for giver in self.before[place]}
            sources = {frozenset(self.steps[one].takes) for one in splits}
            if not splits or len(sources) != 1 or not all(self._branches(one, places) for one in splits):
                continue
            [source] = next(iter(sources)) if len(next(iter(sources))) == 1 else [None]
            neutral = all(not (self.steps[i].source.truth or self.steps[i].source.forgets) for i in waiting)
            if source is None or self.after[source] != splits or not neutral:
                continue
            self._shortcut(source, splits, waiting, places)
            changed = True
        return changed

    def _branches(self, index: int, places: frozenset[int]) -> bool:
        step = self.steps[index]
        return step.plain and bool(step.gives) and step.gives <= places

    def _shortcut(self, source: int, splits: set[int], waiting: list[int], places: frozenset[int]) -> None:
        nodes = frozenset[str]().union(*(self._drop(one).nodes for one in splits))
        for index in waiting:
            step = self._drop(index)
            passing = replace(step.source, waits=False, node=f"{step.source.node}*")
            self._put(index, _Step(passing, frozenset({source}), step.gives, step.nodes | nodes))
        for place in places:
            self._remove_place(place)

    def _made(self) -> Reduced:
        transitions: list[Transition] = []
        nodes: dict[str, frozenset[str]] = {}
        for number, step in enumerate(self.steps.values()):
            label = step.source.node if step.source.waits else f"#{number}"
            nodes[label] = nodes.get(label, frozenset()) | step.nodes
            transitions.append(replace(
                step.source, index=number, node=label, takes=tuple(sorted(step.takes)), gives=tuple(sorted(step.gives)),
                taken=sum(1 << 2 * place for place in step.takes), chosen=(),
            ))
        waited = {one.node for one in transitions if one.waits}
        small = replace(
            self.net, transitions=transitions, consumers=[[] for _ in self.net.places],
            joins={join: inputs for join, inputs in self.net.joins.items() if join in waited},
        )
        for one in transitions:
            for place in one.takes:
                small.consumers[place].append(one)
        small.reach = reach_of(small)
        known = self.start >> self.net.truths.above << self.net.truths.above
        return Reduced(small, known + sum(1 << 2 * place for place in self.marked), nodes, self.at_once)
