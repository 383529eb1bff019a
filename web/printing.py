"""Papers: a record on A4, the つなぐシート on exactly one page, and blank forms for when the power is out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typst
from flask import Blueprint, Response, g
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import agencies, cases, definitions, journal, meetings, records
from engine.casebook import Case
from engine.errors import NotFound
from engine.records import Read
from forms import moments
from forms.answers import Context
from forms.description import Line
from forms.fields import Field
from forms.schema import Form
from web import door, lists
from web.door import ensure_free, signed_in

pages = Blueprint("printing", __name__)
#: Forms that the town hands over as one sheet.
ONE_PAGE = frozenset({"F-A03"})
SIZES = (10.5, 9.8, 9.2, 8.6, 8.0)
#: Characters of free text that a sheet still keeps when even the smallest letters need a second page.
ROOMY = 20_000
CUTS = (400, 240, 150, 90, 50, 25)
#: An answer up to so many characters shares its line with another one.
HALF = 22
CONTINUED = "…（続きは画面）"
BLANK = "☐ "


@pages.get("/cases/<int:case_id>/records/<int:record_id>.pdf")
@signed_in
def record(case_id: int, record_id: int) -> Response:
    """One record as PDF, with what this person may not read struck out; printing is journalled."""
    g.case_id = case_id
    with door.writing() as session:
        case = cases.find_case(session, case_id)
        seen, row = records.open_record(session, door.actor(), case, record_id, purpose="印刷", now=door.now())
        ensure_free(seen)
        read = records.read(session, seen, row, case, on_paper=True)
        lines = read.form.describe(read.answers, context=lists.telling(session, case, seen, now=door.now()))
        content, count = render(filled(session, case, read, lines), one_page=read.form.key in ONE_PAGE)
        line = journal.Line(
            action="印刷", by=door.actor(), seat=seen.seat, case_id=case.id, target=f"record:{row.id}", ground=seen.ground,
            particulars={"pages": count},
        )  # fmt: skip
        journal.write(session, line, now=door.now())
    return pdf(content, f"{case.number}-{read.form.key}")


@pages.get("/forms/<key>/blank.pdf")
@signed_in
def blank(key: str) -> Response:
    """A form without answers, to be filled in by hand."""
    with door.reading() as session:
        form = _form(session, key)
        context = Context(now=door.now(), choices={"agency": ()})
    content, _ = render(unfilled(form, context), one_page=form.key in ONE_PAGE)
    return pdf(content, form.key)


def render(paper: dict[str, Any], *, one_page: bool) -> tuple[bytes, int]:
    """PDF and number of pages; `one_page` makes letters smaller and then cuts free text until it is one."""
    for size, cut in _attempts(one_page):
        shorter = _cut(paper, cut) if cut else paper
        count = _pages(shorter, size)
        if count == 1 or not one_page:
            return _compile(shorter, size), count
    raise NotFound("1枚に収まりませんでした。画面で内容を短くしてから印刷してください。")


def listed(
    title: str, number: str, head: list[tuple[str, str]], tables: Sequence[tuple[str, list[str], list[list[str]]]], *,
    handling: str = "関係者限り", note: str = "",
) -> tuple[bytes, int]:  # fmt: skip
    """PDF and number of pages of a list: (title, names of columns, rows) one after the other."""
    printed = f"印刷 {moments.write_datetime(door.now())}　{door.actor().name}"
    parts = [{"kind": "table", "title": name, "head": columns, "rows": rows} for name, columns, rows in tables]
    paper = {
        "title": title, "number": number, "handling": handling, "printed": printed, "head": head, "parts": parts,
        "masked": [], "note": note, "blank": False,
    }  # fmt: skip
    return render(paper, one_page=False)


def filled(session: Session, case: Case, read: Read, lines: Sequence[Line]) -> dict[str, Any]:
    """A record's paper."""
    names = agencies.names(session)
    author = agencies.staff_names(session, [read.record.author_id or 0]).get(read.record.author_id or 0, "")
    head = [
        ("ケース番号", case.number), ("緊急度", str(case.urgency or "未定")),
        ("書いた機関", names.get(read.record.agency, "")), ("書いた人", author),
        ("書いた日時", moments.write_datetime(read.record.at)), ("版", f"第{read.record.number}版"),
    ]  # fmt: skip
    function = meetings.function_of(session, read.record)
    handling = {"A": "会議限定・回収", "B": "重層的支援会議・構成員限り"}.get(function, "関係者限り")
    return _paper(read.form, head, handling, list(_parts(lines, read.form)), masked=list(read.masked))


def unfilled(form: Form, context: Context) -> dict[str, Any]:
    """A blank form's paper."""
    head = [("ケース番号", ""), ("記入日", ""), ("機関", ""), ("記入者", "")]
    return _paper(
        form, head, "関係者限り", list(_blank_parts(form.fields, context, "")), masked=[], blank=True
    )


def _paper(
    form: Form,
    head: list[tuple[str, str]],
    handling: str,
    parts: list[dict[str, Any]],
    *,
    masked: list[str],
    blank: bool = False,
) -> dict[str, Any]:
    printed = f"印刷 {moments.write_datetime(door.now())}　{door.actor().name}"
    note = "太枠は国への報告項目です。" if form.reported else ""
    return {
        "title": form.title, "number": f"様式 {form.key}", "handling": handling, "printed": printed, "head": head, "parts": parts,
        "masked": masked, "note": note, "blank": blank,
    }  # fmt: skip


