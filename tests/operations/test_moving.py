"""A town moves from one file to a server: every row is there, the journal holds, and its cases go on."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from engine import journal
from engine.db import Database
from engine.errors import Refused
from tests import databases
from tests.town import Town
from tsunagi import moving


@pytest.fixture
def server(postgresql_port: int) -> Iterator[Database]:
    with databases.postgresql(postgresql_port, "template1") as empty:
        yield empty


@pytest.fixture
def small_town(sqlite_town, tmp_path) -> Iterator[Town]:
    (tmp_path / "source").mkdir()
    with databases.sqlite(sqlite_town, tmp_path / "source") as database:
        town = Town(database)
        town.opens("hokatsu")
        town.completes("hokatsu", "A-10", gaiyo="三日前から電気が止まっている。")
        yield town


def test_a_town_moves_from_a_file_to_a_server_and_goes_on(small_town: Town, server: Database) -> None:
    told: list[str] = []
    held = moving.move(small_town.database, server, progress=told.append)
    assert held["case_file"].rows == 1
    assert held["journal_entry"].rows > 5
    assert any(line.startswith("record: 1") for line in told)
    there = Town(server, now=small_town.now)
    there.case_id = small_town.case_id
    there.completes("hokatsu", "A-30", yakusoku="2026-04-06T10:00")
    assert there.open_steps() == [("hokatsu", "A-40")]
    there.opens("hokatsu")
    assert there.case().number == "R8-相-0002"
    with server.transaction(write=False) as session:
        assert journal.verify(session) == []


def test_a_target_with_data_is_refused(small_town: Town, town: Town) -> None:
    with pytest.raises(Refused, match="もうデータがあります"):
        moving.move(small_town.database, town.database, progress=lambda line: None)


def test_what_does_not_arrive_as_it_was_is_not_kept(
    small_town: Town, server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = moving._copy

    def careless(here, there, table):
        count = copy(here, there, table)
        if table.name == "agency":
            there.execute(text("UPDATE agency SET name = 'X' WHERE code = 'hokatsu'"))
        return count

    monkeypatch.setattr(moving, "_copy", careless)
    with pytest.raises(Refused, match="agency"):
        moving.move(small_town.database, server, progress=lambda line: None)
    with server.transaction(write=False) as session:
        assert session.execute(text("SELECT count(*) FROM agency")).scalar_one() == 0
