"""Where other systems call, and the pages on which coordinators see what came, what waits and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as Answer

from engine import access, agencies, cases, definitions, journal, receipts
from engine.casebook import Case, Unheard
from engine.errors import Invalid, NotFound, NotOpen, Refused
from engine.receipts import Receipt, Refusal, Route, Source
from forms.fields import every
from web import door
from web.door import only
from web.security import for_systems
from webhooks import arriving, inbound, routes

pages = Blueprint("hooks", __name__, url_prefix="/hooks")
SHOWN = 100
LOOK_BACK = timedelta(days=30)
STATUS = {"taken": "受け取った", "arrived": "届けた", "waiting": "ケースを待っている", "withdrawn": "取り下げた"}
WAYS = {"http": "通信", "line": "LINE", "file": "ファイル"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message that nobody listens for yet, with its case's number."""

    row: Unheard
    number: str


@pages.post("/in/<source>")
@for_systems
def take(source: str) -> Response:
    """Take a message of another system: signed, once, answered by what became of it."""
    try:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = inbound.take(door.database(), door.settings(), source, headers, _body(), now=door.now())
    except Refused as lacking:
        # The town's own secret is missing: the sender is to try again, and `tsunagi doctor` says so.
        answer = inbound.Answer(status=503, said={"error": "unready", "sentence": lacking.sentence})
    return Response(inbound.as_json(answer), status=answer.status, mimetype="application/json")


def _body() -> bytes | None:
    request.max_content_length = door.settings().hook_limit
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        return None


@pages.get("")
@only("sui", "kcho", "sys")
def page() -> str:
    """Who may send and what becomes of it, what came, what was refused."""
    with door.reading() as session:
        return render_template(
            "hooks/inbound.html", sources=session.scalars(select(Source).order_by(Source.name)).all(), routes=_routes(session),
            receipts=_receipts(session), refusals=_refusals(session), agencies=agencies.names(session), does=routes.DOES,
            kinds=routes.KINDS, status_of=STATUS, ways=WAYS, reasons=receipts.REASONS, nobody=receipts.NOBODY,
            waiting=_waiting_count(session), labels=_labels(session),
        )  # fmt: skip


@pages.get("/waiting")
@only("sui", "kcho")
def waiting() -> str:
    """Messages that came early, and those whose case does not exist yet."""
    with door.reading() as session:
        sources = dict(session.execute(select(Source.name, Source.label)).all())
        return render_template(
            "hooks/waiting.html", early=_early(session), receipts=_looking(session), sources=sources, titles=_titles(session),
            shown=SHOWN,
        )  # fmt: skip


@pages.post("/receipts/<int:receipt_id>/attempt")
@only("sui", "kcho")
def again(receipt_id: int) -> Answer:
    """Look for its case once more, now."""
    cases.attempt(door.database(), lambda session: arriving.arrive(session, receipt_id, now=door.now()), now=door.now())
    return door.there("hooks.waiting")


@pages.post("/receipts/<int:receipt_id>/withdrawal")
@only("sui", "kcho")
def withdraw(receipt_id: int) -> Answer:
    """Give a message up, with the reason."""
    with door.writing() as session:
        arriving.withdraw(
            session, receipt_id, reason=request.form.get("reason", ""), by=door.actor(), now=door.now()
        )
    return door.there("hooks.waiting")


@pages.post("/early/<int:unheard_id>/withdrawal")
@only("sui", "kcho")
def withdraw_early(unheard_id: int) -> Answer:
    """Give up a message that came early, with the reason: nothing will hear it any more."""
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise Invalid("取り下げる理由が必要です。前の画面に戻って、短く書いてください。")
    with door.writing() as session:
        row = session.get(Unheard, unheard_id, with_for_update=True)
        if row is None or row.case_id not in _visible(session, [row.case_id]):
            raise NotOpen("その知らせは、もう待っていません。一覧を開き直してください。")
        line = journal.Line(
            action="知らせの取下げ", by=door.actor(), case_id=row.case_id, target=f"message:{row.name}", purpose=reason[:120]
        )
        journal.write(session, line, now=door.now())
        session.delete(row)
    return door.there("hooks.waiting")


def _routes(session: Session) -> Mapping[str, list[Route]]:
    found: dict[str, list[Route]] = {}
    for route in session.scalars(select(Route).order_by(Route.source, Route.type)):
        found.setdefault(route.source, []).append(route)
    return found


def _labels(session: Session) -> Mapping[str, Mapping[str, str]]:
    """Form key → path → what staff read beside the field, of the forms that routes fill in."""
    found: dict[str, Mapping[str, str]] = {}
    for process, key in session.execute(select(Route.process, Route.form).where(Route.form != "").distinct()):
        try:
            form = definitions.compiled(session, definitions.current(session, process).id).forms.get(key)
        except NotFound:
            continue
        if form is not None:
            found[key] = {one.path: one.label for one in every(form.fields) if one.key}
    return found


def _receipts(session: Session) -> list[tuple[Receipt, str]]:
    rows = list(session.scalars(select(Receipt).order_by(Receipt.id.desc()).limit(SHOWN)))
    numbers = _visible(session, [row.case_id for row in rows if row.case_id])
    return [(row, numbers.get(row.case_id or 0, "")) for row in rows]


def _refusals(session: Session) -> Sequence[Any]:
    since = agencies.today_of(door.now() - LOOK_BACK)
    return session.execute(
        select(Refusal.source, Refusal.reason, func.sum(Refusal.times), func.max(Refusal.last_at))
        .where(Refusal.day >= since).group_by(Refusal.source, Refusal.reason).order_by(Refusal.source, Refusal.reason)
    ).all()  # fmt: skip


def _waiting_count(session: Session) -> int:
    looking = session.scalar(select(func.count()).select_from(Receipt).where(Receipt.status == "waiting")) or 0
    return looking + (session.scalar(select(func.count()).select_from(Unheard)) or 0)


def _early(session: Session) -> list[Waiting]:
    rows = list(session.scalars(select(Unheard).order_by(Unheard.came_at).limit(SHOWN)))
    numbers = _visible(session, [row.case_id for row in rows])
    return [Waiting(row=row, number=numbers[row.case_id]) for row in rows if row.case_id in numbers]


def _looking(session: Session) -> list[Receipt]:
    return list(
        session.scalars(select(Receipt).where(Receipt.status == "waiting").order_by(Receipt.taken_at).limit(SHOWN))
    )


def _titles(session: Session) -> Mapping[tuple[str, str], str]:
    return {(route.source, route.type): route.label for route in session.scalars(select(Route))}


def _visible(session: Session, ids: Sequence[int]) -> Mapping[int, str]:
    """Numbers of those of these cases that may appear in a list for who asks (秘匿 do not)."""
    conditions = access.visible_cases(session, door.actor())
    found = session.execute(select(Case.id, Case.number).where(Case.id.in_(ids), *conditions))
    return dict(found.all())
