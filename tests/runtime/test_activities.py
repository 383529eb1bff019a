"""Activities: loops, multi-instance, compensation, transactions, calls, ad-hoc work, services, decisions."""

import pytest

from engine.errors import NotOpen, Refused
from engine.runtime import Message, StepFailed
from tests.runtime.drawing import draw
from tests.runtime.life import Life

MULTI = '| <multiInstanceLoopCharacteristics isSequential="{sequential}">{inside}</multiInstanceLoopCharacteristics>'
COLLECTION = (
    "<loopDataInputRef>機関</loopDataInputRef><loopDataOutputRef>回答一覧</loopDataOutputRef>"
    '<inputDataItem id="i1" name="item"/><outputDataItem id="o1" name="回答"/>'
)


def multi(inside, sequential="false", kind="userTask"):
    return f"startEvent s\n{kind} A\n" + MULTI.format(sequential=sequential, inside=inside) + "\nuserTask z\ns > A > z"


def test_side_by_side_each_has_its_own_item_and_the_answers_stand_in_order():
    life = Life(multi(COLLECTION)).starts(機関=["包括", "社協", "福祉課"])
    assert [one.scope["item"] for one in life.step.waiting] == ["包括", "社協", "福祉課"]
    life.completes("A", 2, 回答="可").completes("A", 1, 回答="否").completes("A", 0, 回答="保留")
    assert life.open == ["z"]
    assert life.variables["回答一覧"] == ["保留", "否", "可"]


def test_one_after_the_other():
    life = Life(multi(COLLECTION, "true")).starts(機関=["包括", "社協"])
    assert [one.scope["item"] for one in life.step.waiting] == ["包括"]
    life.completes("A", 回答=1)
    assert [one.scope["item"] for one in life.step.waiting] == ["社協"]
    assert life.completes("A", 回答=2).variables["回答一覧"] == [1, 2]


def test_nobody_to_ask_goes_straight_on():
    life = Life(multi(COLLECTION)).starts(機関=[])
    assert life.open == ["z"]
    assert life.variables["回答一覧"] == []


def test_enough_answers_withdraw_the_rest():
    inside = "<loopCardinality>3</loopCardinality><completionCondition>nrOfCompletedInstances >= 2</completionCondition>"
    life = Life(multi(inside.replace(">=", "&gt;="))).starts().completes("A").completes("A")
    assert life.open == ["z"]
    assert (life.count("A"), life.count("A", "cancelled")) == (2, 1)


def test_what_one_instance_writes_another_does_not_see_until_it_is_done():
    life = Life("""
        startEvent s
        subProcess S [
            startEvent s2
            userTask A
            userTask B
            s2 > A > B
        ]
        | <multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>
        s > S
    """)
    assert life.starts().completes("A", 0, 回答="一").completes("A", 0, 回答="二").open == ["B", "B"]
    assert [one.scope["回答"] for one in life.step.waiting] == ["一", "二"]


@pytest.mark.parametrize(('behavior', 'times'), [("None", 3), ("One", 1), ("All", 0)])
def test_behaviours_throw_their_events(behavior, times):
    more = '<signal id="sg" name="一件済"/><signalEventDefinition id="sd" signalRef="sg"/>'
    life = Life(f"""
        startEvent s
        userTask A
        | <multiInstanceLoopCharacteristics behavior="{behavior}" noneBehaviorEventRef="sd" oneBehaviorEventRef="sd">
        | <loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>
        boundaryEvent b on=A cancelActivity=false
        | <signalEventDefinition signalRef="sg"/>
        userTask L
        s > A
        b > L
    """, more=more).starts()
    life.completes("A").completes("A").completes("A")
    assert life.open == ["L"] * times


def test_a_complex_behaviour_throws_when_its_condition_holds():
    more = '<signal id="sg" name="過半数"/>'
    life = Life("""
        startEvent s
        userTask A
        | <multiInstanceLoopCharacteristics behavior="Complex"><loopCardinality>3</loopCardinality>
        | <complexBehaviorDefinition id="c"><condition>nrOfCompletedInstances = 2</condition>
        | <event id="ev"><signalEventDefinition signalRef="sg"/></event></complexBehaviorDefinition>
        | </multiInstanceLoopCharacteristics>
        boundaryEvent b on=A
        | <signalEventDefinition signalRef="sg"/>
        userTask L
        s > A
        b > L
    """, more=more).starts()
    assert life.completes("A").open == ["A", "A"]
    assert life.completes("A").open == ["L"]


