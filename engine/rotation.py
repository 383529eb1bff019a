"""A new master key for everything that is sealed (鍵の交換): online, in small steps, to be gone on with after a stop.

Data keys are small and few; they alone are wrapped anew, no record is touched. Every table
that keeps a wrapped key does so in a column `data_key`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Column, LargeBinary, Table, select, update

import engine.tables  # noqa: F401  # every table that may keep a key must be known here
from engine import journal
from engine.agencies import CLOCK
from engine.db import Base, Database
from engine.errors import NotOpen
from engine.vault import Vault, add_key, open_ring, retire_keys

BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """What a rotation did: the key in use, how many data keys it wrapped anew, whether it went on with an earlier one."""

    key: str
    wrapped: int
    resumed: bool


def rotate(database: Database, ring: Path, *, now: datetime, told: Callable[[int], None] = lambda done: None) -> Rotated:
    """Take a new master key into use and wrap every data key with it, so many in one transaction.

    One that was stopped half-way is gone on with, without a further key. The others keep
    working meanwhile: both keys are in the ring until `retire`.
    """
    resumed = remaining(database, open_ring(ring)) > 0
    vault = open_ring(ring) if resumed else add_key(ring)
    database.vault = vault
    done = 0
    for table in keyed():
        done += _through(database, vault, table, told, done)
    with database.transaction() as session:
        line = journal.Line(action="鍵の交換", by=CLOCK, target=f"key:{vault.current}", particulars={"wrapped": done})
        journal.write(session, line, now=now)
    return Rotated(key=vault.current, wrapped=done, resumed=resumed)


def retire(database: Database, ring: Path, *, now: datetime) -> list[str]:
    """Take the older master keys out of the ring; refuses while one of them is still needed."""
    vault = open_ring(ring)
    left = remaining(database, vault)
    if left:
        raise NotOpen(f"古い鍵で封じたものが {left} 件残っています。先に tsunagi rotate-keys を終えてください。")
    gone = retire_keys(ring)
    with database.transaction() as session:
        line = journal.Line(action="古い鍵の取り除き", by=CLOCK, target=f"key:{vault.current}", particulars={"retired": len(gone)})
        journal.write(session, line, now=now)
    return gone


def remaining(database: Database, vault: Vault) -> int:
    """How many data keys are not wrapped by the key in use."""
    with database.transaction(write=False) as session:
        return sum(
            not vault.is_current(wrapped)
            for table in keyed()
            for wrapped in session.scalars(select(table.c.data_key).where(table.c.data_key.is_not(None)))
        )


def keyed() -> list[Table]:
    """Every table that keeps wrapped keys."""
    return [
        table
        for table in Base.metadata.sorted_tables
        if "data_key" in table.c and isinstance(table.c.data_key.type, LargeBinary)
    ]


def _through(database: Database, vault: Vault, table: Table, told: Callable[[int], None], before: int) -> int:
    key: Column[object] = next(iter(table.primary_key.columns))
    done, last = 0, None
    while True:
        query = select(key, table.c.data_key).order_by(key).limit(BATCH)
        with database.transaction() as session:
            rows = session.execute(query if last is None else query.where(key > last)).all()
            for row_key, wrapped in rows:
                if wrapped is None or vault.is_current(wrapped):
                    continue
                # Only where it is still what was read: a key erased meanwhile stays erased.
                same = (key == row_key) & (table.c.data_key == wrapped)
                session.execute(update(table).where(same).values(data_key=vault.rewrap(wrapped)))
                done += 1
        if not rows:
            return done
        last = rows[-1][0]
        told(before + done)
