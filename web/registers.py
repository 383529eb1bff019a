"""The town's registers (台帳): reading them, putting entries right, files in and out, taking a file back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import date

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from engine import agencies, journal, register_files, registers
from engine.agencies import today_of
from engine.errors import Refused
from engine.registers import Listed, Wish
from forms import moments, sheets
from forms.answers import Answers, Context
from forms.errors import AnswersRefused, Problem
from forms.registers import Register
from forms.registers import registers as known
from web import door, paper
from web.door import signed_in

pages = Blueprint("registers", __name__, url_prefix="/registers")
FILES = {
    "csv": ("text/csv", "utf-8-sig"), "cp932": ("text/csv", "cp932"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ""),
}  # fmt: skip
#: A list shows the first columns; an entry's own page shows all.
COLUMNS = 5
FATES = {"new": "新しく登録", "changed": "変更", "same": "変わらない", "wrong": "取り込めない"}
Typed = dict[str, list[str]]


@pages.get("")
@signed_in
def index() -> str:
    """All registers that this person may read."""
    mine = [one for one in known().values() if not one.readers or door.actor().roles & one.readers]
    today = today_of(door.now())
    with door.reading() as session:
        counts = {one.key: len(registers.listed(session, one, on=today)) for one in mine}
        return render_template("registers/index.html", registers=mine, counts=counts)


@pages.get("/<key>")
@signed_in
def page(key: str) -> str:
    """The entries of one register: of today, or all that ever were; reading what tells of persons is journalled."""
    register = registers.register_for(key, door.actor())
    everything, sought = request.args.get("all") == "1", request.args.get("search", "").strip()
    with door.writing() if register.sealed else door.reading() as session:
        if register.sealed:
            _note(session, "閲覧", register)
        context = registers.reading_context(session, now=door.now())
        found = registers.listed(session, register, on=None if everything else today_of(door.now()))
        rows = [(one, _cells(register, one, context)) for one in found]
        rows = [(one, cells) for one, cells in rows if sought in " ".join((one.code, *cells))]
        if register.key == "resource" and request.args.get("stale") == "1":
            old = {one.code for one in registers.unconfirmed(session, today=today_of(door.now()))}
            rows = [(one, cells) for one, cells in rows if one.code in old]
        return render_template(
            "registers/list.html", register=register, heads=_heads(register), rows=rows,
            everything=everything, sought=sought, may_change=_may_change(register), today=today_of(door.now()),
            names=agencies.names(session),
        )  # fmt: skip


@pages.get("/<key>/new")
@signed_in
def blank(key: str) -> str:
    """A blank entry."""
    register = registers.register_for(key, door.actor(), change=True)
    with door.reading() as session:
        period = {"_code": "", "_from": today_of(door.now()).isoformat(), "_until": ""}
        return _form(session, register, {}, period)


@pages.post("/<key>/new")
@signed_in
def add(key: str) -> Answer | tuple[str, int]:
    """Enter it; what is wrong is told and nothing typed is lost."""
    register = registers.register_for(key, door.actor(), change=True)
    with door.writing() as session:
        wish, problems = _wish(session, register)
        if wish is None:
            return _form(session, register, _typed(), _period(), problems), 422
        try:
            with session.begin_nested():
                registers.add(session, register, wish, by=door.actor(), now=door.now())
        except Refused as error:
            return _form(session, register, _typed(), _period(), (_about_code(error),)), 422
    return door.there("registers.page", key=key)


@pages.get("/<key>/entries/<place>")
@signed_in
def entry(key: str, place: str) -> str:
    """One entry, to be put right by those who keep the register."""
    register = registers.register_for(key, door.actor())
    with door.writing() if register.sealed else door.reading() as session:
        if register.sealed:
            _note(session, "閲覧", register)
        one = registers.one_of(session, register, place)
        period = {
            "_code": one.code, "_from": one.valid_from.isoformat(), "_until": one.valid_until.isoformat() if one.valid_until else "",
        }  # fmt: skip
        if not _may_change(register):
            lines = register.form.describe(one.answers, context=registers.reading_context(session, now=door.now()))
            return render_template("registers/entry.html", register=register, one=one, lines=lines)
        return _form(session, register, register.form.typed(one.answers), period, place=place)


@pages.post("/<key>/entries/<place>")
@signed_in
def change(key: str, place: str) -> Answer | tuple[str, int]:
    """Put an entry right."""
    register = registers.register_for(key, door.actor(), change=True)
    with door.writing() as session:
        wish, problems = _wish(session, register)
        if wish is None:
            return _form(session, register, _typed(), _period(), problems, place=place), 422
        try:
            with session.begin_nested():
                registers.change(session, register, place, wish, by=door.actor(), now=door.now())
        except Refused as error:
            return _form(session, register, _typed(), _period(), (_about_code(error),), place=place), 422
    return door.there("registers.page", key=key)


@pages.get("/<key>/file.<kind>")
@signed_in
def export(key: str, kind: str) -> Response:
    """The whole register as a file (csv, cp932 for older spreadsheets, xlsx); journalled."""
    register = registers.register_for(key, door.actor())
    mimetype, encoding = FILES.get(kind, FILES["csv"])
    with door.writing() as session:
        _note(session, "書き出し", register)
        rows = register_files.export(session, register, now=door.now())
    heads = register_files.columns(register)
    made = sheets.as_csv(heads, rows, encoding=encoding) if encoding else sheets.as_workbook(register.form.title, heads, rows)
    name = f"{register.key}-{today_of(door.now()):%Y%m%d}.{'xlsx' if not encoding else 'csv'}"
    return Response(made, mimetype=mimetype, headers={"Content-Disposition": f"attachment; filename={name}"})


@pages.get("/<key>/import")
@signed_in
def bringing(key: str) -> str:
    """Where a file is brought in, and what was brought in before."""
    register = registers.register_for(key, door.actor(), change=True)
    with door.reading() as session:
        return _import_page(session, register)


@pages.post("/<key>/import")
@signed_in
def look(key: str) -> str | tuple[str, int]:
    """What the file would do, row by row; nothing is changed yet."""
    register = registers.register_for(key, door.actor(), change=True)
    given = request.files.get("file")
    with door.reading() as session:
        try:
            source = given.read() if given else b""
            if not source:
                raise Refused("ファイルが選ばれていません。CSV か Excel（.xlsx）のファイルを選んでください。")
            kind = "xlsx" if (given and (given.filename or "").lower().endswith(".xlsx")) else "csv"
            lines = _lines(session, register, source, kind)
        except (sheets.SheetError, Refused) as error:
            return _import_page(session, register, refusal=str(error)), 422
        return _import_page(session, register, lines=lines, content=base64.b64encode(source).decode(), kind=kind)


@pages.post("/<key>/import/rows")
@signed_in
def take(key: str) -> str | tuple[str, int]:
    """Take the good rows in; those that could not be are shown with their reasons."""
    register = registers.register_for(key, door.actor(), change=True)
    kind = request.form.get("kind", "csv")
    with door.writing() as session:
        try:
            source = base64.b64decode(request.form.get("content", ""), validate=True)
            lines = _lines(session, register, source, kind)
        except (sheets.SheetError, Refused, binascii.Error) as error:
            return _import_page(session, register, refusal=f"ファイルを読み直せませんでした。もう一度選んでください。{error}"), 422
        _, refused = register_files.take(session, register, lines, by=door.actor(), now=door.now())
        left = [*(line for line in lines if line.fate == "wrong"), *refused]
        done = sum(1 for line in lines if line.fate in ("new", "changed")) - len(refused)
        return _import_page(session, register, taken=done, left=left)


@pages.post("/<key>/import/<batch>/undo")
@signed_in
def undo(key: str, batch: str) -> Answer:
    """Take a whole file back."""
    register = registers.register_for(key, door.actor(), change=True)
    with door.writing() as session:
        registers.undo(session, register, batch, by=door.actor(), now=door.now())
    return door.there("registers.bringing", key=key)


def _lines(session: Session, register: Register, source: bytes, kind: str) -> list[register_files.Line]:
    head, rows = sheets.read(source, name=f"file.{kind}")
    return register_files.preview(session, register, head, rows, now=door.now())


def _import_page(session: Session, register: Register, **more: object) -> str:
    told = registers.batches(session, register)
    staff = agencies.staff_names(session, [one.staff_id or 0 for one in told])
    return render_template(
        "registers/import.html", register=register, columns=register_files.columns(register), batches=told, staff=staff, fates=FATES,
        **{"lines": None, "content": "", "kind": "", "refusal": "", "taken": None, "left": (), **more},
    )  # fmt: skip


def _form(
    session: Session, register: Register, typed: Typed, period: dict[str, str], problems: Sequence[Problem] = (), *, place: str = ""
) -> str:
    context = registers.context(session, register.form, now=door.now())
    parts = paper.page(register.form, typed, register.form.shown(typed, context=context), context, tuple(problems))
    return render_template(
        "registers/form.html", register=register, parts=parts, problems=problems, identify=paper.identify, period=period, place=place,
        wrong={problem.path: problem.sentence for problem in problems},
    )  # fmt: skip


def _wish(session: Session, register: Register) -> tuple[Wish | None, tuple[Problem, ...]]:
    problems: list[Problem] = []
    answers: Answers = {}
    first, last = _day("_from", "有効期間のはじめ", problems), _day("_until", "有効期間のおわり", problems)
    if first is None and not problems:
        problems.append(Problem(path="_from", label="有効期間のはじめ", sentence="「有効期間のはじめ」を入力してください。"))
    try:
        answers = register.form.read(_typed(), context=registers.context(session, register.form, now=door.now()))
    except AnswersRefused as refused:
        problems = [*refused.problems, *problems]
    if problems or first is None:
        return None, tuple(problems)
    return Wish(code=_period()["_code"], answers=answers, valid_from=first, valid_until=last), ()


def _typed() -> Typed:
    return {name: request.form.getlist(name) for name in request.form if not name.startswith("_")}


def _period() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in ("_code", "_from", "_until")}


def _day(name: str, label: str, problems: list[Problem]) -> date | None:
    text = request.form.get(name, "").strip()
    try:
        return moments.read_date(text) if text else None
    except ValueError as error:
        problems.append(Problem(path=name, label=label, sentence=f"「{label}」は{error}。"))
        return None


def _about_code(error: Refused) -> Problem:
    return Problem(path="_code", label="番号", sentence=str(error))


def _cells(register: Register, one: Listed, context: Context) -> list[str]:
    lines = register.form.describe(one.answers, context=context)
    cells = [line.display for line in lines[:COLUMNS]]
    return [*cells, _use(one)] if register.key == "resource" else cells


def _heads(register: Register) -> list[str]:
    heads = [one.label for one in register.fields[:COLUMNS]]
    return [*heads, "利用率"] if register.key == "resource" else heads


def _use(one: Listed) -> str:
    """How far a resource's places are taken (利用率)."""
    places, taken = one.answers.get("teiin"), one.answers.get("riyo")
    return f"{taken * 100 / places:.0f} %" if places and taken is not None else "—"


def _may_change(register: Register) -> bool:
    return bool(door.actor().roles & register.editors)


def _note(session: Session, action: str, register: Register) -> None:
    line = journal.Line(action=action, by=door.actor(), target=f"register:{register.key}", purpose="台帳の確認")
    journal.write(session, line, now=door.now())
