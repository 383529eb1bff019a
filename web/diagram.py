"""A process drawn on the server from its diagram interchange: plain SVG, no JavaScript, and an outline in words.

What is done and where the case stands is shown by tint, by line and by words in each shape's title; colour alone
never tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias
from xml.sax.saxutils import escape

from engine import runtime
from engine.casebook import Instance
from processes import bpmn
from processes.bpmn_values import ACTIVITIES, GATEWAYS, Bounds, Diagram, Node, Process

MARGIN = 16
#: What the picture near the case's place shows beside it, in points: across, and up and down.
AROUND = (330, 130)
Frame: TypeAlias = tuple[float, float, float, float]
LINE, SIZE, LABEL = 13, 11.5, 10.5
KINDS = {
    "startEvent": "始まり", "endEvent": "終わり", "intermediateCatchEvent": "待ち", "intermediateThrowEvent": "知らせ",
    "boundaryEvent": "割り込み", "exclusiveGateway": "分かれ道（1つ）", "inclusiveGateway": "分かれ道（いくつか）",
    "parallelGateway": "同時に進む", "eventBasedGateway": "先に来た方へ", "complexGateway": "分かれ道", "callActivity": "別の手続き",
    "userTask": "職員", "manualTask": "職員", "businessRuleTask": "表で判断", "scriptTask": "自動", "serviceTask": "自動",
    "sendTask": "知らせる", "receiveTask": "知らせを待つ", "task": "職員", "subProcess": "まとまり",
    "adHocSubProcess": "順不同のまとまり", "transaction": "まとまり",
}  # fmt: skip
STATES = {"active": "いまここ", "done": "済み", "": ""}
MARKS = {
    "exclusiveGateway": "×",
    "inclusiveGateway": "○",
    "parallelGateway": "＋",
    "eventBasedGateway": "◇",
    "complexGateway": "＊",
}
SIGNS = {
    "message": "✉",
    "timer": "◷",
    "signal": "△",
    "error": "⚡",
    "escalation": "▲",
    "conditional": "≡",
    "terminate": "●",
    "compensate": "◀◀",
    "link": "→",
    "cancel": "✕",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the outline; `depth` counts the parts around it, `state` is active, done or nothing."""

    id: str
    name: str
    kind: str
    lane: str
    state: str
    depth: int
    leads_to: tuple[str, ...]

    @property
    def word(self) -> str:
        return STATES[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture (SVG text) and the same in words."""

    svg: str
    outline: tuple[Step, ...]

    @property
    def active(self) -> bool:
        """Whether the case stands somewhere in it."""
        return any(step.state == "active" for step in self.outline)


def draw(
    source: bytes,
    *,
    name: str,
    done: frozenset[str] = frozenset(),
    active: frozenset[str] = frozenset(),
    near: bool = False,
) -> Drawing:
    """Picture and outline of a diagram with what is done and where it stands; `near` shows only what lies around that."""
    read = _read(source, name)
    states = {**dict.fromkeys(done, "done"), **dict.fromkeys(active, "active")}
    return Drawing(
        svg="".join(_svg(read, states, _near(read, active) if near else _frame(read))),
        outline=tuple(_outline(read, states)),
    )


def holds(source: bytes, name: str, elements: frozenset[str]) -> bool:
    """Whether one of these elements lies in this diagram."""
    return any(elements & process.nodes.keys() for process in _read(source, name).processes.values())


def resting(definition: runtime.Definition, instance: Instance, *, now: datetime) -> frozenset[str]:
    """The elements of the main diagram on which a running instance waits."""
    step = runtime.describe(definition, instance.state, now=now)
    return frozenset(step.resting)


@lru_cache(maxsize=64)
def _read(source: bytes, name: str) -> Diagram:
    return bpmn.read(source, name=name)


def _svg(read: Diagram, states: dict[str, str], frame: Frame) -> Iterator[str]:
    left, top, width, height = frame
    yield (
        f'<svg class="diagram" xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" aria-label="進み方の図。同じ内容が手順の一覧にあります。">'
        f'<defs><marker id="arrow-{read.digest[:8]}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 10 5 0 10z" class="head"/></marker></defs>'
    )
    yield from _pools(read)
    for process in read.processes.values():
        yield from _lines(read, process)
        yield from _nodes(read, process, states)
    yield "</svg>"


def _near(read: Diagram, active: frozenset[str]) -> Frame:
    boxes = [read.shapes[one] for one in active if one in read.shapes]
    whole = _frame(read)
    if not boxes:
        return whole
    left, top = min(box.x for box in boxes) - AROUND[0], min(box.y for box in boxes) - AROUND[1]
    right = max(box.x + box.width for box in boxes) + AROUND[0]
    bottom = max(box.y + box.height for box in boxes) + AROUND[1]
    left, top = max(left, whole[0]), max(top, whole[1])
    return left, top, min(right, whole[0] + whole[2]) - left, min(bottom, whole[1] + whole[3]) - top


def _frame(read: Diagram) -> Frame:
    boxes = list(read.shapes.values())
    points = [point for line in read.edges.values() for point in line]
    xs = [box.x for box in boxes] + [box.x + box.width for box in boxes] + [x for x, _ in points]
    ys = [box.y for box in boxes] + [box.y + box.height for box in boxes] + [y for _, y in points]
    if not xs:
        return 0, 0, 100, 40
    return (
        min(xs) - MARGIN,
        min(ys) - MARGIN,
        max(xs) - min(xs) + 2 * MARGIN,
        max(ys) - min(ys) + 2 * MARGIN + LINE,
    )


def _pools(read: Diagram) -> Iterator[str]:
    for pool in read.participants.values():
        if box := read.shapes.get(pool.id):
            yield f'<rect {_at(box)} class="pool"/>'
            yield _upright(box, pool.name)
    for process in read.processes.values():
        for lane in process.lanes.values():
            if box := read.shapes.get(lane.id):
                yield f'<rect {_at(box)} class="lane"/>'
                yield _upright(box, lane.name)


def _lines(read: Diagram, process: Process) -> Iterator[str]:
    for flow in process.flows.values():
        points = read.edges.get(flow.id, ())
        if len(points) < 2:
            continue
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        yield f'<polyline points="{path}" class="flow" marker-end="url(#arrow-{read.digest[:8]})"/>'
        if flow.name and flow.id in read.labels:
            yield _label(flow.name, read.labels[flow.id])
        elif flow.name:
            (x1, y1), (x2, y2) = points[0], points[1]
            yield _text(
                (x1 + x2) / 2 if abs(x1 - x2) > 60 else x1 + 6,
                min(y1, y2) - 4 if y1 == y2 else (y1 + y2) / 2,
                [flow.name],
                "label",
                "start",
            )


def _nodes(read: Diagram, process: Process, states: dict[str, str]) -> Iterator[str]:
    for node in sorted(
        process.nodes.values(), key=lambda node: (_depth(process, node), node.kind == "boundaryEvent")
    ):
        if box := read.shapes.get(node.id):
            state = states.get(node.id, "")
            told = "、".join(part for part in (node.name or KINDS.get(node.kind, ""), STATES[state]) if part)
            yield f'<g class="node {_family(node)} {state}"><title>{escape(told)}</title>'
            yield from _shape(node, box, state, read.labels.get(node.id))
            yield "</g>"


def _shape(node: Node, box: Bounds, state: str, label: Bounds | None) -> Iterator[str]:
    if node.kind in GATEWAYS:
        x, y, w, h = box.x, box.y, box.width, box.height
        yield f'<path d="M{x + w / 2:g} {y:g} {x + w:g} {y + h / 2:g} {x + w / 2:g} {y + h:g} {x:g} {y + h / 2:g}z"/>'
        yield _text(x + w / 2, y + h / 2 + 5, [MARKS.get(node.kind, "")], "mark")
        yield _label(node.name, label) or _text(x + w / 2, y - 5, _wrapped(node.name, 10), "label", upward=True)
    elif node.kind in ACTIVITIES:
        yield f'<rect {_at(box)} rx="8"/>'
        lines = _wrapped(node.name, int(box.width / SIZE) - 1)
        room = max(1, int(box.height / LINE))
        inner = node.kind in ("subProcess", "adHocSubProcess", "transaction") and box.height > 100
        start = (
            box.y + LINE + 2 if inner else box.y + box.height / 2 - (min(len(lines), room) - 1) * LINE / 2 + 4
        )
        yield _text(box.x + box.width / 2, start, lines[:room], "name")
        if state:
            yield _text(
                box.x + box.width - 4,
                box.y - 3,
                [f"{'▶' if state == 'active' else '✓'}{STATES[state]}"],
                "state",
                "end",
            )
    else:
        radius = box.width / 2
        yield f'<circle cx="{box.x + radius:g}" cy="{box.y + radius:g}" r="{radius:g}"/>'
        if node.kind in ("intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"):
            yield f'<circle cx="{box.x + radius:g}" cy="{box.y + radius:g}" r="{radius - 3:g}" class="inner"/>'
        yield _text(
            box.x + radius,
            box.y + radius + 5,
            [SIGNS.get(node.events[0].kind, "")] if node.events else [],
            "mark",
        )
        below = _wrapped(node.name, 9)
        yield _label(node.name, label) or _text(box.x + radius, box.y + box.height + LINE, below, "label")


def _label(name: str, place: Bounds | None) -> str:
    if place is None:
        return ""
    return _text(place.x + place.width / 2, place.y + SIZE - 1, _wrapped(name, round(place.width / LABEL)), "label")


def _family(node: Node) -> str:
    if node.kind in GATEWAYS:
        return "gateway"
    if node.kind in ACTIVITIES:
        return (
            "person"
            if node.kind in ("userTask", "manualTask", "task")
            else "part"
            if "rocess" in node.kind
            else "machine"
        )
    return "end" if node.kind == "endEvent" else "event"


def _at(box: Bounds) -> str:
    return f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'


def _upright(box: Bounds, name: str) -> str:
    x, y = box.x + 18, box.y + box.height / 2
    return f'<text x="{x:g}" y="{y:g}" transform="rotate(-90 {x:g} {y:g})" text-anchor="middle" class="lane-name">{escape(name)}</text>'


def _text(
    x: float, y: float, lines: list[str], look: str, anchor: str = "middle", *, upward: bool = False
) -> str:
    first = y - (len(lines) - 1) * LINE if upward else y
    spans = "".join(
        f'<tspan x="{x:g}" y="{first + place * LINE:g}">{escape(line)}</tspan>'
        for place, line in enumerate(lines)
        if line
    )
    return f'<text class="{look}" text-anchor="{anchor}">{spans}</text>' if spans else ""


def _wrapped(text: str, width: int) -> list[str]:
    width = max(width, 4)
    return [text[start : start + width] for start in range(0, len(text), width)]


def _outline(read: Diagram, states: dict[str, str]) -> Iterator[Step]:
    for process in read.processes.values():
        lanes = {node: lane.name for lane in process.lanes.values() for node in lane.nodes}
        for node in _in_order(process):
            if node.kind in GATEWAYS and not node.name:
                continue
            yield Step(
                id=node.id, name=node.name or KINDS.get(node.kind, node.id), kind=KINDS.get(node.kind, ""),
                lane=lanes.get(node.id, ""), state=states.get(node.id, ""), depth=_depth(process, node),
                leads_to=tuple(_following(process, node)),
            )  # fmt: skip


def _following(process: Process, node: Node) -> Iterator[str]:
    for flow in (process.flows[one] for one in node.outgoing if one in process.flows):
        target = process.nodes.get(flow.target)
        if target is not None and flow.name:
            yield f"{flow.name} → {target.name or KINDS.get(target.kind, '')}"


def _in_order(process: Process) -> list[Node]:
    """Nodes as the flow goes: each way to its end before the next, then what no flow leads to."""
    starts = [node for node in process.nodes.values() if not node.incoming and node.parent == process.id]
    waiting = list(reversed(starts))
    seen: dict[str, None] = {}
    while waiting:
        node = waiting.pop()
        if node.id not in seen:
            seen[node.id] = None
            waiting.extend(reversed(list(_targets(process, node))))
    rest: Iterable[str] = (one for one in process.nodes if one not in seen)
    return [process.nodes[one] for one in (*seen, *rest)]


def _targets(process: Process, node: Node) -> Iterator[Node]:
    inner = [one for one in process.nodes.values() if one.parent == node.id and not one.incoming]
    outgoing = [process.flows[one].target for one in node.outgoing if one in process.flows]
    boundary = [one for one in process.nodes.values() if one.attached_to == node.id]
    return (one for one in (*inner, *(process.nodes[o] for o in outgoing if o in process.nodes), *boundary))


def _depth(process: Process, node: Node) -> int:
    depth, parent = 0, process.nodes.get(node.parent)
    while parent is not None:
        depth, parent = depth + 1, process.nodes.get(parent.parent)
    return depth
