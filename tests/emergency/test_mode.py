"""緊急モード: two people turn it on, it ends by itself, days count differently meanwhile, and shortcuts leave duties."""

from datetime import date, timedelta

import pytest

from engine import disasters, shortcuts
from engine.assignment import calendar_of
from engine.errors import NotAllowed, NotYours
from forms.errors import AnswersRefused
from tests.emergency.sweep import (
    ALL,
    GROUNDS,
    TEAMS,
    answers,
    begins,
    begun,
    confirms,
    disaster,
    draws,
    listed,
    rows,
)
from tests.town import Town

SUNDAY = date(2026, 4, 5)


def works_on(town: Town, day: date) -> bool:
    with town.database.transaction(write=False) as session:
        return calendar_of(session).is_business_day(day)


def test_a_second_person_confirms_and_the_one_who_began_may_not(town: Town) -> None:
    begins(town)
    with pytest.raises(NotYours, match="別の人"):
        town.completes_as(town.staff("fukushi", "kcho"), "M-15", kakunin="確認する")
    confirms(town)
    assert {element for _, element in town.open_steps()} == {"S-10", "M-35"}


def test_without_a_second_person_it_is_off_again_after_half_an_hour(town: Town) -> None:
    begins(town)
    assert disaster(town).tag == "R8-地震-0403"
    assert works_on(town, SUNDAY)
    town.waits(hours=1)
    assert disaster(town).ended_at is not None
    assert not works_on(town, SUNDAY)
    assert town.open_tasks() == []


def test_the_headquarters_decision_needs_no_second_person_in_half_an_hour(town: Town) -> None:
    begins(town, honbu=True)
    town.waits(hours=1)
    assert disaster(town).ended_at is None
    assert ("fukushi", "S-10") in town.open_steps()


def test_every_day_is_a_working_day_while_it_lasts(town: Town) -> None:
    begins(town)
    confirms(town)
    town.opens("konkyu")
    town.completes("konkyu", "相談を受け付ける", komari=["20"], omoKomari="20")
    due = town.task("A-30").due_at
    assert due is not None
    assert due.date() == town.now.date() + timedelta(days=3), "three days, Saturday and Sunday counted"


def test_it_ends_at_its_hour_though_nobody_acts(town: Town) -> None:
    begun(town, listed(16))
    ends = disaster(town).until
    assert ends is not None
    town.waits(days=(ends - town.now).days + 1)
    ended = disaster(town)
    assert ended.ended_at == ends
    assert not works_on(town, SUNDAY + timedelta(days=28))
    assert works_on(town, SUNDAY), "what was counted then stays"
    assert {task.agency for row in rows(town) for task in town.open_tasks(row.case_id)} == {"fukushi"}
    town.case_id = rows(town, "han1")[0].case_id
    assert town.sees("kenko") is None, "the team sees nothing more"
    town.case_id = ended.case_id or 0
    assert ("fukushi", "M-50") in town.open_steps()


def test_the_end_is_asked_for_every_three_days_and_the_day_before(town: Town) -> None:
    begun(town, owari=(town.now + timedelta(days=5)).isoformat(timespec="minutes"))
    town.waits(days=3, hours=1)
    town.completes("fukushi", "M-40", keizokuF="継続")
    assert ("fukushi", "M-40") not in town.open_steps()
    town.waits(days=1)
    assert ("fukushi", "M-40") in town.open_steps()


def test_narrowing_takes_shortcuts_away_and_the_calendar_with_them(town: Town) -> None:
    begun(town)
    town.waits(days=3, hours=1)
    town.completes("fukushi", "M-40", keizokuF="縮小", nokosu=["口頭同意", "オンライン・書面会議"])
    assert disaster(town).shortcuts == ["口頭同意"], "none is added that was not there"
    assert not works_on(town, SUNDAY + timedelta(days=7))


def test_who_is_not_found_goes_on_where_it_was_decided(town: Town) -> None:
    begun(town, listed(8))
    for row in rows(town)[:6]:
        answers(town, row, "1", juka="無被害", hitsuyo=[])
    town.waits(days=3, hours=1)
    town.completes("fukushi", "M-40", keizokuF="解除")
    town.completes("fukushi", "M-50", fumeiSaki="通常ケース")
    town.waits(hours=1)
    unfound = [row.case_id for row in rows(town) if not row.answer]
    assert len(unfound) == 2
    for case_id in unfound:
        case = town.case(case_id)
        assert (case.kind, case.event_tag) == ("相", disaster(town).tag)
        assert town.open_steps(case_id) == [("fukushi", "A-10")]
    assert ("soumu", "M-70") in town.open_steps()
    town.completes("soumu", "M-70")
    town.completes("fukushi", "M-80")
    assert town.case().status == "closed"


