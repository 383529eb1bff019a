"""What a form or its answers are refused for; sentences for the person who wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing in a form's source that is not rendered: `field` is its key, or empty for the form itself."""

    field: str
    sentence: str


class FormError(Exception):
    """The source is no form of our profile; `findings` are all of them, in the order of the source."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(f"{f.field}：{f.sentence}" if f.field else f.sentence for f in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One answer that cannot be taken: `path` names its input (`matrix.0.komari`)."""

    path: str
    label: str
    sentence: str


class AnswersRefused(Exception):
    """The answers have problems, all told at once; `kept` is what was typed, word for word."""

    def __init__(self, problems: tuple[Problem, ...], kept: Mapping[str, list[str]]) -> None:
        super().__init__("\n".join(problem.sentence for problem in problems))
        self.problems = problems
        self.kept = kept
