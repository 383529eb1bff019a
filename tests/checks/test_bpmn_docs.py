"""docs/bpmn.md tells the truth: every element of the standard's schema stands in it, and each does what it says."""

import re
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree

from engine import runtime
from processes.checking import check
from processes.elements import fate

DOC = Path(__file__).parents[2] / "docs" / "bpmn.md"
WORDS = {"executed": "executed", "refused": "refused", "ignored": "documentation"}
XSD = "{http://www.w3.org/2001/XMLSchema}"
NOT_IN_SEMANTIC = {"definitions", "import", "conditionExpression", "eventDefinitionRef"}  # declared inside other elements
ABSTRACT = {"callableElement", "dataAssociation", "gateway"}  # concrete by an oversight of the schema, abstract in the text

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core">'
)
ROOTS = (
    '<message id="M" name="知らせ"/><signal id="S" name="合図"/><error id="R" name="誤り" errorCode="R"/>'
    '<escalation id="C" name="上申" escalationCode="C"/>'
)


def doc_rows():
    return dict(re.findall(r"^\| `(\w+)` \| (executed|refused|ignored) \|", DOC.read_text("utf-8"), re.MULTILINE))


def whole(process="", roots="", after="", collaboration=""):
    body = process or '<startEvent id="s"/><sequenceFlow id="sa" sourceRef="s" targetRef="a"/><task id="a"/>'
    return f'{HEAD}{ROOTS}{roots}{collaboration}<process id="P" isExecutable="true">{body}</process>{after}</definitions>'.encode()


def line(*nodes):
    """Start, these nodes one after another, end."""
    ids = [re.search(r'id="(\w+)"', node)[1] for node in nodes]
    steps = ["s", *ids, "e"]
    flows = "".join(
        f'<sequenceFlow id="f{i}" sourceRef="{a}" targetRef="{b}"/>' for i, (a, b) in enumerate(pairwise(steps))
    )
    return f'<startEvent id="s"/>{"".join(nodes)}<endEvent id="e"/>{flows}'


def task(inside="", kind="task", more=""):
    return whole(line(f'<{kind} id="a"{more}>{inside}</{kind}>'))


def catch(definition):
    return whole(line(f'<intermediateCatchEvent id="a">{definition}</intermediateCatchEvent>'))


def throw(definition, kind="intermediateThrowEvent"):
    return whole(line(f'<{kind} id="a">{definition}</{kind}>'))


def scope(inside, kind="subProcess", more="", beside=""):
    return whole(line(f'<{kind} id="a"{more}>{inside}</{kind}>') + beside)


def boundary(definition, host='<task id="a"/>', inside=""):
    body = line(host) + f'<boundaryEvent id="b" attachedToRef="a">{definition}</boundaryEvent>{inside}'
    return whole(body + '<endEvent id="z"/><sequenceFlow id="bz" sourceRef="b" targetRef="z"/>')


def split(kind, default=True):
    join = kind
    chosen = ' default="g2"' if default else ""
    condition = "<conditionExpression>x = 1</conditionExpression>" if default else ""
    return whole(
        f'<startEvent id="s"/><{kind} id="g"{chosen}/><task id="a"/><task id="b"/><{join} id="j"/><endEvent id="e"/>'
        '<sequenceFlow id="f0" sourceRef="s" targetRef="g"/>'
        f'<sequenceFlow id="g1" sourceRef="g" targetRef="a">{condition}</sequenceFlow>'
        '<sequenceFlow id="g2" sourceRef="g" targetRef="b"/><sequenceFlow id="aj" sourceRef="a" targetRef="j"/>'
        '<sequenceFlow id="bj" sourceRef="b" targetRef="j"/><sequenceFlow id="je" sourceRef="j" targetRef="e"/>'
    )


