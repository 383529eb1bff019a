"""What a move answers: one frozen `Step` that holds all there is to write, and the ways a move can be refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.errors import Refused
from processes.findings import Findings


class Unrunnable(Findings):
    """The diagram cannot be executed exactly as BPMN says; `findings` tell every reason, with element and line."""


class StepFailed(Refused):
    """An expression of the diagram failed: nothing advances, the state stays as it was. `expression` is the text as
    written, `reason_ja` why, `element` and `line` where; `so_far` tells how far the move had come."""

    def __init__(self, *, element: str, expression: str, reason_ja: str, line: int | None) -> None:
        told = f"「{element}」の式「{expression}」" if expression else f"「{element}」"
        super().__init__(f"{told}（{line or '?'}行目）で止まりました：{reason_ja}")
        self.element = element
        self.expression = expression
        self.reason_ja = reason_ja
        self.line = line
        self.so_far: SoFar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """How far a failed move had come: nothing of it is kept, but whoever looks for the fault wants to see it."""

    passed: tuple["Passed", ...]
    resting: tuple[str, ...]
    variables: Mapping[str, Any]


class NotAwaited(Refused):
    """Nothing in this run waits for the message now; keep it, it may be early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message or signal: `key` is its correlation (None: none given), `payload` plain JSON."""

    name: str
    key: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A human task that is open. `properties` are the texts as drawn, `evaluated` the values of those that begin
    with `=`, `scope` the variables visible at the token; `ad_hoc` if it lies directly in an ad-hoc sub-process."""

    token: str
    element: str
    name: str
    kind: str
    lane: str | None
    process_id: str
    properties: Mapping[str, str]
    evaluated: Mapping[str, Any]
    scope: Mapping[str, Any]
    ad_hoc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An open ad-hoc sub-process: `activities` (element ids) may be performed, again and in any order; none while a
    sequential one is busy. `place` tells of the sub-process itself what a waiting task tells: lane, properties, scope."""

    token: str
    element: str
    name: str
    activities: tuple[str, ...]
    place: Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A message that the run waits for; `key` is its correlation, None if any will do."""

    token: str
    element: str
    name: str
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A timer that runs; `due` is aware, in Asia/Tokyo."""

    token: str
    element: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A service to carry out: if it `waits`, the token stays until `complete` brings the result."""

    token: str
    element: str
    operator: str
    parameters: Mapping[str, Any]
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision taken in this move, with the rows of the tables that matched."""

    element: str
    decision: str
    value: Any
    matched: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One line of history: `outcome` is started, completed, cancelled, thrown or incident."""

    token: str
    element: str
    name: str
    kind: str
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a move came to. `state` is all that the next move needs. `waiting`, `awaited`, `timers` and `offers` tell
    the whole present; `sent`, `signals`, `decided`, `calls` and `passed` only what this move did. `services`
    are the tokens of open service tasks, `listens` the names of signals that something waits for, `resting` the
    elements on which tokens rest. `error` is the code of an error that nothing caught and that ended the run."""

    state: bytes
    waiting: tuple[Waiting, ...] = ()
    offers: tuple[Offer, ...] = ()
    awaited: tuple[Awaited, ...] = ()
    timers: tuple[Timer, ...] = ()
    sent: tuple[Message, ...] = ()
    signals: tuple[Message, ...] = ()
    decided: tuple[Decided, ...] = ()
    calls: tuple[Call, ...] = ()
    passed: tuple[Passed, ...] = ()
    services: tuple[str, ...] = ()
    listens: tuple[str, ...] = ()
    resting: tuple[str, ...] = ()
    finished: bool = False
    cancelled: bool = False
    error: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> tuple[Passed, ...]:
        return tuple(one for one in self.passed if one.outcome != "started")

    @property
    def started(self) -> tuple[Passed, ...]:
        return tuple(one for one in self.passed if one.outcome == "started")
