"""A form as a page: every part with what is typed in it, what is wrong with it, and what it lets one choose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as fresh

from forms.answers import Context, Raw, Shown, rows_of
from forms.errors import Problem
from forms.fields import Choice, Field, every
from forms.schema import Form

#: Up to so many choices stand open as radio buttons; more fold into a list.
OPEN_CHOICES = 6
WIDTHS = {
    "date": "short",
    "time": "short",
    "int": "short",
    "number": "short",
    "yen": "short",
    "zip": "short",
    "tel": "middle",
}
MODES = {"int": "numeric", "yen": "numeric", "number": "decimal", "zip": "numeric", "tel": "tel"}
EXAMPLES = {
    "date": "例 R8.4.18、2026/4/18", "datetime": "例 R8.4.18 と 9:05", "yen": "円。例 53,700", "zip": "例 682-0101",
    "tel": "例 0858-37-3111", "kana": "カタカナ。ひらがなで入れても変わります。",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the page.  `name` is its input's name, `id` its place in the document."""

    field: Field
    name: str
    id: str
    look: str
    texts: tuple[str, ...] = ()
    time: str = ""
    choices: tuple[Choice, ...] = ()
    required: bool = False
    problem: str = ""
    controls: bool = False
    files: Mapping[str, str] = fresh(default_factory=dict)
    rows: tuple[Row, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def text(self) -> str:
        return self.texts[0] if self.texts else ""

    @property
    def support(self) -> str:
        return self.field.description or EXAMPLES.get(self.field.kind, "")

    @property
    def width(self) -> str:
        return self.field.hints.get("width") or WIDTHS.get(self.field.kind, "long")

    @property
    def mode(self) -> str:
        return self.field.hints.get("inputmode") or MODES.get(self.field.kind, "")

    @property
    def described(self) -> str:
        """Ids of what explains the input, for `aria-describedby`."""
        told = (f"{self.id}-support" if self.support else "", f"{self.id}-problem" if self.problem else "")
        return " ".join(one for one in told if one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table: its number in the names of its inputs, its place as people count."""

    number: int
    place: int
    parts: tuple[Part, ...]


def page(
    form: Form, raw: Raw, shown: Shown, context: Context, problems: Sequence[Problem] = ()
) -> tuple[Part, ...]:
    """The parts to show for what is typed so far; hidden ones are left out."""
    drawing = _Drawing(
        raw,
        shown,
        context,
        {problem.path: problem.sentence for problem in reversed(problems)},
        _controls(form),
    )
    return tuple(drawing.parts(form.fields, ""))


def identify(name: str) -> str:
    """The id of the input with this name."""
    return "f-" + re.sub(r"[^A-Za-z0-9_]", "-", name)


def more(raw: Raw, table: str, fields: Iterable[Field]) -> dict[str, list[str]]:
    """What is typed, with one blank row more at the end of a table."""
    blank = next((one.blank_rows for one in fields if one.path == table), 1)
    numbers = rows_of(raw, table) or list(range(blank))
    rows = [*numbers, max(numbers, default=-1) + 1]
    return {
        **{name: list(texts) for name, texts in raw.items()},
        f"{table}.rows": [str(number) for number in rows],
    }


def less(raw: Raw, row: str) -> dict[str, list[str]]:
    """What is typed, without one row (`matrix.3`)."""
    table, _, number = row.rpartition(".")
    kept = {name: list(texts) for name, texts in raw.items() if not name.startswith(f"{row}.")}
    kept[f"{table}.rows"] = [str(one) for one in rows_of(raw, table) if str(one) != number]
    return kept


def _controls(form: Form) -> frozenset[str]:
    read = [
        expression.reads
        for one in every(form.fields)
        for expression in (one.hide, one.required_if)
        if expression
    ]
    return frozenset().union(*read)


@dataclass(frozen=True, slots=True)
class _Drawing:
    raw: Raw
    shown: Shown
    context: Context
    problems: Mapping[str, str]
    controls: frozenset[str]

    def parts(self, fields: tuple[Field, ...], prefix: str) -> Iterable[Part]:
        for one in fields:
            name = f"{prefix}{one.name}"
            if not self.hidden(name):
                yield self.part(one, name, prefix)

    def hidden(self, name: str) -> bool:
        return name in self.shown.hidden

    def part(self, one: Field, name: str, prefix: str) -> Part:
        if one.kind == "group":
            inner = tuple(self.parts(one.children, f"{name}." if one.key else prefix))
            return Part(field=one, name=name, id=identify(name), look="group", parts=inner)
        if one.kind == "table":
            return self.table(one, name)
        if not one.asks:
            return Part(field=one, name=name, id=identify(name), look=one.kind)
        return self.input(one, name)

    def table(self, one: Field, name: str) -> Part:
        numbers = (
            rows_of(self.raw, name)
            if f"{name}.rows" in self.raw
            else rows_of(self.raw, name) or range(one.blank_rows)
        )
        rows = tuple(
            Row(number=number, place=place, parts=tuple(self.parts(one.children, f"{name}.{number}.")))
            for place, number in enumerate(numbers, 1)
        )
        return Part(
            field=one, name=name, id=identify(name), look="table", rows=rows, required=name in self.shown.required,
            problem=self.problems.get(name, ""),
        )  # fmt: skip

    def input(self, one: Field, name: str) -> Part:
        choices = self.context.choices_of(one)
        texts = tuple(self.raw.get(name, ()))
        return Part(
            field=one, name=name, id=identify(name), look=_look(one, choices), texts=texts, choices=choices,
            time=next(iter(self.raw.get(f"{name}.time", ())), ""), required=name in self.shown.required,
            problem=self.problems.get(name, ""), controls=one.key in self.controls or name.split(".")[0] in self.controls,
            files={text: self.context.files[text] for text in texts if text in self.context.files},
        )  # fmt: skip


def _look(one: Field, choices: tuple[Choice, ...]) -> str:
    if one.kind == "one":
        return (
            "radio"
            if not one.source and 0 < len(choices) <= OPEN_CHOICES and one.shown_as != "select"
            else "select"
        )
    looks = {
        "many": "checks",
        "bool": "check",
        "long": "long",
        "file": "files",
        "files": "files",
        "datetime": "datetime",
    }
    return looks.get(one.kind, "line")
