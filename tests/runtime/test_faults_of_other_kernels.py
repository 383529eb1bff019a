"""One story for each fault that other BPMN kernels are known for (all seen in SpiffWorkflow 3.2, which this house measured
itself against before it wrote its own). What each would do otherwise stands in the name or the first line."""

from datetime import date
from decimal import Decimal

import pytest

from engine import runtime
from engine.errors import NotOpen
from engine.runtime import Message, NotAwaited, Unrunnable
from processes import dmn
from processes.checking import check
from tests.dmn.models import decision, definitions, inputs, table
from tests.runtime.drawing import draw
from tests.runtime.life import MORNING
from tests.runtime.test_traces import compact
from tsunagi.tracing import trace_file

BACK = """
    startEvent s
    exclusiveGateway m
    userTask A
    userTask B
    exclusiveGateway g
    s > m > A > B > g
    g > m if again
"""


@pytest.fixture
def trace(tmp_path):
    def run(diagram, more="", **options):
        file = tmp_path / "d.bpmn"
        file.write_bytes(draw(diagram, more=more))
        return compact(trace_file(file, **options)[0])
    return run


def started(diagram, variables=None):
    definition = runtime.compile(draw(diagram))
    return definition, runtime.start(definition, variables or {}, now=MORNING)


def done(definition, step, element, answers=None):
    token = next(one.token for one in step.waiting if one.element == element)
    return runtime.complete(definition, step.state, token, answers or {}, now=MORNING)


def test_a_loop_of_a_thousand_rounds_is_neither_lost_nor_taken_for_finished():
    definition, step = started(BACK)
    size = len(step.state)
    for _ in range(1_100):
        step = done(definition, done(definition, step, "A"), "B", {"again": True})
        assert [one.element for one in step.waiting] == ["A"]
        assert not step.finished
    assert len(step.state) < size + 100


def test_a_parallel_join_in_a_loop_waits_for_both_in_whatever_order():
    definition, step = started("""
        startEvent s
        exclusiveGateway m
        parallelGateway p
        userTask A
        userTask B
        parallelGateway j
        exclusiveGateway g
        s > m > p
        p > A > j
        p > B > j
        j > g
        g > m if again
    """, {"again": True})
    for first, second in [("A", "B"), ("B", "A"), ("A", "B"), ("B", "A")]:
        step = done(definition, step, first)
        assert [one.element for one in step.waiting] == [second]
        step = done(definition, step, second)
        assert sorted(one.element for one in step.waiting) == ["A", "B"]


def test_an_inclusive_join_in_a_loop_does_not_fire_early():
    definition, step = started("""
        startEvent s
        exclusiveGateway m
        inclusiveGateway o
        userTask A
        userTask B
        inclusiveGateway j
        userTask Z
        exclusiveGateway g
        s > m > o
        o > A if true
        o > B if b
        A > j
        B > j
        j > Z > g
        g > m if again
    """, {"b": True, "again": True})
    for first, second in [("A", "B"), ("B", "A"), ("A", "B")]:
        step = done(definition, done(definition, step, first), second)
        assert [one.element for one in step.waiting] == ["Z"]
        step = done(definition, step, "Z")


def test_no_branch_overwrites_what_another_wrote():
    definition, step = started("""
        startEvent s
        parallelGateway p
        userTask A
        userTask B
        parallelGateway j
        userTask Z
        s > p
        p > A > j
        p > B > j
        j > Z
    """, {"x": 0, "y": 0, "z": 0})
    step = done(definition, done(definition, step, "B", {"y": 2}), "A", {"x": 1})
    assert step.variables == {"x": 1, "y": 2, "z": 0}


def test_a_nested_value_belongs_to_one_moment():
    """Others share lists between tasks: a later change rewrites what was before."""
    given = {"xs": [{"n": 1}], "again": True}
    definition, step = started(BACK, given)
    before, [waiting] = step.state, step.waiting
    waiting.scope["xs"][0]["n"] = 99
    later = done(definition, step, "A", {"xs": [{"n": 2}]})
    assert given["xs"] == [{"n": 1}]
    assert runtime.describe(definition, before, now=MORNING).variables["xs"] == [{"n": 1}]
    assert later.variables["xs"] == [{"n": 2}]


