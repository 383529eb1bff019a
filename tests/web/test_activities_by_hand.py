"""随時の活動: what nobody can put in an order beforehand is started by hand, again if need be, and ended by a person."""

import json
from collections.abc import Callable

import pytest

from engine import definitions, offers
from engine.agencies import CLOCK
from engine.casebook import Case
from engine.errors import NotYours
from engine.journal import verify
from tests.engine.small import FORM
from tests.town import Town
from tests.web.visitor import Visitor

CONDITION = "<bpmn:completionCondition xsi:type=\"bpmn:tFormalExpression\">kekka = &quot;1&quot;</bpmn:completionCondition>"
NODES = {
    "S": (100, 130, 36, 36), "T-10": (180, 60, 420, 180), "T-20": (210, 110, 120, 80), "T-30": (360, 110, 120, 80),
    "T-40": (660, 110, 120, 80), "E": (840, 130, 36, 36),
}  # fmt: skip


def _said(**said: str) -> str:
    each = "".join(f'<spiffworkflow:property name="{name}" value="{value}"/>' for name, value in said.items())
    return f"<bpmn:extensionElements><spiffworkflow:properties>{each}</spiffworkflow:properties></bpmn:extensionElements>"


def _task(element: str, name: str, inside: str = "") -> str:
    said = _said(form="F-T", agency="hokatsu", role="uke", due="3", stage="B支援中")
    return f'<bpmn:userTask id="{element}" name="{name}">{said}{inside}</bpmn:userTask>'


def coordination(condition: str = "") -> dict[str, str]:
    """A house visit and a call, as needed, as often as needed; then the outcome is written down."""
    flows = [("f1", "S", "T-10"), ("f2", "T-10", "T-40"), ("f3", "T-40", "E")]
    shapes = "".join(
        f'<bpmndi:BPMNShape id="{one}_di" bpmnElement="{one}" isExpanded="true">'
        f'<dc:Bounds x="{x}" y="{y}" width="{w}" height="{h}"/></bpmndi:BPMNShape>'
        for one, (x, y, w, h) in NODES.items()
    )
    edges = "".join(
        f'<bpmndi:BPMNEdge id="{one}_di" bpmnElement="{one}"><di:waypoint x="{NODES[a][0] + NODES[a][2]}" y="148"/>'
        f'<di:waypoint x="{NODES[b][0]}" y="148"/></bpmndi:BPMNEdge>' for one, a, b in flows
    )  # fmt: skip
    drawn = "".join(f'<bpmn:sequenceFlow id="{one}" sourceRef="{a}" targetRef="{b}"/>' for one, a, b in flows)
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
        'xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="D" targetNamespace="tsunagi">'
        '<bpmn:process id="T-AH" name="調整の試し" isExecutable="true">'
        '<bpmn:startEvent id="S" name="始まり"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>'
        f'<bpmn:adHocSubProcess id="T-10" name="支援の調整" ordering="Parallel">'
        f'{_said(agency="hokatsu", role="uke", due="10", stage="B支援中")}<bpmn:incoming>f1</bpmn:incoming>'
        f'<bpmn:outgoing>f2</bpmn:outgoing>{_task("T-20", "訪問する")}{_task("T-30", "電話で調整する")}{condition}'
        f'</bpmn:adHocSubProcess>'
        f'{_task("T-40", "調整の結果を書く", "<bpmn:incoming>f2</bpmn:incoming><bpmn:outgoing>f3</bpmn:outgoing>")}'
        f'<bpmn:endEvent id="E" name="終わり"><bpmn:incoming>f3</bpmn:incoming></bpmn:endEvent>{drawn}</bpmn:process>'
        f'<bpmndi:BPMNDiagram id="Dia"><bpmndi:BPMNPlane id="Pl" bpmnElement="T-AH">{shapes}{edges}</bpmndi:BPMNPlane>'
        "</bpmndi:BPMNDiagram></bpmn:definitions>"
    )
    return {"T-AH.bpmn": xml, "F-T.form.json": json.dumps(FORM, ensure_ascii=False)}


def published(town: Town, condition: str = "") -> None:
    """By the same door as coordinators: every check is asked."""
    with town.database.transaction() as session:
        definitions.publish(session, "T-AH", coordination(condition), by=CLOCK, now=town.now)
    town.opens("hokatsu", process="T-AH", at=None)


def test_activities_are_started_again_and_somebody_says_when_they_are_over(
    town: Town, visit: Callable[[str], Visitor]
) -> None:
    published(town, CONDITION)
    assert [step for _, step in town.open_steps()] == ["T-10", "T-20", "T-30"]
    town.completes("hokatsu", "T-20", kekka="2")
    town.completes("hokatsu", "T-30", kekka="2")
    town.restarts()
    assert [step for _, step in town.open_steps()] == ["T-10"]
    counsellor = visit("hokatsu-uke1").opens("/?tab=all")
    assert "支援の調整" in counsellor.text()
    adhoc = town.task("T-10")
    counsellor.opens(f"/tasks/{adhoc.id}")
    assert "訪問する 済み 1回" in counsellor.text()
    counsellor.presses("もう一度始める：訪問する")
    assert "訪問する" in counsellor.title()
    assert [step for _, step in town.open_steps()] == ["T-10", "T-20"]
    counsellor.opens(f"/tasks/{adhoc.id}")
    assert "進行中の1件は取り消されます" in counsellor.text()
    counsellor.presses("「支援の調整」を終える")
    assert [step for _, step in town.open_steps()] == ["T-40"]
    assert "活動を始めた" in counsellor.opens(f"/cases/{town.case_id}").text()
    counsellor.opens(f"/tasks/{adhoc.id}")
    assert "済んでいます" in counsellor.text()
    town.completes("hokatsu", "T-40")
    with town.database.transaction(write=False) as session:
        assert session.get_one(Case, town.case_id).status == "closed"
        assert verify(session) == []


def test_the_condition_ends_them_and_the_task_leaves_the_inbox(town: Town) -> None:
    published(town, CONDITION)
    town.completes("hokatsu", "T-20", kekka="1")
    assert [step for _, step in town.open_steps()] == ["T-40"]


def test_a_start_pressed_twice_starts_once_and_is_nobody_elses_to_press(town: Town) -> None:
    published(town, CONDITION)
    adhoc = town.task("T-10")

    def press(agency: str, submission: str) -> int:
        with town.database.transaction() as session:
            who = town.staff(agency, "uke")
            opened = offers.perform(session, adhoc.id, "T-30", by=who, now=town.now, submission=submission)
            assert opened is not None
            return opened.id

    assert press("hokatsu", "same") == press("hokatsu", "same")
    assert [step for _, step in town.open_steps()].count("T-30") == 2
    assert press("hokatsu", "again")
    assert press("hokatsu", "same")
    assert [step for _, step in town.open_steps()].count("T-30") == 3
    with pytest.raises(NotYours):
        press("kosodate", "other")
