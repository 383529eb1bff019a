# ruff: noqa: E501  (a row of the table of rules reads best on one line)
"""Each rule: a small diagram that it finds, and the same diagram mended, in which it does not."""

import pytest

from processes.checking import check
from tests.runtime.drawing import draw

MULTI = "| <multiInstanceLoopCharacteristics{}>{}</multiInstanceLoopCharacteristics>"
TABLE = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" namespace="d" name="d" id="d">'
    '<decision id="D1" name="緊急度"><variable name="緊急度"/><literalExpression><text>1</text></literalExpression></decision>'
    "</definitions>"
).encode()
DECIDE = "| <extensionElements><spiffworkflow:calledDecisionId>{}</spiffworkflow:calledDecisionId></extensionElements>"
RESULT = "| <extensionElements><spiffworkflow:variableName>{}</spiffworkflow:variableName></extensionElements>"


def line(*steps):
    """Start, the named step `a`, end, with `steps` drawn before them."""
    return "\n".join([*steps, "startEvent s", "endEvent e", "s > a > e"])


def choice(first, second, kind="exclusiveGateway"):
    return f"{kind} g\nuserTask a\nuserTask b\nstartEvent s\nendEvent e\ns > g\ng > a {first}\ng > b {second}\na > e\nb > e"


def inside(text, kind="subProcess", more=""):
    return line(f"{kind} a {more}[", text, "]")


def handler(start, before=""):
    return line("userTask a", "subProcess h triggeredByEvent=true [", start, "userTask k", "hs > k", "]", before)


