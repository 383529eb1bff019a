"""The journal proves itself: an altered, removed or inserted line is found."""

import threading
import time
from datetime import datetime

import pytest
from sqlalchemy import delete, select, text, update

from engine import journal
from engine.agencies import Actor, Seat
from engine.db import JST, Database
from tests.journal import guards

NOW = datetime(2026, 4, 3, 9, 0, tzinfo=JST)
CLERK = Actor(staff_id=7, name="森岡 美和", seats=(Seat(agency="hokatsu", role="uke"),))


@pytest.fixture
def written(database: Database) -> Database:
    """A book of twenty lines and another of three; the database's own guards are off."""
    guards.drop(database)
    with database.transaction() as session:
        for number in range(20):
            line = journal.Line(
                action="閲覧", by=CLERK, case_id=1, target=f"case:{number}", particulars={"番": number}
            )
            journal.write(session, line, now=NOW)
        for _ in range(3):
            journal.write(session, journal.Line(action="ログイン", by=CLERK), now=NOW)
    return database


def broken(database: Database, exported: list[dict[str, object]] | None = None) -> list[str]:
    with database.transaction(write=False) as session:
        return [b.book for b in journal.verify(session, exported)]


def test_an_untouched_journal_holds(written: Database) -> None:
    assert broken(written) == []


def test_an_altered_line_is_found(written: Database) -> None:
    with written.transaction() as session:
        session.execute(
            update(journal.Entry)
            .where(journal.Entry.number == 5, journal.Entry.book == "case:1")
            .values(ground="同意")
        )
    assert broken(written) == ["case:1"]


def test_a_removed_line_is_found(written: Database) -> None:
    with written.transaction() as session:
        session.execute(
            delete(journal.Entry).where(journal.Entry.number == 9, journal.Entry.book == "case:1")
        )
    assert "case:1" in broken(written)


def test_a_removed_last_line_is_found(written: Database) -> None:
    with written.transaction() as session:
        session.execute(delete(journal.Entry).where(journal.Entry.number == 20))
    assert broken(written) == ["case:1"]


def test_an_inserted_line_is_found(written: Database) -> None:
    with written.transaction() as session:
        session.execute(
            text("UPDATE journal_entry SET number = number + 1000 WHERE book = 'staff:7' AND number = 3")
        )
        session.add(
            journal.Entry(book="staff:7", number=3, at=NOW, action="閲覧", particulars={}, hash="0" * 64)
        )
    assert "staff:7" in broken(written)


def test_a_book_rewritten_from_the_start_is_found_by_the_exported_heads(written: Database) -> None:
    with written.transaction() as session:
        exported = journal.heads(session)
        session.execute(delete(journal.Entry).where(journal.Entry.book == "case:1"))
        book = journal.open_book(session, "case:1")
        book.length, book.head = 0, journal.GENESIS
        for _ in range(25):
            journal.write(session, journal.Line(action="閲覧", by=CLERK, case_id=1), now=NOW)
    assert broken(written) == []
    assert broken(written, exported) == ["case:1"]


def test_a_line_added_by_hand_at_the_end_is_found(written: Database) -> None:
    with written.transaction() as session:
        session.add(journal.Entry(book="case:1", number=21, at=NOW, action="閲覧", particulars={}, hash="0" * 64))
        session.execute(update(journal.Book).where(journal.Book.name == "case:1").values(length=21, head="0" * 64))
    assert "case:1" in broken(written)


def test_a_line_inserted_between_two_is_found_although_all_later_ones_moved_on(written: Database) -> None:
    with written.transaction() as session:
        for number in range(20, 4, -1):
            moved = update(journal.Entry).where(journal.Entry.book == "case:1", journal.Entry.number == number)
            session.execute(moved.values(number=number + 1))
        session.add(journal.Entry(book="case:1", number=5, at=NOW, action="閲覧", particulars={}, hash="0" * 64))
        session.execute(update(journal.Book).where(journal.Book.name == "case:1").values(length=21))
    assert "case:1" in broken(written)


def test_two_lines_that_changed_places_are_found(written: Database) -> None:
    with written.transaction() as session:
        for old, new in ((3, 1003), (4, 3), (1003, 4)):
            session.execute(
                update(journal.Entry).where(journal.Entry.book == "case:1", journal.Entry.number == old).values(number=new)
            )
    assert "case:1" in broken(written)


@pytest.mark.parametrize(
    "column", ["at", "staff_id", "agency", "role", "action", "case_id", "target", "stage", "ground", "purpose", "outcome", "particulars"]
)
def test_whatever_was_altered_in_a_line_is_found(written: Database, column: str) -> None:
    forged = {
        "at": NOW.replace(hour=10), "staff_id": 8, "case_id": 2, "particulars": {"番": 99},
    }.get(column, "偽")  # fmt: skip
    with written.transaction() as session:
        session.execute(
            update(journal.Entry).where(journal.Entry.book == "case:1", journal.Entry.number == 5).values({column: forged})
        )
    assert broken(written) == ["case:1"]


def test_a_tail_that_was_cut_off_with_its_head_is_found_by_the_exported_heads(written: Database) -> None:
    with written.transaction() as session:
        exported = journal.heads(session)
        last = session.scalars(
            select(journal.Entry.hash).where(journal.Entry.book == "case:1", journal.Entry.number == 15)
        ).one()
        session.execute(delete(journal.Entry).where(journal.Entry.book == "case:1", journal.Entry.number > 15))
        session.execute(update(journal.Book).where(journal.Book.name == "case:1").values(length=15, head=last))
    assert broken(written) == []
    assert broken(written, exported) == ["case:1"]


def test_a_whole_book_that_was_taken_away_is_found_by_the_exported_heads(written: Database) -> None:
    with written.transaction() as session:
        exported = journal.heads(session)
        session.execute(delete(journal.Entry).where(journal.Entry.book == "staff:7"))
        session.execute(delete(journal.Book).where(journal.Book.name == "staff:7"))
    assert broken(written) == []
    assert broken(written, exported) == ["staff:7"]


def test_a_book_that_several_open_at_once_is_made_once(database: Database) -> None:
    """Each of four holds the new book for a moment: nobody is refused, and no line is lost."""
    together, failed = threading.Barrier(4), []

    def writes(number: int) -> None:
        try:
            together.wait()
            with database.transaction() as session:
                book = journal.open_book(session, "house")
                time.sleep(0.05)
                journal.write(session, journal.Line(action="試し", by=CLERK, target=str(number)), now=NOW, book=book)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=writes, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with database.transaction(write=False) as session:
        assert set(session.scalars(select(journal.Entry.target))) == {"0", "1", "2", "3"}
        assert session.get_one(journal.Book, "house").length == 4
        assert journal.verify(session) == []
