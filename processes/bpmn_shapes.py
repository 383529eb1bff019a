"""Diagram interchange: where shapes and lines are drawn (BPMN 2.0 §12). Points; a shape without bounds or with
broken numbers is left out, because drawing is not meaning."""

from collections.abc import Mapping

from processes.bpmn_values import Bounds
from processes.bpmn_xml import BPMNDI, DC, DI, Element, ref


def read_shapes(root: Element) -> Mapping[str, Bounds]:
    """Element id → place, for every `BPMNShape`."""
    shapes = {}
    for shape in root.iter(f"{{{BPMNDI}}}BPMNShape"):
        bounds = _bounds(shape)
        element = ref(shape.get("bpmnElement"))
        if element and bounds:
            shapes[element] = bounds
    return shapes


def read_labels(root: Element) -> Mapping[str, Bounds]:
    """Element id → where its name is written, for every shape or line that says so."""
    labels = {}
    for drawn in root.iter(f"{{{BPMNDI}}}BPMNShape", f"{{{BPMNDI}}}BPMNEdge"):
        element, label = ref(drawn.get("bpmnElement")), drawn.find(f"{{{BPMNDI}}}BPMNLabel")
        bounds = _bounds(label) if label is not None else None
        if element and bounds:
            labels[element] = bounds
    return labels


def read_edges(root: Element) -> Mapping[str, tuple[tuple[float, float], ...]]:
    """Flow id → waypoints, for every `BPMNEdge`."""
    edges = {}
    for edge in root.iter(f"{{{BPMNDI}}}BPMNEdge"):
        element = ref(edge.get("bpmnElement"))
        points = [_point(point) for point in edge.iter(f"{{{DI}}}waypoint")]
        if element:
            edges[element] = tuple(point for point in points if point)
    return edges


def _bounds(shape: Element) -> Bounds | None:
    box = shape.find(f"{{{DC}}}Bounds")
    if box is None:
        return None
    numbers = [_number(box.get(key)) for key in ("x", "y", "width", "height")]
    if None in numbers:
        return None
    x, y, width, height = (number or 0.0 for number in numbers)
    return Bounds(
        x=x, y=y, width=width, height=height,
        horizontal=_flag(shape.get("isHorizontal")), expanded=_flag(shape.get("isExpanded")),
    )


def _point(element: Element) -> tuple[float, float] | None:
    x, y = _number(element.get("x")), _number(element.get("y"))
    return (x, y) if x is not None and y is not None else None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _flag(text: str | None) -> bool | None:
    return None if text is None else text in ("true", "1")
