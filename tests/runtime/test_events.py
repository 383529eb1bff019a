"""Events at every place where BPMN allows them."""

import pytest

from engine.runtime import Message, NotAwaited
from tests.runtime.life import Life

TASK = "startEvent s\nuserTask A\nuserTask B\nuserTask L\ns > A > B\n"


def test_an_interrupting_timer_takes_the_task_away():
    life = Life(TASK + "boundaryEvent t on=A !timer=P1D\nt > L").starts().waits("PT23H")
    assert life.open == ["A"]
    assert life.waits("PT1H").open == ["L"]
    assert life.did("cancelled") == ["A"]


def test_a_timer_that_does_not_interrupt_fires_once():
    life = Life(TASK + "boundaryEvent t on=A cancelActivity=false !timer=P1D\nt > L").starts().waits("P1D").waits("P9D")
    assert life.open == ["A", "L"]


def test_a_cycle_reminds_three_times():
    life = Life(TASK + "boundaryEvent t on=A cancelActivity=false !cycle=R3/P1D\nt > L").starts()
    assert life.waits("P1D").open == ["A", "L"]
    assert life.waits("P10D").open == ["A", "L", "L", "L"]
    assert not life.step.timers


def test_months_are_months_of_the_calendar():
    life = Life(TASK + "boundaryEvent t on=A cancelActivity=false !cycle=R/2026-01-31T09:00:00+09:00/P1M\nt > L").starts()
    dues = []
    for _ in range(4):
        due = life.step.timers[0].due
        dues.append(due.isoformat()[:16])
        life.waits(f"PT{int((due - life.now).total_seconds())}S")
    assert dues == ["2026-01-31T09:00", "2026-02-28T09:00", "2026-03-31T09:00", "2026-04-30T09:00"]


def test_a_message_boundary_that_does_not_interrupt_listens_on():
    life = Life(TASK + "boundaryEvent m on=A cancelActivity=false !message=問合せ\nm > L").starts()
    life.hears("問合せ", n=1).hears("問合せ", n=2)
    assert life.open == ["A", "L", "L"]
    assert life.completes("A").open == ["B", "L", "L"]
    with pytest.raises(NotAwaited):
        life.hears("問合せ")


def test_an_interruption_beats_what_goes_on_inside():
    life = Life("""
        startEvent s
        subProcess S [
            startEvent s2
            userTask A
            intermediateThrowEvent t !signal=止める
            userTask B
            s2 > A > t > B
        ]
        boundaryEvent b on=S !signal=止める
        userTask L
        userTask z
        s > S > z
        b > L
    """).starts().completes("A")
    assert life.open == ["L"]
    assert "B" not in life.did("started")


def test_an_error_goes_to_the_nearest_that_catches_its_code():
    text = """
        startEvent s
        subProcess O [
            startEvent s2
            subProcess I [
                startEvent s3
                userTask A
                exclusiveGateway g
                endEvent e1 !error=E1
                endEvent e2 !error=E2
                s3 > A > g
                g > e1 if x = 1
                g > e2 default
            ]
            boundaryEvent b1 on=I !error=E1
            userTask one
            s2 > I
            b1 > one
        ]
        boundaryEvent all on=O !error=
        userTask other
        s > O
        all > other
    """
    assert Life(text).starts().completes("A", x=1).open == ["one"]
    assert Life(text).starts().completes("A", x=2).open == ["other"]


def test_an_error_that_nothing_catches_ends_the_run_and_says_so():
    life = Life("startEvent s\nparallelGateway p\nuserTask A\nendEvent x !error=E9\nuserTask B\ns > p\np > A > x\np > B").starts()
    life.completes("A")
    assert life.finished
    assert life.step.error == "E9"
    assert "B" in life.did("cancelled")


def test_escalation_leaves_the_work_alone_unless_it_interrupts():
    text = """
        startEvent s
        subProcess S [
            startEvent s2
            intermediateThrowEvent t !escalation=係長
            userTask A
            s2 > t > A
        ]
        boundaryEvent b on=S cancelActivity={flag} !escalation=係長
        userTask L
        s > S
        b > L
    """
    assert Life(text.format(flag="false")).starts().open == ["A", "L"]
    assert Life(text.format(flag="true")).starts().open == ["L"]


def test_a_condition_becomes_true_and_again():
    life = Life(TASK + "boundaryEvent c on=A cancelActivity=false !conditional=度数 > 3\nuserTask X\ns > X\nc > L").starts()
    assert life.completes("X", 度数=1).open == ["A"]
    life = Life("""
        startEvent s
        parallelGateway p
        userTask A
        boundaryEvent c on=A cancelActivity=false !conditional=度数 > 3
        userTask L
        exclusiveGateway m
        userTask X
        s > p
        p > A
        p > m > X > m
        c > L
    """).starts()
    for value, remarks in ((5, 1), (6, 1), (1, 1), (9, 2)):
        life.completes("X", 度数=value)
        assert life.open.count("L") == remarks


def test_event_sub_processes_interrupt_or_not_also_nested():
    text = """
        startEvent s
        subProcess S [
            startEvent s2
            userTask A
            s2 > A
            subProcess E triggeredByEvent=true [
                startEvent es isInterrupting={flag} !message=知らせ
                userTask H
                es > H
            ]
        ]
        userTask z
        s > S > z
    """
    life = Life(text.format(flag="false")).starts().hears("知らせ").hears("知らせ")
    assert life.open == ["A", "H", "H"]
    life.completes("H").completes("H").completes("A")
    assert life.open == ["z"]
    life = Life(text.format(flag="true")).starts().hears("知らせ")
    assert life.open == ["H"]
    assert not life.step.awaited
    assert life.completes("H").open == ["z"]


