"""Housekeeping (片づけ): what has served its time goes; nothing that a case, a person or the journal needs.

Messages that nobody will hear any more expire visibly: each leaves a line in its case's book.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from engine import alerts, journal, registers
from engine.agencies import CLOCK, Membership, today_of
from engine.casebook import Case, Instance, Unheard
from engine.definitions import compiled
from engine.jobs import Job, Pulse
from engine.notices import Notice
from engine.records import Draft
from engine.sessions import WebSession
from engine.standing import Alert
from engine.tasks import Task

JOBS = timedelta(days=90)
SESSIONS = timedelta(days=30)
NOTICES = timedelta(days=180)
DRAFTS = timedelta(days=180)
PULSES = timedelta(days=2)
DEAF = timedelta(days=30)
MANY = 5000
STALE = "地域資源の確認"
ASKED_AGAIN = timedelta(days=30)


def tidy(session: Session, *, now: datetime) -> dict[str, int]:
    """Remove what is old, in pieces that hold no lock for long; tells how many of what."""
    return {
        "drafts": _drop(session, Draft.__table__, _old_drafts(now)),
        "jobs": _drop(session, Job.__table__, Job.status.in_(("done", "skipped")) & (Job.done_at < now - JOBS)),
        "sessions": _drop(session, WebSession.__table__, WebSession.seen_at < now - SESSIONS),
        "notices": _drop(session, Notice.__table__, Notice.made_at < now - NOTICES),
        "workers": _drop(session, Pulse.__table__, Pulse.seen_at < now - PULSES),
        "messages": expire(session, now=now),
        "reminders": _catch_up(session, now),
        "resources": _ask_to_confirm(session, now),
    }


def _ask_to_confirm(session: Session, now: datetime) -> int:
    """Ask the coordinators of support in daily life (sc) to confirm stale resources; at most once in a month."""
    today = today_of(now)
    old = registers.unconfirmed(session, today=today)
    asked = select(Alert.id).where(
        Alert.kind == STALE, or_(Alert.done_at.is_(None), Alert.at > now - ASKED_AGAIN)
    )
    if not old or session.scalar(asked.limit(1)) is not None:
        return 0
    places = session.scalars(
        select(Membership.agency).distinct().where(
            Membership.role == "sc", Membership.valid_from <= today,
            or_(Membership.valid_until.is_(None), Membership.valid_until >= today),
        )
    ).all()  # fmt: skip
    for agency in places:
        alerts.add(session, STALE, agency=agency, role="sc", target="register:resource", now=now, due_at=now + ASKED_AGAIN)
    return len(places)


def expire(session: Session, *, now: datetime) -> int:
    """Let messages go that nobody will hear: their time is over, or for a month nothing in their case could hear them."""
    gone = 0
    for row in session.scalars(select(Unheard).order_by(Unheard.case_id, Unheard.id).limit(MANY)).all():
        if row.expires_at <= now or (row.came_at <= now - DEAF and not row.correlation and not _heard_in(session, row)):
            line = journal.Line(
                action="知らせの期限切れ", by=CLOCK, case_id=row.case_id, target=f"message:{row.name}"[:80], outcome="届かず",
                particulars={"came": row.came_at.date().isoformat()},
            )  # fmt: skip
            journal.write(session, line, now=now)
            session.delete(row)
            gone += 1
    return gone


def _heard_in(session: Session, row: Unheard) -> bool:
    """Whether some running process of the case has a place that could still come to wait for this message."""
    case = session.get(Case, row.case_id)
    if case is None or case.status == "closed":
        return False
    versions = session.scalars(
        select(Instance.version_id).where(Instance.case_id == row.case_id, Instance.status.in_(("running", "suspended")))
    )
    return any(row.name in _hears(session, version_id) for version_id in set(versions))


def _hears(session: Session, version_id: int) -> set[str]:
    programs = compiled(session, version_id).definition.programs.values()
    return {
        event.name
        for program in programs for node in program.process.nodes.values() for event in node.events
        if event.kind == "message" and event.name and node.kind not in ("intermediateThrowEvent", "endEvent")
    } | {
        node.message.name
        for program in programs for node in program.process.nodes.values()
        if node.kind == "receiveTask" and node.message is not None and node.message.name
    }  # fmt: skip


def _old_drafts(now: datetime):  # type: ignore[no-untyped-def]  # a SQL condition
    """Drafts of tasks that are over: what was typed for an open task is never thrown away."""
    over = select(Task.id).where(Task.status.in_(("done", "cancelled")), Task.done_at < now - DRAFTS)
    return Draft.task_id.in_(over)


def _drop(session: Session, table, condition) -> int:  # type: ignore[no-untyped-def]  # SQL expressions
    return int(session.execute(delete(table).where(condition)).rowcount)  # type: ignore[attr-defined]  # a delete has a count


def _catch_up(session: Session, now: datetime) -> int:
    """Open tasks that an older version of the house added without a date to look at them."""
    missed = update(Task).where(Task.status == "open", Task.due_at.is_not(None), Task.reminded_at.is_(None), Task.remind_at.is_(None))
    return int(session.execute(missed.values(remind_at=now)).rowcount)  # type: ignore[attr-defined]  # an update has a count
