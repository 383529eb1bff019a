"""The restore drill: what was committed before the backup is there afterwards, while the town went on working."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from engine import journal
from engine.casebook import Case
from engine.db import Database
from engine.errors import Refused
from engine.vault import Vault
from tests import databases
from tests.databases import VAULT
from tests.town import Town
from tsunagi import backups


@pytest.fixture
def elsewhere(town: Town, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of another, empty place of the same kind."""
    if town.database.url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'elsewhere' / 'tsunagi.sqlite'}"
    else:
        with databases.postgresql(request.getfixturevalue("postgresql_port"), "template1") as empty:
            yield empty.url


def test_nothing_that_was_committed_before_the_backup_is_lost(town: Town, elsewhere: str, tmp_path: Path) -> None:
    case_id = town.opens("hokatsu")
    town.completes("hokatsu", "A-10", gaiyo="三日前から電気が止まっている。")
    with _writing(town) as (committed, enough):
        enough()
        before = list(committed)
        made = backups.make(town.database, tmp_path / "backups", now=town.now)
        enough()
    restored = backups.restore(elsewhere, VAULT, made.file, replace=False, now=town.now)
    assert restored.rows == made.rows
    again = Database(elsewhere, VAULT)
    with again.transaction(write=False) as session:
        kept = set(session.scalars(select(journal.Entry.target).where(journal.Entry.action == "試し")))
        assert journal.verify(session) == []
        assert session.get_one(Case, case_id).number == "R8-相-0001"
    assert set(before) <= kept
    assert len(committed) > len(before)
    _goes_on(again, town, case_id)
    again.close()


@contextmanager
def _writing(town: Town) -> Iterator[tuple[list[str], Callable[[], None]]]:
    """Two writers beside the test; `enough` waits until each has committed a few more times."""
    committed: list[str] = []
    stopping, actor = threading.Event(), town.staff("hokatsu", "uke")
    with town.database.transaction() as session:
        journal.write(session, journal.Line(action="試し", by=actor, target="first"), now=town.now)

    def write(name: str) -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            target = f"{name}:{number}"
            with town.database.transaction() as session:
                journal.write(session, journal.Line(action="試し", by=actor, target=target), now=town.now)
            committed.append(target)

    def enough() -> None:
        until, patience = len(committed) + 20, threading.Event()
        while len(committed) < until:
            patience.wait(0.01)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    try:
        yield committed, enough
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _goes_on(database: Database, town: Town, case_id: int) -> None:
    there = Town(database, now=town.now)
    there.case_id = case_id
    there.completes("hokatsu", "A-30", yakusoku="2026-04-06T10:00")
    assert there.open_steps() == [("hokatsu", "A-40")]


def test_a_place_with_data_is_not_overwritten(town: Town, tmp_path: Path) -> None:
    made = backups.make(town.database, tmp_path / "backups", now=town.now)
    with pytest.raises(Refused, match="もう"):
        backups.restore(town.database.url, VAULT, made.file, replace=False, now=town.now)


def test_replacing_keeps_the_file_that_was_there(sqlite_database: Database, tmp_path: Path) -> None:
    now = Town(sqlite_database).now
    made = backups.make(sqlite_database, tmp_path / "backups", now=now)
    sqlite_database.close()
    backups.restore(sqlite_database.url, VAULT, made.file, replace=True, now=now)
    assert [file.name for file in tmp_path.glob("tsunagi.sqlite.before-*")]


@pytest.mark.parametrize("harm", ["cut", "changed", "no sheet", "other keys"])
def test_a_backup_that_is_not_whole_is_refused(sqlite_town: Path, tmp_path: Path, harm: str) -> None:
    with databases.sqlite(sqlite_town, tmp_path) as database:
        town = Town(database)
        town.opens("hokatsu")
        made = backups.make(database, tmp_path / "backups", now=town.now)
    vault, content = VAULT, made.file.read_bytes()
    if harm == "cut":
        made.file.write_bytes(content[:-4096])
    if harm == "changed":
        made.file.write_bytes(content.replace("R8-相-0001".encode(), "R8-相-0002".encode()))
    if harm == "no sheet":
        made.file.with_name(made.file.name + ".json").unlink()
    if harm == "other keys":
        vault = Vault(current="k0001", keys={"k0001": b"another town's key, 32 bytes long"[:32]})
    with pytest.raises(Refused):
        backups.restore(f"sqlite:///{tmp_path / 'new.sqlite'}", vault, made.file, replace=False, now=town.now)


def test_no_key_and_no_word_stands_in_a_backups_sheet(sqlite_database: Database, tmp_path: Path) -> None:
    made = backups.make(sqlite_database, tmp_path, now=Town(sqlite_database).now + timedelta(days=1))
    sheet: Any = made.file.with_name(made.file.name + ".json").read_text("utf-8")
    assert VAULT.keys["k0001"].decode() not in sheet
    with sqlite_database.transaction(write=False) as session:
        assert session.execute(text("SELECT count(*) FROM journal_book")).scalar_one() == made.books
