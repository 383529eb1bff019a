"""Consent: what the people of a case have agreed to, with its history; and a withdrawal, which ends sharing at once."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import access, agencies, cases, consent
from engine.access import Sight
from engine.casebook import Case
from engine.errors import NotAllowed
from forms.profile import ITEMS
from web import door
from web.door import signed_in

pages = Blueprint("consents", __name__, url_prefix="/cases/<int:case_id>/consents")


@pages.get("")
@signed_in
def page(case_id: int) -> str:
    """Person by person: what holds now, until when, and everything there was."""
    with door.writing() as session:
        case, seen = _found(session, case_id, purpose="同意")
        return render_template(
            "consents.html", case=case, found=consent.of_case(session, case, now=door.now()), agencies=agencies.names(session),
            items=ITEMS, handles=_handles(seen, case), withdrawn=request.args.get("withdrawn"),
        )  # fmt: skip


@pages.post("/start")
@signed_in
def start(case_id: int) -> Response:
    """Begin to explain and ask: the consent's own process (P-B2), which holds nothing else up."""
    with door.writing() as session:
        case, seen = _found(session, case_id, purpose="同意の説明を始める")
        _ensure(seen, case)
        facts = {"lead": case.lead, "desk": case.lead, "urgency": case.urgency}
        cases.start(session, case_id, "P-B2", facts=facts, by=door.actor(), seat=seen.seat, now=door.now(), at="Y-SE2")
    return door.there("cases.page", case_id=case_id, done=1)


@pages.post("/<int:person_id>/withdrawal")
@signed_in
def withdraw(case_id: int, person_id: int) -> Response:
    """A person takes consent back, wholly or for what is ticked."""
    with door.writing() as session:
        case, seen = _found(session, case_id, purpose="同意の撤回")
        _ensure(seen, case)
        gone = consent.withdraw(
            session, case, person_id, by=door.actor(), seat=seen.seat, now=door.now(),
            agencies=request.form.getlist("agency"), items=request.form.getlist("item"),
        )  # fmt: skip
    return door.there("consents.page", case_id=case_id, withdrawn=len(gone))


def _found(session: Session, case_id: int, *, purpose: str) -> tuple[Case, Sight]:
    g.case_id = case_id
    case = cases.find_case(session, case_id)
    seen = access.open_case_page(session, door.actor(), case, purpose=purpose, now=door.now())
    if seen.level < 2 or seen.restrained:
        raise NotAllowed("同意の記録は、このケースの基本（L2）を見られる機関だけが開けます。")
    return case, seen


def _handles(seen: Sight, case: Case) -> bool:
    return seen.writes and case.status == "open"


def _ensure(seen: Sight, case: Case) -> None:
    if not _handles(seen, case):
        raise NotAllowed("同意を扱えるのは、進行中のケースに関わっている機関だけです。")