RACE = whole(
    '<startEvent id="s"/><eventBasedGateway id="g"/><endEvent id="e"/><receiveTask id="a" messageRef="M"/>'
    '<intermediateCatchEvent id="b"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>'
    '<sequenceFlow id="f0" sourceRef="s" targetRef="g"/><sequenceFlow id="f1" sourceRef="g" targetRef="a"/>'
    '<sequenceFlow id="f2" sourceRef="g" targetRef="b"/><sequenceFlow id="f3" sourceRef="a" targetRef="e"/>'
    '<sequenceFlow id="f4" sourceRef="b" targetRef="e"/>'
)
INNER = '<startEvent id="i"/><sequenceFlow id="ik" sourceRef="i" targetRef="k"/>'
CANCEL = boundary(
    "<cancelEventDefinition/>",
    '<transaction id="a"><startEvent id="i"/><userTask id="t"/><exclusiveGateway id="g" default="ge"/><endEvent id="j"/>'
    '<endEvent id="k"><cancelEventDefinition/></endEvent><sequenceFlow id="it" sourceRef="i" targetRef="t"/>'
    '<sequenceFlow id="tg" sourceRef="t" targetRef="g"/><sequenceFlow id="ge" sourceRef="g" targetRef="j"/>'
    '<sequenceFlow id="gk" sourceRef="g" targetRef="k"><conditionExpression>x = 1</conditionExpression></sequenceFlow></transaction>',
)
COMPENSATION = whole(
    line('<task id="a"/>', '<intermediateThrowEvent id="u"><compensateEventDefinition/></intermediateThrowEvent>')
    + '<boundaryEvent id="b" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
    '<task id="h" isForCompensation="true"/><association id="bh" sourceRef="b" targetRef="h"/>'
)
LINK = whole(
    '<startEvent id="s"/><intermediateThrowEvent id="a"><linkEventDefinition name="L"/></intermediateThrowEvent>'
    '<intermediateCatchEvent id="b"><linkEventDefinition name="L"/></intermediateCatchEvent><endEvent id="e"/>'
    '<sequenceFlow id="f0" sourceRef="s" targetRef="a"/><sequenceFlow id="f1" sourceRef="b" targetRef="e"/>'
)
MULTI = "<multiInstanceLoopCharacteristics{}><loopCardinality>2</loopCardinality>{}</multiInstanceLoopCharacteristics>"
COMPLEX = MULTI.format(
    ' behavior="Complex"',
    "<complexBehaviorDefinition><condition>nrOfCompletedInstances = 1</condition>"
    '<event><signalEventDefinition signalRef="S"/></event></complexBehaviorDefinition>',
)
IO = (
    '<ioSpecification><dataInput id="x" name="入"/><dataOutput id="y" name="出"/><inputSet><dataInputRefs>x</dataInputRefs></inputSet>'
    "<outputSet><dataOutputRefs>y</dataOutputRefs></outputSet></ioSpecification>"
    "<dataInputAssociation><targetRef>x</targetRef><assignment><from>1 + 1</from><to>x</to></assignment></dataInputAssociation>"
    "<dataOutputAssociation><sourceRef>y</sourceRef><targetRef>答え</targetRef></dataOutputAssociation>"
)
TIMER = "<timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition>"
MESSAGE = '<messageEventDefinition messageRef="M"/>'
TABLE = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" namespace="d" name="d" id="d">'
    '<decision id="D1" name="D1"><variable name="D1"/><literalExpression><text>1</text></literalExpression></decision></definitions>'
)
DECIDE = '<extensionElements><spiffworkflow:calledDecisionId>D1</spiffworkflow:calledDecisionId></extensionElements>'
OPERATE = '<extensionElements><spiffworkflow:serviceTaskOperator id="case.note"/></extensionElements>'
CONDITION = "<conditionalEventDefinition><condition>x = 1</condition></conditionalEventDefinition>"
DATA = '<dataObject id="d" name="資料"/><dataObjectReference id="r" dataObjectRef="d"/>'


def called(kind, inside=""):
    return whole(line('<callActivity id="a" calledElement="G"/>'), roots=f'<{kind} id="G">{inside}</{kind}>')


def pools(inside=""):
    return f'<collaboration id="K"><participant id="pp" processRef="P"/><participant id="qq"/>{inside}</collaboration>'


def in_process(inside):
    return whole(inside + line('<task id="a"/>')) if inside else whole()


