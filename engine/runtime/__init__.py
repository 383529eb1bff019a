"""The runtime: a token kernel of its own for BPMN 2.0. Pure functions from a definition and a state to a `Step`; no
database, no network, no clock. Every move starts from the stored state, so every move is a restart."""

from engine.runtime.definition import Definition, compile
from engine.runtime.moves import (
    cancel,
    complete,
    conclude,
    deliver,
    describe,
    fire,
    keyed,
    perform,
    read,
    signal,
    start,
    throw_error,
    waits_for,
)
from engine.runtime.values import (
    Awaited,
    Call,
    Decided,
    Message,
    NotAwaited,
    Offer,
    Passed,
    Step,
    StepFailed,
    Timer,
    Unrunnable,
    Waiting,
)

__all__ = [
    "Awaited", "Call", "Decided", "Definition", "Message", "NotAwaited", "Offer", "Passed", "Step", "StepFailed",
    "Timer", "Unrunnable", "Waiting", "cancel", "compile", "complete", "conclude", "deliver", "describe", "fire", "keyed",
    "perform", "read", "signal", "start", "throw_error", "waits_for",
]
