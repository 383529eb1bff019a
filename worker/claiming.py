"""Taking a job in hand, and giving back what dead workers held."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, exists, false, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from engine import incidents
from engine.db import Database
from engine.jobs import Job, Kind

DEATHS = 3
KILLER = "この仕事の間に自動処理が3度止まりました。中身を確かめてから、やり直すか、理由を書いて飛ばしてください。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grip:
    """A job in hand: it is this worker's only while row and grip agree on worker and attempt."""

    job_id: int
    worker: str
    attempt: int


def claim(
    database: Database, kinds: Mapping[str, Kind], *, worker: str, lease: timedelta, now: datetime
) -> tuple[Grip, Job] | None:
    """The next due job that this worker can carry out and whose case and lane are free; None when there is none.

    Two workers may look at the same moment: the database's own rules (one running job a case,
    one suspect) refuse the second, which looks again.
    """
    while True:
        try:
            with database.transaction() as session:
                job = session.scalar(_next(kinds, now).limit(1).with_for_update(of=Job, skip_locked=True))
                if job is None:
                    return None
                job.status, job.worker, job.lease_until, job.attempts = "running", worker, now + lease, job.attempts + 1
                session.flush()
                return Grip(job_id=job.id, worker=worker, attempt=job.attempts), job
        except IntegrityError:
            continue


def held(session: Session, grip: Grip) -> Job | None:
    """The job's row, locked, if it is still in this worker's hand."""
    job = session.get(Job, grip.job_id, with_for_update=True, populate_existing=True)
    mine = job is not None and (job.status, job.worker, job.attempts) == ("running", grip.worker, grip.attempt)
    return job if mine else None


def reap(session: Session, *, lease: timedelta, now: datetime) -> int:
    """Give back the jobs whose lease ran out: each is a suspect now; the third death makes an incident.

    A lease further ahead than any worker takes stems from a clock that was set back: it is shortened.
    """
    held = session.scalars(
        select(Job)
        .where(Job.status == "running", or_(Job.lease_until <= now, Job.lease_until > now + 2 * lease))
        .order_by(Job.id)
        .with_for_update(skip_locked=True)
    ).all()
    orphans = [job for job in held if job.lease_until is not None and job.lease_until <= now]
    for job in held:
        job.lease_until = now + lease
    for job in orphans:
        job.deaths += 1
        job.lease_until = None
        if job.deaths >= DEATHS:
            job.status, job.fault = "stopped", KILLER
            incidents.note_job(session, job, KILLER, now=now)
        else:
            job.status, job.run_at = "due", now
    return len(orphans)


def _next(kinds: Mapping[str, Kind], now: datetime):  # type: ignore[no-untyped-def]  # a SQL query
    other, earlier = aliased(Job), aliased(Job)
    known = [and_(Job.kind == kind.name, Job.needs <= kind.version) for kind in kinds.values()]
    return (
        select(Job)
        .where(
            Job.status == "due",
            Job.run_at <= now,
            or_(false(), *known),
            or_(Job.case_id.is_(None), ~exists().where(other.case_id == Job.case_id, other.status == "running")),
            or_(
                Job.lane == "",
                ~exists().where(
                    earlier.lane == Job.lane, earlier.id < Job.id, earlier.status.in_(("due", "running"))
                ),
            ),
            or_(Job.deaths == 0, ~exists().where(other.status == "running", other.deaths > 0)),
        )
        # Suspects come last: whoever takes one may die over it.
        .order_by(case((Job.deaths > 0, 1), else_=0), Job.run_at, Job.id)
    )