def test_running_one_case_does_not_change_the_definition_for_the_next(trace):
    diagram = """
        startEvent s
        adHocSubProcess H ordering=Sequential [
            userTask A
            userTask B
        ]
        s > H
        subProcess E triggeredByEvent=true [
            startEvent es isInterrupting=false !message=M
            userTask EA
            es > EA
        ]
    """
    told = [trace(diagram, messages=[{"name": "M"}], answers={"A": [{}, {}]}) for _ in range(3)]
    assert len(set(told)) == 1
    assert "+E +es" in told[0]


def test_answers_are_data_and_nothing_of_them_is_ever_called():
    answer = {"form": {"typename": "Task", "__class__": "os.system", "@type": "x"}}
    definition, step = started(BACK)
    step = done(definition, step, "A", answer)
    assert runtime.describe(definition, step.state, now=MORNING).variables["form"] == answer["form"]


def test_the_ids_start_end_and_root_are_ids_like_others(trace):
    told = trace("startEvent Start\nuserTask End\nuserTask Root\nStart > End > Root")
    assert told == "+Start -Start +End -End +Root -Root => finished [] {}"


def test_an_interrupted_sub_process_goes_on_with_nothing(trace):
    told = trace("""
        startEvent s
        subProcess S [
            parallelGateway p
            userTask A
            intermediateCatchEvent c !timer=PT1H
            scriptTask k
            | <script>{late: true}</script>
            p > A
            p > c > k
        ]
        boundaryEvent b on=S !timer=PT1H
        s > S
    """, answers={"A": None})
    assert told == "+s -s +S +p -p +A +c @01-05T10:00 xA xc xS +b -b => finished [] {}"


@pytest.mark.parametrize("loop", [
    "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>",
    '<standardLoopCharacteristics loopMaximum="2"/>',
])  # fmt: skip
def test_a_boundary_event_leads_directly_to_repeated_work(trace, loop):
    told = trace(f"startEvent s\nuserTask A\nboundaryEvent b on=A !timer=PT1H\nuserTask R\n| {loop}\ns > A\nb > R", answers={"A": None})
    assert told.count("-R") == 2


def test_every_month_is_a_month_and_a_moment_without_zone_is_refused(trace):
    monthly = "startEvent s\nuserTask A\nboundaryEvent b on=A cancelActivity=false !cycle=R4/2026-01-31T09:00+09:00/P1M\ns > A"
    told = trace(monthly, answers={"A": None})
    assert [word for word in told.split() if word.startswith("@")] == ["@01-31T09:00", "@02-28T09:00", "@03-31T09:00", "@04-30T09:00"]
    with pytest.raises(Unrunnable, match="時差"):
        runtime.compile(draw("startEvent s\nintermediateCatchEvent c !date=2026-01-31T09:00:00\ns > c"))


def test_dates_and_decimals_are_kept_when_the_work_is_done():
    definition, step = started(BACK)
    step = done(definition, step, "A", {"d": date(2026, 1, 5), "n": Decimal("1.5")})
    assert runtime.describe(definition, step.state, now=MORNING).variables == {"d": {"@": "2026-01-05"}, "n": 1.5}


def test_half_width_kana_is_a_name(trace):
    assert trace("startEvent s\nscriptTask k\n| <script>{ｹｯｶ: ｶﾅ + 1}</script>\ns > k", inputs={"ｶﾅ": 1}).endswith('{"ｶﾅ": 1, "ｹｯｶ": 2}')


def test_two_tasks_may_lead_to_each_other_without_a_gateway(trace):
    told = trace("startEvent s\nuserTask A\nuserTask B\ns > A > B\nB > A if again", answers={"B": [{"again": True}, {"again": False}]})
    assert told.startswith("+s -s +A -A +B -B +A -A +B -B =>")


def test_the_error_of_a_service_is_told_by_its_own_name():
    definition, step = started("startEvent s\nserviceTask K\nboundaryEvent b on=K !error=E1\nuserTask H\ns > K\nb > H")
    [call] = step.calls
    step = runtime.throw_error(definition, step.state, call.token, "E1", now=MORNING)
    assert [one.element for one in step.waiting] == ["H"]


def test_what_is_done_is_not_done_twice():
    definition, step = started(BACK)
    [open_task] = step.waiting
    after = done(definition, step, "A")
    with pytest.raises(NotOpen):
        runtime.complete(definition, after.state, open_task.token, {}, now=MORNING)


