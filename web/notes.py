"""Writing a note beside every process: 支援経過記録, and what is done about standing still."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import access, cases, progress
from engine.casebook import Case
from forms.errors import AnswersRefused, Problem
from web import door, lists, paper
from web.door import signed_in

pages = Blueprint("notes", __name__, url_prefix="/cases/<int:case_id>/notes")
Typed = dict[str, list[str]]


@pages.get("/<key>")
@signed_in
def page(case_id: int, key: str) -> str:
    """A blank note."""
    with door.writing() as session:
        case = _found(session, case_id)
        form, _ = progress.form(session, case, key)
        seat = progress.seat_for(session, case, by=door.actor(), now=door.now())
        begun = form.prefill((), context=lists.noting(session, case, seat, by=door.actor(), now=door.now()))
        return _render(session, case, key, begun)


@pages.post("/<key>")
@signed_in
def write(case_id: int, key: str) -> Response | tuple[str, int]:
    """Add the note; what is wrong with it is told and nothing typed is lost."""
    typed = {name: request.form.getlist(name) for name in request.form if not name.startswith("_")}
    with door.writing() as session:
        case = _found(session, case_id)
        if request.form.get("_do"):
            return _render(session, case, key, typed), 200
        seat = progress.seat_for(session, case, by=door.actor(), now=door.now())
        context = lists.noting(session, case, seat, by=door.actor(), now=door.now())
        try:
            progress.note(
                session, case_id, key, lambda form: form.read(typed, context=context), by=door.actor(), now=door.now()
            )
        except AnswersRefused as refused:
            return _render(session, case, key, typed, refused.problems), 422
    return door.there("cases.page", case_id=case_id, noted=1)


def _found(session: Session, case_id: int) -> Case:
    g.case_id = case_id
    case = cases.find_case(session, case_id)
    access.open_case_page(session, door.actor(), case, purpose="記録を書く", now=door.now())
    return case


def _render(session: Session, case: Case, key: str, typed: Typed, problems: tuple[Problem, ...] = ()) -> str:
    form, _ = progress.form(session, case, key)
    seat = progress.seat_for(session, case, by=door.actor(), now=door.now())
    context = lists.noting(session, case, seat, by=door.actor(), now=door.now())
    parts = paper.page(form, typed, form.shown(typed, context=context), context, problems)
    return render_template(
        "note.html", case=case, form=form, key=key, parts=parts, problems=problems, identify=paper.identify
    )