STORED = "| <dataOutputAssociation><sourceRef>x</sourceRef><targetRef>{}</targetRef></dataOutputAssociation>"
RULES = [
    # flows
    ("dangling-flow", line("userTask a", "a > nowhere"), line("userTask a")),
    ("crossing-flow", line("subProcess a [", "startEvent i", "userTask k", "i > k", "]", "k > e"),
     inside("startEvent i\nuserTask k\ni > k")),
    ("incoming-not-allowed", line("userTask a", "a > s"), line("userTask a")),
    ("outgoing-not-allowed", line("userTask a", "e > a"), line("userTask a")),
    ("flow-at-handler", line("userTask a", "userTask h isForCompensation=true", "a > h"),
     line("userTask a", "userTask h isForCompensation=true")),
    ("default-not-outgoing", line("userTask a default=f9"), line("userTask a")),
    ("condition-on-default", choice("if x = 1", "if x = 2").replace("exclusiveGateway g", "exclusiveGateway g default=f3"),
     choice("if x = 1", "default")),
    ("condition-not-asked", choice("if x = 1", "", "parallelGateway"), choice("", "", "parallelGateway")),
    ("unconditioned-flow", choice("if x = 1", ""), choice("if x = 1", "default")),
    ("unconditioned-flow", choice("", "default", "inclusiveGateway"), choice("if x = 1", "default", "inclusiveGateway")),
    ("no-default-flow", choice("if x = 1", "if x = 2"), choice("if x = 1", "if not(x = 1)")),
    ("no-default-flow", choice('if x = "a"', 'if x = "b"'), choice('if x = "a"', 'if not( x = "a" )')),
    # gateways
    ("event-gateway",
     line("eventBasedGateway a", "userTask b", "intermediateCatchEvent c !timer=P1D", "a > b > e", "a > c > e").replace("s > a > e", "s > a"),
     line("eventBasedGateway a", "receiveTask b message=m", "intermediateCatchEvent c !timer=P1D", "a > b > e", "a > c > e").replace("s > a > e", "s > a")),
    ("gateway-without-outgoing", "startEvent s\nexclusiveGateway g\ns > g", "startEvent s\nexclusiveGateway g\nendEvent e\ns > g > e"),
    # scopes
    ("no-start", "userTask a\nuserTask b\na > b > a", "startEvent s\nuserTask a\ns > a"),
    ("no-start-event", "userTask a\nendEvent e\na > e", line("userTask a")),
    ("sub-process-start", inside("startEvent i\nstartEvent j\nuserTask k\ni > k\nj > k"), inside("startEvent i\nuserTask k\ni > k")),
    ("sub-process-start", inside("startEvent i !message=m\nuserTask k\ni > k"), inside("userTask k")),
    ("sub-process-start", inside("userTask k\nuserTask l\nk > l > k"), inside("userTask k\nuserTask l\nk > l")),
    ("empty-sub-process", line("subProcess a [", "]"), inside("userTask k")),
    ("event-sub-process-start", handler("startEvent hs"), handler("startEvent hs !message=m")),
    ("event-sub-process-start", handler("startEvent hs isInterrupting=false !error=E"), handler("startEvent hs !error=E")),
    ("ad-hoc", inside("startEvent i\nuserTask k\ni > k", "adHocSubProcess"), inside("userTask k", "adHocSubProcess")),
    # events
    ("event-not-allowed", "startEvent s !error=E\nendEvent e\ns > e", "startEvent s !message=m\nendEvent e\ns > e"),
    ("event-not-allowed", line("intermediateThrowEvent a !timer=P1D"), line("intermediateCatchEvent a !timer=P1D")),
    ("event-not-allowed", line("intermediateCatchEvent a !error=E"), line("intermediateCatchEvent a !message=m")),
    ("event-without-trigger", line("intermediateCatchEvent a"), line("intermediateThrowEvent a")),
    ("unknown-reference", line("intermediateCatchEvent a", '| <messageEventDefinition messageRef="none"/>'),
     line("intermediateCatchEvent a !message=m")),
    ("unknown-reference", line("receiveTask a messageRef=none"), line("receiveTask a message=m")),
    ("unknown-reference", line("userTask a", "intermediateThrowEvent t !compensate=gone", "a > t"), line("userTask a")),
    ("signal-missing", line("intermediateThrowEvent a !signal"), line("intermediateThrowEvent a !signal=S")),
    ("timer-missing", line("intermediateCatchEvent a", "| <timerEventDefinition/>"), line("intermediateCatchEvent a !timer=P1D")),
    ("timer-missing", line("intermediateCatchEvent a !timer="), line("intermediateCatchEvent a !timer=duration(\"P1D\")")),
    ("condition-missing", line("intermediateCatchEvent a", "| <conditionalEventDefinition/>"),
     line("intermediateCatchEvent a !conditional=x > 1")),
    ("boundary-without-host", line("userTask a", "boundaryEvent b on=nobody !timer=P1D", "b > e"),
     line("userTask a", "boundaryEvent b on=a !timer=P1D", "b > e")),
    ("boundary-without-host", line("exclusiveGateway a", "boundaryEvent b on=a !timer=P1D", "b > e"),
     line("userTask a", "boundaryEvent b on=a !timer=P1D", "b > e")),
    ("error-must-interrupt", line("userTask a", "boundaryEvent b on=a cancelActivity=false !error=E", "b > e"),
     line("userTask a", "boundaryEvent b on=a !error=E", "b > e")),
    ("cancel-outside-transaction", line("userTask a", "boundaryEvent b on=a !cancel", "b > e"),
     inside("startEvent i\nendEvent k !cancel\ni > k", "transaction") + "\nboundaryEvent b on=a !cancel\nb > e"),
    ("cancel-outside-transaction", inside("startEvent i\nendEvent k !cancel\ni > k"), inside("startEvent i\nendEvent k !terminate\ni > k")),
    ("compensation-without-handler", line("userTask a", "boundaryEvent b on=a !compensate"),
     line("userTask a", "boundaryEvent b on=a !compensate", "userTask h isForCompensation=true", '| <documentation/>')),
    ("link-without-catch", line("userTask a", "intermediateThrowEvent t !link=L", "a > t"),
     line("userTask a", "intermediateThrowEvent t !link=L", "intermediateCatchEvent c !link=L", "a > t", "c > e")),
    ("link-without-throw", line("userTask a", "intermediateCatchEvent c !link=L", "c > e"), line("userTask a")),
    # activities
    ("called-missing", line("callActivity a"), line("userTask a")),
    ("called-not-found", line("callActivity a calledElement=nobody"), line("userTask a")),
    ("call-recursion", line("callActivity a calledElement=P"), line("userTask a")),
    ("decision-missing", line("businessRuleTask a"), line("businessRuleTask a", DECIDE.format("D1"))),
    ("decision-not-found", line("businessRuleTask a", DECIDE.format("D9")), line("businessRuleTask a", DECIDE.format("緊急度"))),
    ("operator-missing", line("serviceTask a"),
     line("serviceTask a", '| <extensionElements><spiffworkflow:serviceTaskOperator id="x"/></extensionElements>')),
    ("script-missing", line("scriptTask a"), line("scriptTask a", "| <script>{b: 1}</script>")),
    ("script-result-unused", line("scriptTask a", "| <script>1 + 1</script>"), line("scriptTask a", "| <script>{b: 1 + 1}</script>")),
    ("data-store", line("dataStoreReference ds", "userTask a", STORED.format("ds")),
     line("dataObject ds", "userTask a", STORED.format("ds"))),
    ("language", line("scriptTask a scriptFormat=text/x-python", "| <script>1</script>"),
     line("scriptTask a scriptFormat=feel", "| <script>1</script>")),
    ("loop-without-end", line("userTask a", "| <standardLoopCharacteristics/>"),
     line("userTask a", '| <standardLoopCharacteristics loopMaximum="2"/>')),
    ("multi-instance-without-count", line("userTask a", MULTI.format("", "")),
     line("userTask a", MULTI.format("", "<loopCardinality>2</loopCardinality>"))),
    ("multi-instance-behavior", line("userTask a", MULTI.format(' behavior="One"', "<loopCardinality>2</loopCardinality>")),
     line("userTask a", MULTI.format(' behavior="All"', "<loopCardinality>2</loopCardinality>"))),
    # expressions
    ("expression-syntax", choice("if x = (", "default"), choice("if x = (1)", "default")),
    ("expression-syntax", line("scriptTask a", "| <script>if x then</script>"),
     line("scriptTask a", "| <script>if x then 1 else 2</script>")),
    ("expression-syntax", line("userTask a", MULTI.format("", "<loopCardinality>2 +</loopCardinality>")),
     line("userTask a", MULTI.format("", "<loopCardinality>2 + 1</loopCardinality>"))),
    ("timer-invalid", line("intermediateCatchEvent a !timer=P3X"), line("intermediateCatchEvent a !timer=P3D")),
    ("timer-invalid", line("intermediateCatchEvent a !timer=3"), line("intermediateCatchEvent a !timer=days")),
    ("timer-invalid", line("intermediateCatchEvent a !date=2026-13-01"), line("intermediateCatchEvent a !date=2026-12-01")),
    ("timer-invalid", line("intermediateCatchEvent a !cycle=R3/soon"), line("intermediateCatchEvent a !cycle=R3/P1M")),
    ("naive-datetime", line("intermediateCatchEvent a !date=2026-01-10T09:00"),
     line("intermediateCatchEvent a !date=2026-01-10T09:00+09:00")),
    ("naive-datetime", line('intermediateCatchEvent a !date=date and time("2026-01-10T09:00:00")'),
     line('intermediateCatchEvent a !date=date and time("2026-01-10T09:00:00+09:00")')),
    ("reserved-name", line("scriptTask a", "| <script>1</script>" + RESULT.format("if").removeprefix("|")),
     line("scriptTask a", "| <script>1</script>" + RESULT.format("結果").removeprefix("|"))),
    # soundness
    ("unreachable", line("userTask a", "userTask b", "b > e"), line("userTask a")),
    ("deadlock",
     choice("if x = 1", "default").replace("endEvent e", "endEvent e\nparallelGateway j\nj > e").replace("a > e", "a > j").replace("b > e", "b > j"),
     choice("", "", "parallelGateway").replace("endEvent e", "endEvent e\nparallelGateway j\nj > e").replace("a > e", "a > j").replace("b > e", "b > j")),
    ("lack-of-synchronisation",
     choice("", "", "parallelGateway").replace("endEvent e", "endEvent e\nuserTask j\nj > e").replace("a > e", "a > j").replace("b > e", "b > j"),
     choice("if x = 1", "default").replace("endEvent e", "endEvent e\nuserTask j\nj > e").replace("a > e", "a > j").replace("b > e", "b > j")),
    ("no-way-to-end", choice("if x = 1", "default").replace("b > e", "b > b"), choice("if x = 1", "default")),
    ("improper-completion", choice("", "", "parallelGateway"), choice("if x = 1", "default")),
]
COMPENSATED = '<association id="as" sourceRef="b" targetRef="h"/></process>'


