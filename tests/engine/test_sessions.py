"""Signing in and being kept out."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine import sessions
from engine.agencies import CLOCK, Agency, Membership, Role, Staff, by_login
from engine.db import JST, Database
from engine.errors import NotAllowed, Refused
from engine.settings import Settings

NOW = datetime(2026, 4, 3, 9, 0, tzinfo=JST)
SETTINGS = Settings(database_url="", keys=Path("keys.json"))


@pytest.fixture
def office(database: Database) -> Database:
    with database.transaction() as session:
        session.add_all([Agency(code="hokatsu", name="包括", kind="介護"), Role(code="uke", name="受付")])
        session.flush()
        staff = Staff(
            login="hokatsu-uke1", name="森岡 美和", password_hash=sessions.HASHER.hash("春の日の相談窓口")
        )
        session.add(staff)
        session.flush()
        session.add(Membership(staff_id=staff.id, agency="hokatsu", role="uke", valid_until=NOW.date()))
    return database


def sign_in(office: Database, password: str, now: datetime = NOW) -> str:
    """As the door does it: a refusal counts, so the transaction commits either way."""
    with office.transaction() as session:
        try:
            return sessions.sign_in(
                session, "hokatsu-uke1", password, browser="試験", settings=SETTINGS, now=now
            )[0]
        except NotAllowed as no:
            refused = no
    raise refused


def test_who_signs_in_acts_from_her_seat_until_it_ends(office: Database) -> None:
    token = sign_in(office, "春の日の相談窓口")
    with office.transaction() as session:
        found = sessions.who(session, token, settings=SETTINGS, now=NOW)
        assert found
        assert found[1].agencies == {"hokatsu"}
    token = sign_in(office, "春の日の相談窓口", NOW + timedelta(days=1))
    with office.transaction() as session:
        found = sessions.who(session, token, settings=SETTINGS, now=NOW + timedelta(days=1))
        assert found
        assert found[1].agencies == frozenset()


def test_five_wrong_passwords_lock_the_door_for_a_while(office: Database) -> None:
    for _ in range(5):
        with pytest.raises(NotAllowed, match="違います"):
            sign_in(office, "ちがう")
    with pytest.raises(NotAllowed, match="09:15"):
        sign_in(office, "春の日の相談窓口")
    assert sign_in(office, "春の日の相談窓口", NOW + timedelta(minutes=16))


def test_an_idle_session_ends(office: Database) -> None:
    token = sign_in(office, "春の日の相談窓口")
    with office.transaction() as session:
        assert sessions.who(session, token, settings=SETTINGS, now=NOW + timedelta(minutes=31)) is None


def test_a_new_password_ends_the_old_sessions_and_short_ones_are_refused(office: Database) -> None:
    token = sign_in(office, "春の日の相談窓口")
    with office.transaction() as session:
        staff = by_login(session, "hokatsu-uke1")
        with pytest.raises(Refused, match="10文字以上"):
            sessions.set_password(session, staff, "みじかい", by=CLOCK, now=NOW)
        sessions.set_password(session, staff, "秋の夜長の新しい合言葉", by=CLOCK, now=NOW)
    with office.transaction() as session:
        assert sessions.who(session, token, settings=SETTINGS, now=NOW) is None
