"""The town's plan, row by row: each row of the inventory works in the application, shown by one test that bears its id.

A row that does not work yet stands in NOT_YET with a sentence; it has no test, and nothing is called done that is not.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine import cases, housekeeping, indicators, past, registers, runtime, schedules
from engine.candidates import Wishes, candidates
from engine.casebook import Case, Instance
from engine.definitions import compiled, current
from engine.errors import Refused
from engine.records import Record, opened
from engine.registers import Listed, Wish
from engine.standing import MeetingItem
from forms import codes, sheets
from forms.errors import AnswersRefused
from forms.registers import registers as known
from tests import databases
from tests.emergency.sweep import begun, disaster, listed, rows
from tests.stories.test_whole_matter import meets
from tests.town import Town
from tests.web.visitor import Visitor

Visit = Callable[[str], Visitor]
HOST = {"sedai": [], "taishoZo": [], "kakuninBi": "2026-04-01"}
TODAY = date(2026, 4, 3)
#: Rows of the inventory: ids without a row are not given (INV-018, 019, 033 …).
ROWS = (
    *range(1, 18), *range(20, 33), *range(40, 48), *range(50, 57), *range(60, 72), *range(80, 90),
    *range(100, 115), *range(120, 141), *range(150, 158),
)  # fmt: skip
NOT_YET: dict[int, str] = {
    13: "会議の過去の一覧を取り込む道がまだない（過去のケースは取り込める）。",
    82: "民生児童委員の年1回の聞取りを暦で始める図がまだない。",
    83: "世帯訪問調査の回（名簿の取込みと結果の入力）がまだない。",
    124: "連携責任者連絡会は開けるが、課長級という役割がまだなく、各課の担当が受ける。",
    127: "民生児童委員が自分で知らせを書き、受け取られたことを見る画面がまだない。",
    130: "会議の資料を紙の束で持ち出す道がまだない（開催の方法と出欠は選べる）。",
}
#: To a corporation a sheet goes with the person's consent.
CORPORATIONS = ("shogai_chubu", "rinks", "ayumi")
WITH_CONSENT = {"douiKind": "01", "douiJotai": "3", "douiKiroku": "同意の書面"}


@pytest.fixture
def town(sqlite_town: Path, tmp_path: Path) -> Iterator[Town]:
    """A town of its own; the rows ask nothing of the kind of database."""
    with databases.sqlite(sqlite_town, tmp_path) as database:
        yield Town(database)


def test_every_row_has_its_test_or_a_sentence_why_not() -> None:
    shown = {int(found.group(1)) for name in globals() if (found := re.match(r"test_inv_(\d{3})_", name))}
    assert len(ROWS) == 111
    assert shown | set(NOT_YET) == set(ROWS)
    assert shown & set(NOT_YET) == set()


# --- how the tests speak


def entries(town: Town, key: str, on: date | None = TODAY) -> dict[str, Mapping[str, Any]]:
    """The entries of a register that hold on a day, by code."""
    with town.database.transaction(write=False) as session:
        return {one.code: one.answers for one in registers.listed(session, known()[key], on=on)}


def named(town: Town, key: str, name: str) -> Mapping[str, Any]:
    """The one entry with this name."""
    (found,) = [one for one in entries(town, key).values() if one[known()[key].name] == name]
    return found


def adds(town: Town, key: str, answers: Mapping[str, Any]) -> str:
    """A coordinator enters something into a register."""
    register = known()[key]
    blank = {one.key: None for one in register.fields}
    with town.database.transaction() as session:
        wish = Wish(code="", answers={**blank, **answers}, valid_from=TODAY)
        return registers.add(session, register, wish, by=town.staff("fukushi", "sui"), now=town.now)


def consults(town: Town, desk: str = "konkyu", **said: Any) -> int:
    """A consultation is taken in and the person reached."""
    case_id = town.opens(desk)
    town.completes(desk, "A-10", **{"komari": ["20"], "omoKomari": "20", "uketsukeKikan": desk, **said})
    if (desk, "A-30") in town.open_steps():
        town.completes(desk, "A-30", attempts=[{"kekka": "つながった"}])
    return case_id


def sends(town: Town, to: str, **said: Any) -> int:
    """A consultation is handed on with a つなぐシート."""
    desk = "konkyu" if to != "konkyu" else "hokatsu"
    case_id = consults(town, desk)
    if (desk, "A-40") in town.open_steps():
        town.completes(desk, "A-40", taiou="03", kinkyu="3")
    town.completes(desk, "R-10", **{"from": desk, "to": to, "douiKind": "03", **(WITH_CONSENT if to in CORPORATIONS else {}), **said})
    if (desk, "R-14") in town.open_steps():
        raise AssertionError(f"{to}: the ground does not hold")
    return case_id


def receives(town: Town, visit: Visit, agency: str, login: str) -> None:
    """An agency of the register gets a sheet in its inbox, opens it, accepts it and has the case."""
    assert agency in entries(town, "agency")
    sends(town, agency)
    staff = visit(login).opens("/?tab=all")
    assert "つなぐシートに答える" in staff.text(), staff.text()
    town.completes(agency, "R-20", kekka="1")
    assert town.case().lead == agency


def programme(town: Town, name: str, **wanted: Any) -> Mapping[str, Any]:
    """A programme of the register has these attributes."""
    found = named(town, "programme", name)
    assert {key: found[key] for key in wanted} == wanted
    return found


def text_of(visit: Visit, login: str, address: str) -> str:
    page = visit(login).opens(address)
    assert page.answer.status_code == 200, (address, page.answer.status_code)
    return page.text()


def in_days(town: Town, days: int) -> str:
    return (town.now.date() + timedelta(days=days)).isoformat()


# --- the plan and its frame


def test_inv_001_the_plan_is_kept_with_its_law_period_and_version(town: Town, visit: Visit) -> None:
    plan = named(town, "plan", "北栄町重層的支援体制整備事業実施計画")
    assert (plan["hourei"], plan["han"]) == ("社会福祉法第106条の5", 1)
    assert "実施計画" in text_of(visit, "zeimu-ka1", "/registers/plan")
    assert "北栄町重層的支援体制整備事業実施計画 第1版" in text_of(visit, "jimukyoku-ver1", "/evaluation?year=2024")


def test_inv_002_the_evaluation_goes_out_as_a_chapter_of_the_parent_plan(town: Town, visit: Visit) -> None:
    plan = named(town, "plan", "北栄町重層的支援体制整備事業実施計画")
    assert plan["oya"] == "北栄町地域福祉推進計画"
    chapter = visit("jimukyoku-ver1").client.get("/evaluation/chapter.html?year=2024")
    assert chapter.status_code == 200
    told = chapter.data.decode()
    assert "北栄町地域福祉推進計画" in told
    assert "第1部－1" in told
    assert "K1 相談受付件数" in told
    assert visit("konkyu-uke1").client.get("/evaluation/chapter.html").status_code == 403


def test_inv_003_every_programme_names_its_sector_plan_and_the_appraisal_asks_for_harmony(town: Town) -> None:
    assert all(one["bunya"] and one["bunyaKeikaku"] for one in entries(town, "programme").values())
    to_appraisal(town)
    task = town.task("G-41")
    answers = town.would_answer(task.agency, "G-41", seigoG="合っている")
    assert answers["seigoG"] == "合っている"


def test_inv_004_figures_by_fiscal_year_and_by_the_plans_period(town: Town, visit: Visit) -> None:
    plan = named(town, "plan", "北栄町重層的支援体制整備事業実施計画")
    assert (plan["kikanFrom"], plan["kikanTo"]) == ("2022-04-01", "2025-03-31")
    adds(town, "plan", {
        "meisho": "次の計画", "hourei": "社会福祉法第106条の5", "han": 1, "kikanFrom": "2025-04-01", "kikanTo": "2028-03-31",
    })  # fmt: skip
    for year in (2025, 2026):
        town.now = town.now.replace(year=year, month=5)
        town.opens("konkyu")
    page = visit("jimukyoku-ver1")
    assert "2022年度から2024年度まで" in page.opens("/evaluation?plan=計0001").text()
    assert row_of(page.opens("/evaluation?plan=計0002"), "K1 相談受付件数")[-1] == "2"
    assert row_of(page.opens("/evaluation?year=2025"), "K1 相談受付件数")[-1] == "1"
    assert "令和8年度" in page.opens("/evaluation?year=2026").text()


def test_inv_005_the_evaluation_ends_in_whether_to_revise(town: Town) -> None:
    to_appraisal(town)
    to_decision(town)
    town.completes("fukushi", "G-90", youhiG="運用見直し")
    assert ("fukushi", "G-91") in town.open_steps() or any(step == "G-91" for _, step in town.open_steps())


def test_inv_006_a_case_goes_on_to_the_other_programmes_with_nothing_typed_again(town: Town, visit: Visit) -> None:
    case_id = consults(town, sei="合成", mei="花子", known="判明")
    town.completes("konkyu", "A-40", taiou="05", kinkyu="3")
    town.completes("konkyu", "B-10")
    assert town.open_steps() == [("fukushi", "B-20")]
    assert town.case().id == case_id
    page = visit("fukushi-sui1").opens(f"/tasks/{town.task('B-20').id}")
    assert "多機関協働" in page.text()
    assert "一次アセスメント" in page.text(), "what was written before lies beside the task"


def test_inv_007_a_consultation_needs_only_when_how_who_and_what(town: Town, visit: Visit) -> None:
    clerk = visit("hokatsu-uke1").opens("/intake").presses("受け付ける")
    clerk.presses("相談を受け付ける", keiro="02", gaiyo="どこに聞けばよいか分からない")
    assert clerk.problems() == []
    with town.database.transaction(write=False) as session:
        case = session.scalars(select(Case)).one()
    assert case.number == "R8-相-0001"
    assert [step for _, step in town.open_steps(case.id)] != ["A-10"]


def test_inv_008_participation_offers_work_housing_places_learning_volunteering_and_going_out(town: Town) -> None:
    joins(town)
    menu = ["01", "04", "05", "10", "11", "13", "14"]
    assert town.would_answer("shakyo", "D-10", yaritai=menu)["yaritai"] == menu


def test_inv_009_an_idea_for_the_community_becomes_a_resource(town: Town) -> None:
    town.opens("shakyo_chiiki", process="P-E", at="E-SE2")
    town.completes("shakyo_chiiki", "E-10", chikuE="daiei")
    town.completes("shakyo_chiiki", "E-20", ketteiE="着手")
    town.completes("shakyo_chiiki", "E-30", kessaiE="不要")
    town.completes("shakyo_chiiki", "E-40", tsugiE="資源台帳へ")
    town.completes("shakyo_chiiki", "E-50", hanteiE="資源台帳へ")
    town.completes("shakyo_chiiki", "E-55")
    assert town.case().status == "closed"


def test_inv_010_cooperation_begins_with_the_problem_of_the_agency_itself(town: Town, visit: Visit) -> None:
    consults(town)
    town.completes("konkyu", "A-40", taiou="05", kinkyu="3")
    with pytest.raises(AnswersRefused):
        completes_exactly(town, "konkyu", "B-10", kikiKadai=None)
    town.completes("konkyu", "B-10", kikiKadai="窓口だけでは世帯の全体に関われず、だれが何をするかを決められないで困っている。")
    town.completes("fukushi", "B-20", kekka="受理", shuKikan="konkyu", kankeiKikan=["konkyu", "hokatsu"])
    read = text_of(visit, "konkyu-uke1", f"/cases/{town.case_id}/records/{record_of(town, 'F-B01')}")
    assert "窓口だけでは世帯の全体に関われず、だれが何をするかを決められないで困っている。" in read


def test_inv_011_who_is_not_reached_is_reached_out_to(town: Town) -> None:
    reaches_out(town)
    assert town.open_steps() == [("jinkokai", "C-30")]
    town.completes("jinkokai", "C-30", kekka="受ける")
    town.completes("jinkokai", "C-40", shudan="1", hannou="0", anzen="異常なし")
    assert ("jinkokai", "C-40") in town.open_steps(), "staying with them: the next contact is planned"


def test_inv_012_a_case_may_begin_before_the_system_from_april_2018(town: Town) -> None:
    looked, taken = past_cases(town, "H30-1,2018-04-02,konkyu,,,合成の相談\n")
    assert looked[0].sentences == ()
    assert taken[0].opened_at.date() == date(2018, 4, 2)


def test_inv_014_the_stuck_report_shows_the_unreached_and_those_between_systems(town: Town, visit: Visit) -> None:
    town.opens("konkyu")
    town.completes("konkyu", "A-10", komari=["40"], omoKomari="40", zokusei=["99"], uketsukeKikan="konkyu")
    town.now += timedelta(days=40)
    report = visit("fukushi-kcho1").opens("/reports/stuck")
    line = next(row.text_content() for row in report.page.iter("tr") if "R8-相-0001" in row.text_content())
    assert "未接触" in line
    assert "制度の狭間" in line


def test_inv_015_purpose_one_is_judged_by_an_indicator(town: Town) -> None:
    to_appraisal(town)
    finishes_appraisal(town)
    row = {"mokuteki": "目的①", "hyokaG3": "一部", "konkyoG3": "K1"}
    assert town.would_answer("fukushi", "G-50", mokutekiHyo=[row]) is not None
    with pytest.raises(AnswersRefused):
        completes_exactly(town, "fukushi", "G-50", **{first_table(town, "fukushi", "G-50"): []})


def test_inv_016_the_whole_household_and_a_table_of_roles(town: Town, visit: Visit) -> None:
    matter = to_plan(town)
    town.completes("fukushi", "B-60", **plan(town))
    read = visit("konkyu-uke1").opens(f"/cases/{matter}").text()
    assert "世帯" in read
    assert {agency for agency, step in town.open_steps() if step == "B-65"} == {"konkyu", "shakyo", "hokatsu"}
    record = record_of(town, "F-B09")
    paper = visit("konkyu-uke1").opens(f"/cases/{matter}/records/{record}").text()
    assert "役割分担" in paper


def test_inv_017_one_glossary_one_log_of_trainings(town: Town, visit: Visit) -> None:
    told = text_of(visit, "zeimu-ka1", "/registers/glossary?search=つなぐシート")
    assert "相談を別の機関へつなぐときの用紙" in told
    town.opens("fukushi", process="P-H", at="H-SE")
    town.completes("fukushi", "H-10", kindH="研修", themeH="重層の考え方", taishoKikan=["konkyu"])
    town.completes("konkyu", "H-20", sankaH="参加")
    town.waits(days=15)
    town.completes("fukushi", "H-30")
    assert "研修" in text_of(visit, "fukushi-sui1", f"/cases/{town.case_id}")


# --- needs


def test_inv_020_a_matter_that_fits_nowhere_has_a_desk(town: Town) -> None:
    town.opens("zeimu")
    town.completes("zeimu", "A-10", komari=["40"], omoKomari="40", uketsukeKikan="zeimu")
    assert town.would_answer("zeimu", "R-10") is not None
    with town.database.transaction(write=False) as session:
        instance = session.scalars(select(Instance).where(Instance.key == "P-A2")).first()
    assert instance is None or instance.case_id == town.case_id
    assert "fukushi" in destination(town)


def test_inv_021_linked_agencies_are_counted_case_by_case(town: Town) -> None:
    sends(town, "shogai_hokuei")
    town.completes("shogai_hokuei", "R-20", kekka="2")
    closes(town)
    with town.database.transaction(write=False) as session:
        told = {one.key: one for one in indicators.figures(session, 2026, now=town.now)}["K18"]
    assert (told.value, told.n) == ("1ケース平均 2.0機関", 1)


def test_inv_022_the_first_assessment_looks_at_every_sector_and_trainings_are_kept(town: Town) -> None:
    consults(town)
    sectors = ["10", "03", "12", "20", "04", "26", "14"]
    table = [{"person": "本人", "komari": code, "teido": 2, "ninshiki": "あり"} for code in sectors]
    town.completes("konkyu", "A-40", taiou="02", kinkyu="3", matrix=table)
    told = text_of_paper(town, "F-A02")
    assert {"介護", "障がい(疑い)", "子育て", "経済的困窮", "こころの不調", "住まい不安定", "不登校"} <= told


def test_inv_023_dependence_and_no_sense_of_difficulty_lead_to_outreach(town: Town) -> None:
    assert {"依存(アルコール)", "依存(ギャンブル)", "依存(薬物・ゲーム他)", "困り感なし・支援拒否"} <= labels("C06")
    consults(town)
    dependence = [{"person": "本人", "komari": "06", "teido": 2, "ninshiki": "あり"}]
    town.completes("konkyu", "A-40", taiou="08", kinkyu="3", risk=["なし"], matrix=dependence)
    assert text_of_paper(town, "F-A02") == {"依存(アルコール)"}
    with town.database.transaction(write=False) as session:
        assert session.scalars(select(Instance).where(Instance.key == "P-C")).first() is not None


def test_inv_024_places_to_be_and_needs_that_nothing_meets(town: Town) -> None:
    assert "居場所・サロン" in labels("C19")
    joins(town)
    town.completes("shakyo", "D-10", planYouhi="不要")
    town.completes("shakyo", "D-20", nai=True)
    with town.database.transaction(write=False) as session:
        idea = session.scalars(select(Instance).where(Instance.key == "P-E")).one()
    assert idea.case_id != town.case_id, "the unmet need stands apart from the person"


def test_inv_025_going_out_is_counted_by_district(town: Town, visit: Visit) -> None:
    for _ in range(6):
        consults(town, komari=["32"], omoKomari="32", chiku="daiei")
    table = visit("jimukyoku-ver1").client.get("/evaluation/needs.csv").data.decode("utf-8-sig")
    line = next(line for line in table.splitlines() if "移動・外出手段なし" in line)
    assert line.split(",")[2:4] == ['"0"', '"6"']


def test_inv_026_the_five_whom_it_is_hard_to_link_can_be_chosen(town: Town) -> None:
    joins(town)
    five = ["18", "19", "15", "16", "26"]
    assert sorted(town.would_answer("shakyo", "D-10", zokusei=five)["zokusei"]) == sorted(five)
    wanted = ["都会からの転入者", "男性高齢者", "ひきこもり傾向", "未就労", "依存症"]
    code = adds(town, "resource", {"meisho": "だれでもの会", "shubetsu": "01", "taishoZo": wanted, "sedai": [], "kakuninBi": "2026-04-01"})
    assert entries(town, "resource")[code]["taishoZo"] == wanted


def test_inv_027_workplaces_with_their_conditions_and_publicity(town: Town, visit: Visit) -> None:
    adds(town, "resource", {**HOST, "meisho": "合成食品", "shubetsu": "06", "joken": "週2日から"})
    (place,) = [one.place for one in listed_entries(town, "resource") if one.answers["meisho"] == "合成食品"]
    assert "週2日から" in text_of(visit, "konkyu-uke1", f"/registers/resource/entries/{place}")
    publishes(town, baitai=["説明会"], taishoI=["事業者"])
    assert town.case().status == "closed"


def test_inv_028_resources_that_nobody_confirmed_for_a_year_are_asked_for(town: Town, visit: Visit) -> None:
    fresh = adds(town, "resource", {**HOST, "meisho": "きょう確かめた会", "shubetsu": "01"})
    for days in (0, 1):
        with town.database.transaction() as session:
            housekeeping.tidy(session, now=town.now + timedelta(days=days))
    page = visit("shakyo_chiiki-sc1").opens("/")
    assert "確かめること1 1年以上確かめていない地域資源があります" in page.text(), "asked once, not every day"
    told = page.opens("/registers/resource?stale=1").text()
    assert "こけないからだ講座" in told
    assert "きょう確かめた会" not in told
    assert fresh in entries(town, "resource")
    assert "1年以上確かめていない" not in text_of(visit, "zeimu-ka1", "/")


def test_inv_029_near_places_to_consult_and_where_it_was_taken_in(town: Town, visit: Visit) -> None:
    assert "すまいるでの出張相談" in text_of(visit, "zeimu-ka1", "/registers/place")
    consults(town, uketsukeBasho="すまいるでの出張相談")
    assert "すまいるでの出張相談" in text_of(visit, "konkyu-uke1", f"/cases/{town.case_id}/records/{record_of(town, 'F-A01')}")


def test_inv_030_supporters_are_kept_with_their_consent_and_counted(town: Town, visit: Visit) -> None:
    register = known()["supporter"]
    assert next(one for one in register.fields if one.key == "doiBi").required
    adds(town, "supporter", {"shimei": "合成 はなこ", "dekiru": ["見守り・声かけ"], "doiBi": "2026-04-01"})
    assert "担い手" in text_of(visit, "shakyo_chiiki-sc1", "/registers")
    assert len(entries(town, "supporter")) == 1
    assert visit("zeimu-ka1").opens("/registers/supporter").answer.status_code == 403


def test_inv_031_a_resource_tells_how_far_it_is_used(town: Town, visit: Visit) -> None:
    adds(town, "resource", {**HOST, "meisho": "合成サロン", "shubetsu": "01", "teiin": 20, "riyo": 5})
    told = text_of(visit, "shakyo_chiiki-sc1", "/registers/resource?search=合成サロン")
    assert "25 %" in told


def test_inv_032_exchange_for_families_and_school_age_and_beyond(town: Town) -> None:
    town.opens("shakyo_chiiki", process="P-E", at="E-SE2")
    said = town.would_answer("shakyo_chiiki", "E-10", sedaiE=["学童期以降"], chikuE="daiei")
    assert said["sedaiE"] == ["学童期以降"]


# --- ① consultation


def test_inv_040_nobody_is_refused_a_sheet_goes_on_and_joint_support_is_possible(town: Town) -> None:
    sends(town, "shogai_hokuei")
    town.completes("shogai_hokuei", "R-20", kekka="2")
    assert town.case().lead in ("konkyu", "shogai_hokuei")
    assert [step for _, step in town.open_steps()] != []


def test_inv_041_the_centre_for_the_elderly(town: Town, visit: Visit) -> None:
    programme(town, "地域包括支援センター", kyoten=1, unei=["直営"], shokan="福祉課", kikan=["hokatsu"])
    receives(town, visit, "hokatsu", "hokatsu-uke1")


def test_inv_042_consultation_on_disability_has_three_bases(town: Town) -> None:
    found = programme(town, "障害者相談支援事業", kyoten=3, shokan="福祉課")
    assert set(found["kikan"]) == {"shogai_hokuei", "shogai_chubu", "rinks"}
    assert set(found["kikan"]) <= set(entries(town, "agency"))


def test_inv_043_the_towns_centre_for_disability(town: Town, visit: Visit) -> None:
    receives(town, visit, "shogai_hokuei", "shogai_hokuei-uke1")


def test_inv_044_the_centre_of_the_middle_area(town: Town, visit: Visit) -> None:
    receives(town, visit, "shogai_chubu", "shogai_chubu-uke1")


def test_inv_045_rinks(town: Town, visit: Visit) -> None:
    receives(town, visit, "rinks", "rinks-uke1")


def test_inv_046_the_centre_for_families_and_who_is_at_home_for_a_birth(town: Town, visit: Visit) -> None:
    programme(town, "利用者支援事業", kyoten=1, unei=["直営"], shokan="教育総務課", kikan=["kosodate"])
    receives(town, visit, "kosodate", "kosodate-uke1")
    town.opens("kosodate")
    town.completes("kosodate", "A-10", chiku="chogai", addrKind="里帰り", zokusei=["08"], uketsukeKikan="kosodate")
    assert town.case().district == "chogai"


def test_inv_047_the_desk_for_hardship(town: Town, visit: Visit) -> None:
    programme(town, "生活困窮者自立相談支援事業", kyoten=1, unei=["直営"], shokan="福祉課", kikan=["konkyu"])
    receives(town, visit, "konkyu", "konkyu-uke1")
    to_plan(town)
    said = plan(town) | {"kind": "4"}
    assert town.would_answer("fukushi", "B-60", **said)["kind"] == "4", "its own plan can be linked"


# --- ② participation


def test_inv_050_participation_at_the_persons_pace(town: Town) -> None:
    joins(town)
    town.completes("shakyo", "D-10", planYouhi="不要")
    assert ("shakyo", "D-20") in town.open_steps()
    town.completes("shakyo", "D-20", nai=False, kohoHyo=[{"resource": "集いの場", "riyu": "近い"}])
    town.completes("shakyo", "D-30", kaitou="受入可")
    town.completes("shakyo", "D-40", tsuzuke="続ける")
    town.completes("shakyo", "D-50")
    town.waits(days=20)
    assert ("shakyo", "D-61") in town.open_steps(), "and they are followed"


def test_inv_051_the_council_of_social_welfare_takes_participation_on(town: Town) -> None:
    programme(town, "参加支援事業", kyoten=1, unei=["委託"], shokan="福祉課", kikan=["shakyo"])
    joins(town)
    assert {agency for agency, _ in town.open_steps()} == {"shakyo"}


def test_inv_052_resources_hang_on_their_programmes(town: Town) -> None:
    programmes = entries(town, "programme")
    linked = {one["meisho"]: programmes[one["jigyo"]]["meisho"] for one in entries(town, "resource").values() if one["jigyo"]}
    assert linked["こけないからだ講座"] == "地域介護予防活動支援事業（一般介護予防）"
    assert linked["あゆみの郷"] == "地域活動支援センター事業"
    assert linked["北栄子育て支援センター すまいる"] == "地域子育て支援拠点事業"


def test_inv_053_work_experience_on_farms_and_in_firms(town: Town) -> None:
    assert named(town, "resource", "就労準備の体験先（農業）")["gyoshu"] == "農業"
    found = offered(town, kinds=["05"])
    assert found[0] == "就労準備の体験先（農業）"


def test_inv_054_gathering_places_and_who_holds_them(town: Town) -> None:
    places = [one for one in entries(town, "resource").values() if one["shubetsu"] == "02"]
    hosts = {one["shusai"] for one in places}
    assert hosts >= {"北栄町地域包括支援センター", "北条よっしゃやらあ会", "大栄よっしゃやらあ会", "自治会"}


def test_inv_055_courses_of_the_sports_club_and_the_community_hall(town: Town) -> None:
    found = offered(town, kinds=["03"])
    assert {"北栄スポーツクラブの教室", "中央公民館の講座"} <= set(found)


def test_inv_056_providers_groups_and_volunteers(town: Town) -> None:
    kinds = {one["shubetsu"] for one in entries(town, "resource").values()}
    assert {"07", "10"} <= kinds
    assert {"当事者会・家族会", "福祉サービス事業所", "ボランティア活動"} <= labels("C19")


# --- ③ the community


def test_inv_060_other_programmes_that_help_can_be_added(town: Town, visit: Visit) -> None:
    adds(town, "programme", {
        "meisho": "合成のこども食堂", "go": "3", "bunya": "共通", "taisho": "だれでも", "kenIki": "全域", "unei": ["その他"],
        "shokan": "福祉課", "kikan": ["shakyo_chiiki"],
    })  # fmt: skip
    assert "合成のこども食堂" in text_of(visit, "zeimu-ka1", "/registers/programme")


def test_inv_061_prevention_of_care_has_no_number_of_bases(town: Town) -> None:
    programme(town, "地域介護予防活動支援事業（一般介護予防）", kyoten=None, unei=["直営"], shokan="福祉課", kikan=["hokatsu"])


def test_inv_062_the_course_against_falls(town: Town) -> None:
    assert "こけないからだ講座" in offered(town, kinds=["03"])


def test_inv_063_circles_of_the_elderly(town: Town) -> None:
    assert "高齢者サークル" in offered(town, kinds=["01"])


def test_inv_064_the_system_of_support_in_daily_life(town: Town) -> None:
    programme(town, "生活支援体制整備事業", kyoten=3, unei=["委託"], shokan="福祉課", kikan=["shakyo_chiiki"])


def test_inv_065_three_coordinators_one_for_the_town_two_for_the_districts(town: Town, visit: Visit) -> None:
    assert len(town.colleagues("shakyo_chiiki", "sc")) == 3
    town.opens("shakyo_chiiki", process="P-E", at="E-SE2")
    assert "地域づくりの種を登録する" in text_of(visit, "shakyo_chiiki-sc1", "/?tab=all")
    town.completes("shakyo_chiiki", "E-10", chikuE="hojo")
    assert town.task("E-20").subject == "協議体 第2層北条"


def test_inv_066_the_council_of_the_whole_town_gets_the_unmet_need(town: Town) -> None:
    assert named(town, "body", "ほくえい支え愛協議体")["shubetsu"] == "協議体 第1層"
    source = town.opens("konkyu")
    with town.database.transaction() as session:
        cases.send(session, source, "resource.gap", {"caseId": source, "item": "x-1"}, by=town.staff("konkyu"), now=town.now)
    with town.database.transaction(write=False) as session:
        town.case_id = session.scalars(select(Instance.case_id).where(Instance.key == "P-E")).one()
    town.completes("fukushi", "E-05")
    town.completes("shakyo_chiiki", "E-10", chikuE="fumei")
    assert town.task("E-20").subject == "協議体 第1層"


def test_inv_067_the_council_of_hojo(town: Town) -> None:
    council(town, "北条よっしゃやらあ会", "北条", "hojo")


def test_inv_068_the_council_of_daiei(town: Town) -> None:
    council(town, "大栄よっしゃやらあ会", "大栄", "daiei")


def test_inv_069_ayumi_is_a_programme_by_registration_and_a_resource(town: Town, visit: Visit) -> None:
    programme(town, "地域活動支援センター事業", kyoten=1, unei=["登録"], shokan="福祉課", kikan=["ayumi"])
    assert named(town, "resource", "あゆみの郷")["joken"] == "利用の登録が要る"
    receives(town, visit, "ayumi", "ayumi-kik1")


def test_inv_070_smile_is_a_programme_and_a_resource(town: Town, visit: Visit) -> None:
    programme(town, "地域子育て支援拠点事業", kyoten=1, unei=["直営"], shokan="教育総務課", kikan=["smile"])
    assert named(town, "resource", "北栄子育て支援センター すまいる")["shubetsu"] == "09"
    receives(town, visit, "smile", "smile-kik1")


def test_inv_071_a_programme_keeps_its_former_name_for_its_former_time(town: Town, visit: Visit) -> None:
    assert entries(town, "programme", date(2021, 6, 1))["事0010"]["meisho"] == "共助の基盤づくり事業"
    assert entries(town, "programme")["事0010"]["meisho"] == "生活困窮者支援等のための地域づくり事業"
    told = text_of(visit, "zeimu-ka1", "/registers/programme?all=1")
    assert "共助の基盤づくり事業" in told


# --- ⑤ outreach


def test_inv_080_four_reasons_why_somebody_is_not_reached(town: Town) -> None:
    reaches_out(town, upto="C-23")
    reasons = ["窓口に出向きにくい", "相談先が分からない", "困りごとの認識がない", "拒否的"]
    town.completes("fukushi", "C-23", hojin="jinkokai", setsuzokuRiyu=reasons)
    assert town.open_steps() == [("jinkokai", "C-30")]


def test_inv_081_a_tip_is_not_a_case(town: Town) -> None:
    case_id = tips(town)
    town.completes("fukushi", "C-10", shori="様子を見る")
    assert town.case(case_id).lead in (None, "fukushi")
    assert not [agency for agency, step in town.open_steps() if step == "C-30"]


def test_inv_084_the_corporation_is_chosen_by_table_d13(town: Town) -> None:
    programme(town, "アウトリーチ等を通じた継続的支援事業", kyoten=5, unei=["委託"], shokan="福祉課")
    with town.database.transaction(write=False) as session:
        table = compiled(session, current(session, "P-C").id).tables["D13"]
        chosen = {str(example["input"]): table.decide("D13", example["input"]).value for example in examples("D13")}
    assert len({str(value) for value in chosen.values()}) > 1


def test_inv_085_jinkokai(town: Town) -> None:
    takes_outreach(town, "jinkokai", "社会医療法人仁厚会")


def test_inv_086_seiikai(town: Town) -> None:
    takes_outreach(town, "seiikai", "医療法人誠医会")


def test_inv_087_chubu(town: Town) -> None:
    takes_outreach(town, "chubu", "社会福祉法人中部福祉会")


def test_inv_088_the_councils_outreach_is_a_second_team_with_its_own_contract(town: Town, visit: Visit) -> None:
    takes_outreach(town, "shakyo_out", "社会福祉法人北栄町社会福祉協議会")
    mine = [one for one in entries(town, "contract", None).values() if one["hojin"] == "社会福祉法人北栄町社会福祉協議会"]
    assert {one["kikan"] for one in mine} == {"shakyo", "shakyo_chiiki", "shakyo_out"}
    assert town.sees("shakyo") is None, "the same legal person, another contract: another access"


def test_inv_089_minori(town: Town) -> None:
    takes_outreach(town, "minori", "社会福祉法人みのり福祉会")


# --- ④ cooperation


def test_inv_100_cooperation_serves_households_and_agencies(town: Town) -> None:
    programme(town, "多機関協働事業", kyoten=1, unei=["直営"], shokan="福祉課", kikan=["fukushi"])
    to_plan(town)
    assert town.case().number.startswith("R8-多-")
    assert ("fukushi", "B-60") in town.open_steps()


def test_inv_101_the_promoters_sit_in_the_welfare_section_and_stand_in_for_each_other(town: Town, visit: Visit) -> None:
    promoters = town.colleagues("fukushi", "sui")
    assert len(promoters) >= 2
    consults(town)
    town.completes("konkyu", "A-40", taiou="05", kinkyu="3")
    town.completes("konkyu", "B-10")
    for login in ("fukushi-sui1", "fukushi-sui2"):
        assert "受理を判断する" in text_of(visit, login, "/?tab=all"), "one pool"


def test_inv_102_the_welfare_section_takes_what_has_no_sector(town: Town, visit: Visit) -> None:
    clerk = visit("fukushi-uke1").opens("/intake").presses("受け付ける")
    clerk.presses("相談を受け付ける", keiro="02", gaiyo="どこに相談すればよいか分からない")
    assert clerk.problems() == []


def test_inv_103_an_agency_asks_for_roles_to_be_divided(town: Town) -> None:
    consults(town)
    town.completes("konkyu", "A-40", taiou="05", kinkyu="3")
    town.completes("konkyu", "B-10", riyu=["機関間の役割調整"], yobou=["hokatsu"])
    assert town.open_steps() == [("fukushi", "B-20")]


def test_inv_104_the_meeting_sorts_problems_and_settles_direction(town: Town) -> None:
    case_id = to_meeting(town)
    meets(town, case_id, decides="プラン適切", invited=["konkyu", "shakyo"])
    assert ("fukushi", "B-100") in town.open_steps()


def test_inv_105_one_body_two_functions(town: Town, visit: Visit) -> None:
    assert len([one for one in entries(town, "body").values() if one["shubetsu"] == "包括的支援会議"]) == 1
    to_meeting(town)
    with town.database.transaction(write=False) as session:
        assert {one.key for one in session.scalars(select(Instance)) if one.key.startswith("P-B1")} == {"P-B1"}


def test_inv_106_only_who_is_needed_is_called(town: Town) -> None:
    case_id = to_meeting(town)
    with_items(town)
    calls(town)
    called = {agency for agency, step in town.open_steps() if step == "K-20"}
    assert called == {"konkyu", "shakyo", "hokatsu"}, "those of the plan, and nobody else of thirty agencies"
    town.case_id = case_id


def test_inv_107_a_support_meeting_may_speak_without_consent_under_secrecy(town: Town) -> None:
    to_plan(town, consent="4")
    with_items(town)
    calls(town)
    assert [item.function for item in items(town)] == ["A"]


def test_inv_108_the_meeting_on_the_plan_is_shut_without_consent(town: Town) -> None:
    to_plan(town, consent="4")
    assert not [item for item in items(town) if item.function == "B"]
    assert ("fukushi", "B-60") not in town.open_steps()


def test_inv_109_both_meetings_and_their_grounds_stand_on_the_meetings_page(town: Town, visit: Visit) -> None:
    to_meeting(town)
    with_items(town)
    calls(town)
    town.completes("konkyu", "K-20", shusseki="出席", shuhiZumi=True)
    told = text_of(visit, "konkyu-uke1", f"/cases/{town.case_id}/items")
    assert "重層的支援会議" in told
    assert "根拠：本人の同意" in told


def test_inv_110_cooperation_leads_to_participation_and_the_community(town: Town) -> None:
    to_plan(town)
    said = plan(town) | {"riyou": ["地域づくり"], "riyouNaiyo": "集いの場"}
    assert town.would_answer("fukushi", "B-60", **said)["riyou"] == ["地域づくり"]


def test_inv_111_trainings_are_planned_answered_and_recorded(town: Town) -> None:
    town.opens("fukushi", process="P-H", at="H-SE")
    town.completes("fukushi", "H-10", kindH="研修", taishoKikan=["konkyu", "hokatsu"])
    town.completes("konkyu", "H-20", sankaH="参加")
    town.completes("hokatsu", "H-20", sankaH="不参加")
    town.completes("fukushi", "H-30")
    town.completes("fukushi", "H-40")
    assert town.case().status == "closed"


def test_inv_112_an_epidemic_and_an_earthquake_switch_the_emergency_on(town: Town, visit: Visit) -> None:
    begun(town, listed(8))
    assert disaster(town).drill is False
    assert "に自動で終わります" in text_of(visit, "fukushi-kcho1", f"/emergency/{disaster(town).id}")
    page = visit("zeimu-ka1").opens("/")
    assert "緊急モード 合成の地震" in page.page.text_content(), "every page of everybody tells it"


def test_inv_113_cases_of_a_disaster_are_followed_for_years(town: Town, visit: Visit) -> None:
    assert named(town, "disaster", "平成28年鳥取県中部地震")["hasseiBi"] == "2016-10-21"
    begun(town, listed(8))
    (first, *_) = rows(town)
    town.case_id = first.case_id
    town.completes(first.team, "S-30", anpi="4", juka="半壊", hitsuyo=["住家"])
    town.now += timedelta(days=400)
    consults(town, eventTag="災0001")
    page = visit("fukushi-kcho1").opens("/emergency")
    assert row_of(page, "合成の地震") == ["1", "0"]
    assert row_of(page, "平成28年鳥取県中部地震") == ["1", "0"]


def test_inv_114_a_drill_runs_every_year(town: Town) -> None:
    with town.database.transaction() as session:
        schedules.refresh(session, now=town.now)
        planned = {row.process: row.next_at for row in schedules.rows(session) if row.process}
    assert planned["P-F"] is not None
    assert planned["P-F"].date() == date(2026, 9, 1)


# --- structure, publicity, evaluation


def test_inv_120_agencies_beyond_the_four_sectors(town: Town) -> None:
    kinds = {one["kind"] for one in entries(town, "agency").values()}
    assert {"医療", "教育", "住宅", "就労", "税・債権", "防災", "水道"} <= kinds
    for kind, code in (("司法", "hoterasu"), ("警察消防", "keisatsu")):
        blank = {one.key: None for one in known()["agency"].fields}
        with town.database.transaction() as session:
            wish = Wish(code=code, answers={**blank, "name": f"合成の{kind}", "kind": kind}, valid_from=TODAY)
            registers.add(session, known()["agency"], wish, by=town.staff("fukushi", "sui"), now=town.now)
    assert {"司法", "警察消防"} <= {one["kind"] for one in entries(town, "agency").values()}


def test_inv_121_every_section_of_the_town_office_can_send_a_sheet(town: Town) -> None:
    sections = [code for code in entries(town, "agency") if town.colleagues(code, "ka")]
    assert len(sections) >= 12
    for code in sections:
        town.opens(code)
        town.completes(code, "A-10", komari=["40"], omoKomari="40", uketsukeKikan=code)
        assert (code, "R-10") in town.open_steps(), code


def test_inv_122_the_sheet_travels_and_prints_on_a4(town: Town, visit: Visit) -> None:
    case_id = sends(town, "shogai_hokuei")
    answer = visit("shogai_hokuei-uke1").client.get(f"/cases/{case_id}/records/{record_of(town, 'F-A03')}.pdf")
    assert answer.data.startswith(b"%PDF")
    assert visit("zeimu-ka1").client.get("/forms/F-A03/blank.pdf").data.startswith(b"%PDF")


def test_inv_123_the_liaison_council_of_the_town_office_meets(town: Town, visit: Visit) -> None:
    assert named(town, "body", "北栄町包括的支援の推進に係る庁内連絡会")["shubetsu"] == "庁内連絡会"
    page = visit("fukushi-sui1").opens("/begin").presses("庁内連絡会")
    assert "連絡会を計画する" in page.title()
    assert "始められる手続きはありません" in text_of(visit, "zeimu-ka1", "/begin")


def test_inv_125_sections_tell_their_topics_and_get_what_was_decided(town: Town) -> None:
    town.opens("fukushi", process="P-J", at="J-SE")
    meeting = (town.now + timedelta(days=14)).isoformat(timespec="minutes")
    town.completes("fukushi", "J-05", shurui="事業担当者", nichiji=meeting, kakuka=["zeimu", "suido"])
    town.completes("zeimu", "J-10", gidai="滞納の通知に相談先を載せる")
    town.completes("suido", "J-10", nashi=True)
    town.waits(days=15)
    with pytest.raises(AnswersRefused):
        completes_exactly(town, "fukushi", "J-20", kojinNashi=False)
    decided = [{"kikan": "zeimu", "nani": "通知の裏面に相談先を刷る", "kigen": in_days(town, 30)}]
    town.completes("fukushi", "J-20", kettei=decided, kojinNashi=True)
    town.completes("zeimu", "J-30", kakunin="確認")
    town.completes("suido", "J-30", kakunin="確認")
    assert town.open_steps() == [("zeimu", "J-40")]


def test_inv_126_the_desk_is_a_way_in(town: Town, visit: Visit) -> None:
    comes_in(town, visit, "01", "来所")


def test_inv_128_places_in_the_community_are_a_way_in(town: Town, visit: Visit) -> None:
    comes_in(town, visit, "04", "出張・地域の場")


def test_inv_129_sns_is_written_over_word_for_word(town: Town, visit: Visit) -> None:
    for code, label in (("08", "SNS(Facebook)"), ("09", "SNS(X・旧Twitter)"), ("10", "SNS(Instagram)")):
        comes_in(town, visit, code, label, snsMei=label, tenki=True)


def test_inv_131_a_case_study_is_anonymous_by_two_hands(town: Town) -> None:
    town.opens("fukushi", process="P-H", at="H-SE")
    town.completes("fukushi", "H-10", kindH="事例検討会", taishoKikan=["konkyu"])
    town.completes("konkyu", "H-20", sankaH="参加")
    first = town.staff("fukushi", "sui")
    town.completes_as(first, "H-25")
    with pytest.raises(Refused, match="別の人"):
        town.completes_as(first, "H-26", kekkaH="個人は分からない")
    town.completes_as(town.staff("fukushi", "uke"), "H-26", kekkaH="個人は分からない")
    assert ("fukushi", "H-30") in town.open_steps()


def test_inv_132_publicity_is_checked_decided_and_recorded(town: Town) -> None:
    publishes(town, baitai=["ホームページ"], taishoI=["町民全体"])
    assert town.case().status == "closed"


def test_inv_133_who_acts_is_said_in_community_building(town: Town) -> None:
    town.opens("shakyo_chiiki", process="P-E", at="E-SE2")
    actors = ["町民", "各種団体", "事業者"]
    assert town.would_answer("shakyo_chiiki", "E-10", shutaiE=actors)["shutaiE"] == actors
    town.completes("shakyo_chiiki", "E-10", chikuE="daiei", shutaiE=actors)
    assert town.would_answer("shakyo_chiiki", "E-20", shutaiKyogi=actors)["shutaiKyogi"] == actors


def test_inv_134_a_year_of_evaluation_begins_by_the_calendar(town: Town) -> None:
    with town.database.transaction() as session:
        schedules.refresh(session, now=town.now)
    town.waits(days=370)
    with town.database.transaction(write=False) as session:
        assert session.scalars(select(Instance).where(Instance.key == "P-G")).all() != []


def test_inv_135_the_committee_gets_a_pack_and_its_opinions_are_kept(town: Town, visit: Visit) -> None:
    assert named(town, "body", "北栄町地域福祉推進計画推進委員会")
    assert visit("jimukyoku-ver1").client.get("/evaluation/pack.pdf").data.startswith(b"%PDF")
    to_appraisal(town)
    to_committee(town)
    town.completes("jimukyoku", "G-80", hyokaG="条件付き")
    assert ("fukushi", "G-90") in town.open_steps()


def test_inv_136_state_policy_and_the_local_situation_lead_to_revision(town: Town) -> None:
    to_appraisal(town)
    finishes_appraisal(town)
    with pytest.raises(AnswersRefused):
        completes_exactly(town, "fukushi", "G-50", kuni=None)
    to_decision(town)
    town.completes("fukushi", "G-90", youhiG="計画変更")
    assert ("jimukyoku", "G-92") in town.open_steps()


def test_inv_137_six_ways_to_reach_somebody(town: Town) -> None:
    reaches_out(town)
    town.completes("jinkokai", "C-30", kekka="受ける")
    for way in ("1", "2", "3", "4", "7", "8"):
        assert town.would_answer("jinkokai", "C-40", shudan=way)["shudan"] == way
    assert {"訪問", "巡回相談", "電話", "メール", "チラシ配布", "掲示"} <= labels("C20")


def test_inv_138_the_plans_words_are_explained_in_the_application(town: Town, visit: Visit) -> None:
    told = text_of(visit, "zeimu-ka1", "/registers/glossary")
    assert all(word in told for word in ("アウトリーチ", "ICT", "SNS", "よっしゃやらあ会"))


def test_inv_139_programmes_belong_to_their_sections(town: Town) -> None:
    owners = {one["meisho"]: one["shokan"] for one in entries(town, "programme").values()}
    assert {name for name, owner in owners.items() if owner == "教育総務課"} == {"利用者支援事業", "地域子育て支援拠点事業"}
    assert town.colleagues("kyoiku", "ver") != []
    to_appraisal(town)
    assert ("kyoiku", "G-40") in town.open_steps() or ("kosodate", "G-40") in town.open_steps()


def test_inv_140_neighbourhoods_are_a_register(town: Town, visit: Visit) -> None:
    adds(town, "district", {"meisho": "合成自治会", "kenIki": "daiei", "setai": 80, "tsudoi": "あり"})
    assert "合成自治会" in text_of(visit, "zeimu-ka1", "/registers/district")


def test_inv_150_three_kinds_of_plan(town: Town) -> None:
    to_plan(town)
    for kind in ("1", "4", "5"):
        assert town.would_answer("fukushi", "B-60", **(plan(town) | {"kind": kind}))["kind"] == kind


def test_inv_151_members_are_told_of_their_secrecy(town: Town, visit: Visit) -> None:
    assert named(town, "body", "北栄町包括的支援会議")["shuhi"] == "社会福祉法第106条の6第5項（支援会議）"
    to_meeting(town)
    with_items(town)
    with pytest.raises(AnswersRefused):
        completes_exactly(town, "fukushi", "K-10", shuhi=False)


def test_inv_152_the_persons_consent_is_asked_and_kept(town: Town, visit: Visit) -> None:
    case_id = to_plan(town)
    told = text_of(visit, "konkyu-uke1", f"/cases/{case_id}/consents")
    assert "同意" in told


def test_inv_153_progress_is_looked_at_in_the_meeting(town: Town) -> None:
    case_id = to_support(town)
    town.waits(days=61)
    town.completes("konkyu", "B-121", shinchoku=True)
    before = len(items(town))
    with_items(town)
    calls(town)
    assert [item.case_id for item in items(town)[before:]] == [case_id]


def test_inv_154_preparation_for_work_and_its_places(town: Town) -> None:
    assert {"就労準備の体験先（企業）", "就労準備の体験先（農業）"} <= {one["meisho"] for one in entries(town, "resource").values()}
    assert offered(town, kinds=["04"])[0] == "就労準備の体験先（企業）"


def test_inv_155_the_sports_club_and_the_community_hall_are_hosts(town: Town, visit: Visit) -> None:
    told = text_of(visit, "konkyu-uke1", "/registers/resource?search=北栄スポーツクラブ")
    assert "北栄スポーツクラブの教室" in told
    assert named(town, "resource", "中央公民館の講座")["shusai"] == "中央公民館"


def test_inv_156_the_volunteer_centre(town: Town) -> None:
    assert "ボランティアセンター" in offered(town, kinds=["10"])


def test_inv_157_each_programme_has_its_attributes(town: Town) -> None:
    programmes = list(entries(town, "programme").values())
    assert all(one["taisho"] and one["kenIki"] and one["unei"] and one["shokan"] for one in programmes)
    assert sum(one["kyoten"] or 0 for one in programmes) == 19


# --- how the tests play


def completes_exactly(town: Town, agency: str, step: str, **said: Any) -> None:
    """An agency hands a form in with these answers; nothing is filled in for it afterwards."""
    task = town.task(step, agency=agency)
    answers = {**town.would_answer(agency, step), **said}
    with town.database.transaction() as session:
        cases.complete(
            session, task.id, lambda form: form.accept(answers, context=town._context(session, agency)),
            by=town.staff(agency, task.role), now=town.now, submission="exactly",
        )  # fmt: skip


def first_table(town: Town, agency: str, step: str) -> str:
    """The key of a form's first table."""
    tables = [(key, value) for key, value in town.would_answer(agency, step).items() if isinstance(value, list)]
    return next(key for key, value in tables if value and isinstance(value[0], dict))


