"""One database, two kinds: SQLite in one file, or PostgreSQL; the door's only commit is here."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, create_engine, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from engine.vault import Vault

JST = ZoneInfo("Asia/Tokyo")
ATTEMPTS = 4
Result = TypeVar("Result")


class Base(DeclarativeBase):
    """All tables."""


class Moment(TypeDecorator[datetime]):
    """A point in time: only with a zone; stored as UTC, read back in Japanese time."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC).astimezone(JST)


class Database:
    """The pool of connections and the vault that goes with it.

    `url` as SQLAlchemy's: `sqlite:///file` or `postgresql+psycopg://…`.
    """

    def __init__(self, url: str, vault: Vault) -> None:
        self.url = url
        self.vault = vault
        self.pool = _sqlite(url) if url.startswith("sqlite") else create_engine(url, pool_pre_ping=True)

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[Session]:
        """One transaction: commits when the block ends well, else rolls everything back.

        On SQLite a writing one takes the write lock at once (BEGIN IMMEDIATE): a later
        upgrade from reading would fail instead of wait.
        """
        with (
            Session(self.pool, expire_on_commit=False, info={"vault": self.vault, "write": write}) as session,
            session.begin(),
        ):
            session.connection(execution_options={"tsunagi_write": write})
            yield session

    def attempt(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` in a writing transaction; repeats it when two moves crossed (deadlock)."""
        for turn in range(ATTEMPTS):
            try:
                with self.transaction() as session:
                    return work(session)
            except OperationalError as error:
                if turn == ATTEMPTS - 1 or not _crossed(error):
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Give every connection back."""
        self.pool.dispose()


def vault_of(session: Session) -> Vault:
    """The vault that the door put beside its session."""
    vault: Vault = session.info["vault"]
    return vault


def _crossed(error: OperationalError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state in ("40P01", "40001") or "database is locked" in str(error.orig)


def _sqlite(url: str) -> Any:
    pool = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})
    event.listen(pool, "connect", _prepare)
    event.listen(pool, "begin", _begin)
    return pool


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("tsunagi_write", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN DEFERRED")


@functools.cache
def is_postgresql(url: str) -> bool:
    """Whether this address names PostgreSQL."""
    return url.startswith("postgresql")
