"""Refusals of FEEL, with their place and a sentence for the person who wrote the expression."""

from __future__ import annotations


class FeelSyntaxError(Exception):
    """The text is not FEEL: `line` and `column` count from 1, `message_ja` says what was expected and found."""

    def __init__(self, line: int, column: int, message_ja: str) -> None:
        super().__init__(f"{line}行{column}文字目：{message_ja}")
        self.line = line
        self.column = column
        self.message_ja = message_ja


class FeelValueError(Exception):
    """A value cannot cross the border between FEEL and JSON."""


class Exhausted(Exception):
    """An evaluation went over a limit of steps, depth or size; the whole expression becomes null."""


class Fault(Exception):
    """A function cannot answer for these arguments; its call becomes null with this Japanese sentence."""