def destination(town: Town) -> str:
    """Where the sheet that is to be written now would go, as table D1 has it."""
    with town.database.transaction(write=False) as session:
        task = town.task("R-10")
        instance = session.get_one(Instance, task.instance_id)
        ready = compiled(session, instance.version_id)
        return str(runtime.read(ready.definition, instance.state, task.token, "dst", now=town.now))


def closes(town: Town) -> None:
    """Whoever holds the case ends it."""
    with town.database.transaction() as session:
        case = session.get_one(Case, town.case_id)
        case.status, case.closed_at, case.closed_reason = "closed", town.now, "01"


def text_of_paper(town: Town, form: str) -> set[str]:
    """The needs that the newest record of a form names, as staff read them."""
    with town.database.transaction(write=False) as session:
        record = session.get_one(Record, record_of(town, form))
        answers = opened(session, record, session.get_one(Case, town.case_id))
    names = {choice.value: choice.label for choice in codes.lists()["C06"]}
    return {names[row["komari"]] for row in answers["matrix"]}


def labels(codes_of: str) -> set[str]:
    """What a code list calls its codes."""
    return {choice.label for choice in codes.lists()[codes_of]}


def listed_entries(town: Town, key: str) -> list[Listed]:
    with town.database.transaction(write=False) as session:
        return registers.listed(session, known()[key], on=TODAY)


