"""Moving a town from one database to another (SQLite → PostgreSQL, or back), proved row by row.

The source is locked against writers while it is read; the target is filled in one transaction
that commits only if every table's count and hash agree. A move that fails leaves the source
as it was and the target empty.
"""

from collections.abc import Callable

from sqlalchemy import Connection, Integer, Table, func, select, text

from engine import journal, migrations
from engine.db import Database, is_postgresql
from engine.errors import Refused
from tsunagi import comparing
from tsunagi.comparing import Held

#: A database in which one of these holds a row belongs to a town already.
TELLING = frozenset({"agency", "staff", "process", "case_file", "journal_book"})


def move(source: Database, target: Database, *, progress: Callable[[str], None]) -> dict[str, Held]:
    """Copy everything; returns what both hold. Refuses a target that holds anything already."""
    if source.url == target.url:
        raise Refused("移す先が、いまのデータベースと同じです。別のデータベースを示してください。")
    migrations.upgrade(target)
    with source.transaction() as reading, target.transaction() as writing:
        here, there = reading.connection(), writing.connection()
        _require_same_schema(here, there)
        _lock(here, source)
        _require_empty(there)
        for table in comparing.tables():
            progress(f"{table.name}: {_copy(here, there, table)} 行")
        _continue_numbers(there, target)
        before, after = comparing.held(here), comparing.held(there)
        differing = sorted(name for name, held in before.items() if after[name] != held)
        if differing:
            raise Refused(f"移したあとの内容が合いません（{'、'.join(differing)}）。移す先には何も残していません。")
    with target.transaction(write=False) as session:
        if journal.verify(session):
            raise Refused("移したあとの操作履歴が合いません。移す先を使わず、システム管理者に知らせてください。")
    return after


def _require_same_schema(here: Connection, there: Connection) -> None:
    asked = text("SELECT version_num FROM alembic_version")
    if here.execute(asked).scalar_one() != there.execute(asked).scalar_one():
        raise Refused("いまのデータベースの形が新しい版のものではありません。先に tsunagi migrate を実行してください。")


def _lock(here: Connection, source: Database) -> None:
    """Nobody writes while it is read: SQLite's write lock is held already, PostgreSQL's tables are locked here."""
    if is_postgresql(source.url):
        names = ", ".join(table.name for table in comparing.tables())
        here.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))


def _require_empty(there: Connection) -> None:
    """Only what the migrations themselves put there may be there: it gives way to the town's own."""
    full = [table for table in comparing.tables() if there.execute(select(func.count()).select_from(table)).scalar_one()]
    told = [table.name for table in full if table.name in TELLING]
    if told:
        raise Refused(f"移す先に、もうデータがあります（{told[0]} など）。空のデータベースを示してください。")
    for table in reversed(full):
        there.execute(table.delete())


def _copy(here: Connection, there: Connection, table: Table) -> int:
    count = 0
    for batch in comparing.rows_of(here, table):
        there.execute(table.insert(), batch)
        count += len(batch)
    return count


def _continue_numbers(there: Connection, target: Database) -> None:
    """PostgreSQL counts ids beside the table: the next one follows the highest that was brought."""
    if not is_postgresql(target.url):
        return
    for table in comparing.tables():
        key = table.autoincrement_column
        if key is not None and isinstance(key.type, Integer):
            sequence = there.execute(select(func.pg_get_serial_sequence(table.name, key.name))).scalar_one()
            if sequence:
                highest = select(func.coalesce(func.max(key), 0) + 1).scalar_subquery()
                there.execute(select(func.setval(sequence, highest, False)))
