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
    goes; `replies` how it is answered; `councils` what each 支援会議 comes to, `evaluations` each evaluation (C15);
    `consent` whose consent there is. `said` gives answers by element id, round by round (the last one repeats).
    Elements in `rests` (in one round only: `R-20#1`) are left open for the reader of the demo; those in `at` are done
    at that very moment, the others after a usual time (`pace` times it).
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
    councils: tuple[str, ...] = ("プラン作成へ",)
    evaluations: tuple[str, ...] = ("1",)
    consent: str = "全員"
    agencies: tuple[str, ...] = ()
    lead: str = ""
    said: Mapping[str, Sequence[Said]] = field(default_factory=dict)
    rests: frozenset[str] = frozenset()
    at: Mapping[str, datetime] = field(default_factory=dict)
    pace: float = 1.0
    event: str = ""
    story: str = ""

    def leaves(self, element: str, turn: int) -> bool:
        """Whether this step is left open."""
        return element in self.rests or f"{element}#{turn}" in self.rests

    def round(self, steps: Sequence[Any], turn: int) -> Any:
        """The step of this round; the last one repeats; None when there are none."""
        return steps[min(turn, len(steps) - 1)] if steps else None