def record_of(town: Town, form: str) -> int:
    """The case's newest record of a form."""
    with town.database.transaction(write=False) as session:
        found = session.scalars(select(Record.id).where(Record.case_id == town.case_id, Record.form == form).order_by(Record.id.desc()))
        return found.first() or 0


def past_cases(town: Town, *lines: str) -> tuple[list[past.PastCase], list[Case]]:
    text = "以前の番号,受付した日,受付した機関,終結した日,終結の理由,相談の内容\n" + "".join(lines)
    head, told = sheets.read(text.encode(), name="past.csv")
    by = town.staff("fukushi", "sui")
    with town.database.transaction() as session:
        looked = past.preview(session, head, told, by=by, now=town.now)
        return looked, past.take(session, looked, by=by, now=town.now, synthetic=True)


def comes_in(town: Town, visit: Visit, code: str, label: str, **said: Any) -> None:
    """A consultation that came this way says so on its record."""
    consults(town, keiro=code, **said)
    assert label in text_of(visit, "konkyu-uke1", f"/cases/{town.case_id}/records/{record_of(town, 'F-A01')}")


def joins(town: Town) -> int:
    """A consultation leads to participation, which the council takes in."""
    case_id = consults(town)
    town.completes("konkyu", "A-40", taiou="09", kinkyu="3")
    with town.database.transaction(write=False) as session:
        town.case_id = session.scalars(select(Instance.case_id).where(Instance.key == "P-D")).one()
    if ("shakyo", "D-05") in town.open_steps():
        town.completes("shakyo", "D-05")
    return case_id


