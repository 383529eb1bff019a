"""Refusals (お断り): one class a kind, each told in one Japanese sentence.

The sentence has one shape: what was expected, what was found, what to do next. It is
shown to staff as it stands, so it carries no name, no free text and no engine word.
"""

from datetime import datetime


class Refused(Exception):
    """Something was asked that cannot be done; nothing was changed."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(Refused):
    """There is no such thing, or the asker may not know that there is."""


class NotAllowed(Refused):
    """No ground lets this person see or do this (deny by default, table D8)."""


class NotYours(Refused):
    """The task stands in an inbox to which the asker does not belong."""


class NotOpen(Refused):
    """The task, case or instance is not in a state in which this can be done."""


class AlreadyDone(Refused):
    """Somebody completed the task first; says who and when, so that the two can talk."""

    def __init__(self, sentence: str, *, by_name: str, at: datetime) -> None:
        super().__init__(sentence)
        self.by_name = by_name
        self.at = at


class Invalid(Refused):
    """What was handed in does not fit; `problems` are sentences, one a finding."""

    def __init__(self, sentence: str, problems: tuple[object, ...] = ()) -> None:
        super().__init__(sentence)
        self.problems = problems


class Conflict(Refused):
    """Somebody else changed the same thing meanwhile; both versions are kept."""


class Stopped(Refused):
    """The move failed inside the diagram; an incident (支障) was noted for a manager."""
