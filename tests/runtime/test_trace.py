"""`tsunagi trace`: a process alone in virtual time, as docs/trace.md tells it."""

import json

import pytest

from tests.runtime.drawing import draw
from tsunagi.tracing import trace_file

TWO = "startEvent s\nparallelGateway p\nuserTask B\nuserTask A\ns > p\np > A\np > B"
LOOP = """
    startEvent s
    exclusiveGateway m
    userTask A
    exclusiveGateway g
    endEvent e
    s > m > A > g
    g > m if again
    g > e default
"""
GUARDED = """
    startEvent s
    userTask A
    boundaryEvent b on=A !timer=P1D
    userTask L
    s > A
    b > L
"""


@pytest.fixture
def trace(tmp_path):
    def run(text, **options):
        file = tmp_path / "diagram.bpmn"
        file.write_bytes(text if isinstance(text, bytes) else draw(text))
        lines, code = trace_file(file, **options)
        json.dumps(lines)
        return lines, code

    return run


def happened(lines, event="completed"):
    return [line["element"] for line in lines if line["event"] == event]


def test_every_task_is_done_at_once_in_document_order(trace):
    lines, code = trace(TWO, inputs={"x": {"@": "2026-04-01"}}, answers={"A": {"a": 1}})
    assert happened(lines) == ["s", "p", "B", "A"]
    assert lines[-1] == {"event": "end", "state": "finished", "waiting": [], "variables": {"x": {"@": "2026-04-01"}, "a": 1}}
    assert lines[0] == {"event": "started", "element": "s", "name": "", "at": "2026-01-05T09:00:00+09:00"}
    assert code == 0


def test_null_leaves_a_task_open(trace):
    lines, code = trace(TWO, answers={"A": None})
    assert (lines[-1]["state"], lines[-1]["waiting"], code) == ("waiting", ["A"], 0)


def test_a_list_serves_rounds_and_its_last_entry_repeats(trace):
    lines, _ = trace(LOOP, answers={"A": [{"again": True}, {"again": True}, {"again": False}]})
    assert happened(lines).count("A") == 3
    lines, _ = trace(LOOP, answers={"A": [{"again": True}, None]})
    assert (happened(lines).count("A"), lines[-1]["waiting"]) == (1, ["A"])


def test_a_run_that_never_ends_is_an_incident(trace):
    lines, code = trace(LOOP, answers={"A": {"again": True}})
    assert (lines[-1]["state"], code) == ("incident", 1)
    assert "--until" in lines[-2]["message"]


def test_the_clock_jumps_to_timers_unless_it_is_stopped(trace):
    lines, _ = trace(GUARDED, answers={"A": None})
    assert happened(lines) == ["s", "b", "L"]
    assert lines[-2]["at"] == "2026-01-06T09:00:00+09:00"
    lines, _ = trace(GUARDED, answers={"A": None}, until="PT23H")
    assert lines[-1]["waiting"] == ["A"]
    lines, _ = trace(GUARDED, answers={"A": None}, until="P1D")
    assert lines[-1]["state"] == "finished"


def test_messages_arrive_when_due_and_early_ones_are_kept(trace):
    text = "startEvent s\nuserTask A\nintermediateCatchEvent c !message=返事\ns > A > c"
    arrival = {"name": "返事", "payload": {"可": True}, "at": "PT2H"}
    lines, _ = trace(text, messages=[arrival])
    assert lines[-2]["at"] == "2026-01-05T11:00:00+09:00"
    assert lines[-1]["variables"] == {"可": True}
    late = text.replace("userTask A", "intermediateCatchEvent A !timer=P1D")
    lines, _ = trace(late, messages=[arrival])
    assert (lines[-1]["state"], lines[-2]["at"]) == ("finished", "2026-01-06T09:00:00+09:00")


def test_signals_reach_who_listens_and_are_not_kept(trace):
    text = "startEvent s\nintermediateCatchEvent w !timer=P1D\nintermediateCatchEvent c !signal=警報\ns > w > c"
    assert trace(text, messages=[{"name": "警報", "at": "P2D"}])[0][-1]["state"] == "finished"
    assert trace(text, messages=[{"name": "警報", "at": "PT2H"}])[0][-1]["waiting"] == ["c"]