def tips(town: Town) -> int:
    """Somebody noticed something and told it."""
    case_id = town.opens("fukushi", process="P-C", at="C-SE1")
    if any(step == "C-05" for _, step in town.open_steps()):
        task = town.task("C-05")
        town.completes(task.agency, "C-05", kinkyu="3", chiku="daiei")
    return case_id


def reaches_out(town: Town, upto: str = "", corporation: str = "jinkokai") -> int:
    """A tip leads over the meeting to outreach by a corporation."""
    case_id = tips(town)
    town.completes("fukushi", "C-10", shori="アウトリーチ検討")
    meets(town, case_id, decides="アウトリーチへ", invited=["konkyu", corporation])
    if upto != "C-23":
        town.completes("fukushi", "C-23", hojin=corporation)
    return case_id


def takes_outreach(town: Town, code: str, corporation: str) -> None:
    """A corporation has a contract and an inbox of its own and takes outreach on."""
    (contract,) = [one for one in entries(town, "contract", None).values() if one["kikan"] == code]
    assert (contract["hojin"], contract["jigyo"], contract["shuhi"]) == (corporation, "事0012", True)
    reaches_out(town, corporation=code)
    assert town.open_steps() == [(code, "C-30")]
    town.completes(code, "C-30", kekka="受ける")
    assert (code, "C-40") in town.open_steps()


