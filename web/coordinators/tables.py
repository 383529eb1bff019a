"""Decision tables: the list, one table in words, its editor, and the same table in other processes."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, jsonify, render_template
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from engine import definitions, facts
from engine.errors import NotFound
from processes import dmn
from processes.dmn import DmnError
from web import door
from web.coordinators import work
from web.coordinators.cells import in_words
from web.coordinators.desk import _uses
from web.coordinators.pages import coordinator, editor_page, pages, staff_names

POLICIES = {
    "UNIQUE": "当てはまる行はいつも1つだけです。", "FIRST": "上から見て、はじめに当てはまった行を使います。",
    "ANY": "いくつ当てはまっても、答えは同じです。", "PRIORITY": "当てはまる中で、順位のいちばん高い答えを使います。",
    "COLLECT": "当てはまった行の答えを、すべて集めます。", "RULE ORDER": "当てはまった行の答えを、行の順に集めます。",
    "OUTPUT ORDER": "当てはまった行の答えを、順位の順に集めます。",
}  # fmt: skip


#: Tables that no diagram asks but the application itself: who may see what, and what stands still.
READ_BY_HOUSE = {"D8": facts.HOME, "D11": facts.HOME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A table in words: column heads, and rows of (conditions, answers, note)."""

    name: str
    policy: str
    conditions: tuple[str, ...]
    answers: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A table in the list: its name and title, and the processes whose current version decides by it."""

    name: str
    title: str
    processes: tuple[definitions.Process, ...]


@pages.get("/tables")
@coordinator
def all_tables() -> str:
    """All decision tables and where each is used."""
    with door.reading() as session:
        return render_template("coordinators/tables.html", tables=_all(session))


@pages.get("/<key>/tables/<name>")
@coordinator
def table(key: str, name: str) -> str:
    """One table of a process, in words; the draft's if there is one."""
    with door.reading() as session:
        held = work.on(session, key)
        model = dmn.read(_source(held, name).encode(), resolve=None)
        return render_template(
            "coordinators/table.html", key=key, name=name, title=_title(model), held=held, tables=shown(model),
            others=[one for one in _sharing(session, name) if one.key != key], findings=dmn.check(_source(held, name).encode()),
            names=staff_names(session),
        )  # fmt: skip


@pages.get("/<key>/tables/<name>/editor")
@coordinator
def table_editor(key: str, name: str) -> Response:
    """The table in its editor."""
    with door.reading() as session:
        held = work.on(session, key)
        model = dmn.read(_source(held, name).encode(), resolve=None)
        return editor_page("coordinators/table_editor.html", key=key, name=name, title=_title(model), held=held, file=f"{name}.dmn")


@pages.post("/<key>/tables/<name>/check")
@coordinator
def check_table(key: str, name: str) -> Response:
    """Gaps, overlaps and errors of the draft's table."""
    with door.reading() as session:
        held = work.on(session, key)
        found = dmn.check(_source(held, name).encode())
    return jsonify({"findings": [
        {"severity": one.severity, "rule": one.rule, "element": one.element, "line": one.line, "message": one.message} for one in found
    ]})


@pages.post("/<key>/tables/<name>/copies")
@coordinator
def copy_table(key: str, name: str) -> Answer:
    """Put this table into the drafts of every other process that decides by it; each is then published by itself."""
    with door.writing() as session:
        held = work.on(session, key)
        text = _source(held, name)
        for one in _sharing(session, name):
            other = work.on(session, one.key)
            if one.key != key and other.files.get(f"{name}.dmn") != text:
                work.keep(session, other, {f"{name}.dmn": text}, revision=other.revision, by=door.actor(), now=door.now())
    return door.there("coordinators.table", key=key, name=name)


def shown(model: dmn.Model) -> list[Shown]:
    """The tables of a model in words."""
    return [
        Shown(
            name=owner, policy=POLICIES.get(one.hit_policy, one.hit_policy),
            conditions=tuple(clause.label or clause.expression.text for clause in one.inputs),
            answers=tuple(clause.label or clause.name or "答え" for clause in one.outputs),
            rows=tuple(
                (tuple(in_words(cell.text) for cell in rule.inputs), tuple(in_words(cell.text) for cell in rule.outputs),
                 "、".join(note for note in rule.annotations if note) or rule.description)
                for rule in one.rules
            ),
        )
        for owner, one in model.tables
    ]


def _all(session: Session) -> list[Used]:
    by_name: dict[str, list[definitions.Process]] = {}
    titles: dict[str, str] = {}
    for process, version in definitions.processes(session):
        files = definitions.files_of(session, version.id) if version else {}
        for file in (file for file in files if file.endswith(".dmn")):
            name = file.removesuffix(".dmn")
            by_name.setdefault(name, [])
            if _uses(files, file) or READ_BY_HOUSE.get(name) == process.key:
                by_name[name].append(process)
            if name not in titles:
                titles[name] = _safe_title(files[file])
    return [Used(name=name, title=titles[name], processes=tuple(by_name[name])) for name in sorted(by_name, key=_by_number)]


def _by_number(name: str) -> tuple[int, str]:
    digits = "".join(sign for sign in name if sign.isdigit())
    return int(digits or 0), name


def _sharing(session: Session, name: str) -> tuple[definitions.Process, ...]:
    return next((one.processes for one in _all(session) if one.name == name), ())


def _source(held: work.Work, name: str) -> str:
    source = held.files.get(f"{name}.dmn")
    if source is None:
        raise NotFound(f"判定表「{name}」は、この手続きにありません。判定表の一覧から選び直してください。")
    return source


# a file may hold calculations beside its table: the decision with the table gives the name
def _title(model: dmn.Model) -> str:
    tables = {owner for owner, _ in model.tables}
    ordered = sorted(model.decisions, key=lambda offer: offer.name not in tables)
    return next((offer.question or offer.name for offer in ordered), "")


def _safe_title(source: str) -> str:
    try:
        return _title(dmn.read(source.encode(), resolve=None))
    except DmnError:
        return "（読めません）"