def test_a_shortcut_leaves_a_record_to_be_written_within_ten_working_days(town: Town) -> None:
    mode = begun(town)
    case_id = town.opens("konkyu")
    by = town.staff("konkyu")
    with town.database.transaction() as session:
        shortcuts.take(session, case_id, "口頭同意", by=by, now=town.now)
    with pytest.raises(NotAllowed, match="特例"), town.database.transaction() as session:
        shortcuts.take(session, case_id, "オンライン・書面会議", by=by, now=town.now)
    assert ("konkyu", "N-20") not in town.open_steps()
    town.case_id = mode
    town.waits(days=3, hours=1)
    town.completes("fukushi", "M-40", keizokuF="解除")
    town.waits(hours=1)
    town.case_id = case_id
    task = town.task("N-20")
    assert task.due_at is not None
    assert task.due_at.date() == date(2026, 4, 20), "ten working days again, not ten days"
    town.completes("konkyu", "N-20")


def test_a_drill_is_marked_and_moves_no_deadline(town: Town) -> None:
    begins(town, event="9", kunren=True)
    confirms(town)
    draws(town, listed(4), jokenHyo=[{"joken": "避難行動要支援者", "saigaiKonkyo": "03"}])
    assert disaster(town).drill
    assert town.case().synthetic
    assert not works_on(town, SUNDAY)
    assert {town.case(row.case_id).kind for row in rows(town)} == {disasters.PRACTICE}
    assert all(town.case(row.case_id).synthetic for row in rows(town))


def test_a_drill_takes_no_real_list(town: Town) -> None:
    begins(town, event="9", kunren=True)
    confirms(town)
    with pytest.raises(AnswersRefused, match="合成の名簿だけ"):
        draws(town, listed(4, invented=False), jokenHyo=[{"joken": "避難行動要支援者", "saigaiKonkyo": "03"}])
    with pytest.raises(AnswersRefused, match="根拠では使えません"):
        draws(town, listed(4), jokenHyo=GROUNDS)
    assert rows(town) == []


@pytest.mark.parametrize(
    ("event", "ground", "condition"),
    [("4", "12", "避難行動要支援者"), ("1", "12", "独居高齢"), ("1", "02", "障がい手帳")],
)
def test_a_list_needs_a_ground_that_fits_the_disaster_and_the_condition(town: Town, event: str, ground: str, condition: str) -> None:
    begins(town, event=event)
    confirms(town)
    with pytest.raises(AnswersRefused, match="根拠では使えません"):
        draws(town, listed(2, condition=condition), jokenHyo=[{"joken": condition, "saigaiKonkyo": ground}])
    assert rows(town) == []


def test_a_list_with_wrong_rows_is_refused_whole_and_every_row_is_told(town: Town) -> None:
    begins(town)
    confirms(town)
    wrong = listed(3).replace("大栄,".encode(), "東京,".encode()) + listed(1, condition="独居高齢").split(b"\r\n")[1]
    with pytest.raises(AnswersRefused) as refused:
        draws(town, wrong)
    told = refused.value.problems[0].sentence
    assert "3行目：地区「東京」" in told
    assert "条件「独居高齢」の根拠が選ばれていません" in told
    assert rows(town) == []


def test_a_household_is_on_the_list_once_however_many_lists_name_it(town: Town) -> None:
    begins(town)
    confirms(town)
    draws(town, listed(6), listed(8), meiboTsugi="後で足す")
    assert len(rows(town)) == 8
    draws(town, listed(10))
    assert len(rows(town)) == 10
    assert [row.team for row in rows(town, "han1")] == ["han1"] * 2
    assert {row.team for row in rows(town)} == {team["han"] for team in TEAMS}


def test_only_who_may_speak_for_a_case_takes_a_shortcut_in_it(town: Town) -> None:
    begun(town, tokurei=ALL)
    case_id = town.opens("konkyu")
    with pytest.raises(NotAllowed), town.database.transaction() as session:
        shortcuts.take(session, case_id, "口頭同意", by=town.staff("zeimu"), now=town.now)
