"""The year's figures on their page, in the committee's pack and in the table for publication; beginning the town's own work."""

from collections.abc import Callable

import pytest

from engine import evaluation, indicators
from tests.town import Town
from tests.web.visitor import Visitor

Visit = Callable[[str], Visitor]


@pytest.fixture
def counted(town: Town) -> Town:
    """Six consultations at one desk, two at another, and a target."""
    for desk in ["konkyu"] * 6 + ["shakyo"] * 2:
        town.opens(desk)
    with town.database.transaction() as session:
        row = {"programme": "1", "indicator": "K1", "value": 12, "source": "前年度の実績"}
        evaluation.put_targets(session, 2026, [row], by=None, now=town.now)
    return town


def test_the_figures_stand_beside_the_targets(counted: Town, visit: Visit) -> None:
    text = visit("jimukyoku-ver1").opens("/evaluation").text()
    assert "途中の数字" in text
    assert "目標 12（50 %）" in text
    assert visit("konkyu-uke1").client.get("/evaluation").status_code == 403


def test_what_is_published_tells_no_number_below_five(counted: Town, visit: Visit) -> None:
    page = visit("jimukyoku-ver1")
    table = page.client.get("/evaluation/figures.csv").data.decode("utf-8-sig")
    line = next(line for line in table.splitlines() if line.startswith('"K1"'))
    assert line == '"K1","相談受付件数","6","5未満","0","0","0","8","12"'
    answer = page.client.get("/evaluation/pack.pdf")
    assert answer.data.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("login", "button", "task"),
    [
        ("shakyo_chiiki-sc1", "地域づくりの種", "地域づくりの種を登録する"),
        ("fukushi-sui1", "研修・事例検討会", "研修・事例検討会を企画する"),
        ("jimukyoku-ver1", "周知・啓発", "原稿をつくる"),
        ("jimukyoku-ver1", "年度の途中から", "目標を置く"),
    ],
)
def test_staff_begin_the_towns_own_work(visit: Visit, login: str, button: str, task: str) -> None:
    assert task in visit(login).opens("/begin").presses(button).title()


def test_who_has_no_such_role_begins_nothing(visit: Visit) -> None:
    page = visit("zeimu-ka1").opens("/begin")
    assert "始められる手続きはありません" in page.text()
    token = page.page.xpath("//input[@name='_csrf']/@value")[0]
    assert page.client.post("/begin/P-G", data={"_csrf": token}).status_code == 403


def test_a_name_is_refused_on_the_page_and_nothing_typed_is_lost(visit: Visit) -> None:
    page = visit("shakyo_chiiki-sc1").opens("/begin").presses("地域づくりの種")
    page.presses("地域づくりの種を登録する", motoE="住民・協議体", naiyoE="山田さんの居場所がない", tokumei="on")
    assert "個人が分かることを書けません" in page.problems()[0]
    assert page.value("naiyoE") == "山田さんの居場所がない"


def test_all_twenty_seven_indicators_are_counted_from_what_was_done(town: Town, visit: Visit) -> None:
    for number in range(6):
        town.opens("konkyu")
        town.completes("konkyu", "A-10", komari=["20", "40"] if number < 2 else ["20"], omoKomari="20", saisodan=number == 0,
                       uketsukeKikan="konkyu", chiku="daiei")  # fmt: skip
        if ("konkyu", "A-30") in town.open_steps():
            town.completes("konkyu", "A-30", attempts=[{"kekka": "つながった"}])
    town.completes("konkyu", "A-40", taiou="03", kinkyu="3", tsunagiSaki=["shogai_hokuei"], risk=["なし"])
    town.completes("konkyu", "R-10", **{"from": "konkyu", "to": "shogai_hokuei", "douiKind": "04"})
    town.waits(days=2)
    town.completes("shogai_hokuei", "R-20", kekka="1")
    with town.database.transaction(write=False) as session:
        found = {one.key: one for one in indicators.figures(session, 2026, now=town.now)}
    assert list(found) == [f"K{number}" for number in range(1, 28)]
    told = {key: (one.value, one.n) for key, one in found.items()}
    assert told["K2"] == ("33 %", 6)
    assert told["K3"] == ("17 %", 6)
    assert told["K5"] == ("5未満件、受理 100 %", 1)
    assert told["K6"] == ("中央値 2.0日、9割が 2.0日以内", 1)
    assert told["K7"] == ("差戻し 0 %、辞退 0 %、再転送 0 %", 1)
    assert told["K23"] == ("大栄 6", 6)
    assert told["K14"] == ("該当なし", 0)
    assert found["K6"].published == ("5未満", "5未満"), "what rests on one sheet does not go out of the house"
    assert found["K2"].published == ("33 %", "6")
    assert "K27 研修・連絡会" in visit("jimukyoku-ver1").opens("/evaluation").text()
