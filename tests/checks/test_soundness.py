"""What the coordinator reads when a case could stand still: the cause by the names on the drawing, and the shortest
way into it to play as moving tokens."""

import pytest

from processes.bpmn import read
from processes.checking import check
from processes.net import compile_scope
from processes.soundness import verify
from processes.soundness_search import Effort, Limits, explore
from tests.runtime.drawing import draw

JOINED = "endEvent e\nstartEvent s\nuserTask a\nuserTask b\n{split} g\n{join} j\ns > g\ng > a {when}\ng > b {other}\na > j\nb > j\nj > e"


def judged(text, **limits):
    return verify(read(draw(text), name="図"), Limits(**limits) if limits else None)


def rules(text, **limits):
    return {finding.rule for finding in judged(text, **limits)}


def joined(split, join, when="", other=""):
    return JOINED.format(split=split, join=join, when=when, other=other)


def test_a_join_behind_a_choice_names_the_choice_and_the_missing_way():
    [found] = [f for f in judged(joined("exclusiveGateway", "parallelGateway", "if x = 1", "default")) if f.rule == "deadlock"]
    assert found.element == "j"
    assert "分岐「排他分岐g」で別の道を選ぶと来ません" in found.message
    assert "「手順b」からの道を待ちます" in found.message
    assert [step.element for step in found.trace] == ["s", "g", "a"]
    assert found.trace[-1].marking == ("f4",)


def test_ways_opened_together_that_meet_without_waiting_are_told_with_where_they_parted():
    text = joined("parallelGateway", "exclusiveGateway").replace("j > e", "userTask k\nj > k > e")
    [found] = [f for f in judged(text) if f.rule == "lack-of-synchronisation"]
    assert found.element == "j"
    assert "「並行分岐g」から同時に進む道" in found.message
    assert "「手順k」が2度行われます" in found.message
    assert [step.element for step in found.trace] == ["s", "g", "a", "b", "j", "j"]


@pytest.mark.parametrize(("split", "join"), [
    ("parallelGateway", "parallelGateway"), ("parallelGateway", "inclusiveGateway"),
])
def test_what_is_opened_together_and_waited_for_is_sound(split, join):
    assert rules(joined(split, join)) == set()


def test_an_inclusive_choice_joined_inclusively_is_sound_and_joined_in_parallel_is_not():
    assert rules(joined("inclusiveGateway", "inclusiveGateway", "if x = 1", "default")) == set()
    assert "deadlock" in rules(joined("inclusiveGateway", "parallelGateway", "if x = 1", "if y = 1"))


EQUAL = (
    "startEvent s\nendEvent e\nexclusiveGateway g\nparallelGateway p\nscriptTask a\n| <script>{{y: 1}}</script>\nexclusiveGateway m\n"
    "exclusiveGateway h\nparallelGateway q\nuserTask b\n"
    "s > g\ng > p if x\ng > m if not(x)\np > a\np > m\nm > {between}h\nh > q if x\nh > e if not(x)\na > q\nq > b > e"
)


def test_equal_conditions_share_one_truth():
    assert rules(EQUAL.format(between="")) == set()


def test_a_step_that_may_change_the_answer_ends_the_sharing():
    assert "deadlock" in rules(EQUAL.format(between="u > ") + "\nuserTask u")


def test_a_script_that_writes_something_else_does_not():
    script = "\nscriptTask u\n| <script>1</script>"
    script += '<extensionElements><spiffworkflow:variableName>{}</spiffworkflow:variableName></extensionElements>'
    assert rules(EQUAL.format(between="u > ") + script.format("y")) == set()
    assert "deadlock" in rules(EQUAL.format(between="u > ") + script.format("x"))


def test_a_round_whose_condition_nobody_changes_never_ends():
    text = "startEvent s\nendEvent e\nexclusiveGateway m\nexclusiveGateway g\n{}s > m\nm > {}g\ng > m if x = 1\ng > e default"
    assert "livelock" in rules(text.format("", ""))
    assert rules(text.format("userTask a\n", "a > ")) == set()


