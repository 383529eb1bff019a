"""Every text of a diagram that is computed at run time, parsed once at compile time. FEEL only: nothing else from a
diagram is ever evaluated."""

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from engine.runtime.timers import TimerError, duration, is_literal, plan
from engine.runtime.values import StepFailed
from processes import feel
from processes.bpmn import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """An expression in its place; `literal` is a bare ISO 8601 text of a timer instead of FEEL."""

    text: str
    element: str
    line: int | None
    feel: feel.Expression | None
    literal: str | None = None

    @property
    def reads(self) -> frozenset[str]:
        return self.feel.reads if self.feel is not None else frozenset()

    def value(self, context: Mapping[str, Any], now: datetime) -> Any:
        """The FEEL value; StepFailed if it is null because something in it went wrong or was never set."""
        value, warnings = self.tried(context, now)
        if value is None and (told := warnings or self._unset(context)):
            raise self.failed(told[0])
        return value

    def truth(self, context: Mapping[str, Any], now: datetime) -> bool:
        """A condition's value. Only false is false: null or anything else raises StepFailed."""
        value, warnings = self.tried(context, now)
        if not isinstance(value, bool):
            told = self._unset(context) or warnings or ("条件は真か偽のはずですが、別の値でした。",)
            raise self.failed(told[0])
        return value

    def tried(self, context: Mapping[str, Any], now: datetime) -> tuple[Any, tuple[str, ...]]:
        """The value and what it stumbled over; never raises for what an expression says.

        A variable that nothing has set yet is null and no stumbling: a diagram may ask whether it is there."""
        if self.feel is None:
            return self.literal, ()
        unset = [name for name in self.feel.reads if name not in context]
        seen = ChainMap(dict.fromkeys(unset), context) if unset else context  # type: ignore[arg-type]  # only read from
        try:
            found = self.feel.evaluate(seen, now=now)
        except feel.FeelValueError as error:
            raise self.failed(f"変数の値を読めません（{error}）。") from None
        return found.value, found.warnings

    def _unset(self, context: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(f"「{name}」という名前の値がありません。" for name in sorted(self.reads) if name not in context)

    def failed(self, reason: str) -> StepFailed:
        return StepFailed(element=self.element, expression=self.text, reason_ja=reason, line=self.line)


class Visible(Mapping[str, Any]):
    """Variables as FEEL reads them: plain JSON becomes FEEL values only when it is looked at."""

    __slots__ = ("aliases", "layers")

    def __init__(self, *layers: Mapping[str, Any], aliases: Mapping[str, str] = MappingProxyType({})) -> None:
        self.layers = layers
        self.aliases = aliases

    def __getitem__(self, name: str) -> Any:
        for layer in self.layers:
            if name in layer:
                return feel.from_json(layer[name])
        if name in self.aliases:
            return self[self.aliases[name]]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        if any(name in layer for layer in self.layers):
            return True
        return isinstance(name, str) and name in self.aliases and self.aliases[name] in self

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for layer in self.layers for name in layer))

    def __len__(self) -> int:
        return len({name for layer in self.layers for name in layer})

    def flat(self) -> dict[str, Any]:
        """Everything visible, as plain JSON."""
        flat: dict[str, Any] = {}
        for layer in reversed(self.layers):
            flat.update(layer)
        return flat


class Reading:
    """Parses the expressions of one program and gathers what is wrong with them."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.found: dict[tuple[str, str], Computed] = {}
        self.problems: list[Finding] = []

    def add(self, element: str, role: str, text: str | None, line: int | None) -> None:
        """Parse `text` as the expression `role` of `element`; nothing if there is none."""
        if text is None or not text.strip():
            return
        plain = text.strip()
        plain = plain[1:].strip() if plain.startswith("=") else plain
        try:
            parsed = feel.parse(plain, names=self.names)
        except feel.FeelSyntaxError as error:
            self.problem("expression", f"式「{plain[:60]}」を読めません：{error}", element, line)
            return
        self.found[element, role] = Computed(text=plain, element=element, line=line, feel=parsed)

    def add_timer(self, element: str, role: str, kind: str, text: str, line: int) -> None:
        """A timer's text: a bare ISO literal is checked now, FEEL that is constant too."""
        if not text:
            self.problem("timer", "タイマーの値がありません。「P3D」や式を書いてください。", element, line)
            return
        if is_literal(text):
            self._check(element, kind, text, line)
            self.found[element, role] = Computed(text=text, element=element, line=line, feel=None, literal=text)
            return
        self.add(element, role, text, line)
        made = self.found.get((element, role))
        if made is not None and made.feel is not None and not made.reads and _is_constant(made.text):
            value, _ = made.tried({}, _SOME_TIME)
            self._check(element, kind, value, line)

    def problem(self, rule: str, message: str, element: str | None, line: int | None) -> None:
        self.problems.append(Finding(rule=rule, message=message, element=element, line=line))

    def _check(self, element: str, kind: str, value: Any, line: int) -> None:
        try:
            if kind == "duration":
                duration(value)
            else:
                plan(kind, value, _SOME_TIME)
        except TimerError as error:
            self.problem("timer", str(error), element, line)


_SOME_TIME = datetime.fromisoformat("2026-01-05T09:00:00+09:00")


def _is_constant(text: str) -> bool:
    return "now(" not in text and "today(" not in text
