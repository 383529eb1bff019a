"""A record of a case: read, its versions, its correction; and attachments."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, g, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from engine import access, agencies, cases, meetings, proxies, records
from engine.access import Sight
from engine.casebook import Case
from engine.errors import NotAllowed
from engine.records import Read, Record
from forms.answers import Context
from forms.errors import AnswersRefused, Problem
from web import door, lists, paper
from web.door import ensure_free, signed_in

pages = Blueprint("records", __name__, url_prefix="/cases/<int:case_id>")
Typed = dict[str, list[str]]
CLASSES = {2: "L2 基本", 3: "L3 支援の内容", 4: "L4 特に配慮"}


@pages.get("/records/<int:record_id>")
@signed_in
def page(case_id: int, record_id: int) -> str:
    """One version of a record, as far as this person may read it."""
    with door.writing() as session:
        case, seen, record = _found(session, case_id, record_id)
        read = records.read(session, seen, record, case)
        versions = records.versions(session, seen, record) if record.root_id else [record]
        return render_template(
            "record.html", case=case, read=read, proxy=proxies.of(session, record, case), record=record, versions=versions,
            lines=read.form.describe(read.answers, context=lists.telling(session, case, seen, now=door.now())),
            agencies=agencies.names(session), staff_names=agencies.staff_names(session, [one.author_id or 0 for one in versions]),
            corrects=record.latest and record.agency in door.actor().agencies and case.status != "closed" and not read.masked,
            seen=seen, ground=records.reach_of(seen, record).ground, levels=CLASSES,
            function=meetings.function_of(session, record),
        )  # fmt: skip


@pages.get("/records/<int:record_id>/correction")
@signed_in
def correction(case_id: int, record_id: int) -> str:
    """The record's form, filled in as it was, to be corrected."""
    with door.writing() as session:
        case, seen, record = _found(session, case_id, record_id)
        read = _correctable(session, case, seen, record)
        return _form_page(session, case, seen, read, read.form.typed(read.answers))


@pages.post("/records/<int:record_id>/correction")
@signed_in
def correct(case_id: int, record_id: int) -> Answer | tuple[str, int]:
    """A new version; the old one stays readable."""
    typed = {name: request.form.getlist(name) for name in request.form if not name.startswith("_")}
    wish, reason = request.form.get("_do", ""), request.form.get("_reason", "").strip()
    with door.writing() as session:
        case, seen, record = _found(session, case_id, record_id)
        read = _correctable(session, case, seen, record)
        if wish:
            return _form_page(session, case, seen, read, _changed(read, wish, typed), reason=reason), 200
        try:
            answers = read.form.read(typed, context=_context(session, case, seen))
        except AnswersRefused as refused:
            return _form_page(session, case, seen, read, typed, problems=refused.problems, reason=reason), 422
        if not reason:
            told = Problem(path="_reason", label="訂正の理由", sentence="「訂正の理由」を入力してください")
            return _form_page(session, case, seen, read, typed, problems=(told,)), 422
        newer = records.correct(
            session, case, record, answers, by=door.actor(), seat=seen.seat, now=door.now(), reason=reason
        )
        newer_id = newer.id
    return door.there("records.page", case_id=case_id, record_id=newer_id)


@pages.get("/attachments/<int:attachment_id>")
@signed_in
def attachment(case_id: int, attachment_id: int) -> Response:
    """A file, always to be saved and never shown in place: what is in it is not ours."""
    g.case_id = case_id
    with door.writing() as session:
        case = cases.find_case(session, case_id)
        seen = access.looked_at(session, door.actor(), case, now=door.now())
        ensure_free(seen)
        name, _, content = records.open_attachment(
            session, seen, case, attachment_id, by=door.actor(), now=door.now()
        )
    return Response(content, mimetype="application/octet-stream", headers={
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
    })  # fmt: skip


@pages.post("/records/<int:record_id>/class")
@signed_in
def raise_class(case_id: int, record_id: int) -> Answer:
    """Let the whole record count as a higher class; nobody lowers it."""
    with door.writing() as session:
        case, seen, record = _found(session, case_id, record_id)
        level = request.form.get("level", 0, int)
        records.raise_class(session, case, record, level, by=door.actor(), seat=seen.seat, now=door.now())
    return door.there("records.page", case_id=case_id, record_id=record_id)


def _found(session: Session, case_id: int, record_id: int) -> tuple[Case, Sight, Record]:
    g.case_id = case_id
    case = cases.find_case(session, case_id)
    seen, record = records.open_record(session, door.actor(), case, record_id, purpose="記録", now=door.now())
    return case, seen, record


def _correctable(session: Session, case: Case, seen: Sight, record: Record) -> Read:
    read = records.read(session, seen, record, case)
    if read.masked:
        raise NotAllowed(
            "あなたには読めない項目があるため、訂正できません。この記録を書いた機関に頼んでください。"
        )
    if record.agency not in door.actor().agencies:
        raise NotAllowed("訂正は、この記録を書いた機関だけができます。")
    if case.status == "closed":
        raise NotAllowed("終結したケースの記録は訂正できません。再相談を受けてから訂正してください。")
    return read


def _context(session: Session, case: Case, seen: Sight) -> Context:
    return lists.telling(session, case, seen, now=door.now())


def _changed(read: Read, wish: str, typed: Typed) -> Typed:
    verb, _, place = wish.partition(":")
    if verb == "add":
        return paper.more(typed, place, read.form.fields)
    if verb == "drop":
        name, _, file = place.rpartition("=")
        return {**typed, name: [one for one in typed.get(name, []) if one != file]}
    return paper.less(typed, place) if verb == "remove" else typed


def _form_page(
    session: Session,
    case: Case,
    seen: Sight,
    read: Read,
    typed: Typed,
    *,
    problems: tuple[Problem, ...] = (),
    reason: str = "",
) -> str:
    context = _context(session, case, seen)
    parts = paper.page(read.form, typed, read.form.shown(typed, context=context), context, problems)
    return render_template(
        "correction.html", case=case, record=read.record, form=read.form, parts=parts, problems=problems, reason=reason,
        identify=paper.identify,
    )  # fmt: skip
