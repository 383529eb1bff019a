"""What must stay true of the kernel itself: definitions never change, states stay small, nothing is interpreted."""

import itertools
import json
import pickle
import random
from datetime import datetime, timedelta

import pytest

from engine import runtime
from engine.runtime import Unrunnable
from engine.runtime.state import dump, load
from engine.runtime.timers import TOKYO, TimerError, duration, following, moment, plan
from tests.runtime.drawing import draw
from tests.runtime.life import MORNING, Life

EVERYTHING = """
    startEvent s
    parallelGateway p
    userTask A
    boundaryEvent t on=A cancelActivity=false !cycle=R/P1M
    userTask L
    subProcess S [
        startEvent s2
        userTask B
        s2 > B
        subProcess E triggeredByEvent=true [
            startEvent es isInterrupting=false !message=知らせ
            userTask H
            es > H
        ]
    ]
    adHocSubProcess W [
        userTask C
        userTask D
    ]
    | <completionCondition>済 = true</completionCondition>
    userTask M
    | <multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>
    inclusiveGateway j
    userTask z
    s > p
    p > A > j
    p > S > j
    p > W > j
    p > M > j
    t > L
    j > z
"""


def told(definition):
    """Everything in a definition, as text."""
    programs = definition.programs.values()
    return repr([(p.process, p.bodies, p.boundaries, p.links, p.reach, sorted(p.expressions), p.aliases) for p in programs])


def test_running_never_changes_a_definition():
    life = Life(EVERYTHING)
    digest, before = life.definition.digest, told(life.definition)
    for seed in range(20):
        rng = random.Random(seed)
        life.now = MORNING
        life.starts()
        for _ in range(12):
            if life.finished:
                break
            if rng.random() < 0.2:
                life.waits("P20D")
            elif rng.random() < 0.2 and life.step.awaited:
                life.hears("知らせ")
            elif life.step.offers and rng.random() < 0.3:
                life.performs("C")
            elif life.open:
                life.completes(rng.choice(life.open), 済=rng.random() < 0.3)
    assert told(life.definition) == before
    assert life.definition.digest == digest
    assert runtime.compile(draw(EVERYTHING)) is life.definition


def test_a_definition_is_told_apart_by_everything_it_is_made_of():
    text = draw("startEvent s\nuserTask A\ns > A")
    digests = {
        runtime.compile(text).digest,
        runtime.compile(text, effects=frozenset({"x"})).digest,
        runtime.compile(text, called={"a.bpmn": draw("startEvent s", process="Q")}).digest,
        runtime.compile(text + b" ").digest,
    }
    assert len(digests) == 4


def test_a_state_is_plain_json_and_loads_as_it_was():
    life = Life(EVERYTHING).starts(x={"typename": "Token", "id": "t1"}).hears("知らせ").completes("M")
    assert json.loads(life.step.state)["v"] == 1
    assert dump(load(life.step.state)) == life.step.state
    assert len(life.step.state) < 4_000
    with pytest.raises(ValueError, match="state"):
        load(b'{"v": 99}')
    with pytest.raises(ValueError, match="line 1"):
        load(pickle.dumps(object()))


def test_tokens_keep_their_names_from_move_to_move():
    life = Life(EVERYTHING).starts()
    before = {one.token for one in life.step.waiting}
    life.completes("B")
    assert {one.token for one in life.step.waiting} == before - (before - {one.token for one in life.step.waiting})
    assert len(before - {one.token for one in life.step.waiting}) == 1


def test_the_same_moves_make_the_same_state():
    first, second = Life(EVERYTHING).starts().completes("A"), Life(EVERYTHING).starts().completes("A")
    assert first.step.state == second.step.state


def test_finished_history_leaves_nothing_in_the_state():
    life = Life("startEvent s\nuserTask A\nuserTask B\ns > A > B\nB > A if again\nendEvent e\nB > e default").starts()
    sizes = []
    for _ in itertools.repeat(None, 300):
        life.completes("A").completes("B", again=True)
        sizes.append(len(life.step.state))
    assert max(sizes) - min(sizes) < 10


