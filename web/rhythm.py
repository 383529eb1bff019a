"""What happens by itself: one's own notices (知らせ), and for who directs: reminders, the calendar, jobs and workers."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, g, render_template, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import notices, reminders, schedules, watching
from engine.errors import Invalid
from engine.jobs import Job, Pulse
from engine.reminders import Step, Wanted
from web import door
from web.door import only, signed_in

pages = Blueprint("rhythm", __name__)
MOST = 100
#: What staff call the kinds of work that the worker does.
WORK = {
    "housekeeping": "片づけ", "process.start": "予定の手続きを始める", "tell": "ほかのケースに知らせる", "remind": "督促を知らせる",
    "notice.mail": "急ぎの知らせをメールする", "digest": "まとめのメールを用意する", "digest.mail": "まとめのメールを送る",
    "fire": "期日を進める", "receipt": "届いた知らせをケースに届ける",
}  # fmt: skip
STATES = {"due": "待っている", "running": "実行中", "stopped": "止まっている"}
#: A worker that has not been seen for so long was put away long ago and is not listed.
FORGOTTEN_DAYS = 7


@pages.get("/notices")
@signed_in
def mine() -> str:
    """One's own notices, unread first: a number and a title, nothing of the matter."""
    with door.reading() as session:
        return render_template("notices.html", told=notices.told(session, door.actor()))


@pages.post("/notices/seen")
@signed_in
def seen() -> Response:
    """Mark one of one's own notices, or all of them, as read."""
    wanted = [int(text) for text in request.form.getlist("notice") if text.isdecimal()]
    with door.writing() as session:
        count = notices.see(session, door.actor(), wanted or None, now=door.now())
    return door.there("rhythm.mine", read=count)


@pages.get("/reminders")
@only("sui", "kcho")
def reminding() -> str:
    """When a task is reminded of, and who is told."""
    with door.reading() as session:
        return render_template("reminders.html", steps=reminders.steps(session))


@pages.post("/reminders")
@only("sui", "kcho")
def set_reminding() -> Response:
    """Change the steps of reminding."""
    with door.writing() as session:
        wanted = {step.key: _wanted(step) for step in reminders.steps(session)}
        reminders.change(session, wanted, by=door.actor(), now=door.now())
    return door.there("rhythm.reminding", kept=1)


@pages.get("/schedules")
@only("sui", "kcho")
def calendar() -> str:
    """What begins by the calendar, soonest first."""
    with door.reading() as session:
        return render_template("schedules.html", rows=schedules.rows(session))


@pages.post("/schedules")
@only("sui", "kcho")
def switch() -> Response:
    """Switch one row of the calendar off or on."""
    active = request.form.get("active") == "1"
    with door.writing() as session:
        schedules.switch(session, request.form.get("key", ""), active=active, by=door.actor(), now=door.now())
    return door.there("rhythm.calendar")


@pages.get("/jobs")
@only("sui", "kcho", "sys")
def jobs() -> str:
    """What the worker has to do, what stands still, and when each worker was last seen. No case stands here."""
    now = door.now()
    with door.reading() as session:
        workers = [one for one in _workers(session) if (now - one.seen_at).days < FORGOTTEN_DAYS]
        return render_template(
            "jobs.html", rows=_waiting(session), workers=workers, work=WORK, states=STATES,
            alive={one.name for one in workers if one.stopped_at is None and one.seen_at >= now - watching.ALIVE},
        )  # fmt: skip


def unread() -> int:
    """How many notices whoever is signed in has not read; asked once a page."""
    if "unread" not in g:
        with door.reading() as session:
            g.unread = notices.unseen(session, door.staff().id)
    return int(g.unread)


def _wanted(step: Step) -> Wanted:
    typed = request.form.get(f"{step.key}.number", "0").strip()
    if not typed.isdecimal():
        raise Invalid(f"「{step.label}」は数字で入れてください（いまは「{typed[:20]}」）。前の画面に戻って直してください。")
    told = {name: f"{step.key}.{name}" in request.form for name in ("to_holder", "to_agency", "to_sui", "to_kcho", "active")}
    return Wanted(number=int(typed), **told)


def _waiting(session: Session) -> list[tuple[str, str, int, datetime, int]]:
    """(kind, status, how many, since when the oldest, most attempts) of unfinished work, what stands still first."""
    found = session.execute(
        select(Job.kind, Job.status, func.count(), func.min(Job.run_at), func.max(Job.attempts))
        .where(Job.status.in_(list(STATES))).group_by(Job.kind, Job.status).limit(MOST)
    )  # fmt: skip
    rows = [(kind, status, count, since, tries) for kind, status, count, since, tries in found]
    return sorted(rows, key=lambda row: (row[1] != "stopped", row[3]))


def _workers(session: Session) -> list[Pulse]:
    return list(session.scalars(select(Pulse).order_by(Pulse.seen_at.desc())))
