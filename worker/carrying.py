"""Carrying out one job: the outside part without a transaction, then what it led to and the job's end in one."""

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from engine import incidents
from engine.cases import note_incident
from engine.db import Database
from engine.errors import Refused
from engine.jobs import KINDS, Errand, Finish, Job, NotNow
from engine.runtime import StepFailed
from engine.settings import Settings
from worker.claiming import Grip, held

log = logging.getLogger("tsunagi.worker")
RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
SPREAD = 0.2
AWAY = timedelta(seconds=5)
WORN_OUT = "くり返しても終わりませんでした。相手先か設定を確かめてから、やり直すか、理由を書いて飛ばしてください。"
DATABASE_AWAY = (OperationalError, InterfaceError)


class Lost(Exception):
    """The job is no longer in this worker's hand: another one took it over when the lease had run out."""


def carry_out(database: Database, settings: Settings, grip: Grip, job: Job, *, lease: timedelta, now: datetime) -> None:
    """Do a job that was claimed, and write its end, whatever that is."""
    errand = Errand(
        database=database, settings=settings, job_id=job.id, kind=job.kind, key=job.key, case_id=job.case_id,
        instance_id=job.instance_id, particulars=dict(job.particulars), attempt=job.attempts, now=now,
    )  # fmt: skip
    try:
        finish = KINDS[job.kind].carry_out(errand)
        database.attempt(lambda session: _done(session, grip, finish, now))
        return
    except Lost:
        log.warning("job %s was taken over by another worker", grip.job_id)
        return
    except StepFailed as failed:
        write = partial(_broken, database, grip, failed, now)
    except Refused as refused:
        write = partial(_stop, database, grip, refused.sentence, now)
    except NotNow as later:
        write = partial(_again, database, grip, later, now)
    except DATABASE_AWAY:
        # Not the job's fault, so it does not count: it is due again as soon as the database is back.
        log.warning("the database does not answer; job %s is put back", grip.job_id)
        write = partial(_put_back, database, grip, now)
    except Exception as failure:
        log.exception("job %s failed", grip.job_id)
        write = partial(_again, database, grip, NotNow(type(failure).__name__), now)
    _persist(lease, write)


def _done(session: Session, grip: Grip, finish: Finish | None, now: datetime) -> None:
    job = held(session, grip)
    if job is None:
        raise Lost
    if finish is not None:
        finish(session)
    job.status, job.fault, job.done_at, job.lease_until = "done", "", now, None


def _broken(database: Database, grip: Grip, failed: StepFailed, now: datetime) -> None:
    with database.transaction() as session:
        job = held(session, grip)
        if job is not None:
            job.status, job.fault, job.done_at, job.lease_until = "stopped", failed.reason_ja[:200], now, None
            note_incident(session, failed, task_id=None, instance_id=job.instance_id, job_id=job.id, now=now)


def _stop(database: Database, grip: Grip, sentence: str, now: datetime) -> None:
    with database.transaction() as session:
        job = held(session, grip)
        if job is not None:
            job.status, job.fault, job.done_at, job.lease_until = "stopped", sentence[:200], now, None
            incidents.note_job(session, job, sentence, now=now)


def _again(database: Database, grip: Grip, later: NotNow, now: datetime) -> None:
    with database.transaction() as session:
        job = held(session, grip)
        if job is None:
            return
        job.lease_until, job.fault = None, later.sentence[:200]
        wait = later.after or back_off(job.attempts)
        if not later.counts:
            job.attempts -= 1
        if job.attempts > len(RETRIES):
            job.status, job.done_at = "stopped", now
            incidents.note_job(session, job, WORN_OUT, now=now)
        else:
            job.status, job.run_at = "due", now + wait


def _put_back(database: Database, grip: Grip, now: datetime) -> None:
    with database.transaction() as session:
        job = held(session, grip)
        if job is not None:
            job.status, job.run_at, job.lease_until, job.attempts = "due", now + AWAY, None, job.attempts - 1


def back_off(attempt: int) -> timedelta:
    """How long to wait after the so-many-th attempt, spread by a fifth: what failed together is not tried together."""
    return RETRIES[min(attempt, len(RETRIES)) - 1] * random.uniform(1 - SPREAD, 1 + SPREAD)


def _persist(lease: timedelta, write: Callable[[], None]) -> None:
    """Write the outcome even if the database is away for a while; after the lease the reaper sees to the job."""
    until = time.monotonic() + lease.total_seconds()
    while True:
        try:
            write()
            return
        except DATABASE_AWAY:
            if time.monotonic() > until:
                return
            time.sleep(0.5)
