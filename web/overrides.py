"""緊急閲覧: opening a case at once, its end, its review; and districts opened in emergency mode."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, Flask, g, render_template, request
from werkzeug.wrappers import Response

from engine import agencies, cases, override
from engine.casebook import Case
from engine.db import JST
from engine.errors import Invalid
from engine.override import Asked
from engine.standing import Override
from web import door
from web.door import only, signed_in

pages = Blueprint("overrides", __name__)


@pages.get("/cases/<int:case_id>/override")
@signed_in
def page(case_id: int) -> str:
    """What has to be declared (F-X01)."""
    g.case_id = case_id
    with door.writing() as session:
        case = cases.find_case(session, case_id)
        override.look(session, door.actor(), case, now=door.now())
        return _form(case_id, case.number, {})


@pages.post("/cases/<int:case_id>/override")
@signed_in
def begin(case_id: int) -> Response | tuple[str, int]:
    """Open it now."""
    g.case_id = case_id
    said = {name: request.form.get(name, "") for name in ("reason", "circumstances", "level", "without", "hours")}
    asked = Asked(
        reason=said["reason"], circumstances=said["circumstances"], without_consent=said["without"],
        level=_number(said["level"]), hours=_number(said["hours"]),
    )  # fmt: skip
    number = ""
    try:
        with door.writing() as session:
            case = cases.find_case(session, case_id)
            number = case.number
            override.begin(session, door.actor(), case, asked, now=door.now())
    except Invalid as error:
        return _form(case_id, number, said, error.problems), 422
    return door.there("cases.page", case_id=case_id)


@pages.post("/overrides/<int:override_id>/end")
@signed_in
def end(override_id: int) -> Response:
    """Close it before its time."""
    with door.writing() as session:
        override.close(session, override_id, by=door.actor(), now=door.now())
    return door.there("inbox.page")


@pages.get("/overrides")
@only("ppo", "sui", "kcho")
def listed() -> str:
    """Every override; the reviewer reads the reasons, nobody the content."""
    with door.reading() as session:
        return render_template(
            "overrides.html", found=override.all_of(session, door.actor(), now=door.now()), reasons=override.REASONS,
            outcomes=override.OUTCOMES, reviews="ppo" in door.actor().roles, districts=override.districts(session, now=door.now()),
            agencies=agencies.names(session), decides=bool(door.actor().roles & door.MANAGERS),
        )  # fmt: skip


@pages.post("/overrides/<int:override_id>/review")
@only("ppo")
def review(override_id: int) -> Response:
    """Say whether it was right (F-X06)."""
    with door.writing() as session:
        override.review(
            session, override_id, outcome=request.form.get("outcome", ""), words=request.form.get("words", ""),
            by=door.actor(), now=door.now(),
        )  # fmt: skip
    return door.there("overrides.listed")


@pages.post("/overrides/districts")
@only("sui", "kcho")
def open_district() -> Response:
    """Open a district's cases to agencies, up to L2, for some days."""
    with door.writing() as session:
        override.open_district(
            session, event=request.form.get("event", ""), district=request.form.get("district", ""),
            agencies=request.form.getlist("agency"), until=_until(), by=door.actor(), now=door.now(),
        )  # fmt: skip
    return door.there("overrides.listed")


@pages.post("/overrides/districts/end")
@only("sui", "kcho")
def end_districts() -> Response:
    """End what an emergency opened."""
    with door.writing() as session:
        override.end_districts(session, event=request.form.get("event", ""), by=door.actor(), now=door.now())
    return door.there("overrides.listed")


def register(app: Flask) -> None:
    """Let the pages of a case tell when an override of one's own ends."""
    app.context_processor(lambda: {"ending": _ending})


def _ending(case: Case) -> list[Override]:
    with door.reading() as session:
        found = override.running(session, door.actor(), case, now=door.now())
    return [found] if found else []


def _form(case_id: int, number: str, said: dict[str, str], problems: tuple[object, ...] = ()) -> str:
    return render_template(
        "override.html", case_id=case_id, number=number, said=said, problems=problems, reasons=override.REASONS,
        without=override.WITHOUT_CONSENT, hours=override.HOURS, shortest=override.SHORTEST,
        levels={2: "L2 基本（氏名・住所・連絡先）", 3: "L3 支援の内容まで", 4: "L4 特に配慮が必要なことまで"},
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _until() -> datetime:
    days = _number(request.form.get("days", ""))
    if not 1 <= days <= 31:
        raise Invalid("続ける日数は1から31までの数で入れてください。前の画面に戻って直してください。")
    return (door.now() + timedelta(days=days)).astimezone(JST)


