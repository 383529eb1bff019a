"""Counting what a database is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from engine.db import Database


class Counted:
    """Statements and commits seen on a database's connections (an executemany is one statement)."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.commits = 0


@contextmanager
def counting(database: Database) -> Iterator[Counted]:
    """Count what is asked while the block runs."""
    counted = Counted()

    def statement(connection: Any, cursor: Any, sql: str, *rest: Any) -> None:
        if not sql.startswith(("BEGIN", "COMMIT", "SAVEPOINT")):
            counted.statements.append(sql)

    def commit(connection: Any) -> None:
        counted.commits += 1

    event.listen(database.pool, "before_cursor_execute", statement)
    event.listen(database.pool, "commit", commit)
    try:
        yield counted
    finally:
        event.remove(database.pool, "before_cursor_execute", statement)
        event.remove(database.pool, "commit", commit)
