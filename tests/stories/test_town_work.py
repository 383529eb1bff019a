"""Work of the town that concerns no single person: 地域づくり, 年次評価, 研修, 周知."""

from datetime import date, timedelta

import pytest

from engine import cases, evaluation, people, schedules
from engine.casebook import Case, Instance
from engine.definitions import compiled, current
from engine.errors import NotYours, Refused
from engine.people import Particulars
from forms.errors import AnswersRefused
from forms.fields import every
from tests.town import Town

TARGET = {"shihyo": "K1", "jigyo": "1", "mokuhyoChi": 120, "dasho": "前年度の実績"}
NAMELESS = ("P-E", "P-G", "P-H", "P-I")


def seeds(town: Town, **said: object) -> None:
    """An idea is registered and reaches the council."""
    town.opens("shakyo_chiiki", process="P-E", at="E-SE2")
    town.completes("shakyo_chiiki", "E-10", **{"chikuE": "daiei", **said})


# --- 地域づくり


def test_a_missing_resource_of_a_meeting_becomes_an_idea_without_its_case(town: Town) -> None:
    source = town.opens("konkyu")
    with town.database.transaction() as session:
        cases.send(session, source, "resource.gap", {"caseId": source, "item": "x-1"}, by=town.staff("konkyu"), now=town.now)
    with town.database.transaction(write=False) as session:
        instance = session.query(Instance).filter(Instance.key == "P-E").one()
        assert instance.case_id != source
        assert b"x-1" not in instance.state
        town.case_id = instance.case_id
    town.completes("fukushi", "E-05", bunE="移動の手段がない人が集える場が足りない。")
    assert town.open_steps() == [("shakyo_chiiki", "E-10")]


def test_an_idea_becomes_a_resource(town: Town) -> None:
    seeds(town)
    assert town.task("E-20").subject == "協議体 第2層大栄"
    town.completes("shakyo_chiiki", "E-20", ketteiE="着手")
    town.completes("shakyo_chiiki", "E-30", kessaiE="要")
    town.completes("fukushi", "E-35", shoninE="差戻し")
    town.completes("shakyo_chiiki", "E-30", kessaiE="要")
    town.completes("fukushi", "E-35", shoninE="承認")
    town.completes("shakyo_chiiki", "E-40", tsugiE="継続")
    town.waits(days=91)
    town.completes("shakyo_chiiki", "E-50", hanteiE="資源台帳へ")
    town.completes("shakyo_chiiki", "E-55")
    assert town.case().status == "closed"


def test_a_postponed_idea_comes_back_twice_and_then_ends(town: Town) -> None:
    seeds(town)
    for _ in range(2):
        town.completes("shakyo_chiiki", "E-20", ketteiE="保留")
        town.waits(days=181)
    town.completes("shakyo_chiiki", "E-20", ketteiE="保留")
    town.waits(days=181)
    assert town.case().status == "closed"


@pytest.mark.parametrize("decision", ["既存活用", "見送り"])
def test_an_idea_may_end_at_the_council(town: Town, decision: str) -> None:
    seeds(town)
    town.completes("shakyo_chiiki", "E-20", ketteiE=decision)
    if decision == "既存活用":
        town.completes("shakyo_chiiki", "E-25")
    assert town.case().status == "closed"


def test_an_idea_without_a_decision_reaches_the_promoter(town: Town) -> None:
    seeds(town)
    town.waits(days=121)
    assert ("fukushi", "E-21") in town.open_steps()


@pytest.mark.parametrize(
    "words",
    [
        "山田さんが困っている", "電話は0858-00-0000です", "R8-相-0001のような世帯", "北条12番地のあたり", "合成花子のような人がいる",
        "鈴木様より相談",
    ],
)
def test_no_word_that_tells_of_a_person_gets_in(town: Town, words: str) -> None:
    other = town.opens("konkyu")
    with town.database.transaction() as session:
        known = Particulars(name="合成　花子")
        people.note(session, session.get_one(Case, other), known, place="本人", shielded=False, record_id=None, now=town.now)
    town.opens("shakyo_chiiki", process="P-E", at="E-SE2")
    with pytest.raises(AnswersRefused, match="個人が分かること"):
        town.completes("shakyo_chiiki", "E-10", naiyoE=f"居場所が足りない。{words}。")
    town.completes("shakyo_chiiki", "E-10", naiyoE="お母さんや息子さんが皆さんと集える多様な居場所が足りない。様子を見る。")


@pytest.mark.parametrize("process", NAMELESS)
def test_no_form_of_these_asks_for_a_person(town: Town, process: str) -> None:
    with town.database.transaction(write=False) as session:
        ready = compiled(session, current(session, process).id)
        assert ready.definition.main.process.properties["personal"] == "none"
        own = [form for key, form in ready.forms.items() if key not in ("F-A10", "F-X04")]
        assert [one.path for form in own for one in every(form.fields) if one.source in ("person", "household", "case")] == []


# --- 年次評価


