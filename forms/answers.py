"""From what was typed to answers, or to every problem at once.

`raw` maps the name of an input to its texts: `gaiyo`, `target.sei`, `matrix.0.komari`; `matrix.rows` lists the
numbers of a table's rows in their order, `uketsukeAt.time` the time beside a day.  Answers are plain JSON.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from . import codes, values
from .errors import AnswersRefused, Problem
from .fields import Choice, Field, every

if TYPE_CHECKING:
    from .schema import Form

Answers: TypeAlias = dict[str, Any]
Raw: TypeAlias = Mapping[str, Sequence[str]]
_NUMBERED = re.compile(r"\.\d+(?=\.)")
_ROW = re.compile(r"(.+)\.(\d+)\.")
_ROUNDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the page knows beside the form: the moment, the lists to choose from, who answers, the attachments.

    `choices` by source (agency, staff, person, household, case, a register); `codes` the code lists that the town
    changed, as they are now; `files` maps an attachment's id to its name.
    """

    now: dt.datetime
    choices: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    codes: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    me: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def choices_of(self, one: Field) -> tuple[Choice, ...]:
        if one.source:
            return self.choices.get(one.source, ())
        return codes.as_changed(one, self.codes[one.codes]) if one.codes in self.codes else one.choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page as it stands: the answers so far, and by numbered path what is hidden, required or not readable."""

    answers: Answers
    hidden: frozenset[str]
    required: frozenset[str]
    unreadable: Mapping[str, str]


def read(form: Form, raw: Raw, context: Context) -> Answers:
    """All answers, or AnswersRefused with every problem in the order of the page."""
    page = _Page(form, _without_blank_rows(form, raw), context)
    page.settle()
    problems = [*page.problems(), *page.contradictions()]
    if problems:
        raise AnswersRefused(tuple(problems), draft(form, raw))
    return page.answers


def shown(form: Form, raw: Raw, context: Context) -> Shown:
    """The page for what is typed so far, without judging it."""
    page = _Page(form, raw, context)
    page.settle()
    return Shown(
        answers=page.answers, hidden=frozenset(page.hidden), required=frozenset(page.required()),
        unreadable=page.unreadable,
    )  # fmt: skip


def draft(form: Form, raw: Raw) -> dict[str, list[str]]:
    """What was typed, kept word for word."""
    known = {one.path for one in every(form.fields) if one.key}
    known |= {f"{one.path}.{extra}" for one in every(form.fields) for extra in ("time", "rows")}
    return {name: list(texts) for name, texts in raw.items() if _NUMBERED.sub("", name) in known}


def rows_of(raw: Raw, path: str) -> list[int]:
    """The numbers of a table's rows, in their order."""
    if f"{path}.rows" in raw:
        return list(dict.fromkeys(int(text) for text in raw[f"{path}.rows"] if text.isdecimal()))[:200]
    numbered = re.compile(re.escape(path) + r"\.(\d+)\.")
    return sorted({int(match[1]) for name in raw if (match := numbered.match(name))})[:200]


