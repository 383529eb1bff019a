"""Conflict of interest: declare it, and the case closes to that person at once."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import access, agencies, cases, impartial
from engine.access import Sight
from engine.casebook import Case
from web import door
from web.door import signed_in

pages = Blueprint("impartial", __name__, url_prefix="/cases/<int:case_id>/conflicts")


@pages.get("")
@signed_in
def page(case_id: int) -> str:
    """What is declared, and the form."""
    with door.writing() as session:
        case, seen = _found(session, case_id)
        directs = bool(door.actor().roles & door.MANAGERS or (case.lead and case.lead in door.actor().agencies))
        today = agencies.today_of(door.now())
        colleagues = agencies.members(session, seen.seat.agency, today=today) if directs else [door.staff()]
        return render_template(
            "conflicts.html", case=case, standing=impartial.of_case(session, case_id), kinds=impartial.KINDS,
            colleagues=colleagues, own=door.staff().id, directs=directs,
        )  # fmt: skip


@pages.post("")
@signed_in
def declare(case_id: int) -> Response:
    """Declare one's own or a colleague's."""
    staff_id = request.form.get("staff", 0, int)
    with door.writing() as session:
        case, _ = _found(session, case_id)
        impartial.declare(
            session, case, staff_id, kind=request.form.get("kind", ""), by=door.actor(), now=door.now()
        )
    return door.there("inbox.page") if staff_id == door.staff().id else door.there("impartial.page", case_id=case_id)


@pages.post("/<int:conflict_id>/lifting")
@signed_in
def lift(case_id: int, conflict_id: int) -> Response:
    """It no longer stands."""
    with door.writing() as session:
        _found(session, case_id)
        impartial.lift(session, conflict_id, by=door.actor(), now=door.now())
    return door.there("impartial.page", case_id=case_id)


def _found(session: Session, case_id: int) -> tuple[Case, Sight]:
    g.case_id = case_id
    case = cases.find_case(session, case_id)
    return case, access.open_case_page(session, door.actor(), case, purpose="利益相反", now=door.now())
