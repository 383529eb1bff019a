"""Which shared conditions bind nobody: where every way from one choice that asks a condition to the next passes a step
that may change the answer, and every choice has a way on whatever the answer, the choices are free. A net without their
truths does all that the net with them does, ends wherever that ends, and is smaller."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from processes.net import Net, Transition


def freed(net: Net) -> Net:
    """The net without the conditions that bind nobody."""
    free = frozenset(number for number in range(len(net.truths.numbers)) if _is_fresh(net, number)) - _incomplete(net)
    if not free:
        return net
    mask = sum(3 << 2 * number for number in free)
    changed = [
        replace(one, truth=tuple(asked for asked in one.truth if asked[0] not in free), forgets=one.forgets & ~mask)
        for one in net.transitions
    ]
    consumers: list[list[Transition]] = [[] for _ in net.places]
    for one in changed:
        for place in one.takes:
            consumers[place].append(one)
    return replace(net, transitions=changed, consumers=consumers)


def _is_fresh(net: Net, number: int) -> bool:
    """Whether no way leads from a choice that asks it to one that asks it, past nobody who may change it."""
    asking = [one for one in net.transitions if any(asked == number for asked, _ in one.truth)]
    stack = [place for one in asking for place in one.gives]
    seen = set(stack)
    while stack:
        for one in net.consumers[stack.pop()]:
            if any(asked == number for asked, _ in one.truth):
                return False
            if one.forgets >> 2 * number & 3:
                continue
            for place in one.gives:
                if place not in seen:
                    seen.add(place)
                    stack.append(place)
    return True


def _incomplete(net: Net) -> frozenset[int]:
    """Conditions asked at a choice that has no way on for some answers."""
    choices: dict[tuple[int, ...], list[Transition]] = {}
    for one in net.transitions:
        choices.setdefault(one.takes, []).append(one)
    return frozenset(number for group in choices.values() for number in _unanswered(group))


def _unanswered(group: list[Transition]) -> Iterator[int]:
    numbers = sorted({number for one in group for number, _ in one.truth})
    if len(numbers) > 6 or any(
        all(any(answer[number] is not value for number, value in one.truth) for one in group)
        for answer in (dict(zip(numbers, values, strict=True)) for values in product((True, False), repeat=len(numbers)))
    ):
        yield from numbers
