"""A meeting's items: function, members, what stands in each compartment, and what was asked to leave it."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, g, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import access, agencies, cases, meetings, records
from engine.access import Sight
from engine.casebook import Case
from engine.errors import Invalid, NotAllowed
from forms import moments
from forms.codes import lists
from web import door
from web.door import ensure_free, signed_in

pages = Blueprint("items", __name__, url_prefix="/cases/<int:case_id>/items")


@pages.get("")
@signed_in
def page(case_id: int) -> str:
    """The items that this person may open."""
    with door.writing() as session:
        case, seen = _found(session, case_id, purpose="会議の案件")
        held = records.of_case(session, seen)
        return render_template(
            "items.html", case=case, items=meetings.in_meeting(session, seen), agencies=agencies.names(session),
            records={item: [one for one in held if one.compartment == item] for item in seen.items},
            promotions=meetings.promotions(session, seen, case), grounds=_grounds(), mine=door.actor().agencies,
            keeps=bool(door.actor().roles & door.MANAGERS), names=agencies.staff_names(session, _askers(session, seen, case)),
        )  # fmt: skip


@pages.post("/promotions")
@signed_in
def promote(case_id: int) -> Response:
    """Ask that something leave a compartment."""
    with door.writing() as session:
        _, seen = _found(session, case_id, purpose="会議限定の昇格")
        ensure_free(seen)
        record = records.find(session, seen, request.form.get("record", 0, int))
        meetings.ask_promotion(
            session, seen, record, words=request.form.get("words", ""), source=request.form.get("source", ""),
            ground=request.form.get("ground", ""), by=door.actor(), seat=records.reach_of(seen, record).seat, now=door.now(),
        )  # fmt: skip
    return door.there("items.page", case_id=case_id)


@pages.post("/promotions/<int:promotion_id>")
@signed_in
def answer(case_id: int, promotion_id: int) -> Response:
    """The source agency agrees or refuses."""
    with door.writing() as session:
        _found(session, case_id, purpose="会議限定の昇格")
        agrees = request.form.get("answer") == "agree"
        meetings.answer_promotion(session, promotion_id, agrees=agrees, by=door.actor(), now=door.now())
    return door.there("items.page", case_id=case_id)


@pages.post("/secrecy")
@signed_in
def told(case_id: int) -> Response:
    """Keep the day on which a member was told of secrecy; the secretariat does this."""
    with door.writing() as session:
        _found(session, case_id, purpose="守秘義務の説明")
        if not door.actor().roles & door.MANAGERS:
            raise NotAllowed("守秘義務の説明の日を登録できるのは、会議の事務局（推進員・福祉課長）です。")
        meetings.told_of_secrecy(
            session, request.form.get("staff", 0, int), on=_day(), by=door.actor(), now=door.now()
        )
    return door.there("items.page", case_id=case_id)


def _found(session: Session, case_id: int, *, purpose: str) -> tuple[Case, Sight]:
    g.case_id = case_id
    case = cases.find_case(session, case_id)
    return case, access.open_case_page(session, door.actor(), case, purpose=purpose, now=door.now())


def _askers(session: Session, seen: Sight, case: Case) -> list[int]:
    return [asked.asked_by for asked, _ in meetings.promotions(session, seen, case)]


def _grounds() -> dict[str, str]:
    return {choice.value: choice.label for choice in lists()["C26"] if choice.value in meetings.GROUNDS}


def _day() -> date:
    text = request.form.get("on", "").strip()
    try:
        on = moments.read_date(text)
    except ValueError as error:
        raise Invalid(f"説明した日の{error}。前の画面に戻って入力してください。") from error
    if on > agencies.today_of(door.now()):
        raise Invalid("説明した日が先の日になっています。前の画面に戻って直してください。")
    return on