def _parts(lines: Sequence[Line], form: Form) -> Iterator[dict[str, Any]]:
    reported, title = form.reported, ""
    rows: list[dict[str, Any]] = []
    for line in lines:
        section = line.section[-1] if line.section else ""
        if rows and (section != title or line.table):
            yield {"kind": "lines", "title": title, "rows": rows}
            rows = []
        title = section
        if line.table and line.table.rows:
            yield {"kind": "table", "title": line.label, "head": line.table.head, "rows": line.table.rows}
        elif not line.empty:
            rows.append(
                {"label": line.label, "text": line.display, "room": 0, "reported": line.path in reported}
            )
    if rows:
        yield {"kind": "lines", "title": title, "rows": rows}


def _blank_parts(fields: tuple[Field, ...], context: Context, title: str) -> Iterator[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for one in fields:
        if one.kind in ("group", "table") and rows:
            yield {"kind": "lines", "title": title, "rows": rows}
            rows = []
        if one.kind == "group":
            yield from _blank_parts(one.children, context, one.label or title)
        elif one.kind == "table":
            head = [column.label for column in one.children if column.asks]
            yield {"kind": "table", "title": one.label, "head": head, "rows": [[""] * len(head)] * 4}
        elif one.asks:
            rows.append(
                {
                    "label": one.label,
                    "text": _choices(one, context),
                    "room": _room(one),
                    "reported": one.reported,
                }
            )
    if rows:
        yield {"kind": "lines", "title": title, "rows": rows}


def _choices(one: Field, context: Context) -> str:
    if one.kind == "bool":
        return f"{BLANK}はい　{BLANK}いいえ"
    return (
        "　".join(f"{BLANK}{choice.label}" for choice in context.choices_of(one))
        if one.kind in ("one", "many")
        else ""
    )


def _room(one: Field) -> int:
    return 4 if one.kind == "long" else 0 if one.choices or one.kind == "bool" else 1


def _attempts(one_page: bool) -> Iterator[tuple[float, int]]:
    if not one_page:
        yield SIZES[0], 0
        return
    yield from ((size, 0) for size in SIZES)
    # Less room for handwriting comes before cutting anything that was written.
    yield from ((size, ROOMY) for size in SIZES)
    yield from ((SIZES[-1], cut) for cut in CUTS)


def _cut(paper: dict[str, Any], longest: int) -> dict[str, Any]:
    cut = False

    def shorter(text: str) -> str:
        nonlocal cut
        cut = cut or len(text) > longest
        return text if len(text) <= longest else text[:longest] + CONTINUED

    parts = []
    for part in paper["parts"]:
        rows = part["rows"]
        if part["kind"] == "table":
            kept = [[shorter(cell) for cell in row] for row in rows[: max(3, longest // 40)]]
            cut = cut or len(kept) < len(rows)
            rest = (
                [[CONTINUED] + [""] * (len(part["head"]) - 1)]
                if len(kept) < len(rows) and any(map(any, rows))
                else []
            )
            parts.append({**part, "rows": [*kept, *rest]})
        else:
            parts.append(
                {
                    **part,
                    "rows": [
                        {**row, "text": shorter(row["text"]), "room": min(row["room"], 2)} for row in rows
                    ],
                }
            )
    note = (
        f"{paper['note']} {CONTINUED}のある項目は、全文が画面にあります。"
        if cut and not paper["blank"]
        else paper["note"]
    )
    return {**paper, "parts": parts, "note": note}


def _lined(paper: dict[str, Any]) -> dict[str, Any]:
    """The same with short answers two to a line."""
    parts = [
        {**part, "lines": _pairs(part["rows"])} if part["kind"] == "lines" else part
        for part in paper["parts"]
    ]
    return {**paper, "parts": parts}


def _pairs(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    lines: list[list[dict[str, Any]]] = []
    for row in rows:
        short = len(row["text"]) <= HALF and row["room"] <= 1 and len(row["label"]) <= HALF
        if short and lines and len(lines[-1]) == 1 and lines[-1][0].get("short"):
            lines[-1].append(row)
        else:
            lines.append([{**row, "short": short}])
    return lines


def _compile(paper: dict[str, Any], size: float) -> bytes:
    return typst.compile(
        _source(),
        format="pdf",
        sys_inputs=_inputs(paper, size),
        font_paths=[fonts()],
        ignore_system_fonts=True,
    )


def _pages(paper: dict[str, Any], size: float) -> int:
    found = typst.query(
        _source(),
        "<pages>",
        field="value",
        one=True,
        sys_inputs=_inputs(paper, size),
        font_paths=[fonts()],
        ignore_system_fonts=True,
    )
    return int(json.loads(found))


def _inputs(paper: dict[str, Any], size: float) -> dict[str, str]:
    return {
        "paper": json.dumps(_lined(paper), ensure_ascii=False, default=dataclasses.asdict),
        "size": str(size),
    }


@cache
def _source() -> Path:
    return Path(__file__).with_name("print") / "sheet.typ"


@cache
def fonts() -> Path:
    """The folder of the fonts that papers are set in."""
    # The package of fonts is only a folder: nothing of it is run.
    found = find_spec("pylopdf_fonts_jp")
    if found is None or found.origin is None:
        raise NotFound("印刷用の書体がありません。システム管理者に連絡してください。")
    return Path(found.origin).parent


def _form(session: Session, key: str) -> Form:
    for process in session.scalars(select(definitions.Process.current_id)):
        if process and (form := definitions.compiled(session, process).forms.get(key)):
            return form
    raise NotFound("その様式はありません。様式の番号を確かめてください。")


def pdf(content: bytes, name: str) -> Response:
    """A PDF for the browser to show."""
    # The file's name is the case's number and the form's, never a person's.
    ascii_name = name.encode("ascii", "ignore").decode() or "paper"
    return Response(
        content,
        mimetype="application/pdf",
        headers={"Content-Disposition": f"inline; filename={ascii_name}.pdf"},
    )
