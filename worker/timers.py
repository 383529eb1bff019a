"""Time turns into jobs: due timers of instances."""

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from engine import cases
from engine.casebook import Instance
from engine.jobs import Errand, Finish, Job, carries_out, enqueue
from engine.schedules import Schedule
from engine.tasks import Task

BATCH = 200


def tick(session: Session, *, now: datetime) -> int:
    """Turn due timers into jobs; the row's date is taken away, so that no second tick sees it."""
    due = session.scalars(
        select(Instance)
        .where(Instance.wake_at <= now, Instance.status == "running")
        .order_by(Instance.wake_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for instance in due:
        key = f"fire:{instance.id}:{instance.wake_at.isoformat() if instance.wake_at else ''}"
        enqueue(session, "fire", key=key, run_at=now, case_id=instance.case_id, instance_id=instance.id)
        instance.wake_at = None
    return len(due)


def anything(session: Session, *, lease: timedelta, now: datetime) -> bool:
    """Whether there is a reason to take the write lock at all: an idle worker only looks.

    A job in another worker's hand is one only when its lease is over, or longer than any worker takes.
    """
    looked = select(
        or_(
            exists().where(Instance.wake_at <= now, Instance.status == "running"),
            exists().where(Job.status == "due", Job.run_at <= now),
            exists().where(Job.status == "running", or_(Job.lease_until <= now, Job.lease_until > now + 2 * lease)),
            exists().where(Task.remind_at <= now, Task.status == "open"),
            exists().where(Schedule.active, or_(Schedule.next_at <= now, and_(Schedule.next_at.is_(None), Schedule.at != ""))),
        )
    )
    return bool(session.scalar(looked))


@carries_out("fire", "期日を進める")
def _fire(errand: Errand) -> Finish:
    """Let the due timers of an instance fire; a timer that fires and the job's end are one transaction."""

    def finish(session: Session) -> None:
        cases.fire(session, errand.instance_id or 0, now=errand.now)

    return finish
