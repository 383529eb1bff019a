"""A coordinator changes a process: list, outline, check, publish; nobody's work is lost, nobody else may."""

import re
from collections.abc import Callable
from typing import Any

from engine import definitions
from tests.town import Town
from tests.web.visitor import Visitor

Visit = Callable[[str], Visitor]


def keep(visitor: Visitor, files: dict[str, str], revision: int, key: str = "P-A") -> Any:
    """Save a draft as the editor does."""
    visitor.opens(f"/processes/{key}/editor")
    token = visitor.page.xpath("//*[@data-csrf]/@data-csrf")[0]
    return visitor.client.put(
        f"/processes/{key}/draft", json={"revision": revision, "files": files}, headers={"X-CSRF": token}
    )


def check(visitor: Visitor, key: str = "P-A") -> list[dict[str, Any]]:
    """Press 点検する as the editor does."""
    visitor.opens(f"/processes/{key}/editor")
    token = visitor.page.xpath("//*[@data-csrf]/@data-csrf")[0]
    answer = visitor.client.post(f"/processes/{key}/check", json={}, headers={"X-CSRF": token})
    found: list[dict[str, Any]] = answer.get_json()["findings"]
    return found


def diagram(town: Town, key: str = "P-A") -> tuple[str, str]:
    """File name and text of the published diagram."""
    with town.database.transaction(write=False) as session:
        files = definitions.files_of(session, definitions.current(session, key).id)
    return next((name, text) for name, text in files.items() if name.endswith(".bpmn") and "/" not in name)


def versions(town: Town, key: str = "P-A") -> list[int]:
    with town.database.transaction(write=False) as session:
        return [one.number for one in definitions.versions(session, key)]


def test_the_coordinator_sees_every_process_with_its_version(visit: Visit) -> None:
    text = visit("fukushi-sui1").opens("/processes/").text()
    assert "包括的相談支援" in text
    assert "第1版" in text


def test_staff_of_a_window_may_not_change_processes(visit: Visit) -> None:
    visitor = visit("hokatsu-uke1")
    for address in ("/processes/", "/processes/P-A", "/processes/P-A/editor", "/processes/P-A/draft", "/processes/P-A/steps"):
        assert visitor.client.get(address).status_code == 403


def test_whoever_is_not_signed_in_is_led_to_the_door(visit: Visit) -> None:
    assert "/sign-in" in visit("").client.get("/processes/").headers["Location"]


def test_a_name_and_a_due_date_are_changed_in_the_list_and_published(visit: Visit, town: Town) -> None:
    visitor = visit("fukushi-sui1").opens("/processes/P-A/steps?step=A-10")
    visitor.presses("保存する", name="相談を聞いて受け付ける", due="days", days="4")
    assert "保存しました" in visitor.text()
    assert versions(town) == [1]
    visitor.opens("/processes/P-A/publication")
    assert "相談を受け付ける" in visitor.text()
    assert "相談を聞いて受け付ける" in visitor.text()
    visitor.presses("公開する", note="窓口の言い方に合わせた")
    assert "第2版を公開しました" in visitor.opens("/processes/P-A?published=2").text()
    assert versions(town) == [2, 1]
    assert 'name="相談を聞いて受け付ける"' in diagram(town)[1]
    assert 'name="due" value="4"' in diagram(town)[1]


def test_a_case_that_runs_keeps_its_version(visit: Visit, town: Town) -> None:
    town.opens("hokatsu")
    visitor = visit("fukushi-sui1").opens("/processes/P-A/steps?step=A-10")
    visitor.presses("保存する", name="相談を聞く").opens("/processes/P-A/publication").presses("公開する")
    assert town.task("A-10").title == "相談を受け付ける"
    town.opens("hokatsu")
    assert town.task("A-10").title == "相談を聞く"


def test_a_step_is_added_and_taken_out_again(visit: Visit, town: Town) -> None:
    visitor = visit("fukushi-sui1").opens("/processes/P-A/steps?step=A-10")
    visitor.presses("足す", new_name="名札を渡す")
    assert "名札を渡す" in visitor.text()
    made = visitor.page.xpath("//li[contains(@class, 'open')]/@id")[0].removeprefix("step-")
    assert any(one["element"] == made and one["severity"] == "error" for one in check(visitor))  # no form, no due date yet
    visitor.opens(f"/processes/P-A/steps?step={made}").presses("この手順を消す")
    assert "名札を渡す" not in visitor.text()
    assert not [one for one in check(visitor) if one["severity"] == "error"]


def test_a_planted_problem_stops_publishing_and_is_told_by_element(visit: Visit, town: Town) -> None:
    name, text = diagram(town)
    broken = text.replace('name="form" value="F-A01"', 'name="form" value="F-Z99"', 1)
    visitor = visit("fukushi-sui1")
    assert keep(visitor, {name: broken}, 0).status_code == 200
    assert "A-10" in {one["element"] for one in check(visitor) if one["severity"] == "error"}
    visitor.opens("/processes/P-A/publication")
    assert "直すまで公開できません" in visitor.text()
    token = re.search(r'name="_csrf" value="([^"]+)"', visitor.answer.text)
    revision = visitor.page.xpath("//input[@name='revision']/@value")[0]
    assert token is not None
    answer = visitor.client.post("/processes/P-A/publication", data={"_csrf": token[1], "revision": revision, "note": "どうしても"})
    assert answer.status_code == 422
    assert "どうしても" in answer.text
    assert versions(town) == [1]