@pytest.mark.parametrize(('attributes', 'rounds'), [
    ('testBefore="false" loopMaximum="3"', 3), ('testBefore="true" loopMaximum="3"', 3),
    ('testBefore="true" loopMaximum="0"', 0), ('testBefore="false" loopMaximum="0"', 1),
])
def test_standard_loops_count(attributes, rounds):
    life = Life(f"startEvent s\nuserTask A\n| <standardLoopCharacteristics {attributes}/>\nuserTask z\ns > A > z").starts()
    for _ in range(rounds):
        life.completes("A")
    assert life.open == ["z"]
    assert life.count("A") == rounds


def test_a_standard_loop_asks_its_condition_after_each_round():
    life = Life("""
        startEvent s
        userTask A
        | <standardLoopCharacteristics><loopCondition>まだ</loopCondition></standardLoopCharacteristics>
        userTask z
        s > A > z
    """).starts()
    assert life.completes("A", まだ=True).completes("A", まだ=True).open == ["A"]
    assert life.completes("A", まだ=False).open == ["z"]


def test_a_timer_directly_before_a_multi_instance():
    life = Life("""
        startEvent s
        userTask A
        boundaryEvent t on=A !timer=P1D
        userTask M
        | <multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>
        s > A
        t > M
    """).starts().waits("P1D")
    assert life.open == ["M", "M"]


COMPENSATION = """
    startEvent s
    userTask A
    boundaryEvent ca on=A !compensate
    userTask undoA isForCompensation=true
    userTask B
    boundaryEvent cb on=B !compensate
    userTask undoB isForCompensation=true
    userTask C
    intermediateThrowEvent t !compensate{ref}
    userTask z
    s > A > B > C > t > z
    |
"""
ASSOCIATED = ('<association id="x1" sourceRef="ca" targetRef="undoA"/>', '<association id="x2" sourceRef="cb" targetRef="undoB"/>')


def compensating(text):
    source = draw(text.replace("| \n", "\n")).decode()
    return Life(source.replace("</process>", "".join(ASSOCIATED) + "</process>").encode())


def test_undoing_goes_backwards_and_the_thrower_waits():
    life = compensating(COMPENSATION.format(ref="")).starts().completes("A").completes("B").completes("C")
    assert life.open == ["undoB"]
    assert life.completes("undoB").open == ["undoA"]
    assert life.completes("undoA").open == ["z"]


def test_one_activity_alone_is_undone():
    life = compensating(COMPENSATION.format(ref="=A")).starts().completes("A").completes("B").completes("C")
    assert life.open == ["undoA"]
    assert life.completes("undoA").open == ["z"]


def test_a_completed_sub_process_is_undone_from_the_inside():
    text = """
        startEvent s
        subProcess S [
            startEvent s2
            userTask A
            boundaryEvent ca on=A !compensate
            userTask undoA isForCompensation=true
            userTask B
            boundaryEvent cb on=B !compensate
            userTask undoB isForCompensation=true
            s2 > A > B
        ]
        userTask C
        endEvent t !compensate=S
        s > S > C > t
    """
    life = compensating(text).starts().completes("A").completes("B").completes("C")
    assert life.open == ["undoB"]
    assert life.completes("undoB").open == ["undoA"]
    assert life.completes("undoA").finished


def test_a_compensation_event_sub_process_undoes_its_sub_process():
    life = Life("""
        startEvent s
        subProcess S [
            startEvent s2
            userTask A
            s2 > A
            subProcess E triggeredByEvent=true [
                startEvent es !compensate
                userTask undo
                es > undo
            ]
        ]
        userTask C
        endEvent t !compensate
        s > S > C > t
    """).starts().completes("A").completes("C")
    assert life.open == ["undo"]
    assert life.completes("undo").finished