def people(inside):
    return task(inside, "userTask")


MESSAGE_FLOW = '<messageFlow id="mf" sourceRef="qq" targetRef="pp"/>'
CORRELATED = whole(
    line('<receiveTask id="a" messageRef="M"/>') + '<correlationSubscription id="cs" correlationKeyRef="ck">'
    '<correlationPropertyBinding correlationPropertyRef="cp"><dataPath>番号</dataPath></correlationPropertyBinding>'
    '</correlationSubscription>',
    roots='<correlationProperty id="cp"><correlationPropertyRetrievalExpression messageRef="M"><messagePath>番号</messagePath>'
    '</correlationPropertyRetrievalExpression></correlationProperty>',
    collaboration=pools('<correlationKey id="ck"><correlationPropertyRef>cp</correlationPropertyRef></correlationKey>'))
SAMPLES = {
    "definitions": whole(), "process": whole(), "subProcess": scope(INNER + '<endEvent id="k"/>'),
    "transaction": scope(INNER + '<endEvent id="k"/>', "transaction"),
    "adHocSubProcess": scope('<task id="k"/><completionCondition>true</completionCondition>', "adHocSubProcess"),
    "callActivity": called("globalTask"), "globalTask": called("globalTask"), "globalUserTask": called("globalUserTask"),
    "globalManualTask": called("globalManualTask"), "globalScriptTask": called("globalScriptTask", "<script>1</script>"),
    "globalBusinessRuleTask": called("globalBusinessRuleTask", DECIDE),
    "laneSet": in_process('<laneSet id="ls"><lane id="l" name="受付"><flowNodeRef>a</flowNodeRef></lane></laneSet>'),
    "task": task(), "userTask": task("", "userTask"), "manualTask": task("", "manualTask"),
    "scriptTask": task("<script>1</script>", "scriptTask"), "script": task("<script>1</script>", "scriptTask"),
    "serviceTask": task(OPERATE, "serviceTask"), "businessRuleTask": task(DECIDE, "businessRuleTask"),
    "sendTask": task("", "sendTask", ' messageRef="M"'), "receiveTask": task("", "receiveTask", ' messageRef="M"'),
    "standardLoopCharacteristics": task('<standardLoopCharacteristics loopMaximum="3"/>'),
    "multiInstanceLoopCharacteristics": task(MULTI.format("", "")), "complexBehaviorDefinition": task(COMPLEX),
    "exclusiveGateway": split("exclusiveGateway"), "inclusiveGateway": split("inclusiveGateway"),
    "parallelGateway": split("parallelGateway", default=False), "complexGateway": split("complexGateway"),
    "eventBasedGateway": RACE, "sequenceFlow": whole(), "conditionExpression": split("exclusiveGateway"),
    "association": COMPENSATION, "startEvent": whole(), "endEvent": task(), "intermediateCatchEvent": catch(TIMER),
    "intermediateThrowEvent": throw(""), "boundaryEvent": boundary(TIMER),
    "messageEventDefinition": catch(MESSAGE), "timerEventDefinition": catch(TIMER), "message": catch(MESSAGE),
    "signalEventDefinition": catch('<signalEventDefinition signalRef="S"/>'), "signal": throw('<signalEventDefinition signalRef="S"/>'),
    "errorEventDefinition": boundary('<errorEventDefinition errorRef="R"/>'), "error": boundary('<errorEventDefinition errorRef="R"/>'),
    "escalationEventDefinition": boundary('<escalationEventDefinition escalationRef="C"/>'),
    "escalation": throw('<escalationEventDefinition escalationRef="C"/>'), "conditionalEventDefinition": catch(CONDITION),
    "compensateEventDefinition": COMPENSATION, "cancelEventDefinition": CANCEL, "linkEventDefinition": LINK,
    "terminateEventDefinition": whole('<startEvent id="s"/><endEvent id="e"><terminateEventDefinition/></endEvent>'
                                      '<sequenceFlow id="f" sourceRef="s" targetRef="e"/>'),
    "eventDefinitionRef": whole(line('<intermediateCatchEvent id="a"><eventDefinitionRef>T</eventDefinitionRef></intermediateCatchEvent>'),
                                roots='<timerEventDefinition id="T"><timeDuration>P1D</timeDuration></timerEventDefinition>'),
    "dataObject": in_process(DATA), "dataObjectReference": in_process(DATA), "property": task('<property id="x" name="覚え"/>'),
    "extensionElements": task(OPERATE, "serviceTask"),
    "correlationKey": CORRELATED, "correlationProperty": CORRELATED, "correlationSubscription": CORRELATED,
    # drawn for the reader
    "documentation": in_process("<documentation>説明</documentation>"),
    "auditing": in_process("<auditing/>"), "monitoring": in_process("<monitoring/>"),
    "collaboration": whole(collaboration=pools()), "participant": whole(collaboration=pools()),
    "messageFlow": whole(collaboration=pools(MESSAGE_FLOW)),
    "messageFlowAssociation": whole(collaboration=pools(
        MESSAGE_FLOW + '<messageFlowAssociation innerMessageFlowRef="mf" outerMessageFlowRef="mf"/>')),
    "participantAssociation": whole(collaboration=pools(
        "<participantAssociation><innerParticipantRef>qq</innerParticipantRef>"
            "<outerParticipantRef>pp</outerParticipantRef></participantAssociation>")),
    "participantMultiplicity": whole(collaboration='<collaboration id="K"><participant id="q">'
        '<participantMultiplicity minimum="1"/></participant></collaboration>'),
    "dataState": in_process('<dataObject id="d"><dataState name="済"/></dataObject>'),
    "dataStore": whole(roots='<dataStore id="D"/>'),
    "dataStoreReference": whole(line('<task id="a"/>') + '<dataStoreReference id="dr" dataStoreRef="D"/>', roots='<dataStore id="D"/>'),
    "itemDefinition": whole(roots='<itemDefinition id="I"/>'),
    "interface": whole(roots='<interface id="I" name="i"><operation id="O" name="o"><inMessageRef>M</inMessageRef>'
        '</operation></interface>'),
    "category": whole(roots='<category id="X"><categoryValue id="V" value="v"/></category>'),
    "group": whole(line('<task id="a"/>') + '<group id="gr"/>'),
    "textAnnotation": whole(line('<task id="a"/>') + '<textAnnotation id="ta"><text>覚え書き</text></textAnnotation>'),
    "endPoint": whole(roots='<endPoint id="E"/>'), "partnerEntity": whole(roots='<partnerEntity id="E"/>'),
    "partnerRole": whole(roots='<partnerRole id="E"/>'),
    "resource": whole(roots='<resource id="E" name="係"><resourceParameter id="EP" name="課"/></resource>'),
    "import": whole(roots="").replace(ROOTS.encode(), b'<import namespace="n" location="l" importType="t"/>' + ROOTS.encode()),
    "extension": whole().replace(ROOTS.encode(), b'<extension mustUnderstand="false"/>' + ROOTS.encode()),
    "relationship": whole(after='<relationship type="t"><source>P</source><target>P</target></relationship>'),
    "resourceRole": people("<resourceRole><resourceRef>E</resourceRef></resourceRole>"),
    "performer": people("<performer><resourceRef>E</resourceRef></performer>"),
    "humanPerformer": people("<humanPerformer><resourceRef>E</resourceRef></humanPerformer>"),
    "potentialOwner": people(
        "<potentialOwner><resourceAssignmentExpression><formalExpression>x</formalExpression>"
            "</resourceAssignmentExpression></potentialOwner>"),
    "resourceParameterBinding": people(
        '<performer><resourceRef>E</resourceRef><resourceParameterBinding parameterRef="EP"><formalExpression>1</formalExpression>'
        "</resourceParameterBinding></performer>"),
    "rendering": people("<rendering/>"),
    "conversation": whole(collaboration=pools('<conversation id="c"><participantRef>pp</participantRef></conversation>'
                                              '<conversationLink id="cl" sourceRef="pp" targetRef="c"/>')),
    "subConversation": whole(collaboration=pools('<subConversation id="c"/>')),
    "callConversation": whole(collaboration=pools('<callConversation id="c"/>')),
    "conversationAssociation": whole(collaboration=pools(
        '<conversationAssociation id="ca" innerConversationNodeRef="x" outerConversationNodeRef="y"/>')),
    # refused
    "choreography": whole(after='<choreography id="H"/>'), "globalConversation": whole(after='<globalConversation id="H"/>'),
    "globalChoreographyTask": whole(after='<globalChoreographyTask id="H" initiatingParticipantRef="pp"/>'),
    "choreographyTask": in_process('<choreographyTask id="h" initiatingParticipantRef="pp"/>'),
    "callChoreography": in_process('<callChoreography id="h" initiatingParticipantRef="pp"/>'),
    "subChoreography": in_process('<subChoreography id="h" initiatingParticipantRef="pp"/>'),
    "implicitThrowEvent": in_process('<implicitThrowEvent id="h"/>'),
    "ioBinding": in_process('<ioBinding operationRef="O" inputDataRef="x" outputDataRef="y"/>'),
}
ALIASES = {
    "lane": "laneSet", "expression": "conditionExpression", "formalExpression": "potentialOwner", "ioSpecification": IO, "dataInput": IO,
    "dataOutput": IO, "inputSet": IO, "outputSet": IO, "dataInputAssociation": IO, "dataOutputAssociation": IO, "assignment": IO,
    "operation": "interface", "categoryValue": "category", "text": "textAnnotation", "resourceParameter": "resource",
    "resourceAssignmentExpression": "potentialOwner", "conversationLink": "conversation",
    "correlationPropertyRetrievalExpression": "correlationProperty", "correlationPropertyBinding": "correlationSubscription",
}


