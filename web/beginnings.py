"""Beginning work that concerns no single person: an idea for the community, a training, publicity, the year's evaluation."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import cases
from engine.errors import NotAllowed
from engine.tasks import Task
from web import door
from web.door import signed_in

pages = Blueprint("beginnings", __name__, url_prefix="/begin")
#: Process → its start, the roles that may begin it, and what the button says.
OFFERED = {
    "P-E": ("E-SE2", frozenset({"sc", "sui"}), "地域づくりの種を登録する"),
    "P-H": ("H-SE", frozenset({"sui"}), "研修・事例検討会を企画する"),
    "P-I": ("I-SE", frozenset({"ver"}), "周知・啓発の原稿をつくる"),
    "P-J": ("J-SE", frozenset({"sui"}), "庁内連絡会を計画する"),
    "P-M": ("PM-SE", frozenset({"sui"}), "委託契約の終わりに備える"),
    "P-G": ("G-SE2", frozenset({"ver"}), "年度の途中から年次評価を始める"),
}


@pages.get("")
@signed_in
def page() -> str:
    """What this person may begin."""
    return render_template("beginnings.html", offered=_offered(), submission=uuid.uuid4().hex)


@pages.post("/<key>")
@signed_in
def begin(key: str) -> Response:
    """Open the case and go to its first task; pressed twice it begins once."""
    if key not in _offered():
        raise NotAllowed("この手続きは、あなたの役割では始められません。始められる手続きは画面の一覧にあります。")
    submission = f"begin:{request.form.get('_submission', '')}"[:64]
    task_id = cases.attempt(door.database(), lambda session: _begin(session, key, submission), now=door.now())
    return door.there("tasks.page", task_id=task_id)


def _begin(session: Session, key: str, submission: str) -> int:
    start, roles, _ = OFFERED[key]
    same = session.scalar(select(Task.id).where(Task.submission == submission, Task.holder_id == door.actor().staff_id))
    if same is not None:
        return same
    desk = next(seat.agency for seat in door.actor().seats if seat.role in roles)
    case, _ = cases.open_case(session, key, by=door.actor(), desk=desk, now=door.now(), at=start)
    session.flush()
    first = session.scalars(select(Task).where(Task.case_id == case.id, Task.status == "open").order_by(Task.id)).one()
    if first.agency in door.actor().agencies:
        first.holder_id, first.held_at = door.actor().staff_id, door.now()
        first.submission = submission
    return first.id


def _offered() -> dict[str, str]:
    return {key: label for key, (_, roles, label) in OFFERED.items() if door.actor().roles & roles}