def test_a_year_from_its_targets_to_publication(town: Town) -> None:
    town.opens("konkyu")
    town.opens("jimukyoku", process="P-G", at="G-SE2")
    year = 2026
    town.completes("jimukyoku", "G-10", nendo=year, mokuhyoHyo=[TARGET])
    for month in ("7月", "10月", "1月"):
        town.waits(days=91)
        assert town.task("G-20").subject == month
        town.completes("jimukyoku", "G-20")
        if month == "10月":
            town.completes("fukushi", "G-25")
    town.waits(days=120)
    with town.database.transaction(write=False) as session:
        settled = evaluation.of_year(session, year)
        assert settled.settled_at is not None
        assert settled.indicators["K1"] == {"1": 1}
        assert [(one.indicator, one.value) for one in evaluation.targets(session, year)] == [("K1", 120)]
    assert len([step for step in town.open_steps() if step[1] == "G-40"]) == 8
    for agency, _ in list(town.open_steps()):
        town.completes(agency, "G-40")
        town.completes(agency, "G-41")
    town.completes("fukushi", "G-50")
    town.completes("fukushi", "G-60", ketteiG="差戻し")
    town.completes("fukushi", "G-50")
    town.completes("fukushi", "G-60", ketteiG="承認")
    town.completes("jimukyoku", "G-70")
    town.completes("jimukyoku", "G-80", hyokaG="妥当")
    town.completes("fukushi", "G-90", youhiG="計画変更")
    town.completes("jimukyoku", "G-92")
    town.completes("jimukyoku", "G-95")
    assert town.case().status == "closed"
    with town.database.transaction(write=False) as session:
        published = session.query(Instance).filter(Instance.key == "P-I").one()
    assert town.open_steps(published.case_id) == [("jimukyoku", "I-10")]


def test_an_empty_target_is_refused_on_the_form_and_in_the_register(town: Town) -> None:
    town.opens("jimukyoku", process="P-G", at="G-SE2")
    form = town.would_answer("jimukyoku", "G-10")
    assert all(row["mokuhyoChi"] >= 1 for row in form["mokuhyoHyo"])
    for value, source in ((None, "前年度"), (5, " "), (0, "前年度")):
        row = {"programme": "1", "indicator": "K1", "value": value, "source": source}
        with pytest.raises(Refused, match="空"), town.database.transaction() as session:
            evaluation.put_targets(session, 2026, [row], by=None, now=town.now)


def test_the_settled_year_does_not_move_and_practice_is_not_counted(town: Town) -> None:
    town.opens("konkyu")
    with town.database.transaction() as session:
        evaluation.settle_year(session, 2026, by=None, now=town.now)
    town.opens("hokatsu")
    drill = town.opens("hokatsu")
    with town.database.transaction() as session:
        session.get_one(Case, drill).kind = "訓"
    with town.database.transaction(write=False) as session:
        assert evaluation.of_year(session, 2026).total("K1") == 1
        assert evaluation.count(session, 2026).total("K1") == 2
    assert (evaluation.shown(0), evaluation.shown(4), evaluation.shown(5), evaluation.shown(1200)) == ("0", "5未満", "5", "1,200")


def test_the_year_begins_by_the_calendar(town: Town) -> None:
    with town.database.transaction() as session:
        schedules.refresh(session, now=town.now)
        planned = {row.process: row.next_at for row in schedules.rows(session) if row.process}
    assert planned["P-G"] is not None
    assert planned["P-G"].date() == date(2027, 4, 1)
    assert planned["P-F"] is not None
    assert planned["P-F"].date() == date(2026, 9, 1), "the yearly drill"


# --- 研修・周知


def test_a_case_study_is_made_anonymous_by_two_people(town: Town) -> None:
    town.opens("fukushi", process="P-H", at="H-SE")
    town.completes("fukushi", "H-10", kindH="事例検討会", taishoKikan=["konkyu", "hokatsu"])
    town.completes("konkyu", "H-20", sankaH="参加")
    town.waits(days=15)
    first = town.staff("fukushi", "sui")
    town.completes_as(first, "H-25")
    with pytest.raises(NotYours, match="別の人"):
        town.completes_as(first, "H-26", kekkaH="個人は分からない")
    town.completes_as(town.staff("fukushi", "uke"), "H-26", kekkaH="個人は分からない")
    town.completes("fukushi", "H-30")
    town.completes("fukushi", "H-40")
    assert town.case().status == "closed"


def test_publicity_is_checked_for_easy_reading_before_it_is_decided(town: Town) -> None:
    town.opens("jimukyoku", process="P-I", at="I-SE")
    town.completes("jimukyoku", "I-10", kohyoYoteiI=(town.now + timedelta(days=20)).date().isoformat())
    town.completes("jimukyoku", "I-20", kekkaI="直してほしい")
    town.completes("jimukyoku", "I-10")
    town.completes("jimukyoku", "I-20", kekkaI="このまま進める", accessI=True, yasashiiI=True)
    town.completes("fukushi", "I-30", ketteiG="承認")
    town.completes("jimukyoku", "I-50")
    assert town.case().status == "closed"
