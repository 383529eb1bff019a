"""Real worker processes of the tests' own: started by fork, killed, stopped and continued by their ids."""

import os
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from engine import jobs
from engine.db import JST, Database
from engine.jobs import Errand
from tests.databases import VAULT
from worker import loop
from worker.clock import ServerClock
from worker.outside import operation

LEASE = timedelta(seconds=1)


class Crew:
    """Workers by name (`machine:number`). Each outside effect is one line in `folder/effects`: key and attempt."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.effects, self.skew = database, folder / "effects", folder / "skew"
        self.workers: dict[str, int] = {}
        self.skew.write_text("0")

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for name in list(self.workers):
            self.kill(name)

    def start(self, name: str, *, url: str | None = None) -> None:
        """A worker of this name; on PostgreSQL it asks the server for the time, else the machine, whose clock may be skewed."""
        self.database.pool.dispose()  # nothing of ours is open while we fork
        child = os.fork()
        if child == 0:
            try:
                _work(url or self.database.url, name, self.effects, self.skew)
            finally:
                os._exit(0)
        self.workers[name] = child

    def kill(self, name: str) -> None:
        child = self.workers.pop(name)
        os.kill(child, signal.SIGCONT)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    def freeze(self, name: str, seconds: float) -> None:
        """SIGSTOP for so long, then SIGCONT."""
        os.kill(self.workers[name], signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(self.workers[name], signal.SIGCONT)

    def ends(self, name: str, within: float = 10) -> bool:
        """SIGTERM; whether it ended in good order."""
        child = self.workers.pop(name)
        os.kill(child, signal.SIGTERM)
        until = time.monotonic() + within
        while time.monotonic() < until:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status) == 0
            time.sleep(0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return False

    def raise_the_dead(self) -> int:
        """Start anew, under a new name, whoever died by itself; returns how many."""
        dead = [name for name, child in self.workers.items() if os.waitpid(child, os.WNOHANG)[0]]
        for name in dead:
            del self.workers[name]
            self.start(f"{name}+")
        return len(dead)

    def set_clocks(self, hours: float) -> None:
        self.skew.write_text(str(hours))

    def done(self) -> list[str]:
        """The keys of the outside effects so far, as often as they happened."""
        return self.effects.read_text().split() if self.effects.exists() else []

    def until(self, holds: Callable[[], bool], within: float = 30) -> bool:
        """Wait for it, with the dead raised on the way."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            self.raise_the_dead()
            if holds():
                return True
            time.sleep(0.1)
        return holds()


def _work(url: str, name: str, effects: Path, skew: Path) -> None:
    register(effects)
    database = Database(url, VAULT)

    def machine() -> datetime:
        return datetime.now(JST) + timedelta(hours=float(skew.read_text() or 0))

    loop.PATIENCE = 0.2
    loop.run(database, clock=ServerClock(database, machine=machine), lease=LEASE, name=name)
    database.close()


def register(effects: Path) -> None:
    """Operators of the tests' own: one that leaves a trace outside, one that kills whoever takes it."""

    @operation("trial.effect", "試しに外へ")
    def effect(errand: Errand, said: Any) -> None:
        with effects.open("a") as file:
            file.write(f"{errand.key}\n")
        time.sleep(0.02)

    @jobs.carries_out("trial.killer", "必ず止まる")
    def killer(errand: Errand) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
