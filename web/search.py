"""Finding a case by its number or, where that is allowed, by a person; what is sought never stands in an address."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import access, agencies, alerts, people
from engine.casebook import Case
from forms import words
from web import door
from web.door import signed_in

pages = Blueprint("search", __name__, url_prefix="/search")


@pages.get("")
@signed_in
def page() -> str:
    """The two ways to look."""
    return render_template("search.html", sought="", found=None, agencies={})


@pages.post("")
@signed_in
def look() -> Response | str:
    """By number: straight to the case. By person: existence only, of what may be known to exist."""
    sought = request.form.get("sought", "").strip()
    if not sought:
        return render_template("search.html", sought="", found=None, agencies={})
    with door.writing() as session:
        exact = session.scalar(select(Case).where(Case.number == words.plain(sought).upper()))
        if exact is not None and (not exact.secret or access.sight(session, door.actor(), exact, now=door.now())):
            return door.there("cases.page", case_id=exact.id)
        ids = people.search(session, sought, by=door.actor(), now=door.now())
        return render_template(
            "search.html", sought=sought, found=_known(session, ids), agencies=agencies.names(session)
        )


def _known(session: Session, ids: list[int]) -> list[tuple[Case, int]]:
    found = []
    for case in session.scalars(select(Case).where(Case.id.in_(ids)).order_by(Case.opened_at.desc())):
        seen = access.sight(session, door.actor(), case, now=door.now())
        # Without any relation only the existence may be told, and of a secret case not even that.
        if seen is not None or not case.secret:
            found.append((case, seen.level if seen else 0))
        elif case.secret:
            alerts.add(session, "秘匿のケースの検索", agency=access.TOWN, role="sui", case_id=case.id, now=door.now())
    return found
