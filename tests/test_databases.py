"""The schema's history fits the tables in code, on both databases; each test starts empty."""

from sqlalchemy import text

from engine import migrations
from engine.db import Base, Database


def test_the_history_leads_to_the_tables_in_code(database: Database) -> None:
    migrations.check(database)
    with database.transaction(write=False) as session:
        assert migrations.is_current(session)


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    migrations.upgrade(database)
    migrations.check(database)


def test_a_fresh_database_holds_nothing_but_the_rows_that_its_history_brings(database: Database) -> None:
    with database.transaction(write=False) as session:
        filled = {name for name in Base.metadata.tables if session.scalar(text(f"select count(*) from {name}"))}
    assert filled == {"reminder_step", "schedule"}
