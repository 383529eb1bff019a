"""The list of processes, and the page of one: versions, who published them, the picture, the description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import render_template, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import bundles, definitions
from engine.casebook import Instance
from engine.errors import Conflict, Invalid, NotFound
from web import diagram, door
from web.coordinators import work
from web.coordinators.pages import coordinator, pages, staff_names

KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,30}")
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A process in the list; `running` counts open cases on all its versions."""

    key: str
    name: str
    version: definitions.Version | None
    draft: definitions.Draft | None
    running: int


@pages.get("/")
@coordinator
def desk() -> str:
    """All processes with current version, open cases and drafts."""
    with door.reading() as session:
        return render_template("coordinators/desk.html", rows=_rows(session), names=staff_names(session))


@pages.post("/")
@coordinator
def begin() -> Response:
    """Begin a new process as a draft with a start, a person's work and an end."""
    key, name = request.form.get("key", "").strip(), request.form.get("name", "").strip()
    if not KEY.fullmatch(key) or not name:
        raise Invalid(
            "番号は英字で始まる英数字とハイフン（例：P-H）、名前は1文字以上にしてください。前の画面に戻って直してください。"
        )
    with door.writing() as session:
        if session.get(definitions.Process, key) or session.get(definitions.Draft, key):
            raise Conflict(f"番号「{key}」はもう使われています。前の画面に戻って、ほかの番号にしてください。")
        files = {f"{key}.bpmn": blank(key, name)}
        definitions.save_draft(session, key, files, revision=0, by=door.actor(), now=door.now())
    return door.there("coordinators.editor", key=key)


@pages.get("/<key>")
@coordinator
def process(key: str) -> str:
    """One process: its versions and what is being prepared."""
    with door.reading() as session:
        known, draft = session.get(definitions.Process, key), session.get(definitions.Draft, key)
        held = work.on(session, key)
        files = definitions.files_of(session, known.current_id) if known and known.current_id else held.files
        bundle = bundles.gather(files)
        drawing = diagram.draw(bundle.main, name=bundle.name, done=NOBODY, active=NOBODY)
        return render_template(
            "coordinators/process.html", key=key, name=known.name if known else held.process().name,
            versions=definitions.versions(session, key), current=known.current_id if known else None, draft=draft,
            running=_running_by_version(session), names=staff_names(session), drawing=drawing, readme=bundle.readme,
            tables=sorted(name.removesuffix(".dmn") for name in files if name.endswith(".dmn") and _uses(files, name)),
            forms=sorted(name.removesuffix(".form.json") for name in files if name.endswith(".form.json")),
        )  # fmt: skip


@pages.get("/<key>/versions/<int:number>")
@coordinator
def version(key: str, number: int) -> str:
    """One published version, as it is run."""
    with door.reading() as session:
        found = next((one for one in definitions.versions(session, key) if one.number == number), None)
        if found is None:
            raise NotFound("その版はありません。手続きのページから選び直してください。")
        bundle = bundles.gather(definitions.files_of(session, found.id))
        drawing = diagram.draw(bundle.main, name=bundle.name, done=NOBODY, active=NOBODY)
        return render_template(
            "coordinators/version.html", key=key, version=found, drawing=drawing, names=staff_names(session),
            running=_running_by_version(session).get(found.id, 0), older=_is_older(session, found),
        )  # fmt: skip


@pages.post("/<key>/versions/<int:number>/draft")
@coordinator
def bring_back(key: str, number: int) -> Response:
    """An older version as a new draft, to be looked at, checked and published like any other; nothing is overwritten."""
    with door.writing() as session:
        found = next((one for one in definitions.versions(session, key) if one.number == number), None)
        if found is None:
            raise NotFound("その版はありません。手続きのページから選び直してください。")
        if session.get(definitions.Draft, key) is not None:
            raise Conflict("公開していない下書きがあります。手続きのページで、下書きを公開するか捨ててから、もう一度押してください。")
        files = definitions.files_of(session, found.id)
        definitions.save_draft(session, key, files, revision=0, by=door.actor(), now=door.now())
    return door.there("coordinators.publication", key=key)


@pages.post("/<key>/draft/discarded")
@coordinator
def discard(key: str) -> Response:
    """Throw the draft away; what is published stays."""
    with door.writing() as session:
        draft = session.get(definitions.Draft, key)
        if draft is not None and str(draft.revision) != request.form.get("revision"):
            raise Conflict("下書きは、この画面を開いたあとに変わりました。手続きのページを開き直して、内容を確かめてください。")
        definitions.discard_draft(session, key)
        published = session.get(definitions.Process, key) is not None
    return door.there("coordinators.process", key=key) if published else door.there("coordinators.desk")


def blank(key: str, name: str) -> str:
    """The smallest diagram with a place to go on from."""
    return render_template("coordinators/blank.xml", key=key, name=name)


def _is_older(session: Session, version: definitions.Version) -> bool:
    known = session.get(definitions.Process, version.key)
    return known is not None and known.current_id != version.id


def _rows(session: Session) -> list[Row]:
    drafts = {draft.key: draft for draft in session.scalars(select(definitions.Draft))}
    running = _running_by_version(session)
    numbers = {version.id: version.key for version in session.scalars(select(definitions.Version))}
    rows = [
        Row(key=one.key, name=one.name, version=current, draft=drafts.pop(one.key, None),
            running=sum(count for id_, count in running.items() if numbers.get(id_) == one.key))
        for one, current in definitions.processes(session)
    ]
    rows += [Row(key=key, name="（公開前）", version=None, draft=draft, running=0) for key, draft in drafts.items()]
    return sorted(rows, key=lambda row: row.key)


def _running_by_version(session: Session) -> dict[int, int]:
    counted = select(Instance.version_id, func.count().label("running")).where(Instance.finished_at.is_(None)).group_by(Instance.version_id)
    return dict(session.execute(counted).all())


def _uses(files: Mapping[str, str], table: str) -> bool:
    name = table.removesuffix(".dmn")
    diagrams = [text for file, text in files.items() if file.endswith(".bpmn")]
    return any(f">{name}</" in text or (name == "D5" and '"D5:' in text) for text in diagrams)
