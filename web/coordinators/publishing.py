"""A second look before publishing, and publishing itself."""

from __future__ import annotations

from flask import render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import bundles, definitions
from engine.errors import Conflict, Invalid
from processes import differences
from processes.bpmn import DiagramError, read
from processes.findings import Finding
from web import door
from web.coordinators import work
from web.coordinators.editing import found
from web.coordinators.pages import coordinator, pages, staff_names


@pages.get("/<key>/publication")
@coordinator
def publication(key: str) -> str:
    """What publishing would change, and what stands in its way."""
    with door.reading() as session:
        return _second_look(session, key)


@pages.post("/<key>/publication")
@coordinator
def publish(key: str) -> Response | tuple[str, int]:
    """Publish the draft as the next version; refused with all problems on the page."""
    with door.writing() as session:
        held = work.on(session, key)
        if held.revision == 0:
            raise Invalid("公開する下書きがありません。編集してから公開してください。")
        if request.form.get("revision") != str(held.revision):
            raise Conflict("この画面を開いたあとに、下書きが変わりました。画面を開き直して、ちがいを確かめてから公開してください。")
        problems = [one for one in found(session, held) if one.severity == "error"] or _foreign(held)
        if problems:
            return _second_look(session, key), 422
        note = request.form.get("note", "").strip()[:400]
        version = definitions.publish(session, key, held.files, by=door.actor(), now=door.now(), note=note)
        number = version.number
    return door.there("coordinators.process", key=key, published=number)


def _second_look(session: Session, key: str) -> str:
    held = work.on(session, key)
    problems = [*found(session, held), *_foreign(held)]
    return render_template(
        "coordinators/publication.html", key=key, held=held, problems=problems, names=staff_names(session),
        errors=[one for one in problems if one.severity == "error"], places=_places(held),
        note=request.form.get("note", ""), **_compared(session, held),
    )  # fmt: skip


# the key is how cases find their process: a draft may not publish another one under it
def _foreign(held: work.Work) -> list[Finding]:
    try:
        own = bundles.process_key(held.files)
    except Invalid:  # no process at all: the check has told
        return []
    if own == held.key:
        return []
    message = f"図の番号は「{held.key}」のはずですが、「{own}」でした。枠の全体を選び、番号を「{held.key}」に戻してください。"
    return [Finding(rule="key", message=message, element=own)]


def _places(held: work.Work) -> dict[str, str]:
    try:
        return {node.id: node.name for process in held.diagram().processes.values() for node in process.nodes.values()}
    except DiagramError:
        return {}


def _compared(session: Session, held: work.Work) -> dict[str, object]:
    known = session.get(definitions.Process, held.key)
    if known is None or known.current_id is None:
        return {"current": None, "changes": (), "files": ()}
    before = definitions.files_of(session, known.current_id)
    files = sorted(name for name in {*before, *held.files} if before.get(name) != held.files.get(name) and name != held.main)
    main = bundles.gather(before)
    try:
        changes = differences.differences(read(main.main, name=main.name), held.diagram())
    except DiagramError:
        changes = ()
    return {"current": session.get(definitions.Version, known.current_id), "changes": changes, "files": files}
