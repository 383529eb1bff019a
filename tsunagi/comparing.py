"""What a database holds, as numbers that two databases can be compared by: rows and one hash a table.

The hash is over every value of every row in the order of its keys, so it is the same on
SQLite and PostgreSQL exactly when what a program reads from both is the same.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, select

import engine.tables  # noqa: F401  # fills Base.metadata
from engine.db import Base

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One table's content: how many rows, and their hash."""

    rows: int
    digest: str


def tables() -> list[Table]:
    """All tables of ours, those that others refer to first."""
    return list(Base.metadata.sorted_tables)


def held(connection: Connection, wanted: Iterable[Table] | None = None) -> dict[str, Held]:
    """Rows and hash of every table, by its name."""
    return {table.name: _of(connection, table) for table in (tables() if wanted is None else wanted)}


def rows_of(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """All rows in the order of their key, in batches."""
    asked = select(table).order_by(*table.primary_key.columns)
    result = connection.execute(asked.execution_options(yield_per=BATCH))
    for batch in result.mappings().partitions(BATCH):
        yield [dict(row) for row in batch]


def _of(connection: Connection, table: Table) -> Held:
    whole, count = hashlib.sha256(), 0
    names = [column.name for column in table.columns]
    for batch in rows_of(connection, table):
        for row in batch:
            count += 1
            whole.update(json.dumps([_told(row[name]) for name in names], ensure_ascii=False, sort_keys=True).encode())
    return Held(rows=count, digest=whole.hexdigest())


def _told(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"bytes": hashlib.sha256(bytes(value)).hexdigest()}
    if isinstance(value, datetime):
        return {"at": value.timestamp()}
    return {"day": value.isoformat()} if isinstance(value, date) else value