def test_a_message_thrown_can_be_caught_in_the_same_run(trace):
    lines, _ = trace("startEvent s\nintermediateThrowEvent t !message=m\nintermediateCatchEvent c !message=m\ns > t > c")
    assert happened(lines, "thrown") == ["t"]
    assert lines[-1]["state"] == "finished"


def test_a_process_that_an_event_starts(trace):
    text = "startEvent s !message=通報\nuserTask A\ns > A"
    assert trace(text)[0] == [{"event": "end", "state": "waiting", "waiting": ["s"], "variables": {}}]
    lines, _ = trace(text, messages=[{"name": "通報", "payload": {"誰": "隣人"}, "at": "PT1H"}])
    assert (lines[0]["at"], lines[-1]["variables"]) == ("2026-01-05T10:00:00+09:00", {"誰": "隣人"})
    lines, _ = trace("startEvent s !timer=P1D\nuserTask A\ns > A")
    assert lines[0]["at"] == "2026-01-06T09:00:00+09:00"
    lines, _ = trace("startEvent s !signal=警報\nuserTask A\ns > A", messages=[{"name": "警報", "payload": {"x": 1}}])
    assert lines[-1]["variables"] == {"x": 1}


def test_an_expression_that_fails_is_an_incident_and_what_went_before_is_shown(trace):
    lines, code = trace("startEvent s\nuserTask A\nscriptTask c\n| <script>{y: x * 2}</script>\ns > A > c", answers={"A": {"z": 1}})
    assert [line["event"] for line in lines[-2:]] == ["incident", "end"]
    assert (lines[-2]["element"], lines[-1]["state"], lines[-1]["variables"], code) == ("c", "incident", {"z": 1}, 1)
    assert (happened(lines), happened(lines, "started")) == (["s", "A"], ["s", "A", "c"])


def test_a_condition_that_fails_stops_at_the_node_before_it(trace):
    lines, _ = trace("startEvent s\nexclusiveGateway g\nuserTask A\nuserTask B\ns > g\ng > A if x > 1\ng > B default")
    assert (lines[-2]["event"], lines[-2]["element"], happened(lines)) == ("incident", "g", ["s"])
    assert "f2" in lines[-2]["message"]
    assert "x > 1" in lines[-2]["message"]


def test_an_error_that_nothing_catches(trace):
    lines, code = trace("startEvent s\nendEvent e !error=E1\ns > e")
    assert (happened(lines, "incident"), lines[-1]["state"], code) == (["e"], "incident", 1)


def test_what_cannot_run_is_refused_with_findings(trace):
    lines, code = trace("startEvent s\nuserTask A\nscriptTask c scriptFormat=python\n| <script>x = 1</script>\ns > A > c")
    assert (lines[0]["rule"], lines[0]["element"], lines[0]["severity"]) == ("language", "c", "error")
    assert (lines[-1]["state"], code) == ("refused", 3)
    lines, code = trace(b"<x/>")
    assert (lines[-1]["state"], code) == ("refused", 3)


def test_called_diagrams_and_tables_lie_beside_the_file(trace, tmp_path):
    (tmp_path / "sub.bpmn").write_bytes(draw("startEvent s\nscriptTask c\n| <script>{n: n + 1}</script>\ns > c", process="子"))
    (tmp_path / "broken.bpmn").write_bytes(b"<nothing")
    lines, _ = trace("startEvent s\ncallActivity K calledElement=子\ns > K", inputs={"n": 1})
    assert (lines[-1]["state"], lines[-1]["variables"]) == ("finished", {"n": 2})


def test_services_answer_nothing(trace):
    lines, _ = trace("startEvent s\nserviceTask K\nuserTask A\ns > K > A")
    assert happened(lines) == ["s", "K", "A"]


def test_arguments_that_cannot_be_read_are_told(trace):
    with pytest.raises(ValueError, match="name"):
        trace(TWO, messages=[{"payload": {}}])
    with pytest.raises(ValueError, match="期間"):
        trace(TWO, until="あした")
