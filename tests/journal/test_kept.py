"""The journal is kept: the database itself refuses to change or drop a line, also to the application's own account."""

import base64
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from engine import journal
from engine.agencies import CLOCK, Actor, Seat
from engine.db import JST, Database
from engine.moves import new_case

NOW = datetime(2026, 4, 3, 9, 0, tzinfo=JST)
CLERK = Actor(staff_id=7, name="森岡 美和", seats=(Seat(agency="hokatsu", role="uke"),))


@pytest.fixture
def written(database: Database) -> Database:
    with database.transaction() as session:
        for _ in range(3):
            journal.write(session, journal.Line(action="ログイン", by=CLERK), now=NOW)
    return database


@pytest.mark.parametrize(
    "order",
    [
        "UPDATE journal_entry SET ground = '同意' WHERE number = 2",
        "UPDATE journal_entry SET at = at",
        "DELETE FROM journal_entry WHERE number = 3",
        "DELETE FROM journal_entry",
        "DELETE FROM journal_book",
        "UPDATE journal_book SET length = 2",
        "UPDATE journal_book SET head = 'x'",
        "UPDATE journal_book SET name = 'staff:8', length = 9",
    ],
)
def test_no_line_can_be_changed_or_taken_away(written: Database, order: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), written.transaction() as session:
        session.execute(text(order))
    with written.transaction() as session:
        assert journal.verify(session) == []
        journal.write(session, journal.Line(action="ログアウト", by=CLERK), now=NOW)


def test_an_ordinary_account_has_not_even_the_right(written: Database) -> None:
    if not written.url.startswith("postgresql"):
        return  # SQLite knows no rights: whoever writes the file writes all of it, and the chain is what proves it
    with written.transaction() as session:
        granted = session.execute(
            text("SELECT table_name, privilege_type FROM information_schema.role_table_grants"
                 " WHERE table_name IN ('journal_entry', 'journal_book')")
        ).all()  # fmt: skip
    assert {right for table, right in granted if table == "journal_entry"} & {"UPDATE", "DELETE", "TRUNCATE"} == set()
    assert {right for table, right in granted if table == "journal_book"} & {"DELETE", "TRUNCATE"} == set()
    with pytest.raises(DatabaseError, match="append-only"), written.transaction() as session:
        session.execute(text("TRUNCATE journal_entry"))


def test_a_typed_reason_is_sealed_and_goes_with_the_cases_key(database: Database) -> None:
    with database.transaction() as session:
        case, _ = new_case(session, "相", by=CLOCK, now=NOW)
        journal.write(session, journal.Line(action="停止", by=CLERK, case_id=case.id, reason="高崎さんが入院"), now=NOW)
        session.flush()
        entry = session.query(journal.Entry).filter_by(action="停止").one()
        assert "高崎" not in str(entry.particulars) + entry.purpose
        assert "高崎".encode() not in base64.b64decode(entry.particulars["reason"])
        assert journal.reason_of(session, entry, case) == "高崎さんが入院"
        case.data_key = None
        assert journal.reason_of(session, entry, case) == ""
        assert journal.verify(session) == []
