"""The moves of a run, pure: state in, `Step` out; no database, no network, no clock. A move that fails raises and
changes nothing, because the state handed in is never touched."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from engine.errors import NotFound, NotOpen
from engine.runtime import activities, throwing
from engine.runtime.catching import occur
from engine.runtime.definition import Definition
from engine.runtime.expressions import Reading, Visible
from engine.runtime.play import Play
from engine.runtime.report import plain_or_none, so_far, step
from engine.runtime.scopes import begin, open_process
from engine.runtime.settling import settle
from engine.runtime.starting import start_at
from engine.runtime.state import Run, Token, load
from engine.runtime.subscriptions import awaited_name, correlation, current, due, is_ready
from engine.runtime.timers import TOKYO, following, to_state
from engine.runtime.values import Message, NotAwaited, Step, StepFailed
from engine.runtime.variables import checked, visible


def start(
    definition: Definition, variables: Mapping[str, Any], *,
    at: str | None = None, message: Message | None = None, now: datetime,
) -> Step:
    """Start a run with `variables` (plain JSON): at its plain start events, at the start event `at`, or by `message`
    (with both, the message brings its payload to `at`).
    Raises NotFound if the process has no such start."""
    play = Play(definition=definition, run=Run(program=definition.process_id), now=_aware(now))
    with _told(play):
        root = open_process(play, checked(variables))
        if message is not None and at is None:
            at = definition.start_messages.get(message.name)
            if at is None:
                raise NotFound(
                    f"「{message.name}」で始まるプロセスのはずですが、その開始がありません。図の開始イベントを確かめてください。"
                )
        if at is not None:
            start_at(play, root, at, message)
        elif definition.main.bodies[root.body].starts or not definition.main.nodes:
            begin(play, root)
        else:
            raise NotFound("ふつうの開始がありません。このプロセスはメッセージなどの出来事で始まります。")
        return _settled(play)


def complete(
    definition: Definition, state: bytes, token: str, answers: Mapping[str, Any], *, now: datetime
) -> Step:
    """A human task is done with `answers`, or a service with its result. Raises NotOpen if it is not open."""
    play = _resumed(definition, state, now)
    with _told(play):
        activities.answered(play, _open(play, token), answers)
        return _settled(play)


def fire(definition: Definition, state: bytes, *, now: datetime) -> Step:
    """Let every timer that is due at `now` fire, in order of due time."""
    play = _resumed(definition, state, now)
    with _told(play):
        settle(play)
        while not play.run.finished and _fire_next(play):
            play.count()
            settle(play)
        return step(play)


def deliver(definition: Definition, state: bytes, message: Message, *, now: datetime) -> Step:
    """A message reaches the one catcher that awaits it: what interrupts first, else who waits longest. Keys must be
    equal where both sides have one. Raises NotAwaited."""
    play = _resumed(definition, state, now)
    message = keyed(definition, message, now=now)
    found = [one for one in current(play, "message") if awaited_name(one) == message.name and is_ready(play, one)]
    asked = [(one, correlation(play, one)) for one in found]
    fitting = [one for one, key in asked if key is None or message.key is None or key == message.key]
    if not fitting:
        raise NotAwaited(f"「{message.name}」を待っている所が、いまはありません。届いた知らせは保管してください。")
    with _told(play):
        occur(play, fitting[0], checked(message.payload))
        return _settled(play)


def keyed(definition: Definition, message: Message, *, now: datetime) -> Message:
    """The message with the key that the diagram's correlation reads out of its payload, if it has none yet."""
    for program in definition.programs.values():
        carried = program.expression(program.process.id, f"carried:{message.name}")
        if carried is not None and message.key is None:
            value, _ = carried.tried(Visible(checked(message.payload)), _aware(now))
            return message if value is None else replace(message, key=str(value))
    return message


def signal(
    definition: Definition, state: bytes, name: str, payload: Mapping[str, Any], *, now: datetime
) -> Step:
    """A signal from outside reaches everything that waits for it; nothing happens if nothing does."""
    play = _resumed(definition, state, now)
    with _told(play):
        throwing.receive_signal(play, name, checked(payload))
        return _settled(play)


def throw_error(definition: Definition, state: bytes, token: str, code: str, *, now: datetime) -> Step:
    """The service (or human task) of `token` failed with a BPMN error."""
    play = _resumed(definition, state, now)
    failing = _open(play, token)
    if not throwing.propagate(play, "error", code, {}, host=_host(play, failing)):
        throwing.end_by_error(play, failing, code)
    return _settled(play)


