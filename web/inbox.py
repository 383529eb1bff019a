"""The inbox (受信箱): what waits, whose turn, until when."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import alerts, tasks
from engine.agencies import names
from engine.definitions import Process
from engine.tasks import Filters, Task
from web import door
from web.door import signed_in

pages = Blueprint("inbox", __name__)
TABS = (("mine", "自分"), ("unclaimed", "係の未着手"), ("overdue", "期限超過"), ("all", "すべて"))
FILTERS = ("search", "stage", "agency", "process")


@pages.get("/")
@signed_in
def page() -> str:
    """The tasks of one tab, due first; every filter stands in the address."""
    tab = request.args.get("tab", "mine")
    chosen = {name: request.args.get(name, "").strip() for name in FILTERS}
    with door.reading() as session:
        found = tasks.inbox(
            session,
            door.actor(),
            tab=tab,
            now=door.now(),
            filters=Filters(**chosen),
            after=request.args.get("after", ""),
        )
        known = names(session)
        return render_template(
            "inbox.html", tab=tab, tabs=TABS, found=found, chosen=chosen, agencies=known, stages=_stages(session),
            processes=session.execute(select(Process.key, Process.name).order_by(Process.key)).all(),
            alerts=alerts.of(session, door.actor(), now=door.now()),
            own={code: known[code] for code in sorted(door.actor().agencies)}, narrowed=any(chosen.values()),
        )  # fmt: skip


@pages.post("/claims")
@signed_in
def claim() -> Response:
    """Take one or several tasks in hand."""
    wanted = [int(text) for text in request.form.getlist("task") if text.isdecimal()]
    with door.writing() as session:
        taken = tasks.claim_many(session, wanted, by=door.actor(), now=door.now())
    if len(taken) == 1 and "open" in request.form:
        return door.there("tasks.page", task_id=taken[0].id)
    return door.there("inbox.page", tab="mine" if taken else "unclaimed", taken=len(taken) or None)


@pages.post("/alerts/<int:alert_id>/done")
@signed_in
def put_away(alert_id: int) -> Response:
    """A notice was read."""
    with door.writing() as session:
        alerts.done(session, alert_id, by=door.actor(), now=door.now())
    return door.there("inbox.page", tab=request.form.get("tab", "mine"))


def _stages(session: Session) -> list[str]:
    places = sorted(door.actor().agencies)
    found = (
        select(Task.stage).where(Task.status == "open", Task.agency.in_(places), Task.stage != "").distinct()
    )
    return list(session.scalars(found.order_by(Task.stage)))