def sample(name):
    other = ALIASES.get(name)
    if other is None:
        return SAMPLES[name]
    return task(other) if other.startswith("<") else SAMPLES[other]


def test_every_element_of_the_schema_stands_in_the_table_once():
    schema = etree.parse(str(files("SpiffWorkflow.bpmn.parser") / "schema" / "Semantic.xsd")).getroot()
    abstract = {kind.get("name") for kind in schema.iter(f"{XSD}complexType") if kind.get("abstract") == "true"}
    concrete = {e.get("name") for e in schema.iterchildren(f"{XSD}element") if e.get("type") not in abstract}
    listed = re.findall(r"^\| `(\w+)` \| (?:executed|refused|ignored)", DOC.read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(concrete - ABSTRACT | NOT_IN_SEMANTIC)


@pytest.mark.parametrize("name", sorted(doc_rows()))
def test_each_element_is_executed_refused_or_ignored_as_the_table_says(name):
    said = WORDS[doc_rows()[name]]
    assert fate(name) == said
    source = sample(name)
    assert f"<{name}".encode() in source or name in ("expression",)
    errors = [f for f in check(source, name="図.bpmn", decisions={"d.dmn": TABLE.encode()}) if f.severity == "error"]
    if said == "refused":
        assert errors
        with pytest.raises(runtime.Unrunnable):
            runtime.compile(source)
        return
    assert errors == []
    runtime.compile(source, decisions={"d.dmn": TABLE.encode()})


def test_the_table_of_rules_names_every_rule_that_the_checks_use():
    source = Path(__file__).parents[2] / "processes"
    code = "".join(path.read_text("utf-8") for path in [
        *source.glob("lint/*.py"), *source.glob("house*.py"), *source.glob("soundness*.py"), source / "dataflow.py",
        source / "schema.py", *source.glob("bpmn*.py")])
    used = set(re.findall(r'rule="([a-z-]+)"', code))
    used |= set(re.findall(r'\b(?:at|on)\(\s*\w+(?:\[[^\]]*\])*(?:\([^)]*\))?,\s*"([a-z-]+)"', code))
    used |= set(re.findall(r'(?:_finding|_about|_readable|_refused)\([^")]*"([a-z-]+)"', code))
    named = set(re.findall(r"[a-z]+(?:-[a-z]+)*", DOC.read_text("utf-8").partition("## What a check finds")[2]))
    assert len(used) > 60
    assert used <= named, used - named
