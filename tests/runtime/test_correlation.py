"""Messages find their instance by a key that is read out of the payload (correlation as BPMN draws it)."""

from datetime import timedelta

import pytest

from engine import runtime
from engine.runtime import Message, NotAwaited, Unrunnable
from tests.runtime.drawing import draw
from tests.runtime.life import MORNING
from tsunagi.tracing import trace_file

KEY = '<collaboration id="co"><correlationKey id="ck">{}</correlationKey></collaboration>'
PROPERTY = (
    '<correlationProperty id="{0}"><correlationPropertyRetrievalExpression messageRef="返事"><messagePath>{1}</messagePath>'
    "</correlationPropertyRetrievalExpression></correlationProperty>"
)
SUBSCRIPTION = '<correlationSubscription id="cs" correlationKeyRef="ck">{}</correlationSubscription>'
BINDING = '<correlationPropertyBinding correlationPropertyRef="{}"><dataPath>{}</dataPath></correlationPropertyBinding>'
WAITING = "startEvent s\nreceiveTask c message=返事\nuserTask A\ns > c > A"


def drawn(text=WAITING, subscribed=True, **paths):
    """`paths`: property → (path in the payload, path in the process)."""
    more = "".join(PROPERTY.format(one, carried) for one, (carried, _) in paths.items())
    more += KEY.format("".join(f"<correlationPropertyRef>{one}</correlationPropertyRef>" for one in paths))
    bound = SUBSCRIPTION.format("".join(BINDING.format(one, awaited) for one, (_, awaited) in paths.items()))
    source = draw(text, more=more)
    return source.replace(b"</process>", bound.encode() + b"</process>") if subscribed else source


def test_a_message_reaches_the_run_whose_key_it_carries():
    definition = runtime.compile(drawn(nr=("件.番号", "受付番号")))
    step = runtime.start(definition, {"受付番号": 7}, now=MORNING)
    assert [one.key for one in step.awaited] == ["7"]
    with pytest.raises(NotAwaited):
        runtime.deliver(definition, step.state, Message(name="返事", payload={"件": {"番号": 8}}), now=MORNING)
    step = runtime.deliver(definition, step.state, Message(name="返事", payload={"件": {"番号": 7}}), now=MORNING)
    assert [one.element for one in step.waiting] == ["A"]


def test_a_key_of_two_parts_must_agree_in_both():
    definition = runtime.compile(drawn(nr=("番号", "番号"), year=("年度", "年")))
    step = runtime.start(definition, {"番号": 7, "年": 2026}, now=MORNING)
    with pytest.raises(NotAwaited):
        runtime.deliver(definition, step.state, Message(name="返事", payload={"番号": 7, "年度": 2025}), now=MORNING)
    assert runtime.deliver(definition, step.state, Message(name="返事", payload={"番号": 7, "年度": 2026}), now=MORNING).waiting


def test_what_a_diagram_sends_carries_its_key():
    text = """
        startEvent s
        intermediateThrowEvent t !message=返事
        | <extensionElements><spiffworkflow:messagePayload>{番号: n}</spiffworkflow:messagePayload></extensionElements>
        s > t
    """
    source = drawn(text, nr=("番号", "n")).replace(b'messageRef="message-', b'messageRef="').replace(b'id="message-', b'id="')
    step = runtime.start(runtime.compile(source), {"n": 3}, now=MORNING)
    assert [(one.name, one.key) for one in step.sent] == [("返事", "3")]


def test_the_key_is_fixed_when_the_wait_begins():
    text = "startEvent s\nparallelGateway p\nreceiveTask c message=返事\nuserTask A\ns > p\np > c\np > A"
    definition = runtime.compile(drawn(text, nr=("番号", "番号")))
    step = runtime.start(definition, {"番号": 1}, now=MORNING)
    step = runtime.complete(definition, step.state, step.waiting[0].token, {"番号": 2}, now=MORNING + timedelta(days=1))
    assert [one.key for one in step.awaited] == ["1"]


def test_a_trace_keeps_what_belongs_to_another_run(tmp_path):
    file = tmp_path / "d.bpmn"
    file.write_bytes(drawn(nr=("番号", "番号")))
    other, own = {"name": "返事", "payload": {"番号": 8}}, {"name": "返事", "payload": {"番号": 7}, "at": "PT2H"}
    lines, _ = trace_file(file, inputs={"番号": 7}, messages=[other, own])
    assert next(line["at"] for line in lines if line["event"] == "completed" and line["element"] == "c")[11:16] == "11:00"


def test_a_key_that_the_first_message_would_set_is_refused():
    with pytest.raises(Unrunnable) as refused:
        runtime.compile(drawn(subscribed=False, nr=("番号", "番号")))
    assert [one.element for one in refused.value.findings] == ["ck"]


def test_a_subscription_that_leaves_a_property_out_is_refused():
    source = drawn(nr=("番号", "番号"), year=("年度", "年")).replace(BINDING.format("year", "年").encode(), b"")
    with pytest.raises(Unrunnable) as refused:
        runtime.compile(source)
    assert [one.element for one in refused.value.findings] == ["cs"]