def test_a_cancelled_transaction_is_undone_before_its_boundary_event():
    text = """
        startEvent s
        transaction T [
            startEvent s2
            parallelGateway p
            userTask A
            boundaryEvent ca on=A !compensate
            userTask undoA isForCompensation=true
            userTask B
            boundaryEvent cb on=B !compensate
            userTask undoB isForCompensation=true
            userTask X
            exclusiveGateway g
            endEvent c !cancel
            endEvent ok
            s2 > p
            p > A
            p > B
            p > X > g
            g > c if 取消
            g > ok default
        ]
        boundaryEvent b on=T !cancel
        userTask L
        userTask z
        s > T > z
        b > L
    """
    life = compensating(text).starts().completes("A").completes("X", 取消=True)
    assert life.open == ["undoA"]
    assert "B" in life.did("cancelled")
    assert life.completes("undoA").open == ["L"]
    life = compensating(text).starts().completes("A").completes("X", 取消=False).completes("B")
    assert life.open == ["z"]


CALLED = draw("startEvent s\nuserTask 中\nscriptTask c\n| <script>{結果: 入力 * 2, 秘密: 1}</script>\ns > 中 > c", process="子")


def test_a_call_passes_everything_when_nothing_is_mapped():
    life = Life("startEvent s\ncallActivity K calledElement=子\nuserTask z\ns > K > z", called={"子.bpmn": CALLED})
    life.starts(入力=21)
    assert (life.open, life.step.waiting[0].process_id) == (["中"], "子")
    assert life.completes("中").variables == {"入力": 21, "結果": 42, "秘密": 1}


def test_a_call_passes_only_what_is_mapped():
    mapped = (
        "<extensionElements><spiffworkflow:properties>"
        '<spiffworkflow:property name="in:入力" value="額 + 1"/><spiffworkflow:property name="out:倍" value="結果"/>'
        "</spiffworkflow:properties></extensionElements>"
    )
    life = Life(f"startEvent s\ncallActivity K calledElement=子\n| {mapped}\nuserTask z\ns > K > z", called={"子.bpmn": CALLED})
    assert life.starts(額=4).completes("中").variables == {"額": 4, "倍": 10}


def test_an_error_comes_out_of_a_called_process():
    called = draw("startEvent s\nuserTask 中\nendEvent e !error=却下\ns > 中 > e", process="子")
    life = Life("""
        startEvent s
        callActivity K calledElement=子
        boundaryEvent b on=K !error=却下
        userTask L
        s > K
        b > L
    """, called={"子.bpmn": called}).starts().completes("中")
    assert life.open == ["L"]


def test_a_process_that_calls_itself_for_ever_stops():
    with pytest.raises(StepFailed):
        Life("startEvent s\ncallActivity K calledElement=P\ns > K").starts()


def test_ad_hoc_work_is_done_in_any_order_and_again():
    text = """
        startEvent s
        adHocSubProcess H [
            userTask A
            userTask B
            userTask C
            B > C
        ]
        | <completionCondition>調整済 = true</completionCondition>
        userTask z
        s > H > z
    """
    life = Life(text).starts()
    assert life.open == ["A", "B"]
    assert all(one.ad_hoc for one in life.step.waiting)
    life.completes("B").completes("A").completes("C")
    assert (life.open, life.resting) == ([], ["H"])
    assert life.performs("A").open == ["A"]
    with pytest.raises(StopIteration):
        life.performs("C")
    life.performs("B")
    assert life.completes("A", 調整済=True).open == ["z"]
    assert "B" in life.did("cancelled")


def test_ad_hoc_work_in_sequence():
    life = Life("startEvent s\nadHocSubProcess H ordering=Sequential [\nuserTask A\nuserTask B\n]\nuserTask z\ns > H > z").starts()
    assert life.open == ["A"]
    assert life.completes("A").open == ["B"]
    assert life.completes("B").open == ["z"]


SERVICE = """
    startEvent s
    serviceTask K
    | <extensionElements><spiffworkflow:serviceTaskOperator id="case.note" resultVariable="結果">
    | <spiffworkflow:parameters><spiffworkflow:parameter id="額" type="str" value="x * 2"/>
    | </spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></extensionElements>
    boundaryEvent b on=K !error=断
    userTask A
    userTask L
    s > K > A
    b > L
"""


