"""What time it is, for a worker: the database server's time, so that machines with wrong clocks agree.

Between two looks at the server's clock the machine's steady counter is used, which nobody can
set. With SQLite server and machine are one, and the machine's clock counts.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from engine.db import JST, Database, is_postgresql

LOOK_AGAIN = 60.0  # seconds


class ServerClock:
    """Call it for the present moment (aware)."""

    def __init__(
        self, database: Database, *, machine: Callable[[], datetime] = lambda: datetime.now(JST)
    ) -> None:
        self.database, self.machine = database, machine
        self._anchor: datetime | None = None
        self._seen = 0.0

    def __call__(self) -> datetime:
        if not is_postgresql(self.database.url):
            return self.machine()
        steady = time.monotonic()
        if self._anchor is None or steady - self._seen > LOOK_AGAIN:
            with self.database.transaction(write=False) as session:
                said = session.scalar(select(func.clock_timestamp()))
            assert isinstance(said, datetime)
            self._anchor, self._seen = said.astimezone(JST), steady
        return self._anchor + timedelta(seconds=steady - self._seen)
