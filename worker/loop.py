"""The worker's loop: tick → job → run. Rows are the truth; a killed worker loses nothing.

A tick turns due timers into jobs in one transaction; a job is claimed with a lease and run
in a transaction of its own. Several workers may run side by side: rows are claimed with
SKIP LOCKED (PostgreSQL) or under SQLite's single write lock.
"""

import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import cases
from engine.casebook import Instance
from engine.db import JST, Database
from engine.errors import Refused, Stopped
from engine.jobs import Job, enqueue

log = logging.getLogger("tsunagi.worker")
BATCH = 200
LEASE = timedelta(minutes=2)
PAUSE = 1.0
DEATHS = 3
RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))


def run(database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(JST)) -> None:
    """Work until SIGTERM or SIGINT; the job in hand is finished first."""
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("worker started")
    while not stopping:
        if not once(database, now=clock()):
            time.sleep(PAUSE)
    log.info("worker stopped")


def once(database: Database, *, now: datetime) -> int:
    """One turn: tick, then every job that is due; returns how many jobs were run."""
    with database.transaction() as session:
        tick(session, now=now)
    done = 0
    while run_next(database, now=now):
        done += 1
    return done


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


def run_next(database: Database, *, now: datetime) -> bool:
    """Claim and run one job; False when none is due."""
    with database.transaction() as session:
        job = claim(session, now=now)
        if job is None:
            return False
        job_id, kind, instance_id = job.id, job.kind, job.instance_id
    try:
        _carry_out(database, kind, instance_id or 0, now)
    except Stopped:
        _settle(database, job_id, status="stopped", fault="支障", now=now)
    except Refused as refused:
        _settle(database, job_id, status="stopped", fault=refused.sentence[:200], now=now)
    except Exception:
        log.exception("job %s failed", job_id)
        _again(database, job_id, now=now)
    else:
        _settle(database, job_id, status="done", fault="", now=now)
    return True


def claim(session: Session, *, now: datetime) -> Job | None:
    """The next due job whose case has none running; a lease that ran out counts as a death."""
    busy = select(Job.case_id).where(Job.status == "running", Job.lease_until > now, Job.case_id.is_not(None))
    job = session.scalar(
        select(Job)
        .where(
            or_(
                (Job.status == "due") & (Job.run_at <= now),
                (Job.status == "running") & (Job.lease_until <= now),
            ),
            or_(Job.case_id.is_(None), Job.case_id.not_in(busy)),
        )
        .order_by(Job.run_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if job is None:
        return None
    if job.status == "running":
        job.deaths += 1
        if job.deaths >= DEATHS:
            job.status, job.fault = "stopped", "この仕事の間に3度止まりました"
            return claim(session, now=now)
    job.status, job.worker, job.lease_until, job.attempts = "running", _me(), now + LEASE, job.attempts + 1
    return job


def _carry_out(database: Database, kind: str, instance_id: int, now: datetime) -> None:
    if kind != "fire":
        raise Refused(f"この種類の仕事（{kind}）を行う部品がありません。")
    cases.attempt(
        database, lambda session: cases.fire(session, instance_id, now=now), now=now, instance_id=instance_id
    )


def _settle(database: Database, job_id: int, *, status: str, fault: str, now: datetime) -> None:
    with database.transaction() as session:
        job = session.get_one(Job, job_id, with_for_update=True)
        job.status, job.fault, job.done_at, job.lease_until = status, fault, now, None


def _again(database: Database, job_id: int, *, now: datetime) -> None:
    with database.transaction() as session:
        job = session.get_one(Job, job_id, with_for_update=True)
        if job.attempts > len(RETRIES):
            job.status, job.fault = "stopped", "くり返しても終わりませんでした"
            return
        job.status, job.run_at, job.lease_until = "due", now + RETRIES[job.attempts - 1], None


def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
