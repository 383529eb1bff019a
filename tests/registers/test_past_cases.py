"""Cases from before the system: taken in from a file, with their own days, found by name, opened again."""

import io
from collections.abc import Callable
from datetime import date

import pytest

from engine import cases, past, people
from engine.casebook import Case
from engine.errors import Refused
from forms import sheets
from tests.town import Town
from tests.web.visitor import Visitor

FILE = (
    "以前の番号,受付した日,受付した機関,終結した日,終結の理由,相談の内容,氏,名\n"
    "H30-12,平成30年5月7日,北栄町地域包括支援センター,平成31年2月1日,課題の解決・軽減,合成の相談,合成,太郎\n"
    "H31-3,2019/4/10,konkyu,,,合成の家計の相談,,\n"
    "H30-99,平成30年13月1日,ない機関,,,,,\n"
)


def takes_in(town: Town, text: str = FILE, role: str = "sui") -> tuple[list[past.PastCase], list[Case]]:
    head, rows = sheets.read(text.encode(), name="past.csv")
    by = town.staff("fukushi", role)
    with town.database.transaction() as session:
        looked = past.preview(session, head, rows, by=by, now=town.now)
        return looked, past.take(session, looked, by=by, now=town.now, synthetic=True)


def test_past_cases_keep_their_days_and_wrong_rows_are_told(town: Town) -> None:
    looked, taken = takes_in(town)
    assert [bool(one.sentences) for one in looked] == [False, False, True], looked
    assert "「受付した機関」の「ない機関」という機関はありません" in "".join(looked[2].sentences)
    closed, going = taken
    assert (closed.status, closed.opened_at.date(), closed.closed_reason) == ("closed", date(2018, 5, 7), "02")
    assert (going.status, going.opened_at.date()) == ("open", date(2019, 4, 10))


def test_an_open_past_case_waits_at_its_desk_and_a_closed_one_for_nobody(town: Town) -> None:
    _, (closed, going) = takes_in(town)
    assert {agency for agency, _ in town.open_steps(going.id)} == {"konkyu"}
    assert town.open_steps(closed.id) == []


def test_a_past_case_is_found_by_name_and_opened_again(town: Town) -> None:
    _, (closed, _) = takes_in(town)
    by = town.staff("hokatsu", "uke")
    with town.database.transaction() as session:
        assert people.search(session, "合成 太郎", by=by, now=town.now) == [closed.id]
        cases.reopen(session, closed.id, reason="再相談", by=by, now=town.now)
    assert town.open_steps(closed.id) != []


def test_the_same_file_twice_takes_nothing_in_twice(town: Town) -> None:
    takes_in(town)
    looked, taken = takes_in(town)
    assert taken == []
    assert all("もう取り込まれています" in "".join(one.sentences) for one in looked[:2])


def test_only_those_who_coordinate_take_past_cases_in(town: Town) -> None:
    head, rows = sheets.read(FILE.encode(), name="past.csv")
    by = town.staff("税務課", "ka")
    with town.database.transaction() as session:
        looked = past.preview(session, head, rows, by=by, now=town.now)
        with pytest.raises(Refused):
            past.take(session, looked, by=by, now=town.now)


def test_a_coordinator_takes_past_cases_in_by_the_page(visit: Callable[[str], Visitor]) -> None:
    sui = visit("fukushi-sui1").opens("/past-cases")
    token = sui.value("_csrf")
    token = token[0] if isinstance(token, list) else token
    sent = sui.client.post(
        "/past-cases", data={"_csrf": token, "file": (io.BytesIO(FILE.encode()), "past.csv")}, content_type="multipart/form-data"
    )
    looked = sui._shown(sent)
    assert "取り込める 2件（うち続いているもの 1件）、取り込めない 1件" in looked.text()
    assert "2件を取り込みました" in looked.presses("2件を取り込む").text()
    assert visit("zeimu-ka1").opens("/past-cases").answer.status_code == 403
