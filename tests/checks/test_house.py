# ruff: noqa: E501  (a diagram in one line reads best in one piece)
"""The house rules: what a human task must say, and that a refusal leads somewhere."""

import pytest

from processes.checking import check
from processes.house_values import HouseRules, KnownForm
from tests.runtime.drawing import draw

REPLY = KnownForm(key="F-1", coded=frozenset({"回答"}), free=frozenset({"理由"}), choices={"回答": ("1", "4")}, lists={"回答": "C09"})
HOUSE = HouseRules(agencies=frozenset({"fukushi"}), roles=frozenset({"uke"}), stages=None, forms={"F-1": REPLY}, operators=frozenset({"case.note"}))
GOOD = {"role": "uke", "agency": "fukushi", "form": "F-1", "due": "3"}


def judged(properties, more="", kind="userTask"):
    written = "".join(f'<spiffworkflow:property name="{k}" value="{v}"/>' for k, v in properties.items())
    text = f'startEvent s\n{kind} a name=返事をする\n| <extensionElements><spiffworkflow:properties>{written}</spiffworkflow:properties></extensionElements>\n'
    text += more or "endEvent e\ns > a > e"
    return {f.rule for f in check(draw(text), name="図.bpmn", house=HOUSE, forms=HOUSE.forms)}


@pytest.mark.parametrize(("rule", "changed"), [
    ("house-lane", {"role": ""}), ("house-role", {"role": "zzz"}), ("house-agency", {"agency": ""}), ("house-agency", {"agency": "zzz"}),
    ("house-agency", {"agency": "@誰か"}), ("house-agency", {"agency": "@項目"}), ("house-agency", {"agency": "=1 +"}), ("house-form", {"form": ""}),
    ("house-form", {"form": "F-9"}), ("house-due", {"due": ""}), ("house-due", {"due": "none:"}), ("house-due", {"due": "いつか"}),
    ("house-class", {"class": "L9"}), ("house-compartment", {"compartment": "1 +"}),
])
def test_a_task_that_lacks_something_is_told_and_a_whole_one_is_not(rule, changed):
    assert rule in judged({k: v for k, v in (GOOD | changed).items() if v})
    assert rule not in judged(GOOD)


@pytest.mark.parametrize("due", ["none:本人を待つため", "D5:一次アセスメント", "=3"])
def test_a_due_date_may_be_a_row_a_formula_or_a_reason(due):
    assert "house-due" not in judged(GOOD | {"due": due})


ANSWERED = "exclusiveGateway g name=答え\nendEvent e\nendEvent f\ns > a > g\ng > e if {first}\ng > f {second}"


def test_a_refusal_needs_a_way_of_its_own():
    assert "house-decline-without-way" in judged(GOOD, ANSWERED.format(first='回答 = "1"', second="default"))
    assert "house-decline-without-way" not in judged(GOOD, ANSWERED.format(first='回答 = "4"', second="default"))


def test_every_coded_answer_leads_on():
    assert "house-answer-without-way" in judged(GOOD, ANSWERED.format(first='回答 = "1"', second='if 回答 = "3"'))
    assert "house-answer-without-way" not in judged(GOOD, ANSWERED.format(first='回答 = "1"', second='if 回答 = "4"'))


def test_free_text_never_steers():
    assert "house-free-text" in judged(GOOD, ANSWERED.format(first='理由 = "1"', second="default"))


def test_no_outside_address_in_a_service_task():
    operator = '<extensionElements><spiffworkflow:serviceTaskOperator id="case.note"><spiffworkflow:parameters><spiffworkflow:parameter id="to" type="str" value="{}"/></spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></extensionElements>'
    more = "serviceTask v\n| " + operator + "\nendEvent e\ns > a > v > e"
    assert "house-external-address" in judged(GOOD, more.format("&quot;https://example.com/&quot;"))
    assert "house-external-address" not in judged(GOOD, more.format("&quot;fukushi&quot;"))


def test_what_is_not_drawn_cannot_be_published():
    assert "house-not-drawn" in judged(GOOD)