def test_a_service_waits_for_its_result():
    life = Life(SERVICE).starts(x=4)
    call = life.step.calls[0]
    assert (call.operator, call.parameters, call.waits) == ("case.note", {"額": 8}, True)
    assert life.completes("K", 可=1).variables["結果"] == {"可": 1}


def test_an_effect_does_not_wait():
    life = Life(SERVICE, effects={"case.note"}).starts(x=4)
    assert (life.open, life.step.calls[0].waits) == (["A"], False)


def test_a_service_that_fails_goes_to_its_boundary_event():
    assert Life(SERVICE).starts(x=1).fails("K", "断").open == ["L"]


def test_a_decision_is_taken_and_told():
    table = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="urn:d">
      <inputData id="i" name="x"/><decision id="D1" name="hantei">
      <informationRequirement id="r"><requiredInput href="#i"/></informationRequirement>
      <decisionTable id="t"><input id="in"><inputExpression id="ie"><text>x</text></inputExpression></input><output id="o" name="v"/>
      <rule id="r1"><inputEntry id="e1"><text>&gt; 5</text></inputEntry><outputEntry id="o1"><text>"big"</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="e2"><text>&lt;= 5</text></inputEntry><outputEntry id="o2"><text>"small"</text></outputEntry></rule>
      </decisionTable></decision></definitions>"""
    life = Life("""
        startEvent s
        businessRuleTask R
        | <extensionElements><spiffworkflow:calledDecisionId>D1</spiffworkflow:calledDecisionId>
        | <spiffworkflow:variableName>大きさ</spiffworkflow:variableName></extensionElements>
        userTask A
        s > R > A
    """, decisions={"d.dmn": table}).starts(x=9)
    assert life.variables["大きさ"] == "big"
    assert life.step.decided[0].matched[0].rules == (("r1", 1),)


def test_a_data_object_lives_in_its_sub_process():
    life = Life("""
        startEvent s
        subProcess S [
            startEvent s2
            scriptTask c
            | <script>{下書き: 1, 全体: 2}</script>
            userTask A
            s2 > c > A
        ]
        | <dataObject id="d1"/><dataObjectReference id="r1" name="下書き" dataObjectRef="d1"/>
        userTask z
        s > S > z
    """).starts()
    assert life.step.waiting[0].scope == {"下書き": 1, "全体": 2}
    assert life.completes("A").variables == {"全体": 2}


def test_what_is_done_cannot_be_done_again():
    life = Life("startEvent s\nuserTask A\nuserTask B\ns > A > B").starts()
    token = life.step.waiting[0].token
    life.completes("A")
    from engine import runtime
    with pytest.raises(NotOpen):
        runtime.complete(life.definition, life.step.state, token, {}, now=life.now)


def test_typed_words_are_data_and_nothing_else():
    life = Life("startEvent s\nuserTask A\nuserTask B\ns > A > B").starts()
    answers = {"form": {"typename": "UUID", "value": "x"}, "名": "'; drop", "日": {"@": "2026-04-01"}, "ﾔﾏﾀﾞ": 1.5}
    assert life.completes("A", **answers).variables == answers
    with pytest.raises(Refused):
        life.completes("B", 日={"@": "いつか"})


def test_half_width_kana_names_are_names():
    life = Life("startEvent s\nexclusiveGateway g\nuserTask A\nuserTask B\ns > g\ng > A if ｹｰｽ = 1\ng > B default")
    given = {"ｹｰｽ": 1}  # as a keyword Python would change the name
    assert life.starts(**given).open == ["A"]


def test_an_automatic_loop_without_end_stops_with_a_sentence():
    life = Life("startEvent s\nexclusiveGateway m\nscriptTask c\n| <script>{n: 1}</script>\ns > m > c > m")
    with pytest.raises(StepFailed) as failed:
        life.starts()
    assert "終わりません" in failed.value.reason_ja


def test_a_message_of_the_run_itself_is_not_special():
    life = Life("""
        startEvent s
        intermediateThrowEvent t !message=m
        intermediateCatchEvent c !message=m
        userTask A
        s > t > c > A
    """).starts()
    assert life.step.sent == (Message(name="m"),)
    assert life.resting == ["c"]