def offered(town: Town, *, kinds: list[str]) -> list[str]:
    """What table D12 offers somebody who wants this."""
    with town.database.transaction(write=False) as session:
        found = candidates(session, Wishes(kinds=kinds, district="daiei", attributes=[]), process="P-E", now=town.now, best=99)
        names = {one.code: one.answers["meisho"] for one in registers.listed(session, known()["resource"], on=TODAY)}
    return [names[one.code] for one in found]


def council(town: Town, name: str, district: str, code: str) -> None:
    """A council of a district gets the ideas of its district."""
    body = named(town, "body", name)
    assert (body["shubetsu"], body["chiku"]) == ("協議体 第2層", district)
    town.opens("shakyo_chiiki", process="P-E", at="E-SE2")
    town.completes("shakyo_chiiki", "E-10", chikuE=code)
    assert town.task("E-20").subject == f"協議体 第2層{district}"


def to_plan(town: Town, consent: str = "2") -> int:
    """A household comes to cooperation; the plan is to be made."""
    case_id = consults(town)
    town.completes("konkyu", "A-40", taiou="05", kinkyu="3")
    town.completes("konkyu", "B-10")
    town.completes("fukushi", "B-20", kekka="受理", shuKikan="konkyu", kankeiKikan=["konkyu", "hokatsu"])
    shared = {"teikyosaki": ["konkyu", "shakyo", "hokatsu"], "koumoku": ["基本", "課題"]} if consent == "2" else {}
    town.completes("konkyu", "Y-10", kekka=consent, houhou="口頭", kigen=in_days(town, 360), **shared)
    town.completes("fukushi", "B-40", douiZentai="全員" if consent == "2" else "なし")
    while answering := [agency for agency, step in town.open_steps() if step == "B-45"]:
        town.completes(answering[0], "B-45", kanyo="なし")
    return case_id


