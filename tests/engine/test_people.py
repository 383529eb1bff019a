"""A person is found again however the name is written, and nothing of it stands in the file."""

from datetime import datetime

import pytest
from sqlalchemy import text

from engine import people
from engine.agencies import CLOCK
from engine.db import JST, Database
from engine.moves import new_case
from engine.people import Particulars

NOW = datetime(2026, 4, 3, 9, 0, tzinfo=JST)
HANAKO = Particulars(name="髙﨑 花子", kana="タカサキ ハナコ", birth="1944-05-01", tel="0858-00-1234", address="北栄町架空1丁目")


def test_variant_characters_widths_and_kana_are_found_alike(database: Database) -> None:
    with database.transaction() as session:
        case, _ = new_case(session, "相", by=CLOCK, now=NOW)
        people.note(session, case, HANAKO, place="本人", shielded=False, record_id=None, now=NOW)
        for typed in ("高崎花子", "高崎　花子", "たかさきはなこ", "ﾀｶｻｷﾊﾅｺ", "０８５８－００－１２３４", "1944-05-01"):
            assert people.search(session, typed, by=CLOCK, now=NOW) == [case.id], typed
        assert people.search(session, "崎花", by=CLOCK, now=NOW) == []


@pytest.mark.parametrize(
    ("known", "same"),
    [
        (Particulars(name="高崎花子", birth="1944-05-01"), True),
        (Particulars(name="高崎花子", birth="1950-01-01", tel="0858-00-9999"), False),
        (Particulars(kana="たかさき はなこ", tel="0858001234"), True),
        (Particulars(), False),
    ],
)
def test_probable_duplicates_need_two_features(database: Database, known: Particulars, same: bool) -> None:
    with database.transaction() as session:
        case, _ = new_case(session, "相", by=CLOCK, now=NOW)
        people.note(session, case, HANAKO, place="本人", shielded=False, record_id=None, now=NOW)
        session.flush()
        assert (case.id in people.alike(session, known)) is same


def test_no_name_stands_in_the_database(database: Database) -> None:
    with database.transaction() as session:
        case, _ = new_case(session, "相", by=CLOCK, now=NOW)
        people.note(session, case, HANAKO, place="本人", shielded=False, record_id=None, now=NOW)
        people.search(session, "高崎花子", by=CLOCK, now=NOW)
        session.flush()
        kept = [str(session.execute(text(f"SELECT * FROM {table}")).all()) for table in ("person", "person_trace", "journal_entry")]
    assert not any(word in row for row in kept for word in ("花子", "ハナコ", "0858", "1944", "架空"))