@pytest.mark.parametrize(("diagram", "element"), [
    ("startEvent s\nuserTask A\ns > A\nA > B", "f2"),
    ("startEvent s\nintermediateCatchEvent c !timer=3日\ns > c", "c"),
    ("startEvent s\nintermediateCatchEvent c !date=2026-01-10T09:00:00\ns > c", "c"),
    ("startEvent s\nintermediateCatchEvent c !date=date and time(\"2026-01-10T09:00:00\")\ns > c", "c"),
    ("startEvent s\nuserTask A\nboundaryEvent b on=A !cycle=R3/月\nuserTask B\nb > B\ns > A", "b"),
    ("startEvent s\nexclusiveGateway g\nuserTask A\ns > g\ng > A if x ==", "f2"),
    ("startEvent s\nuserTask A default=f9\ns > A", "A"),
    ("startEvent s\ncallActivity K calledElement=無い\ns > K", "K"),
    ("startEvent s\nintermediateThrowEvent t !link=無い\ns > t", "t"),
    ("startEvent s\nendEvent e !cancel\ns > e", "e"),
    ("startEvent s\nuserTask A\nboundaryEvent b on=A !compensate\ns > A", "b"),
    ("startEvent s\nuserTask A\nboundaryEvent b on=A cancelActivity=false !error=E\ns > A", "b"),
    ("startEvent s\neventBasedGateway g\nuserTask A\ns > g > A", "g"),
    ("startEvent s\nuserTask A\n| <standardLoopCharacteristics/>\ns > A", "A"),
    ("startEvent s\nuserTask A\n| <multiInstanceLoopCharacteristics/>\ns > A", "A"),
    ("startEvent s\nbusinessRuleTask R\ns > R", "R"),
    ("startEvent s\nuserTask A\n| <teleport id=\"x\"/>\ns > A", "x"),
    ("startEvent s\nintermediateCatchEvent c\ns > c", "c"),
    ("startEvent s\nsubProcess S [\nstartEvent s2 !message=m\nuserTask A\ns2 > A\n]\ns > S", "s2"),
])
def test_what_would_not_run_exactly_is_refused_by_element_and_line(diagram, element):
    with pytest.raises(Unrunnable) as refused:
        runtime.compile(draw(diagram))
    assert element in [finding.element for finding in refused.value.findings]
    assert all(finding.line for finding in refused.value.findings)
    assert all(finding.message.endswith("。") or "：" in finding.message for finding in refused.value.findings)


def test_all_reasons_are_told_at_once():
    with pytest.raises(Unrunnable) as refused:
        runtime.compile(draw("startEvent s\nintermediateCatchEvent c !timer=いつか 3\nexclusiveGateway g\ns > c > g\ng > X if (("))
    assert {"c", "f3"} <= {finding.element for finding in refused.value.findings}


def test_months_come_back_to_the_31st():
    january = datetime(2026, 1, 31, 9, 0, tzinfo=TOKYO)
    month = duration("P1M")
    assert [month.after(january, n).day for n in range(1, 5)] == [28, 31, 30, 31]
    assert duration("P1Y2M3DT4H5M6S").after(january) == datetime(2027, 4, 3, 13, 5, 6, tzinfo=TOKYO)


def test_a_cycle_that_was_missed_catches_up_once_if_it_never_ends():
    endless = plan("cycle", "R/PT1H", MORNING)
    later = following(endless, MORNING + timedelta(days=3))
    assert later.due >= MORNING + timedelta(days=3)
    counted = plan("cycle", "R3/PT1H", MORNING)
    dues = []
    while counted is not None:
        dues.append(counted.due.hour)
        counted = following(counted, MORNING + timedelta(days=3))
    assert dues == [10, 11, 12]


@pytest.mark.parametrize("text", ["2026-02-30", "2026-01-10T09:00", "9時", "", None, True])
def test_moments_that_are_none(text):
    with pytest.raises(TimerError):
        moment(text)


def test_a_date_is_its_first_moment_in_tokyo():
    assert moment("2026-04-01") == datetime(2026, 4, 1, tzinfo=TOKYO)
    assert moment("2026-04-01T00:00:00Z") == datetime(2026, 4, 1, 9, tzinfo=TOKYO)
