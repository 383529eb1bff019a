"""What the invented town's staff write: phrases by form and field, and by the household's theme."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from forms.fields import Choice, Field
from tsunagi.demo.answers import Voice

MARK = "（合成）"
#: Asked for only when something else makes it necessary: a late record, a changed urgency, a deadline.
ONLY_WHEN_ASKED = frozenset(
    {"okureRiyu", "kinkyuRiyu", "deadlineNaiyo", "kinouRiyu", "bango", "uketsukeBasho", "snsMei"}
)
Theme = Mapping[str, Any]


@cache
def themes() -> tuple[Theme, ...]:
    """The kinds of households, with how often each comes (`share`) and needs several agencies (`multi`)."""
    return tuple(_read("themes.json"))


@cache
def theme(key: str) -> Theme:
    """The theme with this key."""
    return next(one for one in themes() if one["key"] == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech(Voice):
    """One member of staff filling in one form about one household; the same every time for the same `rng`."""

    form: str
    theme: Theme
    person: str
    rng: Random

    def words(self, one: Field) -> str:
        """A phrase for the field; longer texts carry the mark 合成."""
        said = self.rng.choice([phrase for phrase in self._phrases(one) if phrase] or ["記録のとおり"])
        said = said.replace("@person", self.person)
        return f"{MARK}{said}" if one.kind == "long" else said

    def choose(self, one: Field, choices: tuple[Choice, ...], other: Any) -> Any:
        """The first choice: what matters is said by the course."""
        return next((choice.value for choice in choices if choice.value != other), None)

    def tells(self, one: Field) -> bool:
        """Staff write more than they must, where there is something to say."""
        return (
            one.kind in ("long", "text")
            and one.key not in ONLY_WHEN_ASKED
            and (
                f"{self.form}.{one.path}" in _phrases()["forms"]
                or f"{self.form}.{one.path}" in _phrases()["themed"]
            )
            and all(self._phrases(one))
            and self.rng.random() < 0.8
        )

    def _phrases(self, one: Field) -> list[str]:
        known, place = _phrases(), f"{self.form}.{one.path}"
        if place in known["themed"]:
            said = self.theme[known["themed"][place]]
            return [said] if isinstance(said, str) else list(said)
        found: list[str] = (
            known["forms"].get(place)
            or known["keys"].get(one.key)
            or known[one.kind if one.kind == "long" else "text"]
        )
        return found


@cache
def _phrases() -> Mapping[str, Any]:
    read: Mapping[str, Any] = _read("phrases.json")
    return read


def _read(name: str) -> Any:
    return json.loads(files("tsunagi").joinpath("demo", name).read_text("utf-8"))
