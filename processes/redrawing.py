"""Changing a diagram without drawing: name, form, due date, lane, deletion, insertion. The picture follows.

Every function takes the file and gives the changed file; what cannot be done so raises `NotRedrawn`."""

import re
from collections.abc import Mapping
from copy import deepcopy
from itertools import count

from lxml import etree

from processes.bpmn_xml import BPMN, BPMNDI, DC, DI, Element, child, children, namespace, parse, tag

EXTENSION = "http://spiffworkflow.org/bpmn/schema/1.0/core"
WIDTH, HEIGHT, GAP = 100.0, 80.0, 50.0  # a task and the space after it, in points


class NotRedrawn(Exception):
    """The change needs the drawing; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def change(
    source: bytes,
    element: str,
    *,
    name: str | None = None,
    lane: str | None = None,
    properties: Mapping[str, str] | None = None,
) -> bytes:
    """Give an element another name, lane (id) or properties (an empty text removes one)."""
    root = parse(source)
    node = _found(root, element)
    if name is not None:
        node.set("name", name)
    if properties:
        _set_properties(node, properties)
    if lane is not None:
        _move_to_lane(root, node, lane)
    return _written(root)


def delete(source: bytes, element: str) -> bytes:
    """Take a step out; what led to it leads to what came after it."""
    root = parse(source)
    node = _found(root, element)
    _refuse_deletion(root, node)
    incoming, outgoing = _flows(root, "targetRef", element), _flows(root, "sourceRef", element)
    target = outgoing[0].get("targetRef") if outgoing else None
    for flow in incoming:
        if target is None:
            _drop(root, flow)
        else:
            _lead(root, flow, target)
    for flow in outgoing:
        _drop(root, flow)
    _drop(root, node)
    return _written(root)


def insert_after(
    source: bytes,
    element: str,
    *,
    name: str,
    lane: str | None = None,
    properties: Mapping[str, str] | None = None,
) -> tuple[bytes, str]:
    """Put a person's work after a step that has one way on; gives the file and the new element's id."""
    root = parse(source)
    before = _found(root, element)
    outgoing = _flows(root, "sourceRef", element)
    if len(outgoing) != 1:
        raise NotRedrawn(
            f"次へ進む線がちょうど1本ある手順の後にだけ足せますが、{len(outgoing)}本でした。"
            "線の先の手順を選ぶか、図で足してください。"
        )
    new_id, flow_id = _fresh(root, "Activity_"), _fresh(root, "Flow_")
    parent = before.getparent()
    assert parent is not None
    node = etree.SubElement(parent, f"{{{BPMN}}}userTask", id=new_id, name=name)
    parent.remove(node)
    parent.insert(parent.index(before) + 1, node)
    etree.SubElement(node, f"{{{BPMN}}}incoming").text = outgoing[0].get("id")
    etree.SubElement(node, f"{{{BPMN}}}outgoing").text = flow_id
    follower = outgoing[0].get("targetRef") or ""
    outgoing[0].set("targetRef", new_id)
    flow = etree.Element(f"{{{BPMN}}}sequenceFlow", id=flow_id, sourceRef=new_id, targetRef=follower)
    parent.insert(parent.index(outgoing[0]) + 1, flow)
    _replace_reference(root, follower, "incoming", outgoing[0].get("id") or "", flow_id)
    if properties:
        _set_properties(node, properties)
    _draw_between(root, element, new_id, outgoing[0].get("id") or "", flow_id, follower)
    _join_lane(root, new_id, lane or _lane_of(root, element))
    if lane and lane != _lane_of(root, element):
        _move_to_lane(root, node, lane)
    return _written(root), new_id


def _refuse_deletion(root: Element, node: Element) -> None:
    element = node.get("id") or ""
    if tag(node) in ("startEvent", "boundaryEvent") or _flows(root, "sourceRef", element) == _flows(
        root, "targetRef", element
    ):
        raise NotRedrawn("この手順は一覧からは消せません。図で消してください。")
    if len(_flows(root, "sourceRef", element)) > 1:
        raise NotRedrawn(
            "この手順からは2つ以上に分かれています。どちらへ進めるかを図で決めてから消してください。"
        )
    if any(boundary.get("attachedToRef") == element for boundary in root.iter(f"{{{BPMN}}}boundaryEvent")):
        raise NotRedrawn("この手順には途中のできごとがついています。図で先に外してください。")
    if not _flows(root, "sourceRef", element) and _flows(root, "targetRef", element):
        raise NotRedrawn(
            "ここを消すと、前の手順が行き止まりになります。図で行き先を決めてから消してください。"
        )


def _found(root: Element, element: str) -> Element:
    for one in root.iter():
        if isinstance(one.tag, str) and namespace(one) == BPMN and one.get("id") == element:
            return one
    raise NotRedrawn(f"「{element}」は図にありません。一覧を読み直してください。")


def _flows(root: Element, end: str, element: str) -> list[Element]:
    return [flow for flow in root.iter(f"{{{BPMN}}}sequenceFlow") if flow.get(end) == element]


def _set_properties(node: Element, properties: Mapping[str, str]) -> None:
    holder = child(node, "extensionElements")
    if holder is None:
        holder = etree.Element(f"{{{BPMN}}}extensionElements")
        documented = [index for index, one in enumerate(node) if tag(one) == "documentation"]
        node.insert(documented[-1] + 1 if documented else 0, holder)
    held = holder.find(f"{{{EXTENSION}}}properties")
    if held is None:
        held = etree.SubElement(holder, f"{{{EXTENSION}}}properties")
    for name, value in properties.items():
        for old in [one for one in held if one.get("name") == name]:
            held.remove(old)
        if value:
            etree.SubElement(held, f"{{{EXTENSION}}}property", name=name, value=value)
    if not len(held):
        holder.remove(held)
    if not len(holder):
        node.remove(holder)


def _lead(root: Element, flow: Element, target: str) -> None:
    flow_id = flow.get("id") or ""
    flow.set("targetRef", target)
    node = _found(root, target)
    if flow_id not in [one.text for one in children(node, "incoming")]:
        mark = etree.Element(f"{{{BPMN}}}incoming")
        mark.text = flow_id
        links = [
            index
            for index, one in enumerate(node)
            if tag(one) in ("documentation", "extensionElements", "incoming")
        ]
        node.insert(links[-1] + 1 if links else 0, mark)
    shape, edge = _drawing(root, target), _drawing(root, flow_id)
    if shape is not None and edge is not None:
        x, y, _width, height = _bounds(shape)
        points = _points(edge)[:-1] or [(x - GAP, y + height / 2)]
        last = points[-1]
        bend = (
            [((last[0] + x) / 2, last[1]), ((last[0] + x) / 2, y + height / 2)]
            if last[1] != y + height / 2
            else []
        )
        _draw_points(edge, [*points, *bend, (x, y + height / 2)])


def _drop(root: Element, element: Element) -> None:
    own = element.get("id") or ""
    for kind in ("incoming", "outgoing", "flowNodeRef"):
        _unlink(root, kind, own)
    for owner in root.iter():
        if isinstance(owner.tag, str) and owner.get("default") == own:
            del owner.attrib["default"]
    for inner in [element, *element.iter()]:
        drawing = _drawing(root, inner.get("id") or "")
        if drawing is not None:
            _remove(drawing)
    _remove(element)


def _unlink(root: Element, kind: str, own: str) -> None:
    for link in [one for one in root.iter(f"{{{BPMN}}}{kind}") if (one.text or "").strip() == own]:
        _remove(link)


def _remove(element: Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _replace_reference(root: Element, owner: str, kind: str, old: str, new: str) -> None:
    for link in children(_found(root, owner), kind):
        if (link.text or "").strip() == old:
            link.text = new


def _lane_of(root: Element, element: str) -> str | None:
    links = [one for one in root.iter(f"{{{BPMN}}}flowNodeRef") if (one.text or "").strip() == element]
    lane = links[-1].getparent() if links else None
    return lane.get("id") if lane is not None else None


def _join_lane(root: Element, element: str, lane: str | None) -> None:
    _unlink(root, "flowNodeRef", element)
    if lane:
        etree.SubElement(_found(root, lane), f"{{{BPMN}}}flowNodeRef").text = element


def _move_to_lane(root: Element, node: Element, lane: str) -> None:
    element = node.get("id") or ""
    if lane == _lane_of(root, element):
        return
    if tag(_found(root, lane)) != "lane":
        raise NotRedrawn("その役割の枠は図にありません。一覧を読み直してください。")
    _join_lane(root, element, lane)
    shape, frame = _drawing(root, element), _drawing(root, lane)
    if shape is None or frame is None:
        return
    _x, y, _width, height = _bounds(shape)
    _lx, lane_y, _lw, lane_height = _bounds(frame)
    _shift_shape(root, element, 0, lane_y + lane_height / 2 - height / 2 - y)


# the picture -----------------------------------------------------------------------------------------------------


def _drawing(root: Element, element: str) -> Element | None:
    for one in root.iter(f"{{{BPMNDI}}}BPMNShape", f"{{{BPMNDI}}}BPMNEdge"):
        if one.get("bpmnElement") == element:
            return one
    return None


def _bounds(shape: Element) -> tuple[float, float, float, float]:
    bounds = shape.find(f"{{{DC}}}Bounds")
    assert bounds is not None
    x, y, width, height = (float(bounds.get(one) or 0) for one in ("x", "y", "width", "height"))
    return x, y, width, height


def _points(edge: Element) -> list[tuple[float, float]]:
    return [(float(one.get("x") or 0), float(one.get("y") or 0)) for one in edge.findall(f"{{{DI}}}waypoint")]


def _draw_points(edge: Element, points: list[tuple[float, float]]) -> None:
    for old in edge.findall(f"{{{DI}}}waypoint"):
        edge.remove(old)
    for index, (x, y) in enumerate(points):
        edge.insert(index, etree.Element(f"{{{DI}}}waypoint", x=f"{x:g}", y=f"{y:g}"))


def _draw_between(root: Element, before: str, new: str, flow: str, new_flow: str, follower: str) -> None:
    shape, edge = _drawing(root, before), _drawing(root, flow)
    if shape is None or edge is None:
        return
    x, y, width, height = _bounds(shape)
    _make_room(root, x + width + 1, WIDTH + GAP)
    middle = y + height / 2
    left = x + width + GAP
    plane = shape.getparent()
    assert plane is not None
    drawn = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNShape", id=f"{new}_di", bpmnElement=new)
    etree.SubElement(
        drawn,
        f"{{{DC}}}Bounds",
        x=f"{left:g}",
        y=f"{middle - HEIGHT / 2:g}",
        width=f"{WIDTH:g}",
        height=f"{HEIGHT:g}",
    )
    points = _points(edge)
    line = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNEdge", id=f"{new_flow}_di", bpmnElement=new_flow)
    onward = [(px, py) for px, py in points[1:] if px > left + WIDTH] or points[-1:]
    corner = (
        [(left + WIDTH + GAP / 2, middle), (left + WIDTH + GAP / 2, onward[0][1])]
        if onward[0][1] != middle
        else []
    )
    _draw_points(line, [(left + WIDTH, middle), *corner, *onward])
    _draw_points(edge, [(x + width, middle), (left, middle)])
    if _drawing(root, follower) is None:
        _remove(line)


# everything right of `edge` moves on, frames that reach over it grow
def _make_room(root: Element, edge: float, by: float) -> None:
    for bounds in root.iter(f"{{{DC}}}Bounds"):
        x, width = float(bounds.get("x") or 0), float(bounds.get("width") or 0)
        if x >= edge:
            bounds.set("x", f"{x + by:g}")
        elif x + width > edge + GAP and width > WIDTH * 2:
            bounds.set("width", f"{width + by:g}")
    for point in root.iter(f"{{{DI}}}waypoint"):
        if float(point.get("x") or 0) >= edge:
            point.set("x", f"{float(point.get('x') or 0) + by:g}")


def _shift_shape(root: Element, element: str, dx: float, dy: float) -> None:
    shape = _drawing(root, element)
    assert shape is not None
    for bounds in shape.iter(f"{{{DC}}}Bounds"):
        bounds.set("x", f"{float(bounds.get('x') or 0) + dx:g}")
        bounds.set("y", f"{float(bounds.get('y') or 0) + dy:g}")
    for flow in _flows(root, "sourceRef", element):
        _shift_end(root, flow.get("id") or "", 0, dx, dy)
    for flow in _flows(root, "targetRef", element):
        _shift_end(root, flow.get("id") or "", -1, dx, dy)
    for boundary in root.iter(f"{{{BPMN}}}boundaryEvent"):
        if boundary.get("attachedToRef") == element and _drawing(root, boundary.get("id") or "") is not None:
            _shift_shape(root, boundary.get("id") or "", dx, dy)


# the end goes with its shape; a corner keeps the line at right angles
def _shift_end(root: Element, flow: str, end: int, dx: float, dy: float) -> None:
    edge = _drawing(root, flow)
    if edge is None:
        return
    points = _points(edge)
    x, y = points[end]
    points[end] = (x + dx, y + dy)
    if dy and len(points) == 2:
        (ax, ay), (bx, by) = points
        points = [(ax, ay), ((ax + bx) / 2, ay), ((ax + bx) / 2, by), (bx, by)]
    elif dy:
        neighbour = 1 if end == 0 else -2
        points[neighbour] = (points[neighbour][0], y + dy)
    _draw_points(edge, points)


def _fresh(root: Element, prefix: str) -> str:
    taken = {one.get("id") for one in root.iter() if isinstance(one.tag, str)}
    return next(f"{prefix}{number}" for number in count(1) if f"{prefix}{number}" not in taken)


def _written(root: Element) -> bytes:
    root = deepcopy(root)
    for one in root.iter():
        if isinstance(one.tag, str) and len(one) and not re.search(r"\S", one.text or ""):
            one.text = None
        if not re.search(r"\S", one.tail or ""):
            one.tail = None
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
