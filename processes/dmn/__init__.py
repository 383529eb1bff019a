"""DMN 1.5: decision models read, checked, and decided.

    >>> model = read(source, resolve=None)
    >>> decided = model.decide("緊急度判定", {"悪化の見込み": "48時間以内"})
    >>> decided.value, model.explain(decided)

Files of DMN 1.1 to 1.6 are read.  External functions (Java, PMML) are never run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

from .boxes import Table
from .errors import DmnError, Finding
from .grid import gaps_and_overlaps
from .model import Decided, Model, Offer
from .reading import read_definitions, unknown_elements
from .row_words import words_of_row
from .tables import Matched

__all__ = [
    "Decided",
    "DmnError",
    "Finding",
    "Matched",
    "Model",
    "Offer",
    "Resolve",
    "Table",
    "check",
    "gaps_and_overlaps",
    "read",
    "words_of_row",
]

#: Finds the bytes of an imported file by its namespace and (if given) location; raises LookupError if there is none.
Resolve: TypeAlias = Callable[[str, str | None], bytes]

_IMPORT_LIMIT = 40
#: So many compiled models that import nothing are kept in memory.
_KEPT = 256


def read(source: bytes, *, resolve: Resolve | None = None, lenient: bool = False) -> Model:
    """Read a model with everything it imports.

    Raises DmnError with all findings if one is an error.  `lenient` lets errors inside expressions pass: such a part
    becomes null with a warning when it is evaluated, as the standard says.
    """
    model = _Library(resolve).read(source) if resolve and b"import" in source else _alone(source)
    errors = [finding for finding in model.findings if finding.severity == "error"]
    if errors and not lenient:
        raise DmnError(tuple(model.findings))
    return model


@lru_cache(maxsize=_KEPT)
def _alone(source: bytes) -> Model:
    # Every version of every process carries the town's tables: the same bytes are compiled once.
    return _Library(None).read(source)


def check(source: bytes, resolve: Resolve | None = None) -> list[Finding]:
    """Everything that is wrong or doubtful with a model, gaps and overlaps of its tables included."""
    try:
        model = _Library(resolve).read(source)
    except DmnError as error:
        return list(error.findings)
    found = [*model.findings, *unknown_elements(source)]
    for _, table in model.tables:
        found.extend(gaps_and_overlaps(table, model.types.named))
    return sorted(found, key=lambda finding: (finding.line, finding.rule))


class _Library:
    """Models read so far, by namespace; an import that comes back to itself is refused."""

    def __init__(self, resolve: Resolve | None) -> None:
        self._resolve = resolve
        self._models: dict[str, Model] = {}
        self._open: list[str] = []

    def read(self, source: bytes) -> Model:
        definitions = read_definitions(source)
        self._open.append(definitions.namespace)
        findings: list[Finding] = []
        imported = []
        for one in definitions.imports:
            other = self._import(
                one.namespace, one.location, one.kind, one.name or one.id, one.line, findings
            )
            if other is not None:
                imported.append((one, other))
        self._open.pop()
        model = Model(definitions, imported, findings)
        self._models[definitions.namespace] = model
        return model

    def _import(
        self, namespace: str, location: str | None, kind: str, name: str, line: int, findings: list[Finding]
    ) -> Model | None:
        def refuse(rule: str, message: str) -> None:
            findings.append(Finding(severity="error", rule=rule, element=name, line=line, message=message))

        if "DMN" not in kind.upper():
            refuse(
                "dmn-import-kind",
                f"取り込み「{name}」の種類「{kind}」は使えません。DMN のファイルだけを取り込めます。",
            )
            return None
        if namespace in self._models:
            return self._models[namespace]
        if namespace in self._open:
            refuse(
                "dmn-import-circle", f"取り込み「{name}」が、回り回ってこのファイル自身を取り込んでいます。"
            )
            return None
        try:
            if self._resolve is None or len(self._models) + len(self._open) > _IMPORT_LIMIT:
                raise LookupError(namespace)
            other = self.read(self._resolve(namespace, location))
            findings.extend(_inside(name, line, one) for one in other.findings if one.severity == "error")
            return other
        except LookupError:
            refuse("dmn-import-missing", f"取り込み「{name}」のファイル（{namespace}）が見つかりません。")
        except DmnError as error:
            findings.extend(_inside(name, line, one) for one in error.findings)
        return None


def _inside(name: str, line: int, finding: Finding) -> Finding:
    """A finding of an imported file, placed where it is imported."""
    message = f"取り込み「{name}」の中（{finding.line}行）：{finding.message}"
    return replace(finding, element=name, line=line, message=message)
