"""What is wrong with a diagram, a table or a form: one value for every check, so that all problems can be
shown at once, by element and line."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "information"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """One move of a counterexample: the `element` that the token passes, its `name` or the choice made there,
    and the `marking`: the ids of the sequence flows that hold a token afterwards, for moving tokens."""

    element: str
    name: str
    marking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem: the `rule` that found it, the `element` (id, or None for the whole file), its `line`
    (1-based, None if unknown), a Japanese `message` (what was expected, what was found, what to do), and for
    soundness and data flow the shortest `trace` that leads into it."""

    rule: str
    message: str
    element: str | None = None
    line: int | None = None
    severity: Severity = "error"
    trace: tuple[TraceStep, ...] = ()


class Findings(Exception):
    """Base of the refusals that carry findings; `findings` is never empty."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(_told(finding) for finding in self.findings))


def _told(finding: Finding) -> str:
    place = f"{finding.element or '図全体'}（{finding.line or '?'}行目）"
    return f"{place}：{finding.message}"
