"""Answers for reading: label and display, in the order of the form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import moments
from .answers import Context
from .fields import Field

NONE = "—"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table's head and its rows, all as displayed."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One answer: `path` its field, `section` the headings above it; an empty answer displays as —.

    `files` maps attachments' ids to their names where the answer is an attachment.
    """

    path: str
    label: str
    display: str
    class_: str
    section: tuple[str, ...] = ()
    empty: bool = False
    table: Table | None = None
    files: Mapping[str, str] | None = None


def describe(fields: tuple[Field, ...], given: Mapping[str, Any], context: Context) -> tuple[Line, ...]:
    """Every answer of the form; fields that the answers do not hold are left out."""
    return tuple(_lines(fields, given, context, ()))


def _lines(fields: tuple[Field, ...], given: Mapping[str, Any], context: Context, section: tuple[str, ...]) -> Iterator[Line]:
    for one in fields:
        if one.kind == "group":
            inner = (given.get(one.key) or {}) if one.key else given
            yield from _lines(one.children, inner, context, (*section, one.label) if one.label else section)
        elif one.key and one.key in given:
            yield _line(one, given[one.key], context, section)


def _line(one: Field, answer: Any, context: Context, section: tuple[str, ...]) -> Line:
    files = {one_id: context.files.get(one_id, "添付") for one_id in answer or ()} if one.kind in ("file", "files") else None
    return Line(
        path=one.path, label=one.label, display=display(one, answer, context), class_=one.class_, section=section,
        empty=answer in (None, "", []), table=_table(one, answer, context) if one.kind == "table" else None, files=files,
    )  # fmt: skip


def _table(one: Field, rows: list[Mapping[str, Any]], context: Context) -> Table:
    columns = list(_columns(one.children))
    return Table(
        head=tuple(column.label for column in columns),
        rows=tuple(tuple(display(column, row.get(column.key), context) for column in columns) for row in rows or ()),
    )


def _columns(fields: tuple[Field, ...]) -> Iterator[Field]:
    for one in fields:
        if one.kind == "group" and not one.key:
            yield from _columns(one.children)
        elif one.asks:
            yield one


def display(one: Field, answer: Any, context: Context) -> str:
    """One answer as staff read it."""
    if one.kind == "bool":
        return "はい" if answer else "いいえ"
    if answer in (None, "", []):
        return NONE
    if one.kind == "table":
        return f"{len(answer)}行"
    if one.kind in ("one", "many"):
        return "、".join(_label(one, code, context) for code in (answer if isinstance(answer, list) else [answer]))
    if one.kind in ("file", "files"):
        return "、".join(context.files.get(file, "添付") for file in answer)
    return _plain(one.kind, answer)


def _label(one: Field, code: Any, context: Context) -> str:
    return next((choice.label for choice in context.choices_of(one) if choice.value == code), str(code))


def _plain(kind: str, answer: Any) -> str:
    if kind == "date":
        return moments.write_date(dt.date.fromisoformat(answer))
    if kind == "datetime":
        return moments.write_datetime(moments.read_datetime(answer))
    if kind == "yen":
        return f"{answer:,}円"
    return f"{answer:,}" if isinstance(answer, (int, float)) else str(answer)
