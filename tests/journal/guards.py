"""Taking the database's guards off the journal, as only its owner can: what a forger would have to do first."""

from sqlalchemy import text

from engine.db import Database

GUARDS = (
    ("journal_entry", "journal_entry_unchanged"), ("journal_entry", "journal_entry_undeleted"),
    ("journal_book", "journal_book_grows"), ("journal_book", "journal_book_undeleted"),
)  # fmt: skip


def drop(database: Database) -> None:
    postgresql = database.url.startswith("postgresql")
    with database.transaction() as session:
        for table, name in GUARDS:
            session.execute(text(f"DROP TRIGGER {name} ON {table}" if postgresql else f"DROP TRIGGER {name}"))
