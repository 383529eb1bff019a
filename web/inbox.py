"""The inbox (受信箱): what waits, whose turn, until when."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask import Response as PaperResponse
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import agencies, alerts, journal, preferences, tasks
from engine.agencies import Staff, names
from engine.definitions import Process
from engine.errors import Invalid
from engine.tasks import Filters, Task
from forms import moments
from web import door, printing
from web.door import signed_in

pages = Blueprint("inbox", __name__)
TABS = (("mine", "自分"), ("unclaimed", "係の未着手"), ("overdue", "期限超過"), ("all", "すべて"))
FILTERS = ("search", "stage", "agency", "process")
#: Kept for the next time; what was searched for is not: it may be a name.
KEPT = ("stage", "agency", "process")


@pages.get("/")
@signed_in
def page() -> str:
    """The tasks of one tab, due first; every filter stands in the address, and the last one is kept for the next time."""
    tab = request.args.get("tab", "mine")
    chosen, remembered = _chosen()
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
            remembered=remembered, colleagues=_colleagues(session),
        )  # fmt: skip


@pages.post("/claims")
@signed_in
def claim() -> Response:
    """Take one or several tasks in hand."""
    wanted = _picked()
    with door.writing() as session:
        taken = tasks.claim_many(session, wanted, by=door.actor(), now=door.now())
    if len(taken) == 1 and "open" in request.form:
        return door.there("tasks.page", task_id=taken[0].id)
    return door.there("inbox.page", tab="mine" if taken else "unclaimed", taken=len(taken) or None)


@pages.post("/handovers")
@signed_in
def hand_over() -> Response:
    """Give several tasks to a colleague; either all or, with a refusal, none."""
    wanted, to = _picked(), request.form.get("to", 0, int)
    if not to:
        raise Invalid("渡す人を選んでから、もう一度押してください。")
    with door.writing() as session:
        for task_id in wanted:
            tasks.delegate(session, task_id, to, by=door.actor(), now=door.now())
    return door.there("inbox.page", tab=request.form.get("tab", "mine"), given=len(wanted))


@pages.post("/tasks.pdf")
@signed_in
def printed() -> PaperResponse:
    """The chosen tasks as a list on paper: what the inbox shows, nothing of the matter."""
    wanted = _picked()
    with door.writing() as session:
        rows = tasks.chosen(session, door.actor(), wanted, now=door.now())
        known = names(session)
        cells = [
            [row.case_number, row.task.title + (f"（{row.task.subject}）" if row.task.subject else ""), row.task.stage or "—",
             moments.write_short(row.task.due_at.date()) if row.task.due_at else "期限なし",
             known.get(row.task.agency, row.task.agency), row.holder or "未着手"]
            for row in rows
        ]  # fmt: skip
        line = journal.Line(action="印刷", by=door.actor(), target="inbox", particulars={"tasks": [row.task.id for row in rows]})
        journal.write(session, line, now=door.now())
    table = (f"用件（{len(cells)}件）", ["ケース", "用件", "段階", "期限", "機関", "担当"], cells)
    content, _ = printing.listed("用件の一覧", "", [("受信箱", door.actor().name)], [table])
    return printing.pdf(content, "tasks")


@pages.post("/alerts/<int:alert_id>/done")
@signed_in
def put_away(alert_id: int) -> Response:
    """A notice was read."""
    with door.writing() as session:
        alerts.done(session, alert_id, by=door.actor(), now=door.now())
    return door.there("inbox.page", tab=request.form.get("tab", "mine"))


def _chosen() -> tuple[dict[str, str], bool]:
    """The filters, and whether they are those of the last time rather than of this address."""
    told = {name: request.args.get(name, "").strip() for name in FILTERS}
    who = door.staff().id
    with door.reading() as session:
        kept = dict(preferences.chosen(session, who, preferences.INBOX))
    if "clear" not in request.args and not any(name in request.args for name in FILTERS):
        return {**told, **{name: kept.get(name, "") for name in KEPT}}, any(kept.values())
    wanted = {name: told[name] for name in KEPT if told[name]}
    if wanted != kept:
        with door.writing() as session:
            preferences.choose(session, who, preferences.INBOX, wanted)
    return told, False


def _picked() -> list[int]:
    picked = sorted({int(text) for text in request.form.getlist("task") if text.isdecimal()})
    if not picked:
        raise Invalid("用件を選んでから、もう一度押してください。")
    return picked


def _colleagues(session: Session) -> list[tuple[str, list[Staff]]]:
    """Who may be given a task, by the agencies at which the reader sits."""
    today = agencies.today_of(door.now())
    known = names(session)
    return [
        (known[code], agencies.members(session, code, today=today)) for code in sorted(door.actor().agencies)
    ]


def _stages(session: Session) -> list[str]:
    places = sorted(door.actor().agencies)
    found = (
        select(Task.stage).where(Task.status == "open", Task.agency.in_(places), Task.stage != "").distinct()
    )
    return list(session.scalars(found.order_by(Task.stage)))
