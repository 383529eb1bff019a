"""Conditions of a form, in FEEL: what hides a field, what makes it required, what contradicts."""

from __future__ import annotations

import datetime as std
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from processes import feel
from processes.feel import FeelSyntaxError

#: Names that every form may use beside its own keys.
GIVEN = frozenset({"me", "facts", "parent"})


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression of a form, read once."""

    expression: feel.Expression

    @property
    def reads(self) -> frozenset[str]:
        return self.expression.reads

    def holds(self, scope: Mapping[str, Any], *, now: std.datetime) -> bool:
        """True only if the expression is true; null and a stumble are no yes."""
        return self.expression.evaluate(scope, now=now).value is True

    def value(self, scope: Mapping[str, Any], *, now: std.datetime) -> Any:
        """The value as the form's answers write it: ISO text for dates and times, plain numbers."""
        return _plain(feel.to_json(self.expression.evaluate(scope, now=now).value))


def condition(text: str) -> Condition:
    """Read a condition (with or without the leading `=` of form-js); ValueError with a Japanese sentence."""
    try:
        return Condition(feel.parse(text.strip().removeprefix("=").strip()))
    except FeelSyntaxError as error:
        raise ValueError(f"式「{text}」を読めません。{error.message_ja}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        # FEEL writes a zone as "@Asia/Tokyo"; answers are in the town's time anyway.
        return value["@"].partition("@Asia/Tokyo")[0] if value.keys() == {"@"} else {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