def cancel(definition: Definition, state: bytes, *, now: datetime) -> Step:
    """Withdraw the whole run."""
    play = _resumed(definition, state, now)
    root = play.run.root()
    if root is None:
        raise NotOpen("すでに終わっているため、取りやめることはありません。")
    play.run.cancelled = True
    play.empty(root)
    return _settled(play)


def perform(definition: Definition, state: bytes, token: str, element: str, *, now: datetime) -> Step:
    """Start the activity `element` of the open ad-hoc sub-process `token` (again)."""
    play = _resumed(definition, state, now)
    offer = next((one for one in step(play).offers if one.token == token), None)
    if offer is None or element not in offer.activities:
        raise NotOpen("いま始められる活動のはずですが、そうではありませんでした。画面を開き直してください。")
    activities.perform(play, play.run.scopes[play.run.tokens[token].child or ""], element)
    return _settled(play)


def conclude(
    definition: Definition, state: bytes, token: str, answers: Mapping[str, Any], *, now: datetime
) -> Step:
    """End the open ad-hoc sub-process `token` by a person's word, as if its condition held now (BPMN 2.0 §13.3.5):
    what is still open in it is cancelled, or with cancelRemainingInstances = false finished first."""
    play = _resumed(definition, state, now)
    offer = next((one for one in step(play).offers if one.token == token), None)
    if offer is None:
        raise NotOpen("開いている随時の活動のはずですが、もう終わっています。画面を開き直してください。")
    activities.conclude(play, play.run.scopes[play.run.tokens[token].child or ""], answers)
    return _settled(play)


def read(
    definition: Definition, state: bytes, token: str, text: str, *, now: datetime,
    answers: Mapping[str, Any] | None = None,
) -> Any:  # fmt: skip
    """The value (plain JSON) of a FEEL `text` as the token sees it, `answers` before all else; None if it cannot be
    computed."""
    play = _resumed(definition, state, now)
    seen = play.run.tokens.get(token)
    reading = Reading(frozenset())
    reading.add("read", "read", text, None)
    if seen is None or reading.problems or not reading.found:
        return None
    value, _ = reading.found["read", "read"].tried(visible(play, seen, answers), play.now)
    return plain_or_none(value)


def waits_for(state: bytes, token: str) -> bool:
    """Whether the run still waits at this token (a task or a service)."""
    found = load(state).tokens.get(token)
    return found is not None and found.status == "waiting"


def describe(definition: Definition, state: bytes, *, now: datetime) -> Step:
    """The present of a run, without moving it."""
    return step(_resumed(definition, state, now))


def _resumed(definition: Definition, state: bytes, now: datetime) -> Play:
    return Play(definition=definition, run=load(state), now=_aware(now))


def _aware(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ValueError("`now` needs a zone")
    return now.astimezone(TOKYO)


@contextmanager
def _told(play: Play) -> Iterator[None]:
    """A move that fails takes along how far it had come."""
    try:
        yield
    except StepFailed as failed:
        failed.so_far = so_far(play)
        raise


def _settled(play: Play) -> Step:
    settle(play)
    return step(play)


def _open(play: Play, token: str) -> Token:
    found = play.run.tokens.get(token)
    if found is None or found.status != "waiting" or play.node(found).kind not in (*activities.HUMAN, "serviceTask"):
        raise NotOpen("開いているタスクのはずですが、もう開いていません。画面を開き直してください。")
    return found


def _host(play: Play, token: Token) -> Token:
    return play.run.tokens[play.scope(token).owner or ""] if token.instance else token


def _fire_next(play: Play) -> bool:
    """The timer that has been due longest; of several, one that interrupts."""
    planned = [(one, plan) for one in current(play, "timer") if (plan := due(one)) is not None]
    ready = sorted(((one, plan) for one, plan in planned if plan.due <= play.now), key=lambda pair: pair[1].due)
    if not ready:
        return False
    one, plan = ready[0]
    following_plan = following(plan, play.now) if not one.interrupting and (one.boundary or one.handler) else None
    if following_plan is None:
        del one.holder.timers[one.role]
    else:
        one.holder.timers[one.role] = to_state(following_plan)
    occur(play, one, {})
    return True


__all__ = [
    "cancel", "complete", "conclude", "deliver", "describe", "fire", "keyed", "perform", "read", "signal", "start", "throw_error",
    "waits_for",
]
