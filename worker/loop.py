"""The worker's loop: tick → job → run. Rows are the truth; a killed worker loses nothing.

A tick turns what is due into jobs in one transaction; a job is claimed with a lease and run.
Any number of workers may run side by side, on any number of machines: rows are claimed with
SKIP LOCKED (PostgreSQL) or under SQLite's single write lock.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

from sqlalchemy.orm import Session

from engine import schedules
from engine.db import Database
from engine.jobs import KINDS, Kind, Pulse
from engine.settings import Settings
from worker import claiming, kinds, telling, timers
from worker.carrying import DATABASE_AWAY, carry_out
from worker.clock import ServerClock

log = logging.getLogger("tsunagi.worker")
assert kinds  # imported for what it registers
LEASE = timedelta(minutes=2)
PAUSE = 0.1
PULSE = timedelta(seconds=20)
PATIENCE = 5.0
#: So long (seconds) a worker goes from job to job before it looks again at what has come due.
STRETCH = 1.0


def run(
    database: Database,
    *,
    settings: Settings | None = None,
    clock: Callable[[], datetime] | None = None,
    lease: timedelta = LEASE,
    name: str | None = None,
) -> None:
    """Work until SIGTERM or SIGINT; the job in hand is finished first. A database that is away is waited for."""
    me = Worker(database, settings=settings, clock=clock, lease=lease, name=name)
    stopping = me.stopping

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("worker %s started", me.name)
    while not stopping.is_set():
        try:
            if not me.turn():
                stopping.wait(PAUSE)
        except DATABASE_AWAY as away:
            log.warning("the database does not answer (%s); waiting", type(away).__name__)
            stopping.wait(PATIENCE)
    me.leave()
    log.info("worker %s stopped", me.name)


class Worker:
    """One worker process: its name, its lease, and when it last told that it lives."""

    def __init__(
        self,
        database: Database,
        *,
        settings: Settings | None = None,
        clock: Callable[[], datetime] | None = None,
        lease: timedelta = LEASE,
        name: str | None = None,
        kinds: Mapping[str, Kind] = KINDS,
    ) -> None:
        self.database, self.lease, self.kinds = database, lease, kinds
        self.settings = settings or Settings(database_url=database.url, keys=Path("keys.json"))
        self.clock = clock or ServerClock(database)
        self.name = name or f"{socket.gethostname()}:{os.getpid()}"
        self.stopping = threading.Event()
        self._told: datetime | None = None
        self._versions: dict[str, int] = {}

    def turn(self) -> bool:
        """Tick, then job after job for a stretch; False when there was nothing to do."""
        now = self.clock()
        self._tell(now)
        with self.database.transaction(write=False) as session:
            if not timers.anything(session, lease=self.lease, now=now):
                return False
        with self.database.transaction() as session:
            ticked = tick(session, lease=self.lease, now=now)
        ran, until = self.run_next(), time.monotonic() + STRETCH
        while ran and time.monotonic() < until and not self.stopping.is_set() and self.run_next():
            pass
        return ran or bool(ticked)

    def run_next(self) -> bool:
        """Claim and carry out one job; False when none is due."""
        now = self.clock()
        claimed = claiming.claim(self.database, self.kinds, worker=self.name, lease=self.lease, now=now)
        if claimed is None:
            return False
        grip, job = claimed
        carry_out(self.database, self.settings, grip, job, lease=self.lease, now=now)
        return True

    def leave(self) -> None:
        """Tell that this worker stopped in good order."""
        try:
            with self.database.transaction() as session:
                pulse = session.get(Pulse, self.name)
                if pulse is not None:
                    pulse.stopped_at = self.clock()
        except DATABASE_AWAY:
            log.warning("the database does not answer; the worker stops without telling")

    def _tell(self, now: datetime) -> None:
        if self._told is not None and abs(now - self._told) < PULSE:
            return
        with self.database.transaction() as session:
            pulse = session.get(Pulse, self.name)
            if pulse is None:
                pulse = Pulse(name=self.name, started_at=now)
                session.add(pulse)
            pulse.kinds = {kind.name: kind.version for kind in self.kinds.values()}
            pulse.seen_at, pulse.stopped_at = now, None
            self._versions = schedules.refresh(session, self._versions, now=now)
        self._told = now


def once(database: Database, *, now: datetime, settings: Settings | None = None) -> int:
    """One turn at a given moment: tick, then every job that is due; returns how many jobs were run."""
    me = Worker(database, settings=settings, clock=lambda: now)
    with database.transaction() as session:
        tick(session, lease=me.lease, now=now)
    done = 0
    while me.run_next():
        done += 1
    return done


def tick(session: Session, *, lease: timedelta = LEASE, now: datetime) -> int:
    """Everything that has come due becomes jobs, and what dead workers held is due again."""
    due = timers.tick(session, now=now) + telling.tick(session, now=now) + schedules.tick(session, now=now)
    return due + claiming.reap(session, lease=lease, now=now)