def plan(town: Town) -> dict[str, Any]:
    return {
        "yakuwari": [{"agency": "konkyu", "shu": True}, {"agency": "shakyo"}, {"agency": "hokatsu"}],
        "kikanFrom": in_days(town, 0), "kikanTo": in_days(town, 180), "nextEval": in_days(town, 170), "honnin": "口頭", "monitor": "60",
    }  # fmt: skip


def to_meeting(town: Town) -> int:
    """The plan is made, the roles are taken, the person agrees: the meeting is to be held."""
    case_id = to_plan(town)
    town.completes("fukushi", "B-60", **plan(town))
    for agency in ("konkyu", "shakyo", "hokatsu"):
        town.completes(agency, "B-65", kekka="引き受ける")
    town.completes("konkyu", "B-70", ikou="同意")
    return case_id


def to_support(town: Town) -> int:
    """The meeting finds the plan right, the town decides, and support goes on."""
    case_id = to_meeting(town)
    meets(town, case_id, decides="プラン適切", invited=["konkyu", "shakyo"])
    town.completes("fukushi", "B-100", kettei="決定")
    return case_id


def items(town: Town) -> list[MeetingItem]:
    with town.database.transaction(write=False) as session:
        return list(session.scalars(select(MeetingItem)))


def with_items(town: Town) -> None:
    """The meeting that gathers is what the following steps mean."""
    with town.database.transaction(write=False) as session:
        town.case_id = session.scalars(select(Case.id).where(Case.kind == "会", Case.status == "open")).one()


