"""A diagram as an ordered list of steps: the equal of the drawing for whoever cannot use a canvas.

The order is that in which a case meets the steps: breadth first from the starts, a boundary event
after its activity, the inside of a sub-process after the sub-process."""

from collections import deque
from dataclasses import dataclass

from processes.bpmn_values import Diagram, Flow, Node, Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way on from a step: to which step, when (`condition` as written), and whether it is the default."""

    flow: str
    name: str
    target: str
    target_name: str
    condition: str | None
    default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineStep:
    """One step; `number` counts from 1, `depth` from 0 (inside sub-processes: 1, 2 …)."""

    number: int
    depth: int
    node: Node
    lane: str
    ways: tuple[Way, ...]

    @property
    def by_person(self) -> bool:
        """Whether a person does it: only such steps have form, agency and due date."""
        return self.node.kind in ("userTask", "manualTask", "task")


def outline(diagram: Diagram, process: Process) -> tuple[OutlineStep, ...]:
    """All steps of a process, none twice, unreachable ones at the end."""
    return tuple(
        OutlineStep(
            number=number,
            depth=depth,
            node=node,
            lane=_lane_name(process, node.lane),
            ways=_ways(process, node),
        )
        for number, (node, depth) in enumerate(_ordered(process, process.id, 0), start=1)
    )


def _ordered(process: Process, parent: str, depth: int) -> list[tuple[Node, int]]:
    reached: dict[str, None] = {}
    ordered: list[tuple[Node, int]] = []
    for root in _roots(process, parent):
        queue = deque([root] if root not in reached else [])
        reached[root] = None
        while queue:
            node = process.nodes[queue.popleft()]
            ordered.append((node, depth))
            if node.is_scope:
                ordered.extend(_ordered(process, node.id, depth + 1))
            for target in _following(process, node):
                if target not in reached:
                    reached[target] = None
                    queue.append(target)
    return ordered


# where a case may come in; what only an event starts comes later, and last what nothing leads to (a closed circle)
def _roots(process: Process, parent: str) -> list[str]:
    inside = process.children(parent)
    starts = [node for node in inside if not node.incoming and not node.attached_to]
    starts.sort(key=lambda node: node.triggered_by_event)
    return [node.id for node in (*starts, *inside)]


def _following(process: Process, node: Node) -> list[str]:
    targets = [event.id for event in process.boundary(node.id)]
    targets += [process.flows[flow].target for flow in node.outgoing if flow in process.flows]
    return [target for target in targets if target in process.nodes]


def _ways(process: Process, node: Node) -> tuple[Way, ...]:
    flows = [process.flows[flow] for flow in node.outgoing if flow in process.flows]
    return tuple(_way(process, node, flow) for flow in flows)


def _way(process: Process, node: Node, flow: Flow) -> Way:
    target = process.nodes.get(flow.target)
    return Way(
        flow=flow.id, name=flow.name, target=flow.target, target_name=target.name if target else "",
        condition=flow.condition, default=node.default == flow.id,
    )  # fmt: skip


def _lane_name(process: Process, lane: str | None) -> str:
    return process.lanes[lane].name if lane and lane in process.lanes else ""
