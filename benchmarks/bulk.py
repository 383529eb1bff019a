"""Bulk safety confirmation: a list of 1,150 households read, and a case opened for each, in one transaction."""

import tempfile
import time
from pathlib import Path

from tests import databases
from tests.emergency.sweep import begins, confirms, draws, listed, rows
from tests.town import Town, found

HOUSEHOLDS = 1150


def measure() -> float:
    """Seconds by the clock from handing the list in to the last household being there."""
    with tempfile.TemporaryDirectory() as folder:
        seeded = databases.sqlite_town(databases.sqlite_template(Path(folder)), Path(folder), found)
        with databases.sqlite(seeded, Path(folder)) as database:
            town = Town(database)
            begins(town)
            confirms(town)
            content = listed(HOUSEHOLDS)
            started = time.perf_counter()
            draws(town, content)
            took = time.perf_counter() - started
            assert len(rows(town)) == HOUSEHOLDS
    return took


if __name__ == "__main__":
    print(f"{HOUSEHOLDS} households on SQLite: {measure():.2f} s")
