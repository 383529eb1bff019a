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


# -- what other tools write --------------------------------------------------------------------------------------------

HEADS = {
    "b": "", "bpmn": "", "bpmn2": 'exporter="E" exporterVersion="1"', "semantic": 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
    "": 'expressionLanguage="http://www.w3.org/1999/XPath" typeLanguage="http://www.w3.org/2001/XMLSchema"',
}
ROW = '<b:startEvent id="s"/>{}<b:sequenceFlow id="f0" sourceRef="s" targetRef="A"/>'
VENDORS = 'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
DECISION = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n"><decision id="D1" name="判定">'
    '<variable name="判定"/><informationRequirement id="i"><requiredInput href="#x"/></informationRequirement>'
    '<literalExpression><text>x + 1</text></literalExpression></decision>'
    '<inputData id="x" name="x"><variable name="x"/></inputData></definitions>'
)
CALLED_BESIDE = (
    f'<b:definitions xmlns:b="{BPMN}" id="E" targetNamespace="v"><b:process id="Q">'
    '<b:scriptTask id="c"><b:script>{y: x * 2}</b:script></b:scriptTask></b:process></b:definitions>'
)
SEQUENTIAL = '<b:multiInstanceLoopCharacteristics isSequential="true">{}</b:multiInstanceLoopCharacteristics>'


def extended(inner):
    return f"<b:extensionElements>{inner}</b:extensionElements>"


@pytest.fixture
def trace_text(tmp_path):
    def run(body, *, head=VENDORS, prefix="b", encoding="utf-8", **options):
        colon = f"{prefix}:" if prefix else ""
        bound = f"xmlns:{prefix}" if prefix else "xmlns"
        told = f'<b:definitions {bound}="{BPMN}" {head} id="D" targetNamespace="u">{body}</b:definitions>'
        told = told.replace("<b:", f"<{colon}").replace("</b:", f"</{colon}")
        file = tmp_path / "d.bpmn"
        file.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?>\n{told}'.encode(encoding))
        lines, _ = trace_file(file, **options)
        return [line["element"] for line in lines if line["event"] == "completed"], lines[-1], lines
    return run


@pytest.mark.parametrize("prefix", HEADS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "shift_jis"])
def test_prefixes_and_encodings(trace_text, prefix, encoding):
    body = f'<b:process id="P">{ROW.format("""<b:task id="A" name="相談"/>""")}</b:process>'
    assert trace_text(body, prefix=prefix, head=HEADS[prefix], encoding=encoding)[0] == ["s", "A"]


@pytest.mark.parametrize(("task", "inputs", "variables"), [
    ('<b:userTask id="A"><b:multiInstanceLoopCharacteristics camunda:collection="xs" camunda:elementVariable="x"/>'
     "</b:userTask>", {"xs": [1, 2]}, {"xs": [1, 2]}),
    ('<b:userTask id="A"><b:multiInstanceLoopCharacteristics camunda:collection="${xs}"/></b:userTask>', {"xs": [1]}, {"xs": [1]}),
    ('<b:scriptTask id="A">' + extended('<zeebe:script expression="= x * 2" resultVariable="y"/>') + SEQUENTIAL.format(extended(
        '<zeebe:loopCharacteristics inputCollection="= xs" inputElement="x" outputCollection="ys" outputElement="= y"/>'
    )) + "</b:scriptTask>", {"xs": [1, 2]}, {"xs": [1, 2], "ys": [2, 4]}),
    ('<b:businessRuleTask id="A">' + extended('<zeebe:calledDecision decisionId="D1" resultVariable="y"/>')
     + "</b:businessRuleTask>", {"x": 1}, {"x": 1, "y": 2}),
    ('<b:businessRuleTask id="A" camunda:decisionRef="D1" camunda:resultVariable="y"/>', {"x": 1}, {"x": 1, "y": 2}),
    ('<b:callActivity id="A">' + extended('<zeebe:calledElement processId="Q"/>') + "</b:callActivity>", {"x": 1}, {"x": 1, "y": 2}),
    ('<b:callActivity id="A" calledElement="v:Q"/>', {"x": 1}, {"x": 1, "y": 2}),
    ('<b:userTask id="A" camunda:assignee="x" camunda:formKey="k">' + extended("<camunda:formData/>") + "</b:userTask>", {}, {}),
])  # fmt: skip
def test_extensions_that_say_what_bpmn_leaves_open(trace_text, tmp_path, task, inputs, variables):
    (tmp_path / "t.dmn").write_text(DECISION, "utf-8")
    (tmp_path / "q.bpmn").write_text(CALLED_BESIDE, "utf-8")
    done, end, _ = trace_text(f'<b:process id="P">{ROW.format(task)}</b:process>', inputs=inputs)
    assert done[-1] == "A"
    assert end["variables"] == variables


@pytest.mark.parametrize("task", [
    '<b:scriptTask id="A">' + extended('<zeebe:ioMapping><zeebe:input source="= x" target="a"/></zeebe:ioMapping>') + "</b:scriptTask>",
    '<b:callActivity id="A" calledElement="Q">' + extended('<camunda:in source="x" target="a"/>') + "</b:callActivity>",
    '<b:userTask id="A">' + extended('<camunda:executionListener event="end" class="X"/>') + "</b:userTask>",
    '<b:intermediateCatchEvent id="A"><b:conditionalEventDefinition><b:condition language="groovy">x</b:condition>'
    "</b:conditionalEventDefinition></b:intermediateCatchEvent>",
])  # fmt: skip
def test_what_another_product_would_do_beyond_bpmn_is_refused(trace_text, tmp_path, task):
    (tmp_path / "q.bpmn").write_text(CALLED_BESIDE, "utf-8")
    _, end, lines = trace_text(f'<b:process id="P">{ROW.format(task)}</b:process>')
    assert end["state"] == "refused"
    assert lines[0]["element"] == "A"


def test_messages_and_signals_may_be_called_by_their_id(trace_text):
    body = ('<b:message id="m" name="知らせ"/><b:signal id="g" name="合図"/><b:process id="P">'
            + ROW.format('<b:receiveTask id="A" messageRef="u:m"/>')
            + '<b:intermediateCatchEvent id="C"><b:signalEventDefinition signalRef="g"/></b:intermediateCatchEvent>'
            '<b:sequenceFlow id="f1" sourceRef="A" targetRef="C"/></b:process>')
    done, _, _ = trace_text(body, messages=[{"name": "m"}, {"name": "g", "at": "PT1H"}], head='xmlns:u="u"')
    assert done == ["s", "A", "C"]
