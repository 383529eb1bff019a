"""What can be wrong with a decision model, told all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem: `element` is the id (or name) in the file, `message` a Japanese sentence."""

    severity: Literal["error", "warning"]
    rule: str
    element: str
    line: int
    message: str


class DmnError(Exception):
    """The model cannot be used; `findings` tell everything that is wrong with it."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(f"{one.line}行：{one.message}" for one in findings[:20]))
        self.findings = findings
