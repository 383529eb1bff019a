"""Starting a consultation: one press opens the case with its number, and the sheet lies ready with its drafts kept."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Blueprint, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import agencies, cases, tasks
from engine.errors import NotYours
from engine.tasks import Task
from web import door
from web.door import signed_in

pages = Blueprint("intake", __name__, url_prefix="/intake")
PROCESS, START = "P-A", "A-SE1"
#: A start pressed twice is the same start for so long.
SAME = timedelta(hours=12)
DESKS = frozenset({"uke", "ka", "sui", "san", "out", "sc"})


@pages.get("")
@signed_in
def page() -> str:
    """At which desk? Asked only of who sits at several."""
    with door.reading() as session:
        names = agencies.names(session)
    return render_template(
        "intake.html", desks=[(code, names.get(code, code)) for code in _desks()], submission=uuid.uuid4().hex
    )


@pages.post("")
@signed_in
def start() -> Response:
    """Open the case, take its first task in hand, and go to its sheet."""
    desk, submission = request.form.get("desk", ""), f"start:{request.form.get('_submission', '')}"
    if desk not in _desks():
        raise NotYours("自分が所属する機関の窓口でだけ、相談を受け付けられます。窓口を選び直してください。")
    task_id = cases.attempt(door.database(), lambda session: _open(session, desk, submission), now=door.now())
    return door.there("tasks.page", task_id=task_id)


def _open(session: Session, desk: str, submission: str) -> int:
    # The press is noted in the task until its form is handed in: pressed twice, it opens one case.
    same = session.scalar(select(Task.id).where(
        Task.holder_id == door.actor().staff_id, Task.submission == submission[:64], Task.created_at > door.now() - SAME))  # fmt: skip
    if same:
        return same
    case, _ = cases.open_case(session, PROCESS, by=door.actor(), desk=desk, now=door.now(), at=START)
    session.flush()
    first = session.scalars(
        select(Task).where(Task.case_id == case.id, Task.status == "open").order_by(Task.id)
    ).one()
    tasks.claim(session, first.id, by=door.actor(), now=door.now())
    first.submission = submission[:64]
    return first.id


def _desks() -> list[str]:
    return sorted({seat.agency for seat in door.actor().seats if seat.role in DESKS})
