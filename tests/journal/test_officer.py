"""The officer of personal information: answers who read whom, reviews a sample, is shown what is unusual."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from engine import access, kin, people, readers, review, unusual
from engine.agencies import CLOCK, Staff
from engine.casebook import Case
from engine.errors import Conflict, Invalid, NotAllowed, NotOpen
from engine.journal import Entry
from engine.people import Particulars, Person
from engine.unusual import BULK, HOUSEHOLD, NIGHT, RELATIVE, STRANGER, SURNAME, Watch

HANAKO = Particulars(name="森岡 花子", kana="モリオカ ハナコ", birth="1944-05-01", address="鳥取県東伯郡北栄町架空一丁目2番3号")


@pytest.fixture
def busy(town):
    """Two cases of the 地域包括支援センター; 花子 stands in the first."""
    first, second = town.opens("hokatsu"), town.opens("hokatsu")
    with town.database.transaction() as session:
        case = session.get_one(Case, first)
        people.note(session, case, HANAKO, place="本人", shielded=False, record_id=None, now=town.now)
    return town, first, second


def looks(town, actor, case_id):
    with town.database.transaction() as session:
        access.open_case_page(session, actor, session.get_one(Case, case_id), purpose="ケース", now=town.now)


def kinds(town, **watched):
    since = town.now - timedelta(days=31)
    with town.database.transaction() as session:
        watch = Watch(since=since, until=town.now + timedelta(days=1), **watched)
        found = unusual.report(session, watch, by=town.staff("soumu", "ppo"), now=town.now)
        return [(one.kind, one.entry.staff_id, one.times) for one in found]


def test_a_person_who_asks_is_told_who_looked_and_who_was_refused(busy):
    town, first, _ = busy
    clerk, officer, stranger = town.staff("hokatsu"), town.staff("soumu", "ppo"), town.staff("zeimu")
    looks(town, clerk, first)
    with pytest.raises(NotAllowed):
        looks(town, stranger, first)
    with town.database.transaction() as session:
        access.note_refusal(session, stranger, target="cases.page", case_id=first, now=town.now)
    with town.database.transaction() as session:
        person = session.scalars(select(Person.id)).one()
        told = readers.of_person(session, person, by=officer, purpose="本人からの照会", now=town.now)
    assert [(line.staff_id, line.agency, line.outcome) for line in told.lines] == [
        (stranger.staff_id, "zeimu", "お断り"), (clerk.staff_id, "hokatsu", "行った"),
    ]  # fmt: skip
    with town.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).where(Entry.action == "操作履歴の閲覧", Entry.case_id == first)) == 1


def test_nobody_else_may_ask(busy):
    town, _, _ = busy
    for agency, role in (("jimukyoku", "sys"), ("fukushi", "sui"), ("fukushi", "kcho"), ("hokatsu", "uke")):
        with pytest.raises(NotAllowed), town.database.transaction() as session:
            readers.of_person(session, 1, by=town.staff(agency, role), purpose="", now=town.now)


def test_the_months_sample_is_the_same_when_it_is_drawn_again_and_is_signed_once(busy):
    town, first, second = busy
    officer = town.staff("soumu", "ppo")
    for _ in range(20):
        looks(town, town.staff("hokatsu"), first)
        looks(town, town.staff("hokatsu"), second)
    with pytest.raises(NotOpen), town.database.transaction() as session:
        review.draw(session, "2026-04", by=officer, now=town.now)
    town.now += timedelta(days=30)
    with town.database.transaction() as session:
        drawn = review.draw(session, "2026-04", by=officer, now=town.now, size=5)
        assert (len(set(drawn.entries)), drawn.drawn_from) == (5, 40)
        assert drawn.entries != sorted(session.scalars(select(Entry.id).where(Entry.action == "閲覧").limit(5)))
        assert review.sample(session, "2026-04", 5) == (drawn.entries, 40)
        number, lines = drawn.id, drawn.entries
    with pytest.raises(Conflict), town.database.transaction() as session:
        review.draw(session, "2026-04", by=officer, now=town.now)
    with pytest.raises(Invalid, match="1行"), town.database.transaction() as session:
        review.sign_off(session, number, dict.fromkeys(lines[1:], review.SOUND), by=officer, now=town.now)
    with town.database.transaction() as session:
        review.sign_off(session, number, {**dict.fromkeys(lines, review.SOUND), lines[0]: review.DOUBTFUL}, by=officer, now=town.now)
    with pytest.raises(NotOpen), town.database.transaction() as session:
        review.sign_off(session, number, dict.fromkeys(lines, review.SOUND), by=officer, now=town.now)


def test_an_ordinary_look_by_day_is_not_unusual(busy):
    town, first, _ = busy
    looks(town, town.staff("hokatsu"), first)
    assert kinds(town) == []


def test_looks_at_night_in_bulk_and_without_relation_are_listed(busy):
    town, first, second = busy
    clerk, overseer = town.staff("hokatsu"), town.staff("fukushi", "sui")
    looks(town, overseer, first)
    looks(town, clerk, first)
    looks(town, clerk, second)
    town.now = town.now.replace(hour=23)
    looks(town, clerk, first)
    looks(town, clerk, first)
    assert kinds(town, bulk=2) == [(STRANGER, overseer.staff_id, 1), (BULK, clerk.staff_id, 4), (NIGHT, clerk.staff_id, 2)]
    assert kinds(town, bulk=3, night_from=1, night_until=5) == [(STRANGER, overseer.staff_id, 1)]


def test_a_look_at_ones_own_relative_and_at_a_colleagues_is_listed(busy):
    town, first, _ = busy
    own, colleague = town.colleagues("hokatsu", "uke")[:2]
    looks(town, own, first)
    with town.database.transaction() as session:
        kin.declare(session, Particulars(name="森岡 美和"), [Particulars(name="森岡花子", birth="1944-05-01")], by=own, now=town.now)
        told = [str(row) for row in session.execute(select(kin.KinTrace.__table__))]
    assert not any("花子" in row for row in told)
    with pytest.raises(NotAllowed, match="利益相反"):
        looks(town, own, first)
    looks(town, colleague, first)
    assert kinds(town) == [(RELATIVE, own.staff_id, 1), (HOUSEHOLD, colleague.staff_id, 1)]


def test_a_namesake_at_the_same_address_is_listed_and_a_mere_namesake_is_not(busy):
    town, first, _ = busy
    near, far = town.colleagues("hokatsu", "uke")[:2]
    with town.database.transaction() as session:
        for who, home in ((near, "北栄町架空1-2-3"), (far, "北栄町架空9-9-9")):
            session.execute(people_name(who.staff_id))
            kin.declare(session, Particulars(name="森岡 美和", address=home), [], by=who, now=town.now)
    looks(town, near, first)
    looks(town, far, first)
    assert kinds(town) == [(SURNAME, near.staff_id, 1)]


def people_name(staff_id):
    return update(Staff).where(Staff.id == staff_id).values(name="森岡 美和")


def test_the_clock_is_nobody_to_ask_about(busy):
    town, _, _ = busy
    town.waits(days=3)
    assert CLOCK.staff_id is None
    assert kinds(town) == []


def test_the_officer_finds_the_person_and_prints_the_answer_without_seeing_the_matter(visit, town):
    clerk = visit("hokatsu-uke1").opens("/intake").presses("受け付ける")
    clerk.presses("相談を受け付ける", keiro="02", gaiyo="ふくろうの森から毎晩声がする", sei="梟山", mei="森子")
    officer = visit("soumu-ppo1").opens("/journal").presses("さがす", sought="梟山森子")
    assert "梟山" not in officer.page.xpath("string(//ul[@class='plain'])")
    officer.opens(officer.page.xpath("//a[contains(@href, '/journal/people/')]/@href")[0])
    assert "北栄町地域包括支援センター" in officer.text()
    assert "ふくろう" not in officer.text()
    for named in ("", "?named=1"):
        answer = officer.client.get(f"/journal/people/1.pdf{named}")
        assert answer.data.startswith(b"%PDF")
    assert officer.opens("/cases/1").answer.status_code == 403


def test_the_officer_draws_judges_and_signs_the_months_sample(visit, town):
    visit("hokatsu-uke1").opens("/intake").presses("受け付ける")
    town.now += timedelta(days=30)
    officer = visit("soumu-ppo1").opens("/journal").presses("この月の閲覧を抽出する", month="2026-04")
    assert "同じくじを引き直して、同じ行になることを確かめました" in officer.text()
    assert officer.presses("点検を確認する").answer.status_code == 422
    officer.presses("点検を確認する", **dict.fromkeys(officer.page.xpath("//select/@name"), "妥当"))
    assert "確認済み" in officer.text()
    assert visit("soumu-ppo1").opens("/journal/unusual?night_from=8&night_until=10").answer.status_code == 200
