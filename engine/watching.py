"""How the town's machine is doing, in numbers without anybody in them: for monitoring and for `tsunagi doctor`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.casebook import Case, Incident, Unheard
from engine.jobs import Job, Pulse
from engine.receipts import Receipt
from engine.subscriptions import Delivery, Subscription
from engine.tasks import Task

#: A worker tells every 20 seconds that it lives.
ALIVE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Counts by status or kind; `waiting_for` is how long the oldest due job has been due, in seconds."""

    cases: dict[str, int] = field(default_factory=dict)
    tasks_open: int = 0
    tasks_overdue: int = 0
    incidents_open: int = 0
    jobs: dict[tuple[str, str], int] = field(default_factory=dict)
    waiting_for: float = 0.0
    workers_alive: int = 0
    unheard: int = 0
    receipts: dict[str, int] = field(default_factory=dict)
    deliveries: dict[str, int] = field(default_factory=dict)
    subscriptions: dict[str, int] = field(default_factory=dict)


def numbers(session: Session, *, now: datetime) -> Numbers:
    """Count everything once; a few milliseconds for a town."""
    open_tasks = select(func.count()).select_from(Task).where(Task.status == "open")
    oldest = session.scalar(select(func.min(Job.run_at)).where(Job.status == "due", Job.run_at <= now))
    return Numbers(
        cases=_by(session, Case.status), tasks_open=session.scalar(open_tasks) or 0,
        tasks_overdue=session.scalar(open_tasks.where(Task.due_at < now)) or 0,
        incidents_open=_count(session, Incident, Incident.mended_at.is_(None)), jobs=_jobs(session),
        waiting_for=(now - oldest).total_seconds() if oldest else 0.0, workers_alive=workers_alive(session, now=now),
        unheard=_count(session, Unheard), receipts=_by(session, Receipt.status), deliveries=_by(session, Delivery.status),
        subscriptions=_by(session, Subscription.status),
    )  # fmt: skip


def workers_alive(session: Session, *, now: datetime) -> int:
    """How many workers told lately that they live, and have not stopped."""
    return _count(session, Pulse, Pulse.stopped_at.is_(None), Pulse.seen_at >= now - ALIVE)


def _jobs(session: Session) -> dict[tuple[str, str], int]:
    unfinished = Job.status.in_(("due", "running", "stopped"))
    rows = session.execute(
        select(Job.kind, Job.status, func.count()).where(unfinished).group_by(Job.kind, Job.status)
    )
    return {(kind, status): count for kind, status, count in rows}


def _by(session: Session, column) -> dict[str, int]:  # type: ignore[no-untyped-def]  # a mapped column
    return dict(session.execute(select(column, func.count()).group_by(column)).all())


def _count(session: Session, table, *conditions) -> int:  # type: ignore[no-untyped-def]  # a mapped class and SQL conditions
    return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0
