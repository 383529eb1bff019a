"""One run in the voice of those who live with it: it starts, people complete tasks, time passes, messages come. Every
move is a restart: nothing but the state's bytes goes from one to the next."""

from datetime import datetime

from engine import runtime
from engine.runtime import Message, Step
from engine.runtime.timers import TOKYO, duration
from tests.runtime.drawing import draw

MORNING = datetime(2026, 1, 5, 9, 0, tzinfo=TOKYO)


class Life:
    def __init__(self, text: str | bytes, *, called=None, decisions=None, effects=(), process=None, more="") -> None:
        source = text if isinstance(text, bytes) else draw(text, more=more)
        self.definition = runtime.compile(
            source, called=called or {}, decisions=decisions or {}, effects=frozenset(effects), process=process
        )
        self.now = MORNING
        self.step: Step | None = None
        self.history: list[tuple[str, str]] = []

    def starts(self, *, by: Message | None = None, at: str | None = None, **variables) -> "Life":
        return self._take(runtime.start(self.definition, variables, at=at, message=by, now=self.now))

    def completes(self, element: str, nth: int = 0, /, **answers) -> "Life":
        tokens = [one.token for one in self.step.waiting if one.element == element]
        tokens += [call for call in self.step.services if self._at(call) == element]
        assert tokens, f"{element} is not open, open are {self.open}"
        return self._take(runtime.complete(self.definition, self.step.state, tokens[nth], answers, now=self.now))

    def hears(self, name: str, key: str | None = None, /, **payload) -> "Life":
        message = Message(name=name, key=key, payload=payload)
        return self._take(runtime.deliver(self.definition, self.step.state, message, now=self.now))

    def signalled(self, name: str, **payload) -> "Life":
        return self._take(runtime.signal(self.definition, self.step.state, name, payload, now=self.now))

    def waits(self, text: str) -> "Life":
        self.now = duration(text).after(self.now)
        return self._take(runtime.fire(self.definition, self.step.state, now=self.now))

    def fails(self, element: str, code: str) -> "Life":
        token = next(t for t in (*(w.token for w in self.step.waiting), *self.step.services) if self._at(t) == element)
        return self._take(runtime.throw_error(self.definition, self.step.state, token, code, now=self.now))

    def performs(self, element: str) -> "Life":
        token = next(one.token for one in self.step.offers if element in one.activities)
        return self._take(runtime.perform(self.definition, self.step.state, token, element, now=self.now))

    @property
    def open(self) -> list[str]:
        return sorted(one.element for one in self.step.waiting)

    @property
    def resting(self) -> list[str]:
        return list(self.step.resting)

    @property
    def finished(self) -> bool:
        return self.step.finished

    @property
    def variables(self):
        return dict(self.step.variables)

    def did(self, outcome: str = "completed") -> list[str]:
        return [element for element, what in self.history if what == outcome]

    def count(self, element: str, outcome: str = "completed") -> int:
        return self.did(outcome).count(element)

    def _at(self, token: str) -> str:
        from engine.runtime.state import load

        return load(self.step.state).tokens[token].element

    def _take(self, step: Step) -> "Life":
        self.step = step
        self.history.extend((one.element, one.outcome) for one in step.passed)
        return self
