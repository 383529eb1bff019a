"""A new master key while the town works: nothing is lost, a stop half-way is gone on with, the old key can go."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from engine import journal, people, rotation
from engine.agencies import CLOCK
from engine.casebook import Case
from engine.db import JST, Database
from engine.errors import NotOpen
from engine.moves import new_case
from engine.people import Particulars
from engine.vault import open_ring

NOW = datetime(2026, 4, 3, 9, 0, tzinfo=JST)


@pytest.fixture
def kept(database: Database, tmp_path: Path) -> tuple[Database, Path]:
    """Five cases with somebody in each, sealed by a ring in a file."""
    ring = tmp_path / "keys.json"
    database.vault = open_ring(ring)
    with database.transaction() as session:
        for number in range(5):
            case, _ = new_case(session, "相", by=CLOCK, now=NOW)
            known = Particulars(name=f"高崎 花子{number}", birth="1944-05-01")
            people.note(session, case, known, place="本人", shielded=False, record_id=None, now=NOW)
    return database, ring


def names(database: Database) -> list[str]:
    with database.transaction() as session:
        return [known.name for case in session.query(Case).order_by(Case.id) for _, known in people.of_case(session, case)]


def test_everything_is_read_with_the_new_key_also_by_who_was_running_before(kept: tuple[Database, Path]) -> None:
    database, ring = kept
    running = Database(database.url, open_ring(ring))
    before = names(database)
    done = rotation.rotate(database, ring, now=NOW)
    assert (done.key, done.wrapped, done.resumed) == ("k0002", 5, False)
    assert names(database) == names(running) == before
    with running.transaction() as session:
        case, _ = new_case(session, "相", by=CLOCK, now=NOW)
        assert open_ring(ring).is_current(case.data_key or b"")
        assert people.search(session, "高崎花子3", by=CLOCK, now=NOW)
        session.flush()
        assert journal.verify(session) == []
    running.close()


def test_a_rotation_that_was_stopped_goes_on_with_the_same_key(kept: tuple[Database, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    database, ring = kept
    monkeypatch.setattr(rotation, "BATCH", 2)

    def stop(done: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(database, ring, now=NOW, told=stop)
    assert 0 < rotation.remaining(database, open_ring(ring)) < 5
    assert len(names(database)) == 5
    done = rotation.rotate(database, ring, now=NOW)
    assert (done.key, done.resumed) == ("k0002", True)
    assert rotation.remaining(database, open_ring(ring)) == 0


def test_the_old_key_goes_only_when_nothing_needs_it(kept: tuple[Database, Path]) -> None:
    database, ring = kept
    before = names(database)
    rotation.rotate(database, ring, now=NOW)
    with database.transaction() as session:
        old = database.vault.keys["k0001"]
    assert rotation.retire(database, ring, now=NOW) == ["k0001"]
    assert old not in open_ring(ring).keys.values()
    fresh = Database(database.url, open_ring(ring))
    assert names(fresh) == before
    with fresh.transaction() as session:
        assert people.search(session, "高崎花子3", by=CLOCK, now=NOW)
        assert journal.verify(session) == []
    fresh.close()
    rotation.rotate(database, ring, now=NOW)
    assert open_ring(ring).current == "k0003"


def test_the_old_key_stays_while_something_needs_it(kept: tuple[Database, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    database, ring = kept
    monkeypatch.setattr(rotation, "keyed", list)
    rotation.rotate(database, ring, now=NOW)
    monkeypatch.undo()
    with pytest.raises(NotOpen, match="5 件"):
        rotation.retire(database, ring, now=NOW)


def test_an_erased_key_stays_erased(kept: tuple[Database, Path]) -> None:
    database, ring = kept
    with database.transaction() as session:
        session.execute(text("UPDATE case_file SET data_key = NULL WHERE id = 1"))
    assert rotation.rotate(database, ring, now=NOW).wrapped == 4
    with database.transaction() as session:
        assert session.get_one(Case, 1).data_key is None