def test_boundary_events_count_interrupting_and_beside():
    text = "startEvent s\nendEvent e\nuserTask a\nuserTask r\nexclusiveGateway m\n"
    text += "boundaryEvent b on=a cancelActivity={} !timer=P1D\ns > a > m\nb > r > m\nm > e"
    assert rules(text.format("true")) == set()
    assert "lack-of-synchronisation" in rules(text.format("false"))
    assert rules(text.format("false").replace("b > r > m", "endEvent f\nb > r > f")) == set()


def test_terminate_links_and_implicit_ends_are_played():
    assert rules("startEvent s\nuserTask a\nuserTask b\nendEvent e !terminate\ns > a\ns > b > e") == set()
    assert rules("startEvent s\nintermediateThrowEvent t !link=L\nintermediateCatchEvent c !link=L\nendEvent e\ns > t\nc > e") == set()


def test_a_sub_process_that_always_fails_is_left_by_its_boundary_event_only():
    text = (
        "startEvent s\nsubProcess p [\nstartEvent i\nuserTask w\nendEvent k !error=E\ni > w > k\n]\n"
        "boundaryEvent b on=p !error=E\nuserTask n\nendEvent e\ns > p > n > e\nb > e"
    )
    assert [f.element for f in judged(text) if f.rule in ("dead-activity", "unreachable")] == ["n"]
    assert rules(text.replace("!error=E\ni", "\ni")) == set()


def test_a_standstill_that_a_timer_ends_is_a_warning():
    inner = joined("exclusiveGateway", "parallelGateway", "if x = 1", "default").replace("\n", "\n")
    outer = f"startEvent S\nendEvent E\nsubProcess P1 [\n{inner}\n]\nS > P1 > E\n"
    assert {f.severity for f in judged(outer) if f.rule == "deadlock"} == {"error"}
    rescued = outer + "boundaryEvent B on=P1 !timer=P1D\nB > E"
    assert {f.severity for f in judged(rescued) if f.rule == "deadlock"} == {"warning"}


def wide(branches, split, join):
    lines = [f"startEvent s\nendEvent e\n{split} g\n{join} j\nuserTask z\ns > g\nj > z > e"]
    lines += [f"userTask a{i}\nuserTask b{i}\ng > a{i} > b{i} > j" for i in range(branches)]
    return "\n".join(lines)


def test_a_wide_diagram_is_judged_by_the_reduced_search():
    assert rules(wide(14, "parallelGateway", "parallelGateway")) == set()
    assert rules(wide(14, "parallelGateway", "inclusiveGateway")) == set()
    assert rules(wide(9, "parallelGateway", "exclusiveGateway"), trace=500) == {"lack-of-synchronisation"}


def test_what_is_too_large_is_said_and_never_passed_over():
    assert "too-large-to-verify" in rules(wide(6, "parallelGateway", "exclusiveGateway"), whole=5, reduced=5, trace=5)


def test_quantities_are_said_to_be_unverified():
    assert rules("startEvent s\nuserTask a startQuantity=2\nendEvent e\ns > a > e") == {"too-large-to-verify"}


def test_two_tokens_at_one_end_by_two_flows_are_only_a_warning():
    [found] = judged("startEvent s\nuserTask a\nuserTask b\nendEvent e\ns > a > e\ns > b > e")
    assert (found.rule, found.severity) == ("improper-completion", "warning")


def test_the_whole_check_of_an_ordinary_diagram_takes_tens_of_milliseconds(benchmark):
    steps = [f"t{i}" for i in range(50)]
    text = "startEvent s\nendEvent e\n" + "\n".join(f"userTask {one}" for one in steps) + "\ns > " + " > ".join(steps) + " > e"
    source = draw(text)
    assert [f for f in benchmark(check, source, name="図.bpmn") if f.severity == "error"] == []


def test_a_check_spends_no_more_effort_than_it_has():
    net = compile_scope(read(draw(wide(6, "parallelGateway", "exclusiveGateway")), name="図").processes["P"], "P")
    [(_, marking)] = net.starts
    assert explore(net, marking, Limits(), Effort(left=50)).truncated
    assert explore(net, marking, Limits()).collision
