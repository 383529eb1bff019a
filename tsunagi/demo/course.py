"""A course (筋書き): what happens to one invented household, as far as it is not left to chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tsunagi.demo.people import Household
from tsunagi.demo.words import Theme

Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One household's way through the town.

    `taiou` and `sheets` say, round by round, what comes of an assessment (C08) and to which agency a つなぐシート
    goes; `replies` how it is answered. `said` gives answers by element id, round by round (the last one repeats).
    Elements in `rests` are left open for the reader of the demo; those in `at` are done at that very moment, the
    others after a usual time (`pace` times it).
    """

    key: str
    theme: Theme
    household: Household
    opened_at: datetime
    desk: str
    urgency: int = 3
    needs: tuple[str, ...] = ()
    channel: str = "02"
    process: str = "P-A"
    start: str | None = "A-SE1"
    facts: Said = field(default_factory=dict)
    taiou: tuple[str, ...] = ("02",)
    sheets: tuple[str, ...] = ()
    replies: tuple[Said, ...] = ()
    meetings: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    lead: str = ""
    said: Mapping[str, Sequence[Said]] = field(default_factory=dict)
    rests: frozenset[str] = frozenset()
    at: Mapping[str, datetime] = field(default_factory=dict)
    pace: float = 1.0
    event: str = ""
    story: str = ""

    def round(self, steps: Sequence[Any], turn: int) -> Any:
        """The step of this round; the last one repeats; None when there are none."""
        return steps[min(turn, len(steps) - 1)] if steps else None