def calls(town: Town) -> None:
    """The promoter sets the meeting's day and calls who is needed."""
    day = (town.now + timedelta(days=7)).isoformat(timespec="minutes")
    town.completes("fukushi", "K-10", nichiji=day, houhou="対面", shoshuKikan=["konkyu", "shakyo"], shuhi=True)


def row_of(page: Visitor, head: str) -> list[str]:
    """The cells of a table's row, as a person reads them."""
    row = next(one for one in page.page.iter("tr") if one.text_content().strip().startswith(head))
    return [cell.text_content().strip() for cell in row.iter("td")]


def publishes(town: Town, **said: Any) -> None:
    """A text is written, checked for easy reading, decided and published."""
    town.opens("jimukyoku", process="P-I", at="I-SE")
    town.completes("jimukyoku", "I-10", kohyoYoteiI=in_days(town, 20), **said)
    town.completes("jimukyoku", "I-20", kekkaI="このまま進める", accessI=True, yasashiiI=True)
    town.completes("fukushi", "I-30", ketteiG="承認")
    town.completes("jimukyoku", "I-50")


def to_appraisal(town: Town) -> None:
    """A year of evaluation, until the programmes tell what they did and judge themselves."""
    town.opens("jimukyoku", process="P-G", at="G-SE2")
    target = {"shihyo": "K1", "jigyo": "1", "mokuhyoChi": 120, "dasho": "前年度の実績"}
    town.completes("jimukyoku", "G-10", nendo=2026, mokuhyoHyo=[target])
    for _ in range(3):
        town.waits(days=91)
        town.completes("jimukyoku", "G-20")
        if ("fukushi", "G-25") in town.open_steps():
            town.completes("fukushi", "G-25")
    town.waits(days=120)
    town.completes(town.task("G-40").agency, "G-40")


def finishes_appraisal(town: Town) -> None:
    """Every programme has told and judged."""
    while again := [step for step in town.open_steps() if step[1] in ("G-40", "G-41")]:
        town.completes(*again[0])


def to_committee(town: Town) -> None:
    """The draft is approved; the committee has its pack."""
    finishes_appraisal(town)
    town.completes("fukushi", "G-50")
    town.completes("fukushi", "G-60", ketteiG="承認")
    town.completes("jimukyoku", "G-70")


def to_decision(town: Town) -> None:
    """The committee has spoken; the town is to decide."""
    to_committee(town)
    town.completes("jimukyoku", "G-80", hyokaG="妥当")


def examples(table: str) -> list[Mapping[str, Any]]:
    """The examples that are run whenever a table is published."""
    told = json.loads((Path(__file__).parents[1] / "processes" / "tables" / "examples.json").read_text("utf-8"))
    return [one for one in told if one["table"] == table]