def test_an_early_message_is_kept_and_a_reminder_hears_more_than_once(trace):
    definition, step = started("startEvent s\nuserTask A\nreceiveTask R message=M\ns > A > R")
    with pytest.raises(NotAwaited):  # the case keeps it and hands it in again
        runtime.deliver(definition, step.state, Message(name="M", key=None, payload={}), now=MORNING)
    told = trace("startEvent s\nuserTask A\nboundaryEvent b on=A cancelActivity=false !message=M\ns > A",
                 answers={"A": None}, messages=[{"name": "M", "at": f"PT{n}H"} for n in (1, 2, 3)])
    assert told.count("+b") == 3


@pytest.mark.parametrize("code", ["__import__('os').system('true')", "().__class__.__bases__[0].__subclasses__()", "x := 1", "lambda: 0"])
def test_no_python_of_a_diagram_is_evaluated(code):
    with pytest.raises(Unrunnable):
        runtime.compile(draw(f"startEvent s\nscriptTask k\n| <script>{code}</script>\ns > k"))


def test_every_fault_of_a_drawing_is_told_at_once_with_its_line():
    found = check(draw("""
        startEvent s
        exclusiveGateway g
        userTask A
        userTask B
        scriptTask k
        | <script>1 +</script>
        intermediateCatchEvent c !timer=P30X
        userTask lonely
        endEvent e
        s > g
        g > A if (
        g > B default
        A > k > c > e
        B > e
        lonely > e
    """), name="図.bpmn")
    assert {"expression-syntax", "timer-invalid"} <= {one.rule for one in found if one.severity == "error"}
    assert {"k", "c"} <= {one.element for one in found}
    assert all(one.line for one in found if one.severity == "error")
    assert any(one.rule == "unreachable" for one in check(draw(
        "startEvent s\nuserTask a\nuserTask b\nuserTask c\nendEvent e\ns > a > e\nb > c > b"), name="図.bpmn"))


@pytest.mark.parametrize(("hit", "expected"), [
    ("UNIQUE", None), ("ANY", None), ("FIRST", "b"), ("PRIORITY", "a"), ("COLLECT", ["b", "a"]), ("RULE ORDER", ["b", "a"]),
    ("OUTPUT ORDER", ["a", "b"]),
])  # fmt: skip
def test_every_hit_policy_and_every_kind_of_cell(hit, expected):
    rows = [['"x","y"', '"b"'], ['not("z")', '"a"']]
    body = inputs("k") + decision("d", table(["k"], ["o"], rows, hit=hit, values='"a","b"'), needs=["k"])
    assert dmn.read(definitions(body)).decide("d", {"k": "x"}).value == expected


def test_nothing_is_silently_left_out(trace):
    """Compensation, links, signal ends, shared definitions, the condition on a single flow, quantities, behaviours and
    nested event sub-processes: each changes what happens here."""
    told = trace("""
        startEvent s
        userTask A completionQuantity=2
        boundaryEvent ba on=A !compensate
        userTask UA isForCompensation=true
        userTask B startQuantity=2
        | <multiInstanceLoopCharacteristics behavior="One" oneBehaviorEventRef="once">{count}</multiInstanceLoopCharacteristics>
        boundaryEvent bb on=B cancelActivity=false
        | <eventDefinitionRef>once</eventDefinitionRef>
        userTask N
        intermediateThrowEvent l1 !link=L
        intermediateCatchEvent l2 !link=L
        intermediateThrowEvent t !compensate
        userTask never
        endEvent e !signal=Z
        s > A > B > l1
        l2 > t > e
        t > never if false
        bb > N
        ba ~ UA
        subProcess E triggeredByEvent=true [
            startEvent es isInterrupting=false !signal=Z
            subProcess F triggeredByEvent=true [
                startEvent fs isInterrupting=false !timer=PT0S
            ]
            userTask EA
            es > EA
        ]
    """.replace("{count}", "<loopCardinality>2</loopCardinality>"),
        more='<signal id="O" name="O"/><signalEventDefinition id="once" signalRef="O"/>')
    assert told == (
        "+s -s +A -A +B +B -B +bb -bb +N -B +l1 !l1 -l1 +l2 -l2 +t !t +ba -ba +UA -UA -t "
        "+e !e -e +E +es -es +EA -N +F +fs -fs -F -EA -E => finished [] {}"
    )
