"""The schema's history, one for both databases (Alembic)."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.orm import Session

import engine.tables  # noqa: F401  # fills Base.metadata, which env.py compares
from engine.db import Database

HERE = Path(__file__).parent


def upgrade(database: Database, *, to: str = "head") -> None:
    """Bring a database to the newest schema (or to an older one, for tests); on SQLite within one transaction."""
    with database.pool.connect() as connection, connection.begin():
        command.upgrade(_config(connection), to)


def check(database: Database) -> None:
    """Refuse (alembic's CommandError) when the tables in code differ from the newest schema."""
    with database.pool.connect() as connection:
        command.check(_config(connection))


def revise(database: Database, message: str) -> None:
    """Write a new revision from the difference between code and schema (for developers)."""
    with database.pool.connect() as connection:
        command.revision(_config(connection), message=message, autogenerate=True)


def is_current(session: Session) -> bool:
    """Whether the database has the newest schema."""
    return revision(session) == head()


def is_usable(session: Session) -> bool:
    """Whether this program can work on it: its own newest schema, or a newer one that it does not know.

    While a new version is rolled out the old one goes on beside it: every revision keeps the one before running.
    """
    there = revision(session)
    return there is not None and (there == head() or there not in _known())


def revision(session: Session) -> str | None:
    """The revision that the database has."""
    return MigrationContext.configure(session.connection()).get_current_revision()


@cache
def head() -> str | None:
    """The newest revision that this program knows."""
    return _script().get_current_head()


@cache
def _known() -> frozenset[str]:
    return frozenset(one.revision for one in _script().walk_revisions())


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(HERE))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config
