"""A form: read from form-js JSON, and everything that can be asked of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from . import answers, description, export, prefilling
from .answers import Answers, Context
from .conditions import GIVEN, condition
from .errors import Finding, FormError
from .fields import Field, Rule, every
from .profile import CLASSES, Reader, properties

VERSION = 19
SIZE = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One version of a form.  `digest` is the SHA-256 of its source, in hex."""

    key: str
    title: str
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    class_: str
    digest: str

    def read(self, raw: Mapping[str, Sequence[str]], *, context: Context) -> Answers:
        """The answers to a submitted page, or AnswersRefused with every problem and what was typed."""
        return answers.read(self, raw, context)

    def accept(self, given: Mapping[str, Any], *, context: Context) -> Answers:
        """Check answers that are values already (from another system or the command line), as `read` does."""
        return answers.read(self, answers.typed(self, given), context)

    def draft(self, raw: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """What was typed, word for word, without what is not of this form; nothing is checked."""
        return answers.draft(self, raw)

    def typed(self, given: Mapping[str, Any]) -> dict[str, list[str]]:
        """Answers as a page would have them typed, for a correction or a prefilled page."""
        return answers.typed(self, given)

    def shown(self, raw: Mapping[str, Sequence[str]], *, context: Context) -> answers.Shown:
        """Which parts a page shows for what is typed so far, and what they hold."""
        return answers.shown(self, raw, context)

    def coded(self, given: Mapping[str, Any], *, on: date) -> Answers:
        """Only what no person wrote freely: the part that may enter the state of a running process, on a day."""
        return export.coded(self.fields, given, on=on)

    @property
    def classes(self) -> dict[str, str]:
        """Class (L2…L5) of every input by its path."""
        return {one.path: one.class_ for one in every(self.fields) if one.asks}

    @property
    def reported(self) -> frozenset[str]:
        """Paths of the inputs that are reported to the state (国報告)."""
        return frozenset(one.path for one in every(self.fields) if one.reported and (one.asks or one.kind == "table"))

    def describe(self, given: Mapping[str, Any], *, context: Context) -> tuple[description.Line, ...]:
        """The answers for reading: label and display, tables with their rows."""
        return description.describe(self.fields, given, context)

    def prefill(self, previous: Iterable[tuple[str, Mapping[str, Any]]], *, context: Context) -> dict[str, list[str]]:
        """What a blank page begins with: computed values, then equal keys of earlier records (form key, answers)."""
        return prefilling.prefill(self, previous, context)

    def json_schema(self) -> dict[str, Any]:
        """The answers' shape as JSON Schema 2020-12."""
        return export.json_schema(self)


@lru_cache(maxsize=512)
def read(source: bytes) -> Form:
    """Read a form-js form; raises FormError with every finding."""
    try:
        tree = json.loads(source) if len(source) <= SIZE else None
    except ValueError:
        tree = None
    if not isinstance(tree, dict):
        raise FormError((Finding(field="", sentence="様式の JSON として読めません。"),))
    own = properties(tree)
    reader = Reader(str(own.get("class") or "L3"))
    _check_head(tree, reader)
    fields = reader.components(tree.get("components"))
    rules = _rules(own.get("rules") or [], reader)
    _check_names(fields, rules, reader)
    if reader.findings:
        raise FormError(tuple(reader.findings))
    return Form(
        key=str(tree["id"]), title=str(tree.get("title") or own.get("title") or tree["id"]), fields=fields,
        rules=rules, class_=reader.class_, digest=hashlib.sha256(source).hexdigest(),
    )  # fmt: skip


def _check_head(tree: Mapping[str, Any], reader: Reader) -> None:
    if not tree.get("id"):
        reader.found("", "様式の id がありません。「F-A01」のような様式番号を id にしてください。")
    if tree.get("schemaVersion", VERSION) > VERSION:
        reader.found("", f"schemaVersion は{VERSION}までを読めます（{tree['schemaVersion']}でした）。")
    if reader.class_ not in CLASSES:
        reader.found("", f"様式の区分（class）は {'、'.join(CLASSES)} のどれかにしてください。")


def _rules(items: Any, reader: Reader) -> tuple[Rule, ...]:
    listed = json.loads(items) if isinstance(items, str) else items
    made = []
    for item in listed:
        when = reader.condition(item.get("when"), str(item.get("field") or ""))
        if when is None or not item.get("say"):
            reader.found(str(item.get("field") or ""), "決まり（rules）には when（式）と say（文）が必要です。")
        else:
            made.append(Rule(when=when, path=str(item.get("field") or ""), sentence=str(item["say"])))
    return tuple(made)


def _check_names(fields: tuple[Field, ...], rules: tuple[Rule, ...], reader: Reader) -> None:
    _check_twice(fields, reader)
    known = {one.key for one in every(fields) if one.key} | GIVEN
    paths = {one.path for one in every(fields) if one.key}
    for one in every(fields):
        for expression in (one.hide, one.required_if):
            for name in sorted((expression.reads if expression else frozenset()) - known):
                reader.found(one.path, f"条件が読む「{name}」という項目は、この様式にありません。")
    for rule in rules:
        for name in sorted(rule.when.reads - known):
            reader.found(rule.path, f"決まりが読む「{name}」という項目は、この様式にありません。")
        if rule.path not in paths:
            reader.found(rule.path, f"決まりが指す「{rule.path}」という項目は、この様式にありません。")


def _check_twice(fields: tuple[Field, ...], reader: Reader) -> None:
    seen: set[str] = set()
    for one in every(fields):
        if one.key and one.path in seen:
            reader.found(one.path, "同じ項目名が2度あります。項目名（key）は別々にしてください。")
        if one.key:
            seen.add(one.path)


__all__ = ["Context", "Form", "FormError", "condition", "read"]