def test_two_coordinators_at_once_lose_nothing(visit: Visit, town: Town) -> None:
    name, text = diagram(town)
    first, second = visit("fukushi-sui1"), visit("fukushi-sui2")
    assert keep(first, {name: text.replace("相談を受け付ける", "相談を聞く")}, 0).get_json()["revision"] == 1
    answer = keep(second, {name: text.replace("相談を受け付ける", "相談をうけたまわる")}, 0)
    assert answer.status_code == 409
    told = answer.get_json()
    assert told["by"]
    assert "相談を聞く" in told["files"][name]
    assert any("相談を聞く" in line and "相談をうけたまわる" in line for line in told["differences"])
    with town.database.transaction(write=False) as session:
        held = definitions.draft(session, "P-A")
    assert held is not None
    assert "相談を聞く" in held[1][name]


def test_a_draft_that_changed_meanwhile_is_not_published_unseen(visit: Visit, town: Town) -> None:
    name, text = diagram(town)
    visitor, other = visit("fukushi-sui1"), visit("fukushi-sui2")
    keep(visitor, {name: text.replace("相談を受け付ける", "相談を聞く")}, 0)
    visitor.opens("/processes/P-A/publication")
    keep(other, {name: text.replace("相談を受け付ける", "相談をうけたまわる")}, 1)
    visitor.presses("公開する")
    assert "下書きが変わりました" in visitor.text()
    assert versions(town) == [1]


def test_a_draft_is_thrown_away_only_as_it_was_seen(visit: Visit, town: Town) -> None:
    name, text = diagram(town)
    visitor = visit("fukushi-sui1")
    keep(visitor, {name: text.replace("相談を受け付ける", "相談を聞く")}, 0)
    visitor.opens("/processes/P-A")
    keep(visit("fukushi-sui2"), {name: text.replace("相談を受け付ける", "相談をうけたまわる")}, 1)
    visitor.presses("下書きを捨てる")
    assert "変わりました" in visitor.text()
    visitor.opens("/processes/P-A").presses("下書きを捨てる")
    assert "公開していない下書き" not in visitor.opens("/processes/P-A").text()


def test_hostile_xml_is_a_finding_not_a_failure(visit: Visit, town: Town) -> None:
    name, _ = diagram(town)
    visitor = visit("fukushi-sui1")
    keep(visitor, {name: '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, 0)
    visitor.opens("/processes/P-A/publication")
    assert visitor.answer.status_code == 200
    assert "DOCTYPE" in visitor.text()
    assert visitor.opens("/processes/P-A/steps").answer.status_code == 422


def test_a_new_process_begins_as_a_draft(visit: Visit, town: Town) -> None:
    visitor = visit("fukushi-sui1").opens("/processes/").presses("作りはじめる", key="P-Z", name="ごみの<相談>")
    assert visitor.answer.status_code == 200
    assert "ごみの<相談>" in visitor.opens("/processes/P-Z/steps").text()
    assert {one["severity"] for one in check(visitor, "P-Z")} >= {"error"}
    assert "P-Z" in visitor.opens("/processes/").text()


def test_the_panel_offers_what_the_town_has(visit: Visit) -> None:
    offers = visit("fukushi-sui1").client.get("/processes/P-A/palette").get_json()
    assert {"F-A01", "F-A03"} <= {one["key"] for one in offers["forms"]}
    assert "fukushi" in {one["code"] for one in offers["agencies"]}
    assert "uke" in {one["code"] for one in offers["roles"]}
    assert any(one["key"] == "一次アセスメント" and "営業日" in one["words"] for one in offers["deadlines"])
    assert "case.relate" in {one["id"] for one in offers["operators"]}
    assert "D2" in {one["id"] for one in offers["decisions"]}
    assert any(question["choices"] for one in offers["forms"] if one["key"] == "F-A01" for question in one["fields"])


def test_a_form_of_the_library_that_a_step_asks_for_comes_with_the_draft(visit: Visit, town: Town) -> None:
    name, text = diagram(town)
    with town.database.transaction(write=False) as session:
        held = definitions.files_of(session, definitions.current(session, "P-A").id)
    assert "F-B08.form.json" not in held
    visitor = visit("fukushi-sui1")
    keep(visitor, {name: text.replace('name="form" value="F-A01"', 'name="form" value="F-B08"', 1)}, 0)
    assert "F-B08.form.json" in visitor.client.get("/processes/P-A/draft").get_json()["files"]


def test_tables_are_read_in_words_and_carried_to_other_processes(visit: Visit, town: Town) -> None:
    visitor = visit("fukushi-sui1").opens("/processes/tables")
    assert "緊急度" in visitor.text()
    visitor.opens("/processes/P-A/tables/D5")
    assert "どれでも" in visitor.opens("/processes/P-A/tables/D2").text()
    source = visitor.client.get("/processes/P-A/draft").get_json()["files"]["D5.dmn"]
    keep(visitor, {"D5.dmn": source.replace("<text>2</text>", "<text>3</text>", 1)}, 0)
    visitor.opens("/processes/P-A/tables/D5").presses("ほかの手続きの下書きにも入れる")
    other = visitor.client.get("/processes/P-A2/draft").get_json()
    assert other["revision"] == 1
    assert other["files"]["D5.dmn"] != source


def test_forms_are_listed_with_their_questions(visit: Visit) -> None:
    visitor = visit("fukushi-sui1").opens("/processes/forms")
    assert "相談受付票" in visitor.text()
    assert "必須" in visitor.opens("/processes/forms/F-A01").text()


def test_only_the_editors_have_the_wider_policy(visit: Visit) -> None:
    visitor = visit("fukushi-sui1")
    assert "unsafe-inline" not in visitor.client.get("/processes/P-A").headers["Content-Security-Policy"]
    policy = visitor.client.get("/processes/P-A/editor").headers["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "script-src" not in policy  # as everywhere: scripts from here only