def judged(text):
    source = draw(text)
    if "isForCompensation" in text:
        source = source.replace(b"</process>", COMPENSATED.encode() if "boundaryEvent b" in text else b"</process>")
    return check(source, name="図.bpmn", decisions={"d.dmn": TABLE})


@pytest.mark.parametrize(("rule", "bad", "good"), RULES, ids=[f"{rule}-{number}" for number, (rule, _, _) in enumerate(RULES)])
def test_a_rule_finds_what_is_wrong_and_is_silent_when_it_is_mended(rule, bad, good):
    wrong = [finding for finding in judged(bad) if finding.rule == rule]
    assert wrong
    assert all(finding.message.endswith(("。", "？")) or rule == "expression-syntax" for finding in wrong)
    assert all(finding.line for finding in wrong if finding.element is not None)
    assert [finding for finding in judged(good) if finding.rule == rule] == []


@pytest.mark.parametrize("text", [
    line("userTask a", "userTask b", "a > b > e"),  # several outgoing flows on a task: an implicit fork, two ends
    "startEvent s\nuserTask a\ns > a",  # no end event
    "userTask a\nuserTask b\na > b",  # no start event
    line("userTask a", "boundaryEvent b on=a !timer=P1D"),  # a boundary event that ends there
    "startEvent s\nuserTask a\nuserTask b\nendEvent e\ns > a\na > b if x = 1\na > e default\nb > e",  # conditional flow from a task
    choice("if x = 1", "if x = 2", "inclusiveGateway"),
    inside("userTask k"), line("subProcess a [", "]"), line("sendTask a"), line("serviceTask a"),
    handler("startEvent hs isInterrupting=false !cycle=R/P1M"),
])
def test_what_bpmn_allows_and_we_execute_is_no_error(text):
    assert [finding for finding in judged(text) if finding.severity == "error"] == []


