"""What a case's row, its consent and its clocks must tell, as staff live it."""

from datetime import date, datetime

from sqlalchemy import select

from engine import assignment, records
from engine.assignment import calendar_of
from engine.casebook import Case, Instance
from engine.db import JST
from engine.records import Record
from tests.stories.test_whole_matter import in_days, meets, plan
from tests.town import Town


def taken_in(town: Town, **said: object) -> int:
    case_id = town.opens("konkyu")
    town.completes("konkyu", "相談を受け付ける", komari=["20"], omoKomari="20", uketsukeKikan="konkyu", **said)
    return case_id


def in_cooperation(town: Town) -> int:
    case_id = taken_in(town)
    town.completes("konkyu", "A-30", attempts=[{"kekka": "つながった"}])
    town.completes("konkyu", "一次アセスメントをする", taiou="05", kinkyu="3")
    town.completes("konkyu", "多機関協働を申し込む", doui=[{"person": "（合成）本人", "jotai": "3"}])
    town.completes("fukushi", "受理を判断する", kekka="受理", shuKikan="konkyu", kankeiKikan=["hokatsu"], betsuKyogitai="なし")
    return case_id


def test_the_case_knows_its_district_and_its_disaster(town: Town) -> None:
    taken_in(town, chiku="daiei", eventTag="災0002")
    assert (town.case().district, town.case().event_tag) == ("daiei", "災0002")


def test_what_is_unknown_does_not_wipe_out_what_is_known(town: Town) -> None:
    taken_in(town, chiku="hojo")
    town.completes("konkyu", "A-30", attempts=[{"kekka": "つながった"}])
    with town.database.transaction() as session:
        case = session.get_one(Case, town.case_id)
        assert case.district == "hojo"
    town.opens("konkyu")
    town.completes("konkyu", "相談を受け付ける", komari=["20"], omoKomari="20", uketsukeKikan="konkyu", chiku="fumei")
    assert town.case().district == ""


def test_consent_ends_with_its_case(town: Town) -> None:
    """A consent that would wait eleven months for its renewal does not keep a closed case open."""
    in_cooperation(town)
    town.completes("konkyu", "Y-10", kekka="2", houhou="口頭", kigen=in_days(town, 360))
    town.completes("fukushi", "B-40", risk=["なし"], douiZentai="全員", taishoNinzu=1)
    town.completes("hokatsu", "B-45", kanyo="なし", konkyo="03")
    town.completes("fukushi", "プラン案をつくる", **plan(town))
    for agency in ("konkyu", "shakyo", "hokatsu"):
        town.completes(agency, "自分の役割を確認する", kekka="引き受ける")
    town.completes("konkyu", "B-70", ikou="同意")
    case_id = town.case_id
    meets(town, case_id, decides="終結相当", invited=["konkyu"])
    town.completes("fukushi", "終結を決める", kettei="決定", riyu="02", shuTanto="konkyu", follow=False)
    town.completes("konkyu", "B-175", kekka="受けた")
    assert town.case().status == "closed"
    with town.database.transaction(write=False) as session:
        left = session.scalars(select(Instance.key).where(Instance.case_id == case_id, Instance.status != "finished")).all()
    assert left == []


def test_preparing_the_evaluation_begins_twenty_business_days_before_the_plan_ends(town: Town) -> None:
    """Over the new year's days off, which calendar days would not see."""
    town.now = datetime(2026, 10, 1, 9, 0, tzinfo=JST)
    day = date(2027, 1, 15)
    with town.database.transaction(write=False) as session:
        calendar = calendar_of(session)
        morning = assignment._business_days_before(day, 20, calendar)
    assert morning == date(2026, 12, 11)
    assert (day - morning).days == 35


def test_what_an_agency_tells_on_the_ground_of_the_support_meeting_is_sealed(town: Town) -> None:
    in_cooperation(town)
    case_id = town.case_id
    town.completes("hokatsu", "B-45", kanyo="現在あり", konkyo="02", gaiyo=[{"kahi": "会議限定"}])
    with town.database.transaction(write=False) as session:
        record = session.scalars(select(Record).where(Record.case_id == case_id, Record.form == "F-B04")).one()
    assert (record.raised, record.compartment) == (records.LEVELS["L5"], f"{case_id}-B1")
