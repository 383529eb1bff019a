"""Gateways count tokens: nothing fires early, late, or twice (RUNTIME rows: joins in loops, lost updates)."""

import itertools

import pytest

from engine.runtime import StepFailed
from tests.runtime.life import Life

LOOP = """
startEvent s
exclusiveGateway m
{kind} split
userTask A
userTask B
{kind} join
userTask after
exclusiveGateway more
endEvent e
s > m > split
split > A > join
split > B > join
join > after > more
more > m if again
more > e default
"""


@pytest.mark.parametrize("kind", ["parallelGateway", "inclusiveGateway"])
def test_a_join_in_a_loop_waits_for_both_branches_in_any_order(kind):
    life = Life(LOOP.format(kind=kind)).starts(again=True)
    for order in itertools.islice(itertools.cycle(["AB", "BA", "BA", "AB"]), 12):
        life.completes(order[0])
        assert life.open == [order[1]]
        life.completes(order[1])
        assert life.open == ["after"]
        life.completes("after")
    life.completes("B").completes("A").completes("after", again=False)
    assert life.finished


def test_a_parallel_join_takes_one_token_from_each_flow():
    life = Life("""
        startEvent s
        parallelGateway p
        exclusiveGateway m
        userTask A
        userTask B
        userTask C
        parallelGateway j
        userTask z
        s > p
        p > A > m
        p > B > m
        p > C > j
        m > j
        j > z
    """).starts()
    life.completes("A").completes("B")
    assert life.open == ["C"]
    life.completes("C")
    assert life.open == ["z"]
    life.completes("z")
    assert not life.finished
    assert life.resting == ["j"]


def test_an_inclusive_join_waits_only_for_what_can_still_come():
    life = Life("""
        startEvent s
        inclusiveGateway g
        userTask A
        userTask B
        userTask C
        inclusiveGateway j
        userTask z
        s > g
        g > A if a
        g > B if b
        g > C if c
        A > j
        B > j
        C > j
        j > z
    """).starts(a=True, b=True, c=False)
    life.completes("B")
    assert life.open == ["A"]
    life.completes("A")
    assert life.open == ["z"]


def test_an_inclusive_join_waits_for_a_boundary_event_that_may_still_come():
    life = Life("""
        startEvent s
        parallelGateway p
        userTask A
        boundaryEvent late on=A !timer=P1D
        userTask B
        userTask L
        endEvent e
        inclusiveGateway j
        userTask z
        s > p
        p > A > e
        p > B > j
        late > L > j
        j > z
    """).starts()
    life.completes("B")
    assert life.open == ["A"]
    life.waits("P1D")
    assert life.open == ["L"]
    life.completes("L")
    assert life.open == ["z"]
    assert life.count("z", "started") == 1


def test_both_branches_keep_what_each_of_them_wrote():
    life = Life("""
        startEvent s
        parallelGateway p
        userTask A
        userTask B
        parallelGateway j
        userTask z
        s > p
        p > A > j
        p > B > j
        j > z
    """).starts(k="before", gone=1)
    life.completes("A", k="A", list=[9]).completes("B", b=1)
    assert life.variables == {"k": "A", "gone": 1, "list": [9], "b": 1}


def test_activities_split_and_merge_without_gateways():
    life = Life("""
        startEvent s
        userTask A
        userTask B
        userTask C
        userTask D
        s > A
        A > B
        A > C
        B > D
        C > D
    """).starts().completes("A").completes("B")
    assert life.open == ["C", "D"]
    life.completes("C")
    assert life.open == ["D", "D"]


def test_conditions_on_the_flows_of_a_task():
    life = Life("""
        startEvent s
        userTask A
        userTask B
        userTask C
        userTask D
        s > A
        A > B if x > 1
        A > C if x > 2
        A > D default
    """)
    assert life.starts().completes("A", x=3).open == ["B", "C"]
    assert life.starts().completes("A", x=2).open == ["B"]
    assert life.starts().completes("A", x=0).open == ["D"]


def test_a_task_whose_conditions_are_all_false_is_the_end_of_its_branch():
    life = Life("startEvent s\nuserTask A\nuserTask B\nuserTask C\ns > A\nA > B if x > 1\nA > C if x > 2")
    assert life.starts().completes("A", x=0).finished


def test_a_condition_without_answer_stops_everything_and_changes_nothing():
    life = Life("""
        startEvent s
        userTask A
        exclusiveGateway g
        userTask B
        userTask C
        s > A > g
        g > B if 金額 > 100
        g > C default
    """).starts()
    before = life.step.state
    with pytest.raises(StepFailed) as failed:
        life.completes("A")
    assert (failed.value.expression, failed.value.element) == ("金額 > 100", "f3")
    assert "金額" in failed.value.reason_ja
    assert life.step.state == before
    assert life.completes("A", 金額=500).open == ["B"]


def test_no_condition_true_and_no_default_stops():
    life = Life("startEvent s\nexclusiveGateway g\nuserTask A\nuserTask B\ns > g\ng > A if x = 1\ng > B if x = 2")
    with pytest.raises(StepFailed):
        life.starts(x=3)


DISCRIMINATOR = """
    startEvent s
    parallelGateway p
    userTask A
    userTask B
    userTask C
    complexGateway j
    | <activationCondition>activationCount >= 2</activationCondition>
    userTask z
    s > p
    p > A > j
    p > B > j
    p > C > j
    j > z
"""


def test_a_complex_gateway_goes_on_after_two_of_three_and_swallows_the_third():
    life = Life(DISCRIMINATOR).starts().completes("C")
    assert life.open == ["A", "B"]
    life.completes("A")
    assert life.open == ["B", "z"]
    life.completes("B").completes("z")
    assert life.finished
    assert life.count("z") == 1


def test_a_complex_gateway_may_act_again_when_it_resets():
    text = DISCRIMINATOR.replace("j > z", "userTask late\nj > z if waitingForStart\nj > late if not(waitingForStart)")
    life = Life(text).starts().completes("A").completes("B")
    assert life.open == ["C", "z"]
    life.completes("C")
    assert life.open == ["late", "z"]


def test_quantities_gather_and_multiply_tokens():
    life = Life("""
        startEvent s
        parallelGateway p
        userTask A completionQuantity=2
        userTask B startQuantity=3
        userTask C
        s > p
        p > A > B
        p > C > B
    """).starts().completes("A")
    assert life.open == ["C"]
    life.completes("C")
    assert life.open == ["B"]


def test_of_two_events_behind_a_gateway_the_first_wins():
    text = """
        startEvent s
        eventBasedGateway g
        intermediateCatchEvent m !message=返事
        intermediateCatchEvent t !timer=P3D
        receiveTask r message=辞退
        userTask M
        userTask T
        userTask R
        s > g
        g > m > M
        g > t > T
        g > r > R
    """
    assert Life(text).starts().hears("返事").open == ["M"]
    assert Life(text).starts().hears("辞退").open == ["R"]
    life = Life(text).starts().waits("P3D")
    assert life.open == ["T"]
    assert not life.step.awaited


def test_a_loop_straight_from_task_to_task():
    life = Life("startEvent s\nuserTask A\nuserTask B\nuserTask z\ns > A > B\nB > A if again\nB > z default").starts()
    for _ in range(700):
        life.completes("A").completes("B", again=True)
    assert life.completes("A").completes("B", again=False).open == ["z"]


def test_ids_named_start_and_end_are_nothing_special():
    life = Life("startEvent Start\nuserTask End\nuserTask Root\nStart > End > Root").starts()
    assert life.open == ["End"]
    assert life.completes("End").open == ["Root"]
