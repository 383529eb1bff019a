"""The schema's history, one for both databases (Alembic)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.orm import Session

import engine.tables  # noqa: F401  # fills Base.metadata, which env.py compares
from engine.db import Database

HERE = Path(__file__).parent


def upgrade(database: Database) -> None:
    """Bring a database to the newest schema; on SQLite within one writing transaction."""
    with database.pool.connect() as connection, connection.begin():
        command.upgrade(_config(connection), "head")


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
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    connection = session.connection()
    return (
        MigrationContext.configure(connection).get_current_revision()
        == ScriptDirectory(str(HERE)).get_current_head()
    )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config
