"""The pages of the emergency mode: a team's lines, both answers when two answered, A4, and the file that works without a network."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.emergency.sweep import begins, begun, confirms, disaster, listed, rows
from tests.town import Town
from tests.web.visitor import Visitor

Visit = Callable[[str], Visitor]
FIRST, SECOND = "shakyo_out-out2", "kenko-ka3"  # the members of han1


@pytest.fixture
def team(town: Town) -> str:
    """The address of the first team's list, after an earthquake."""
    begun(town, listed(16, shielded=1))
    return f"/emergency/{disaster(town).id}/teams/han1"


def line(page: Visitor, number: int) -> dict[str, Any]:
    """The hidden fields and the address of one line's form."""
    form = page.page.xpath("//table[@data-grid]//form")[number]
    return {"action": form.get("action"), **{one.get("name"): one.get("value") for one in form.xpath(".//input")}}


def sends(page: Visitor, number: int, **said: str) -> Visitor:
    fields = {**line(page, number), **said}
    return page._shown(page.client.post(fields.pop("action"), data=fields))


def test_the_chief_begins_and_every_page_tells_it(town: Town, visit: Visit) -> None:
    chief = visit("fukushi-kcho1").opens("/emergency").presses("緊急モードの発動に進む")
    assert "緊急モードの発動" in chief.title() or "緊急モードを発動する" in chief.title()
    assert visit("fukushi-sui1").client.post("/emergency").status_code in (400, 403)
    begins(town)
    confirms(town)
    assert "緊急モード" in str(visit("zeimu-ka1").opens("/").page.xpath("string(//p[@class='emergency'])"))


def test_a_team_enters_line_by_line_and_each_is_there_at_once(town: Town, visit: Visit, team: str) -> None:
    page = visit(FIRST).opens(team)
    assert "合成 0008" in page.text()
    assert "北条0番地" not in page.text(), "an address under 支援措置 stays masked"
    sends(page, 1, anpi="1", juka="無被害")
    assert rows(town, "han1")[1].answer == "1"
    assert "保存しました" in page.text()
    assert "合成 0008" not in page.opens(f"{team}?show=open").text()


def test_strangers_and_managers_see_numbers_at_most(town: Town, visit: Visit, team: str) -> None:
    for stranger in ("zeimu-ka1", "fukushi-sui1", "fukushi-kcho1", "jinkokai-out3"):
        for address in (team, f"{team}/list.pdf", f"{team}/pack.html"):
            assert visit(stranger).client.get(address).status_code == 403, (stranger, address)
    numbers = visit("fukushi-sui1").opens(f"/emergency/{disaster(town).id}")
    assert "全体1600.0 %0016" in numbers.text()
    assert "合成 0" not in numbers.text()
    assert visit("zeimu-ka1").client.get(f"/emergency/{disaster(town).id}").status_code == 403


def test_the_second_one_sees_both_and_keeps_what_was_typed(town: Town, visit: Visit, team: str) -> None:
    first, second = visit(FIRST).opens(team), visit(SECOND).opens(team)
    sends(first, 0, anpi="1", juka="無被害")
    sends(second, 0, anpi="3", memo="転んで動けない")
    assert second.answer.status_code == 409
    assert "先に入れました" in second.text()
    assert "無事" in second.text()
    assert "転んで動けない" in second.text()
    second.presses("自分の記録も残す")
    row = rows(town, "han1")[0]
    assert (row.answer, row.version) == ("3", 2)


def test_without_a_page_load_the_second_one_is_told_too(visit: Visit, team: str) -> None:
    first, second = visit(FIRST).opens(team), visit(SECOND).opens(team)
    fields = line(second, 0)
    sends(first, 0, anpi="1")
    answer = second.client.post(fields.pop("action"), data={**fields, "anpi": "2"}, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json["theirs"] == "無事"
    assert answer.json["seen"] == 1


def test_a_line_without_an_answer_is_refused_in_words(town: Town, visit: Visit, team: str) -> None:
    page = sends(visit(FIRST).opens(team), 0, memo="留守")
    assert page.answer.status_code == 422
    assert "安否" in page.text()
    assert rows(town, "han1")[0].version == 0


def test_the_list_is_printed_on_a4(visit: Visit, team: str) -> None:
    answer = visit(FIRST).client.get(f"{team}/list.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")


def packed(visit: Visit, team: str) -> tuple[str, dict[str, Any]]:
    answer = visit(FIRST).client.get(f"{team}/pack.html")
    assert "attachment" in answer.headers["Content-Disposition"]
    text = answer.data.decode()
    inside = re.search(r'id="data">(.*?)</script>', text, re.S)
    assert inside
    return text, json.loads(inside.group(1))


def filled(pack: dict[str, Any], *answers: str) -> bytes:
    lines = [
        {"row": row["row"], "seen": row["seen"], "anpi": anpi, "juka": "無被害", "hitsuyo": [], "memo": "", "at": "2026-04-03 09:00"}
        for row, anpi in zip(pack["rows"], answers, strict=False)
    ]
    return json.dumps({"disaster": pack["disaster"], "team": pack["team"], "rows": lines}).encode()


def brings(page: Visitor, disaster_id: int, content: bytes) -> Visitor:
    token = page.page.xpath("//input[@name='_csrf']/@value")[0]
    return page._shown(
        page.client.post(f"/emergency/{disaster_id}/pack", data={"_csrf": token, "pack": (io.BytesIO(content), "answers.json")})
    )


def test_a_file_carries_the_list_without_a_network_and_is_read_back_once(town: Town, visit: Visit, team: str) -> None:
    text, pack = packed(visit, team)
    assert not re.search(r'(?:src|href)="', text), "nothing is loaded from anywhere"
    assert "北条0番地" not in text
    page = visit(FIRST).opens(team)
    for _ in range(2):
        brings(page, pack["disaster"], filled(pack, "1", "5"))
        assert [(row.answer, row.version) for row in rows(town, "han1")] == [("1", 1), ("5", 1)]
    assert "2世帯を記録しました" in page.text()


def test_what_was_answered_meanwhile_is_shown_beside_the_files_answer(town: Town, visit: Visit, team: str) -> None:
    _, pack = packed(visit, team)
    sends(visit(SECOND).opens(team), 0, anpi="1")
    page = brings(visit(FIRST).opens(team), pack["disaster"], filled(pack, "3", "1"))
    assert "1世帯を記録しました" in page.text()
    assert "先に記録があった世帯（1）" in page.text()
    page.presses("持ち出しの記録も残す")
    assert [row.answer for row in rows(town, "han1")] == ["3", "1"]


def test_a_file_brings_no_answer_for_another_teams_household(town: Town, visit: Visit, team: str) -> None:
    other = rows(town, "han2")[0]
    content = json.dumps({"disaster": disaster(town).id, "team": "han1", "rows": [{"row": other.id, "seen": 0, "anpi": "1"}]})
    page = brings(visit(FIRST).opens(team), disaster(town).id, content.encode())
    assert "班の人だけ" in page.text()
    assert rows(town, "han2")[0].version == 0
    assert brings(visit(FIRST).opens(team), disaster(town).id, b"PK\x03\x04").answer.status_code == 404


def test_a_shortcut_is_taken_on_the_case_page(town: Town, visit: Visit) -> None:
    begun(town)
    case_id = town.opens("konkyu")
    page = visit("konkyu-uke1").opens(f"/cases/{case_id}")
    page.presses("特例を使う", shortcut="口頭同意")
    assert "記録しました" in page.text()
    assert "口頭同意" in visit("soumu-ppo1").opens(f"/emergency/{disaster(town).id}").text()
