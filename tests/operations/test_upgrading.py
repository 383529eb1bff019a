"""Rolling upgrade: after every migration the program of before can still read and write its own tables."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    select,
)

from engine import migrations
from engine.db import Database
from tests import databases
from tests.databases import VAULT

REVISIONS = [one.revision for one in reversed(list(migrations._script().walk_revisions()))]
NOW = datetime(2026, 4, 3, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture(params=databases.kinds())
def blank(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'blank.sqlite'}", VAULT)
        yield database
        database.close()
    else:
        with databases.postgresql(request.getfixturevalue("postgresql_port"), "template1") as database:
            yield database


@pytest.mark.parametrize("old", sorted({REVISIONS[0], REVISIONS[-2]}))
def test_the_program_of_before_goes_on_after_the_upgrade(blank: Database, old: str) -> None:
    migrations.upgrade(blank, to=old)
    with blank.pool.connect() as connection:
        before = MetaData()
        before.reflect(connection)
    with blank.pool.begin() as connection:
        _write(connection, before, 1)
    migrations.upgrade(blank)
    with blank.pool.begin() as connection:
        _write(connection, before, 2)
        for table in _ours(before):
            assert len(connection.execute(select(table)).all()) >= 2, table.name
    migrations.check(blank)


def _ours(before: MetaData) -> list[Table]:
    return [table for table in before.sorted_tables if table.name not in ("alembic_version", "reminder_step")]


def _write(connection: Connection, before: MetaData, number: int) -> None:
    """One row in every table that the older program knows, by only the columns that it knows."""
    for table in _ours(before):
        connection.execute(insert(table), {column.name: _value(column, number) for column in table.columns if _wanted(column)})


def _wanted(column: Column[Any]) -> bool:
    return not column.nullable or bool(column.foreign_keys)


def _value(column: Column[Any], number: int) -> Any:
    words = f"v{number}"[-(getattr(column.type, "length", None) or 9) :]
    kinds: tuple[tuple[Any, Any], ...] = (
        (JSON, []), (Boolean, False), (DateTime, NOW), (Date, date(2026, 4, number)), (Integer, number),
        (LargeBinary, b"x"), (String, words),
    )  # fmt: skip
    return next(value for kind, value in kinds if isinstance(column.type, kind))