def test_every_problem_is_told_at_once_with_its_place():
    findings = judged(line("userTask a", "businessRuleTask b", "intermediateCatchEvent c !timer=soon", "a > c if x = (", "c > nowhere"))
    rules = {finding.rule for finding in findings if finding.severity == "error"}
    assert {"decision-missing", "expression-syntax", "dangling-flow"} <= rules
    assert [finding.element for finding in findings if finding.rule == "expression-syntax"] == ["f1"]


def test_a_file_with_the_same_id_twice_is_refused_with_both_lines():
    found = judged("startEvent s\nuserTask s")
    assert [finding.rule for finding in found] == ["duplicate-id"]


def test_called_diagrams_are_looked_for_beside_the_file(tmp_path):
    from processes.checking import check_file

    (tmp_path / "主.bpmn").write_bytes(draw(line("callActivity a calledElement=Q")))
    assert "called-not-found" in {f.rule for f in check_file(tmp_path / "主.bpmn")}
    (tmp_path / "従.bpmn").write_bytes(draw(line("userTask a"), process="Q"))
    assert [f for f in check_file(tmp_path / "主.bpmn") if f.severity == "error"] == []


def test_a_circle_of_calls_through_another_file_is_named():
    other = draw(line("callActivity a calledElement=P"), process="Q")
    found = check(draw(line("callActivity a calledElement=Q")), name="主.bpmn", called={"従.bpmn": other})
    assert "P→Q→P" in next(f.message for f in found if f.rule == "call-recursion")
