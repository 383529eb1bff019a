"""How a traced process begins: plainly, or by the first message, signal, timer or condition that starts it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.runtime import Definition, Message
from engine.runtime.expressions import Visible
from engine.runtime.timers import TimerError, plan
from processes.bpmn import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The occurrence that starts the run: when, at which element, and the message or signal that came."""

    at: datetime
    element: str
    message: Message | None = None


class Starts:
    """The starts of a definition's main process."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.program = definition.main
        body = self.program.bodies[self.program.process.id]
        self.plain = bool(body.starts) or not self.program.nodes
        self.nodes = [self.program.nodes[one] for one in body.nodes if self._starts(self.program.nodes[one])]

    @property
    def elements(self) -> list[str]:
        return [node.id for node in self.nodes]

    def first(
        self, inputs: Mapping[str, Any], arrivals: list[tuple[datetime, Message]], now: datetime
    ) -> First | None:
        """What happens first; None if nothing ever starts it."""
        found = [*self._conditions(inputs, now), *self._heard(arrivals), *self._timed(inputs, now)]
        return min(found, key=lambda one: one.at, default=None)

    def _starts(self, node: Node) -> bool:
        return node.kind == "startEvent" or (node.instantiate and not node.incoming)

    def _heard(self, arrivals: list[tuple[datetime, Message]]) -> Iterator[First]:
        for at, message in arrivals:
            if message.name in self.definition.start_messages:
                element = self.definition.start_messages[message.name]
                yield First(at=at, element=element, message=message)
            for node in self.nodes:
                if any(one.kind == "signal" and one.name == message.name for one in node.events):
                    yield First(at=at, element=node.id, message=message)

    def _timed(self, inputs: Mapping[str, Any], now: datetime) -> Iterator[First]:
        for node, index, kind in self._triggers("timer"):
            expression = self.program.expression(node.id, f"timer{index}")
            if expression is not None:
                try:
                    yield First(at=plan(kind, expression.value(Visible(inputs), now), now).due, element=node.id)
                except TimerError as error:
                    raise expression.failed(str(error)) from None

    def _conditions(self, inputs: Mapping[str, Any], now: datetime) -> Iterator[First]:
        for node, index, _ in self._triggers("conditional"):
            expression = self.program.expression(node.id, f"condition{index}")
            if expression is not None and expression.tried(Visible(inputs), now)[0] is True:
                yield First(at=now, element=node.id)

    def _triggers(self, kind: str) -> Iterator[tuple[Node, int, str]]:
        for node in self.nodes:
            for index, one in enumerate(node.events):
                if one.kind == kind:
                    yield node, index, one.timer.kind if one.timer else ""