@pytest.mark.parametrize(("trigger", "occurs"), [
    ("timer=P2D", lambda life: life.waits("P2D")),
    ("signal=警報", lambda life: life.signalled("警報")),
    ("conditional=危険 = true", lambda life: life.completes("X", 危険=True)),
    ("error=E1", lambda life: life.completes("X", 失敗=True)),
    ("escalation=上申", lambda life: life.completes("X", 上申=True)),
])
def test_every_trigger_starts_an_event_sub_process(trigger, occurs):
    life = Life(f"""
        startEvent s
        parallelGateway p
        userTask A
        userTask X
        exclusiveGateway g
        endEvent err !error=E1
        endEvent esc !escalation=上申
        endEvent ok
        s > p
        p > A
        p > X > g
        g > err if 失敗 = true
        g > esc if 上申 = true
        g > ok default
        subProcess E triggeredByEvent=true [
            startEvent es !{trigger}
            userTask H
            es > H
        ]
    """).starts()
    occurs(life)
    assert life.open == ["H"]
    assert life.completes("H").finished


def test_a_signal_end_event_reaches_everybody_in_the_run():
    life = Life("""
        startEvent s
        parallelGateway p
        userTask A
        endEvent e !signal=済
        intermediateCatchEvent c1 !signal=済
        intermediateCatchEvent c2 !signal=済
        userTask one
        userTask two
        s > p
        p > A > e
        p > c1 > one
        p > c2 > two
    """).starts().completes("A")
    assert life.open == ["one", "two"]
    assert [signal.name for signal in life.step.signals] == ["済"]


def test_terminate_ends_only_what_it_stands_in():
    life = Life("""
        startEvent s
        subProcess S [
            startEvent s2
            parallelGateway p
            userTask A
            userTask B
            endEvent t !terminate
            s2 > p
            p > A > t
            p > B
        ]
        userTask z
        s > S > z
    """).starts().completes("A")
    assert life.open == ["z"]
    assert life.did("cancelled") == ["B"]


def test_links_jump():
    life = Life("startEvent s\nintermediateThrowEvent t !link=先\nintermediateCatchEvent c !link=先\nuserTask A\ns > t\nc > A").starts()
    assert life.open == ["A"]


def test_messages_carry_keys_and_payloads():
    text = """
        startEvent s
        sendTask send message=照会
        | <extensionElements><spiffworkflow:messagePayload>{{番号: n}}</spiffworkflow:messagePayload>
        | <spiffworkflow:properties><spiffworkflow:property name="correlation" value="鍵"/>
        | </spiffworkflow:properties></extensionElements>
        receiveTask r message=回答
        | <extensionElements><spiffworkflow:messageVariable>返事</spiffworkflow:messageVariable>
        | <spiffworkflow:properties><spiffworkflow:property name="correlation" value="鍵"/>
        | </spiffworkflow:properties></extensionElements>
        userTask A
        s > send > r > A
    """.replace("{{", "{").replace("}}", "}")
    life = Life(text).starts(n=7, 鍵="K-1")
    assert life.step.sent == (Message(name="照会", key="K-1", payload={"番号": 7}),)
    with pytest.raises(NotAwaited):
        life.hears("回答", "K-2")
    assert life.hears("回答", "K-1", よし=True).variables["返事"] == {"よし": True}


def test_the_start_that_a_message_makes():
    text = "startEvent s\nstartEvent m !message=通報\nuserTask A\nuserTask B\ns > A\nm > B"
    life = Life(text)
    assert life.starts().open == ["A"]
    assert life.starts(by=Message(name="通報", payload={"誰": "隣人"})).open == ["B"]
    assert life.variables == {"誰": "隣人"}


def test_a_receive_task_may_start_a_process():
    life = Life("receiveTask r instantiate=true message=申請\nuserTask A\nr > A")
    assert life.starts(by=Message(name="申請")).open == ["A"]


def test_a_gateway_may_start_a_process_by_both_of_its_events():
    text = """
        eventBasedGateway g instantiate=true eventGatewayType={kind}
        intermediateCatchEvent a !message=申請
        intermediateCatchEvent b !message=同意
        userTask A
        userTask B
        g > a > A
        g > b > B
    """
    life = Life(text.format(kind="Parallel")).starts(by=Message(name="同意"))
    assert life.open == ["B"]
    assert life.hears("申請").open == ["A", "B"]
    life = Life(text.format(kind="Exclusive")).starts(by=Message(name="同意"))
    assert (life.open, life.step.awaited) == (["B"], ())


def test_one_of_several_events_or_all_of_them():
    life = Life("startEvent s\nintermediateCatchEvent c !message=m !signal=g\nuserTask A\ns > c > A")
    assert life.starts().hears("m").open == ["A"]
    assert life.starts().signalled("g").open == ["A"]
    life = Life("startEvent s\nintermediateCatchEvent c parallelMultiple=true !message=m !signal=g\nuserTask A\ns > c > A")
    assert life.starts().hears("m").open == []
    assert life.signalled("g").open == ["A"]


def test_activities_without_start_event_and_end_event():
    life = Life("userTask A\nuserTask B\nuserTask C\nA > C").starts()
    assert life.open == ["A", "B"]
    life.completes("A").completes("B").completes("C")
    assert life.finished
