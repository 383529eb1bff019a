"""One evaluation: its clock, its warnings, its budget, and the names in scope while it goes on."""

from __future__ import annotations

import datetime as std
from collections.abc import Mapping
from typing import Any

from .errors import Exhausted
from .values import Value

STEP_LIMIT = 400_000
TEXT_LIMIT = 1_000_000
CALL_LIMIT = 150
CALL_COST = 5
WARNING_LIMIT = 100


class Run:
    """What all parts of one evaluation share.  `now` is the only clock; None means that there is none."""

    __slots__ = ("calls", "now", "steps", "warnings")

    def __init__(self, now: std.datetime | None = None, steps: int = STEP_LIMIT) -> None:
        self.now = now
        self.steps = steps
        self.calls = 0
        self.warnings: list[str] = []

    def warn(self, sentence: str) -> None:
        if len(self.warnings) < WARNING_LIMIT and sentence not in self.warnings:
            self.warnings.append(sentence)

    def spend(self, steps: int) -> None:
        """Count work done; an evaluation that needs more than its budget ends."""
        self.steps -= steps
        if self.steps < 0:
            raise Exhausted("計算の量が上限を超えました")

    def text(self, value: str) -> str:
        """A text just made: counted, and refused if it grew too long."""
        if len(value) > 1000:
            if len(value) > TEXT_LIMIT:
                raise Exhausted(f"文字列が長すぎます（{TEXT_LIMIT:,}文字まで）")
            self.spend(len(value) // 50)
        return value

    def enter(self) -> None:
        self.calls += 1
        self.spend(CALL_COST)
        if self.calls > CALL_LIMIT:
            raise Exhausted("関数の呼び出しの入れ子が深すぎます")

    def leave(self) -> None:
        self.calls -= 1


class Scope:
    """Names and their values, inner before outer."""

    __slots__ = ("outer", "run", "values")

    def __init__(self, values: Mapping[str, Any], outer: Scope | None, run: Run) -> None:
        self.values = values
        self.outer = outer
        self.run = run

    def inner(self, values: Mapping[str, Any]) -> Scope:
        return Scope(values, self, self.run)

    def find(self, name: str, otherwise: Value) -> Value:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.outer
        return otherwise