def typed(form: Form, given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Answers as a page would have them typed."""
    return {name: texts for name, texts in _typed(form.fields, given, "") if texts}


def _typed(fields: tuple[Field, ...], given: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, list[str]]]:
    for one in fields:
        path = f"{prefix}{one.key}"
        if one.kind == "group":
            inner = given.get(one.key) if one.key else given
            yield from _typed(one.children, inner or {}, f"{path}." if one.key else prefix)
        elif one.kind == "table":
            rows = given.get(one.key) or []
            yield f"{path}.rows", [str(number) for number in range(len(rows))]
            for number, row in enumerate(rows):
                yield from _typed(one.children, row, f"{path}.{number}.")
        elif one.asks:
            yield path, values.as_typed(one, given.get(one.key))


class _Page:
    """One reading of one page."""

    def __init__(self, form: Form, raw: Raw, context: Context) -> None:
        self.form = form
        self.raw = raw
        self.context = context
        self.hidden: set[str] = set()
        self.unreadable: dict[str, str] = {}
        self.answers: Answers = {}
        self.seen: Answers = {}

    def settle(self) -> None:
        """Read, hide, and read again until nothing more is hidden or shown: hiding one may show another."""
        for _ in range(_ROUNDS):
            self.unreadable.clear()
            self.answers = self.group(self.form.fields, "")
            self.seen = dated(self.form.fields, self.answers)
            hidden = {path for place in self.places() if self.hides(place) for path in _names(place.field, place.prefix)}
            if hidden == self.hidden:
                return
            self.hidden = hidden

    def group(self, fields: tuple[Field, ...], prefix: str) -> Answers:
        made: Answers = {}
        for one in fields:
            path = f"{prefix}{one.key}"
            if one.kind == "group":
                inner = self.group(one.children, f"{path}." if one.key else prefix)
                made.update({one.key: inner} if one.key else inner)
            elif one.kind == "table":
                numbers = [] if self.is_hidden(path) else rows_of(self.raw, path)
                made[one.key] = [self.group(one.children, f"{path}.{number}.") for number in numbers]
            elif one.asks:
                made[one.key] = self.input(one, path)
        return made

    def input(self, one: Field, path: str) -> Any:
        if self.is_hidden(path):
            return one.empty
        try:
            return values.value(one, self.texts(one, path), self.context.choices_of(one), self.context.files)
        except ValueError as error:
            self.unreadable[path] = f"「{one.label}」{error}"
            return one.empty

    def texts(self, one: Field, path: str) -> Sequence[str]:
        texts = self.raw.get(path, ())
        time = self.raw.get(f"{path}.time", ())
        if one.kind == "datetime" and not values.blank(time):
            return [f"{texts[0] if texts else ''} {time[0]}".strip()]
        return texts

    def is_hidden(self, path: str) -> bool:
        return path in self.hidden or any(path.startswith(f"{gone}.") for gone in self.hidden)

    def places(self) -> Iterator[_Place]:
        """Every part of the page, rows apart, with the answers that it and its conditions see."""
        return self._places(self.form.fields, "", self.seen, {})

    def _places(self, fields: tuple[Field, ...], prefix: str, own: Answers, outer: Answers) -> Iterator[_Place]:
        for one in fields:
            place = _Place(field=one, prefix=prefix, own=own, outer=outer)
            yield place
            if one.kind == "group":
                inner = own.get(one.key) or {} if one.key else own
                below = f"{place.path}." if one.key else prefix
                yield from self._places(one.children, below, inner, {**outer, **own} if one.key else outer)
            elif one.kind == "table":
                for number, row in zip(rows_of(self.raw, place.path), own.get(one.key) or [], strict=False):
                    yield from self._places(one.children, f"{place.path}.{number}.", row, {**outer, **own})

    def hides(self, place: _Place) -> bool:
        hide = place.field.hide
        return hide is not None and hide.holds(self.scope(place.own, place.outer), now=self.context.now)

    def scope(self, own: Answers, outer: Answers) -> Mapping[str, Any]:
        """What a condition sees: its own neighbours first, then what lies around them."""
        return {"me": self.context.me, "facts": self.context.facts, "parent": outer, **outer, **own}

    def asked(self) -> Iterator[_Place]:
        """The parts that have an answer and are not hidden."""
        return (place for place in self.places() if place.field.key and not self.is_hidden(place.path))

    def wants(self, place: _Place) -> bool:
        one = place.field
        if one.kind == "group":
            return False
        if one.required or one.min_rows > 0:
            return True
        own, outer = place.own, place.outer
        return one.required_if is not None and one.required_if.holds(self.scope(own, outer), now=self.context.now)

    def required(self) -> Iterator[str]:
        return (place.path for place in self.asked() if self.wants(place))

    def problems(self) -> Iterator[Problem]:
        """Every problem of single answers, in the order of the page."""
        for place in self.asked():
            if sentence := self.sentence(place):
                told = f"{self.row_of(place.path)}{sentence}"
                yield Problem(path=place.path, label=place.field.label, sentence=told)

    def sentence(self, place: _Place) -> str:
        one, answer = place.field, place.own.get(place.field.key)
        if place.path in self.unreadable:
            return self.unreadable[place.path]
        if one.kind == "table" and len(answer or ()) > one.max_rows:
            return f"「{one.label}」は{one.max_rows}行までです（いま{len(answer or ())}行）"
        if one.kind == "table" and 1 < one.min_rows > len(answer or ()):
            return f"「{one.label}」を{one.min_rows}行以上入力してください（いま{len(answer or ())}行）"
        return values.missing(one) if values.unanswered(answer) and self.wants(place) else ""

    def row_of(self, path: str) -> str:
        """「課題表」の2行目： before what is wrong in a table's row."""
        match = _ROW.match(path)
        if not match:
            return ""
        label = next((one.label for one in every(self.form.fields) if one.path == match[1]), "")
        return f"「{label}」の{rows_of(self.raw, match[1]).index(int(match[2])) + 1}行目："

    def contradictions(self) -> Iterator[Problem]:
        """What the form's own rules find wrong, unless the answer concerned is unreadable or hidden anyway."""
        scope = self.scope(self.seen, {})
        for rule in self.form.rules:
            if self.is_hidden(rule.path) or rule.path in self.unreadable:
                continue
            if rule.when.holds(scope, now=self.context.now):
                label = next((one.label for one in every(self.form.fields) if one.path == rule.path), "")
                yield Problem(path=rule.path, label=label, sentence=rule.sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A part of the page: `prefix` is the numbered path before it, `own` its neighbours' answers, `outer` the rest."""

    field: Field
    prefix: str
    own: Answers
    outer: Answers

    @property
    def path(self) -> str:
        return f"{self.prefix}{self.field.name}"


def dated(fields: tuple[Field, ...], given: Mapping[str, Any]) -> Answers:
    """Answers as conditions see them: days and times as values, not as text."""
    made = dict(given)
    for one in fields:
        if one.kind == "group":
            inner = dated(one.children, (given.get(one.key) or {}) if one.key else given)
            made.update({one.key: inner} if one.key else inner)
        elif one.kind == "table":
            made[one.key] = [dated(one.children, row) for row in given.get(one.key) or []]
        elif one.key:
            made[one.key] = values.for_feel(one.kind, given.get(one.key))
    return made


def _names(one: Field, prefix: str) -> Iterator[str]:
    """The numbered path of a part, and of everything in it if it has no name of its own."""
    yield f"{prefix}{one.name}"
    if one.kind == "group" and not one.key:
        for child in one.children:
            yield from _names(child, prefix)


def _without_blank_rows(form: Form, raw: Raw) -> Raw:
    """The page without the rows in which nothing was typed."""
    kept = dict(raw)
    for table in (one for one in every(form.fields) if one.kind == "table"):
        typed_in = [number for number in rows_of(raw, table.path) if _row_holds(raw, f"{table.path}.{number}.")]
        kept[f"{table.path}.rows"] = [str(number) for number in typed_in]
    return kept


def _row_holds(raw: Raw, prefix: str) -> bool:
    return any(name.startswith(prefix) and not values.blank(texts) for name, texts in raw.items())
