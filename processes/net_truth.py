"""Equal conditions share one truth value: a choice taken at one gateway binds the next one that asks the same,
until a step that may write one of the variables the condition reads has run."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from processes.bpmn_values import Node, Process
from processes.feel import FeelSyntaxError, parse
from processes.writers import ANYTHING, writes

Literal = tuple[int, bool]  # (number of the condition, the value it must have)


@dataclass(slots=True)
class Truths:
    """The conditions that stand at more than one choice of a scope, or at one in a round without writers. Of a
    marking, two bits a condition: known, and true."""

    numbers: dict[str, int] = field(default_factory=dict)
    literals: dict[str, Literal] = field(default_factory=dict)  # flow → what its condition says
    reads: list[frozenset[str]] = field(default_factory=list)
    above: int = 0

    @classmethod
    def of(cls, process: Process, nodes: Mapping[str, Node]) -> "Truths":
        stands: dict[str, tuple[str, bool, str]] = {}
        for node in nodes.values():
            for flow in node.outgoing:
                condition = process.flows[flow].condition
                if condition is not None and flow != node.default and not _TIMELY.search(condition):
                    stands[flow] = (*_base(condition), node.id)
        choices = Counter(text for text, _ in {(text, at) for text, _, at in stands.values()})
        values = {(text, at, value) for text, value, at in stands.values()}
        asked: dict[str, frozenset[str]] = {}
        for text, _, at in stands.values():
            asked[at] = asked.get(at, frozenset()) | _reads(text)
        turning = {at for at, read in asked.items() if _turns(process, nodes, at, read)}
        truths = cls()
        for flow, (text, value, at) in stands.items():
            if choices[text] > 1 or (text, at, not value) in values or at in turning:
                truths.literals[flow] = (truths._number(text), value)
        return truths

    def _number(self, text: str) -> int:
        if text not in self.numbers:
            self.numbers[text] = len(self.numbers)
            self.reads.append(_reads(text))
        return self.numbers[text]

    def literal(self, flow: str) -> Literal | None:
        return self.literals.get(flow)

    def place_above(self, places: int) -> None:
        self.above = 2 * places

    def forgotten_after(self, node: Node) -> int:
        """Mask (not yet shifted) of the conditions whose variables the node may write."""
        written = writes(node)
        mask = 0
        for number, read in enumerate(self.reads):
            if written is ANYTHING or read & written:
                mask |= 3 << 2 * number
        return mask

    def allow(self, marking: int, asked: Iterable[Literal]) -> bool:
        known = marking >> self.above
        return all(not known >> 2 * n & 1 or bool(known >> 2 * n & 2) == value for n, value in asked)

    def learn(self, marking: int, asked: Iterable[Literal], forgets: int) -> int:
        """The marking after what is forgotten by the step, then decided by its choice."""
        marking &= ~(forgets << self.above)
        for number, value in asked:
            marking |= (3 if value else 1) << self.above + 2 * number
        return marking


def _turns(process: Process, nodes: Mapping[str, Node], gateway: str, read: frozenset[str]) -> bool:
    """Whether a way leads from the choice back to it past nobody who could change the answer."""
    if any(_changes(node, read) for node in process.nodes.values() if node.id not in nodes):
        return False
    seen: set[str] = set()
    stack = [gateway]
    while stack:
        for flow in nodes[stack.pop()].outgoing:
            target = process.flows[flow].target
            if target == gateway:
                return True
            if target in nodes and target not in seen and not _changes(nodes[target], read):
                seen.add(target)
                stack.append(target)
    return False


def _changes(node: Node, read: frozenset[str]) -> bool:
    written = writes(node)
    return written is ANYTHING or bool(read & written)


_TIMELY = re.compile(r"\b(now|today|random)\s*\(")  # another answer each time


def conditions_of(process: Process, node: Node) -> list[str]:
    """The conditions on the flows that leave a node."""
    return [c for flow in node.outgoing if (c := process.flows[flow].condition) is not None]


def covers(conditions: Iterable[str]) -> bool:
    """Whether one of these always holds: `true`, or some x together with not(x)."""
    seen = {_base(condition) for condition in conditions}
    return ("true", True) in seen or any((text, not value) in seen for text, value in seen)


_NEGATED = re.compile(r"not\s*\((.*)\)$", re.DOTALL)
_DIFFERS = re.compile(r"([^!<>=()\"]+)!=([^!<>=()]+)$")


def _base(condition: str) -> tuple[str, bool]:
    """The condition without its outermost negation, spaces made equal: `not(x)` is (x, False)."""
    text = _even(condition.removeprefix("=").strip())
    negated = _NEGATED.match(text)
    if negated and _balanced(negated.group(1)):
        inner, value = _base(negated.group(1))
        return inner, not value
    differs = _DIFFERS.match(text)
    if differs:
        return f"{differs.group(1).strip()} = {differs.group(2).strip()}", False
    if text.endswith("= false") and not set("<>!()") & set(text):
        return text.removesuffix("= false").strip(), False
    if text.endswith("= true") and not set("<>!()") & set(text):
        return text.removesuffix("= true").strip(), True
    return text, True


def _even(text: str) -> str:
    parts = text.split('"')
    parts[::2] = [re.sub(r"\s*(!=|<=|>=|=|<|>)\s*", r" \1 ", " ".join(part.split())) for part in parts[::2]]
    return '"'.join(parts).strip()


def _balanced(text: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return False
    return depth == 0


@lru_cache(maxsize=4096)
def _reads(text: str) -> frozenset[str]:
    try:
        return parse(text).reads
    except FeelSyntaxError:
        return frozenset()
