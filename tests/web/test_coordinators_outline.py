"""Changing a shipped diagram without a canvas: after every change it is the same diagram but for that change."""

import pytest

from engine.bundles import shipped, shipped_names
from processes.bpmn import Diagram, Process, read
from processes.differences import differences
from processes.outline import outline
from processes.redrawing import NotRedrawn, change, delete, insert_after
from web.coordinators.cells import in_words

NAMES = shipped_names()


def source(name: str) -> bytes:
    return next(text for file, text in shipped(name).items() if file.endswith(".bpmn") and "/" not in file).encode()


def main(diagram: Diagram) -> Process:
    return next(iter(diagram.processes.values()))


def parsed(text: bytes) -> Diagram:
    return read(text, name="x.bpmn")


@pytest.mark.parametrize("name", NAMES)
def test_every_step_stands_in_the_outline_once(name: str) -> None:
    process = main(parsed(source(name)))
    assert sorted(step.node.id for step in outline(parsed(source(name)), process)) == sorted(process.nodes)


@pytest.mark.parametrize("name", NAMES)
def test_the_outline_begins_where_a_case_comes_in(name: str) -> None:
    diagram = parsed(source(name))
    assert outline(diagram, main(diagram))[0].node.kind == "startEvent"


@pytest.mark.parametrize("name", NAMES)
def test_any_change_changes_this_alone(name: str) -> None:
    text = source(name)
    task = next(step.node for step in outline(parsed(text), main(parsed(text))) if step.by_person)
    changed = change(text, task.id, name="別の名前", properties={"due": "9"})
    (one,) = differences(parsed(text), parsed(changed))
    assert one.element == task.id
    assert {change.what for change in one.changes} == {"名前", "期限"}


@pytest.mark.parametrize("name", NAMES)
def test_a_step_put_in_everywhere_and_taken_out_leaves_the_diagram_as_it_was(name: str) -> None:
    text = source(name)
    process = main(parsed(text))
    tried = 0
    for node in [node for node in process.nodes.values() if node.kind == "userTask" and len(node.outgoing) == 1]:
        longer, made = insert_after(text, node.id, name="足した手順")
        whole = parsed(longer)
        assert main(whole).nodes[made].lane == node.lane
        assert made in whole.shapes
        assert all(flow in whole.edges for flow in main(whole).nodes[made].outgoing)
        assert {one.kind for one in differences(parsed(text), whole)} >= {"added"}
        flows = {one.element for one in differences(parsed(text), parsed(delete(longer, made)))}
        assert flows == set()
        tried += 1
    assert tried


def test_a_step_that_moves_to_another_lane_is_drawn_in_it() -> None:
    text = source("consult")
    process = main(parsed(text))
    lanes = {lane.id: lane for lane in process.lanes.values() if lane.id in parsed(text).shapes}
    task = next(node for node in process.nodes.values() if node.kind == "userTask" and node.lane in lanes and node.parent == process.id)
    other = next(lane for lane in lanes if lane != task.lane)
    moved = parsed(change(text, task.id, lane=other))
    assert main(moved).nodes[task.id].lane == other
    shape, frame = moved.shapes[task.id], moved.shapes[other]
    assert frame.y <= shape.y
    assert shape.y + shape.height <= frame.y + frame.height


def test_what_a_list_cannot_do_is_refused_with_the_way_out() -> None:
    text = source("consult")
    process = main(parsed(text))
    start = next(node.id for node in process.nodes.values() if node.kind == "startEvent")
    with pytest.raises(NotRedrawn, match="図で消してください"):
        delete(text, start)
    fork = next(node.id for node in process.nodes.values() if node.kind.endswith("Gateway") and len(node.outgoing) > 1)
    with pytest.raises(NotRedrawn, match="ちょうど1本"):
        insert_after(text, fork, name="ここへ")
    with pytest.raises(NotRedrawn, match="図にありません"):
        change(text, "Z-99", name="どこ")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("-", "どれでも"), ('"01"', "01"), ('"01", "02"', "01 または 02"), ('not("01")', "01 以外"), ("<= 3", "3以下"),
        ("[1..3]", "1以上3以下"), ("[1..3)", "1以上3未満"), ("true", "はい"), ('"a, b"', "a, b"),
        ('? != null and list contains(?, "05")', "05をふくむ"),
        ('? != null and (some x in ? satisfies list contains(["1", "2"], x))', "1・2のどれかをふくむ"),
        ("null, <= 3", "なし または 3以下"), ("count(?) > 2 + f(x)", "count(?) > 2 + f(x)"), ("a, b(c)", "a, b(c)"),
    ],
)  # fmt: skip
def test_cells_are_told_in_words_or_left_as_they_are(cell: str, words: str) -> None:
    assert in_words(cell) == words
