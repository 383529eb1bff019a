"""Files as other tools write them: prefixes, pools, languages, `isExecutable` left out."""

import json

import pytest

from tsunagi.tracing import trace_file

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
POOLS = (
    '<b:message id="m1" name="問い"/><b:message id="m2" name="答え"/><b:collaboration id="c"><b:participant id="p1" processRef="P"/>'
    '<b:participant id="p2" processRef="Q"/><b:messageFlow id="mf" sourceRef="A" targetRef="qs"/></b:collaboration>'
    '<b:process id="P" isExecutable="true"><b:startEvent id="s"/><b:sendTask id="A" messageRef="m1"/>'
    '<b:receiveTask id="R" messageRef="m2"/><b:sequenceFlow id="f1" sourceRef="s" targetRef="A"/>'
    '<b:sequenceFlow id="f2" sourceRef="A" targetRef="R"/></b:process>'
    '<b:process id="Q" isExecutable="true"><b:startEvent id="qs"><b:messageEventDefinition messageRef="m1"/></b:startEvent>'
    '<b:task id="QA"/><b:sequenceFlow id="f3" sourceRef="qs" targetRef="QA"/></b:process>'
)
CHOICE = (
    '<b:process id="P"{}><b:startEvent id="s"/><b:exclusiveGateway id="g" default="f2"/><b:task id="A"/><b:task id="B"/>'
    '<b:sequenceFlow id="f0" sourceRef="s" targetRef="g"/><b:sequenceFlow id="f1" sourceRef="g" targetRef="A">'
    '<b:conditionExpression{}>{}</b:conditionExpression></b:sequenceFlow><b:sequenceFlow id="f2" sourceRef="g" targetRef="B"/></b:process>'
)
CALLED = (
    '<b:process id="Q"><b:task id="T"/></b:process><b:process id="P"><b:callActivity id="K" calledElement="Q"/></b:process>'
)


@pytest.fixture
def trace(tmp_path):
    def run(body, **options):
        file = tmp_path / "d.bpmn"
        file.write_text(f'<b:definitions xmlns:b="{BPMN}" id="D" targetNamespace="u">{body}</b:definitions>', "utf-8")
        lines, code = trace_file(file, **options)
        json.dumps(lines)
        return [line["element"] for line in lines if line["event"] == "completed"], lines[-1], code
    return run


def test_of_several_pools_the_first_runs_unless_another_is_named(trace):
    done, end, _ = trace(POOLS)
    assert (done, end["waiting"]) == (["s", "A"], ["R"])
    done, end, _ = trace(POOLS, messages=[{"name": "答え", "at": "PT1H"}])
    assert (done, end["state"]) == (["s", "A", "R"], "finished")
    done, end, _ = trace(POOLS, process="Q", messages=[{"name": "問い"}])
    assert (done, end["state"]) == (["qs", "QA"], "finished")
    assert trace(POOLS, process="X")[2] == 3


def test_a_process_that_another_calls_is_not_taken_for_the_main_one(trace):
    assert trace(CALLED)[0] == ["T", "K"]


@pytest.mark.parametrize("written", ["", ' isExecutable="false"', ' isExecutable="true"'])
@pytest.mark.parametrize(("language", "condition"), [
    ("", "x &gt; 1"), ("", "= x &gt; 1"), ("", "<![CDATA[x > 1]]>"), (' language="feel"', "x &gt; 1"),
    (' language="https://www.omg.org/spec/DMN/20191111/FEEL/"', "x &gt; 1"),
])
def test_conditions_as_tools_write_them(trace, written, language, condition):
    assert trace(CHOICE.format(written, language, condition), inputs={"x": 2})[0] == ["s", "g", "A"]
    assert trace(CHOICE.format(written, language, condition), inputs={"x": 1})[0] == ["s", "g", "B"]


def test_another_language_is_refused(trace):
    assert trace(CHOICE.format("", ' language="javascript"', "x &gt; 1"))[2] == 3
