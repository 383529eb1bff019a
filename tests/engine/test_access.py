"""Deny by default: who sees what of a case, and on what ground."""

from datetime import datetime, timedelta

import pytest

from engine import access, journal
from engine.agencies import Actor, Agency, Seat, Staff
from engine.casebook import Case, Relation
from engine.db import JST, Database
from engine.errors import NotAllowed
from engine.moves import new_case
from engine.standing import MeetingItem, Secrecy

NOW = datetime(2026, 4, 3, 9, 0, tzinfo=JST)
AGENCIES = ("hokatsu", "konkyu", "zeimu", "fukushi", "shakyo_out", "jimukyoku")


def someone(agency: str, role: str, staff_id: int = 1) -> Actor:
    return Actor(staff_id=staff_id, name="合成 職員", seats=(Seat(agency=agency, role=role),))


@pytest.fixture
def case(database: Database) -> Case:
    """A case that 包括 leads, sent by 税務課, offered to 困窮."""
    with database.transaction() as session:
        session.add_all([Agency(code=code, name=code, kind="その他") for code in AGENCIES])
        session.flush()
        case, _ = new_case(session, "相", by=someone("hokatsu", "uke"), now=NOW)
        case.lead = "hokatsu"
        for agency, kind in (("hokatsu", "主担当"), ("zeimu", "紹介元"), ("konkyu", "紹介先")):
            session.add(Relation(case_id=case.id, agency=agency, kind=kind, since=NOW))
    return case


def level(database: Database, case: Case, actor: Actor) -> int:
    with database.transaction(write=False) as session:
        seen = access.sight(session, actor, case, now=NOW)
    return seen.level if seen else 0


@pytest.mark.parametrize(
    ("agency", "role", "expected"),
    [
        ("hokatsu", "uke", 4),
        ("zeimu", "ka", 1),
        ("zeimu", "uke", 2),
        ("konkyu", "uke", 1),
        ("shakyo_out", "out", 0),
        ("fukushi", "sui", 2),
        ("fukushi", "kcho", 1),
        ("jimukyoku", "sys", 0),
        ("jimukyoku", "ver", 0),
    ],
)
def test_the_relation_and_the_role_say_how_far(
    database: Database, case: Case, agency: str, role: str, expected: int
) -> None:
    assert level(database, case, someone(agency, role)) == expected


def test_a_secret_case_does_not_appear_to_those_who_only_oversee(database: Database, case: Case) -> None:
    with database.transaction() as session:
        session.get_one(Case, case.id).secret = True
    with database.transaction(write=False) as session:
        case = session.get_one(Case, case.id)
    assert level(database, case, someone("fukushi", "kcho")) == 0
    assert level(database, case, someone("hokatsu", "uke")) == 4


def test_a_relation_that_ended_shows_nothing(database: Database, case: Case) -> None:
    with database.transaction() as session:
        for relation in session.query(Relation).filter_by(case_id=case.id, agency="zeimu"):
            relation.until = NOW - timedelta(days=1)
    assert level(database, case, someone("zeimu", "ka")) == 0


def test_a_meetings_compartment_opens_to_its_members_only(database: Database, case: Case) -> None:
    with database.transaction() as session:
        meeting, _ = new_case(session, "会", by=someone("fukushi", "sui"), now=NOW)
        session.add(
            MeetingItem(item="1-1", case_id=case.id, meeting_id=meeting.id, function="A", decided_at=NOW)
        )
        session.add(access.Compartment(item="1-1", agency="konkyu", since=NOW))
        session.add(Relation(case_id=meeting.id, agency="hokatsu", kind="主担当", since=NOW))
        staff = [Staff(login=login, name=login, password_hash="-") for login in ("told", "untold")]
        session.add_all(staff)
        session.flush()
        told, untold = (one.id for one in staff)
        session.add(Secrecy(staff_id=told, told_on=NOW.date(), noted_at=NOW))
    with database.transaction(write=False) as session:
        member = access.sight(session, someone("konkyu", "uke", told), meeting, now=NOW)
        colleague = access.sight(session, someone("konkyu", "uke", untold), meeting, now=NOW)
        lead = access.sight(session, someone("hokatsu", "uke", told), meeting, now=NOW)
    assert member
    assert lead
    assert member.level == 1, "the compartment, and nothing else of the meeting"
    assert member.reach(record_id=9, agency="fukushi", compartment="1-1").plain == 5
    assert colleague is None, "nobody who was not told of secrecy"
    assert not lead.reach(record_id=9, agency="fukushi", compartment="1-1").opens
    assert not lead.reach(record_id=9, agency="hokatsu", compartment="1-1").opens, "not even its own words"


def test_a_read_stands_in_the_journal_with_its_ground(database: Database, case: Case) -> None:
    with database.transaction() as session:
        access.open_case_page(session, someone("hokatsu", "uke"), case, purpose="支援", now=NOW)
        with pytest.raises(NotAllowed):
            access.open_case_page(session, someone("shakyo_out", "out"), case, purpose="", now=NOW)
        access.note_refusal(session, someone("shakyo_out", "out"), target="case", case_id=case.id, now=NOW)
    with database.transaction(write=False) as session:
        lines = [(e.ground, e.outcome) for e in session.query(journal.Entry).filter_by(case_id=case.id, action="閲覧")]
    assert lines == [("主担当・受付機関", "行った"), ("", "お断り")]
