"""緊急閲覧: at once, with a reason and an end; told to those responsible, marked, not printable, reviewed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from engine import access, override
from engine.casebook import Case
from engine.errors import Invalid, NotAllowed, NotFound
from engine.override import Asked
from engine.records import Record
from engine.standing import Alert, Override
from tests.town import Town
from tests.web.visitor import Visitor, application

WHY = "戸をたたいても返事がなく、ポストに新聞が五日分たまっている。"


@pytest.fixture
def town_with_case(town: Town) -> Town:
    town.opens("hokatsu")
    town.completes("hokatsu", "A-10")
    return town


def asked(**changed: Any) -> Asked:
    return Asked(**{"reason": "11", "circumstances": WHY, "level": 3, "without_consent": "連絡不能", "hours": 2, **changed})


def reads(town: Town, agency: str) -> bool:
    actor = town.staff(agency)
    with town.database.transaction(write=False) as session:
        seen = access.sight(session, actor, session.get_one(Case, town.case_id), now=town.now)
        return seen is not None and seen.level >= 2


def test_it_opens_at_once_and_closes_by_itself(town_with_case: Town) -> None:
    town = town_with_case
    assert not reads(town, "konkyu")
    with town.database.transaction() as session:
        override.begin(session, town.staff("konkyu"), session.get_one(Case, town.case_id), asked(), now=town.now)
    assert reads(town, "konkyu")
    town.now += timedelta(hours=2)
    assert not reads(town, "konkyu")


def test_those_responsible_are_told_and_the_officer_reviews_within_three_business_days(town_with_case: Town) -> None:
    town = town_with_case
    with town.database.transaction() as session:
        made = override.begin(session, town.staff("konkyu"), session.get_one(Case, town.case_id), asked(), now=town.now)
        override_id, by = made.id, made.review_by
        told = {(one.agency, one.role) for one in session.scalars(select(Alert))}
    assert told == {("hokatsu", ""), ("fukushi", "sui"), ("fukushi", "kcho"), ("soumu", "ppo")}
    assert (by.date() - town.now.date()).days == 5, "Friday and three business days is Wednesday"
    officer = town.staff("soumu", "ppo")
    with town.database.transaction() as session:
        (row,) = override.all_of(session, officer, now=town.now)
        assert (row.circumstances, row.overdue) == (WHY, False)
        with pytest.raises(NotAllowed):
            override.review(session, override_id, outcome="妥当", words="よい", by=town.staff("konkyu"), now=town.now)
        override.review(session, override_id, outcome="不適", words="主担当に電話がつながった", by=officer, now=town.now)
        open_ = session.scalars(select(Alert.kind).where(Alert.done_at.is_(None))).all()
    assert set(open_) == {"緊急閲覧は不適"}


def test_the_reason_lies_sealed_and_the_journal_has_codes_only(town_with_case: Town) -> None:
    town = town_with_case
    with town.database.transaction() as session:
        override.begin(session, town.staff("konkyu"), session.get_one(Case, town.case_id), asked(), now=town.now)
    with town.database.transaction(write=False) as session:
        for table in ("override_view", "journal_entry", "alert"):
            assert WHY not in str(session.execute(text(f"SELECT * FROM {table}")).all())


@pytest.mark.parametrize("wrong", [{"reason": "01"}, {"circumstances": "急ぎ"}, {"level": 5}, {"hours": 72}, {"without_consent": ""}])
def test_what_is_missing_is_told(town_with_case: Town, wrong: dict[str, Any]) -> None:
    town = town_with_case
    with pytest.raises(Invalid), town.database.transaction() as session:
        override.begin(session, town.staff("konkyu"), session.get_one(Case, town.case_id), asked(**wrong), now=town.now)


def test_neither_a_secret_case_nor_a_role_without_it(town_with_case: Town) -> None:
    town = town_with_case
    with town.database.transaction() as session:
        case = session.get_one(Case, town.case_id)
        with pytest.raises(NotAllowed):
            override.begin(session, town.staff("jimukyoku", "sys"), case, asked(), now=town.now)
        case.secret = True
        with pytest.raises(NotFound):
            override.begin(session, town.staff("konkyu"), case, asked(), now=town.now)


def test_the_pages_bear_a_mark_and_print_nothing(town_with_case: Town) -> None:
    town = town_with_case
    visitor = Visitor(application(town).test_client()).signs_in("konkyu-uke1").opens(f"/cases/{town.case_id}/override")
    visitor.presses("緊急閲覧を始める", reason="11", circumstances=WHY, level="3", without="連絡不能", hours="2")
    assert "緊急閲覧で開いています" in visitor.text()
    assert visitor.page.find_class("watermark")
    with town.database.transaction(write=False) as session:
        record = session.scalars(select(Record.id)).first()
    assert visitor.opens(f"/cases/{town.case_id}/records/{record}").answer.status_code == 200
    assert "印刷する" not in visitor.text()
    assert visitor.client.get(f"/cases/{town.case_id}/records/{record}.pdf").status_code == 403
    visitor.opens(f"/cases/{town.case_id}").presses("いま閉じる")
    assert visitor.client.get(f"/cases/{town.case_id}").status_code == 403


def test_a_district_opens_to_agencies_up_to_the_basic_facts_and_ends(town_with_case: Town) -> None:
    town = town_with_case
    with town.database.transaction() as session:
        session.get_one(Case, town.case_id).district = "大栄"
        with pytest.raises(NotAllowed):
            override.open_district(session, event="地震", district="大栄", agencies=["shakyo_out"], until=town.now + timedelta(days=3),
                                   by=town.staff("konkyu"), now=town.now)  # fmt: skip
        override.open_district(session, event="地震", district="大栄", agencies=["shakyo_out"], until=town.now + timedelta(days=3),
                               by=town.staff("fukushi", "kcho"), now=town.now)  # fmt: skip
    actor = town.staff("shakyo_out")
    with town.database.transaction(write=False) as session:
        seen = access.sight(session, actor, session.get_one(Case, town.case_id), now=town.now)
        assert seen
        assert (seen.level, seen.restrained) == (2, True)
    assert not reads(town, "konkyu"), "another agency"
    with town.database.transaction() as session:
        assert override.end_districts(session, by=town.staff("fukushi", "sui"), now=town.now) == 1
    assert not reads(town, "shakyo_out")


def test_a_review_is_asked_of_the_table(town_with_case: Town) -> None:
    town = town_with_case
    with town.database.transaction() as session:
        made = override.begin(session, town.staff("konkyu"), session.get_one(Case, town.case_id), asked(hours=24), now=town.now)
        assert session.get_one(Override, made.id).review_by.hour == 23
