"""The diagram as a list of steps that can be changed: the equal of the drawing, without a canvas."""

from __future__ import annotations

from flask import render_template, request
from werkzeug.wrappers import Response

from engine.errors import Invalid
from processes import redrawing
from processes.outline import outline
from processes.redrawing import NotRedrawn
from web import door
from web.coordinators import choices, work
from web.coordinators.pages import coordinator, pages, staff_names
from web.diagram import KINDS


@pages.get("/<key>/steps")
@coordinator
def steps(key: str) -> str:
    """All steps in order; the one asked for by `step` is open for changes."""
    with door.reading() as session:
        held = work.on(session, key)
        process = held.process()
        return render_template(
            "coordinators/steps.html", key=key, held=held, process=process, steps=outline(held.diagram(), process),
            open=request.args.get("step", ""), told=request.args.get("told", ""), kinds=KINDS,
            names=staff_names(session), offers=choices.palette(session, held, today=door.now().date()),
        )  # fmt: skip


@pages.post("/<key>/steps/<element>")
@coordinator
def change_step(key: str, element: str) -> Response:
    """Change, delete or follow a step, as the pressed button says."""
    with door.writing() as session:
        held = work.on(session, key)
        try:
            source, step, told = _changed(held, element)
        except NotRedrawn as error:
            raise Invalid(error.sentence) from error
        revision = int(request.form.get("revision", "-1"))
        work.keep(session, held, {held.main: source.decode()}, revision=revision, by=door.actor(), now=door.now())
    return door.there("coordinators.steps", key=key, step=step, told=told, _anchor=f"step-{step}" if step else None)


def _changed(held: work.Work, element: str) -> tuple[bytes, str, str]:
    asked = request.form.get("action", "change")
    if asked == "delete":
        return redrawing.delete(held.source, element), "", "消しました"
    if asked == "insert":
        name = request.form.get("new_name", "").strip()
        if not name:
            raise NotRedrawn("足す手順の名前がありません。「〜する」で終わる短い名前を書いてください。")
        source, made = redrawing.insert_after(held.source, element, name=name, lane=request.form.get("new_lane") or None)
        return source, made, "足しました"
    properties = {name: request.form[name].strip() for name in ("form", "agency") if name in request.form}
    if "due" in request.form:
        properties["due"] = _due()
    source = redrawing.change(
        held.source, element, name=request.form.get("name", "").strip(), lane=request.form.get("lane") or None,
        properties=properties,
    )  # fmt: skip
    return source, element, "保存しました"


# one list and two inputs instead of a little language: the list says which of them counts
def _due() -> str:
    chosen, days = request.form["due"], request.form.get("days", "").strip()
    if chosen == "days":
        if not days.isdigit():
            raise NotRedrawn("営業日の数は、0以上の整数で書いてください。")
        return str(int(days))
    if chosen == "none":
        reason = request.form.get("reason", "").strip()
        if not reason:
            raise NotRedrawn("期限なしにするときは、理由を書いてください。")
        return f"none:{reason}"
    return chosen
