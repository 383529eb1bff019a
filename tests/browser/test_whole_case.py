"""One household from consultation to closure, across six agencies, each by its own staff in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from engine.casebook import Case
from engine.journal import verify
from tests.browser.colleagues import Colleagues
from tests.browser.town_site import Site
from tests.stories.test_whole_matter import in_days, plan

pytestmark = pytest.mark.browser


@pytest.fixture
def staff_of_the_town(site: Site, browser: Browser) -> Iterator[Colleagues]:
    colleagues = Colleagues(site=site, browser=browser)
    yield colleagues
    colleagues.close()
    assert colleagues.said == []


def meets(at_work: Colleagues, case_id: int, *, decides: str, invited: list[str]) -> None:
    """The 推進員 holds the meeting; every invited agency answers, comes and confirms the minutes."""
    town = at_work.site.town
    with town.database.transaction(write=False) as session:
        town.case_id = session.query(Case.id).where(Case.kind == "会", Case.status == "open").order_by(Case.id.desc()).first()[0]
    held_at = town.now.replace(hour=14, minute=0)
    at_work.completes(
        "fukushi", "会議を設定する", nichiji=f"{in_days(town, 7)}T{held_at:%H:%M}+09:00", houhou="対面", shoshuKikan=invited,
        shuhi=True,
    )  # fmt: skip
    for agency in [agency for agency, step in town.open_steps() if step == "K-20"]:
        at_work.completes(agency, "K-20", shusseki="出席")
    at_work.completes("fukushi", "K-30")
    town.waits(days=8)
    at_work.completes("fukushi", "K-50", kekka=decides, honninDenta="伝える")
    for agency in [agency for agency, step in town.open_steps() if step == "K-70"]:
        at_work.completes(agency, "K-70", kekka="確認")
    assert town.case().status == "closed"
    town.case_id = case_id


def test_a_case_goes_from_consultation_to_closure_in_the_hands_of_six_agencies(staff_of_the_town: Colleagues) -> None:
    at_work, town = staff_of_the_town, staff_of_the_town.site.town
    at_work.takes_in("hokatsu")
    case_id = town.case_id
    at_work.completes("hokatsu", "相談を受け付ける", komari=["20"], omoKomari="20", uketsukeKikan="hokatsu")
    at_work.completes("hokatsu", "つなぐシートを書く", to="konkyu", douiKind="03")
    at_work.completes("konkyu", "つなぐシートに答える", kekka="1")
    at_work.completes("konkyu", "R-60", sesshoku="会えた")
    at_work.completes("hokatsu", "返信を確認する", kanyo="関与を続ける")
    at_work.completes("konkyu", "一次アセスメントをする", taiou="05", kinkyu="3", kinkyuRiyu="家賃の滞納は二か月で、急に出されるおそれはない。")
    at_work.completes("konkyu", "多機関協働を申し込む")
    at_work.completes("fukushi", "受理を判断する", kekka="受理", shuKikan="konkyu")
    at_work.completes("konkyu", "Y-10", kekka="2", houhou="口頭", kigen=in_days(town, 360))
    at_work.completes("fukushi", "B-40")
    for agency in [agency for agency, step in town.open_steps() if step == "B-45"]:
        at_work.completes(agency, "B-45", kanyo="なし")
    wide = plan(town)
    wide["yakuwari"] += [{"agency": "seiikai"}, {"agency": "kosodate"}]
    at_work.completes("fukushi", "プラン案をつくる", **wide)
    partners = [agency for agency, step in town.open_steps() if step == town.task("自分の役割を確認する").element]
    assert sorted(partners) == ["hokatsu", "konkyu", "kosodate", "seiikai", "shakyo"]
    for agency in partners:
        at_work.completes(agency, "自分の役割を確認する", kekka="引き受ける")
    at_work.completes("konkyu", "B-70", ikou="同意")
    meets(at_work, case_id, decides="プラン適切", invited=["konkyu", "shakyo", "hokatsu", "kosodate"])
    at_work.completes("fukushi", "支援決定をする", kettei="決定")
    assert "支援" in at_work.reads("konkyu")

    town.waits(days=61)
    at_work.completes("konkyu", "モニタリングをする", riskUp=False)
    for agency in partners:
        at_work.completes(agency, "B-112", joutai="3")
    at_work.completes(
        "fukushi", "プランを評価する", hantei="1", honninIshi="確認した", juudaiMikanryo=False, riskKaishou=True,
        yakuwariGoui=True,
    )  # fmt: skip
    meets(at_work, case_id, decides="終結相当", invited=["konkyu", "shakyo"])
    at_work.completes("fukushi", "終結を決める", kettei="決定", riyu="01", shuTanto="konkyu", follow=True)
    at_work.completes("konkyu", "B-175", kekka="受けた")
    for _ in range(2):
        town.waits(days=95)
        at_work.completes("konkyu", "B-186", jotai="安定")

    assert "終結" in at_work.reads("fukushi", "sui")
    assert at_work.agencies == {"hokatsu", "konkyu", "fukushi", "shakyo", "seiikai", "kosodate"}
    with town.database.transaction(write=False) as session:
        assert verify(session) == []
        assert session.get_one(Case, case_id).closed_reason == "01"
