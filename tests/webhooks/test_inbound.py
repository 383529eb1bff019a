"""What other systems send: taken once, answered truly, and nothing kept of what is refused."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from engine import definitions, journal, records
from engine.access import sight
from engine.agencies import CLOCK
from engine.casebook import Case, Incident, Instance, Unheard
from engine.errors import Invalid
from engine.jobs import Job
from tests.engine.small import diagram, flow, task
from tests.town import Town
from tests.webhooks.other import LONG_AGO, ROUTES, Sender, cloud
from webhooks import routes
from worker import loop

WORDS = "三日前から電気が止まっている。だれにも言えない。"


@pytest.fixture
def sender(town: Town, tmp_path: Path) -> Sender:
    return Sender(town, tmp_path)


@pytest.fixture
def works(town: Town) -> Iterator[Any]:
    return lambda: loop.once(town.database, now=town.now)


def test_a_message_opens_a_case_with_what_was_written_in_a_record(sender: Sender, town: Town, works: Any) -> None:
    answer = sender.sends(text=WORDS, sei="山本", urgent="01")
    assert answer.status_code == 202
    assert answer.json == {"status": "taken", "id": "msg_1", "receipt": 1, "repeated": False}
    works()
    receipt = sender.receipts()[0]
    assert (receipt.status, receipt.sealed, receipt.data_key) == ("arrived", None, None)
    assert town.open_steps(receipt.case_id) == [("fukushi", "A-10")]
    with town.database.transaction(write=False) as session:
        case = session.get_one(Case, receipt.case_id)
        assert (case.lead, case.kind) == ("fukushi", "相")
        seen = sight(session, town.staff("fukushi", "uke"), case, now=town.now)
        assert seen
        record = records.of_case(session, seen)[0]
        answers = records.read(session, seen, record, case).answers
    assert (record.source, record.title) == ("取込", "フォームの相談")
    assert (answers["gaiyo"], answers["keiro"], answers["sei"]) == (WORDS, "19", "山本")


def test_what_was_written_stands_nowhere_in_the_open(sender: Sender, town: Town, works: Any) -> None:
    sender.sends(text=WORDS, sei="山本", urgent="01")
    _nowhere(town, "電気", "山本")
    works()
    _nowhere(town, "電気", "山本")
    with town.database.transaction(write=False) as session:
        assert b"sashisemari" in bytes(session.scalars(select(Instance.state)).one())


def _nowhere(town: Town, *words: str) -> None:
    with town.database.transaction(write=False) as session:
        for table in ("hook_receipt", "hook_refusal", "job", "instance", "journal_entry", "task", "record", "person", "unheard"):
            held = str(session.execute(text(f"SELECT * FROM {table}")).all())
            assert not [word for word in words if word in held or repr(word.encode())[2:-1] in held], table


def test_the_same_message_again_is_answered_and_not_repeated(sender: Sender, town: Town, works: Any) -> None:
    first = sender.sends(text=WORDS)
    works()
    again = [sender.sends(text=WORDS) for _ in range(3)]
    works()
    assert [one.status_code for one in again] == [202] * 3
    assert {one.json["receipt"] for one in again} == {first.json["receipt"]}  # type: ignore[index]
    assert all(one.json["repeated"] for one in again)  # type: ignore[index]
    with town.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1


def test_the_same_message_eight_times_at_one_moment_opens_one_case(sender: Sender, town: Town, works: Any) -> None:
    together, answers = threading.Barrier(8), []

    def send() -> None:
        together.wait()
        answers.append(sender.sends(text=WORDS).json)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    works()
    assert sorted(one["repeated"] for one in answers) == [False] + [True] * 7  # type: ignore[index]
    with town.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1


WRONG: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"secret": "whsec_d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmch"}, 401, "unsigned"),
    ({"signed": b"other bytes"}, 401, "unsigned"),
    ({"clock": -LONG_AGO}, 401, "unsigned"),
    ({"clock": LONG_AGO}, 401, "unsigned"),
    ({"body": b"no json at all"}, 400, "malformed"),
    ({"body": b'{"specversion":"1.0","id":"e1","source":"/f","type":"soudan.created","data":{"n":NaN}}'}, 400, "malformed"),
    ({"body": b'{"specversion":"1.0","id":"e1","source":"/f","type":"soudan.created","data":{"t":"\\ud800"}}'}, 400, "malformed"),
    ({"body": b'{"specversion":"0.3","id":"e1","source":"/f","type":"soudan.created","data":{}}'}, 400, "malformed"),
    ({"body": b"[" * 100_000}, 400, "malformed"),
    ({"body": b'{"type":"soudan.created","data":' + b'{"a":' * 30 + b"1" + b"}" * 31}, 400, "malformed"),
    ({"type": "nobody.knows"}, 422, "unmapped"),
    ({"urgent": "電気が止まった"}, 422, "unfit"),
    ({"text": {"a": 1}, "sei": "あ" * 41}, 422, "unfit"),
    ({"source": "nobody"}, 404, "unknown"),
    ({"source": "asleep"}, 404, "unknown"),
    ({"body": b"x" * (256 * 1024 + 1)}, 413, "oversized"),
)


def test_what_is_refused_leaves_nothing_but_the_fact(sender: Sender, town: Town) -> None:
    counted: dict[tuple[str, str], int] = {}
    for number, (wrong, status, reason) in enumerate(WRONG):
        answer = sender.sends(**{"text": WORDS, "id": f"wrong_{number}", **wrong})
        assert (answer.status_code, answer.json["error"]) == (status, reason), wrong  # type: ignore[index]
        place = {"nobody": "?"}.get(wrong.get("source", ""), wrong.get("source", "webform"))
        counted[place, reason] = counted.get((place, reason), 0) + 1
    assert sender.receipts() == []
    assert sender.refusals() == counted
    _nowhere(town, "電気", "nobody", "wrong_")
    with town.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0
        told = session.scalars(select(journal.Entry.outcome).where(journal.Entry.action == "外部受信")).all()
        assert told == ["お断り"] * len(counted)
        assert journal.verify(session) == []


def test_a_message_of_the_same_number_with_another_content_is_refused(sender: Sender) -> None:
    sender.sends(text=WORDS)
    assert sender.sends(text="ちがうことが書いてある知らせです").status_code == 409
    assert len(sender.receipts()) == 1


def test_a_flood_of_refusals_does_not_flood_the_journal(sender: Sender, town: Town) -> None:
    for _ in range(25):
        sender.sends(secret="whsec_d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmch")
    assert sender.refusals() == {("webform", "unsigned"): 25}
    with town.database.transaction(write=False) as session:
        told = session.scalars(select(journal.Entry.particulars).where(journal.Entry.action == "外部受信")).all()
    assert [one["times"] for one in told] == [1, 10]


def test_without_the_towns_own_secret_the_sender_is_asked_to_try_again(sender: Sender, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "webform").unlink()
    assert sender.sends(text=WORDS).status_code == 503
    assert sender.receipts() == []


def test_standard_webhooks_own_shape_is_taken_too(sender: Sender, works: Any) -> None:
    told = {"type": "soudan.created", "timestamp": "2026-04-03T08:30:00+09:00", "data": {"text": WORDS}}
    assert sender.sends(body=json.dumps(told).encode()).status_code == 202
    works()
    assert sender.receipts()[0].status == "arrived"


def line_event(id: str, words: str, *, again: bool = False, type: str = "message") -> dict[str, Any]:
    return {
        "type": type, "webhookEventId": id, "timestamp": 1775172600000, "mode": "active", "replyToken": "r",
        "deliveryContext": {"isRedelivery": again}, "source": {"type": "user", "userId": "U1"},
        "message": {"id": "1", "type": "text", "text": words},
    }  # fmt: skip


def test_line_is_taken_by_its_signature_and_each_event_once(sender: Sender, town: Town, works: Any) -> None:
    first, second = line_event("01A", WORDS), line_event("01B", "家族のことで相談したいです。")
    assert sender.sends_line(first).status_code == 200
    assert sender.sends_line(line_event("01A", WORDS, again=True), second).status_code == 200
    works()
    assert [(one.message_id, one.way, one.status) for one in sender.receipts()] == [("01A", "line", "arrived"), ("01B", "line", "arrived")]
    assert sender.sends_line(first, secret="wrong").status_code == 401
    assert sender.sends_line().status_code == 200  # how LINE asks whether the address is right
    assert sender.sends_line(line_event("01C", "", type="follow")).status_code == 200
    assert sender.refusals() == {("line", "unsigned"): 1, ("line", "unmapped"): 1}


def test_a_message_to_a_running_case_waits_visibly_until_its_time(sender: Sender, town: Town, works: Any, visit: Any) -> None:
    _publish_listener(town)
    town.opens("fukushi", process="N", at=None)
    number = town.case().number
    assert sender.sends("news.came", subject=number, kekka="1").status_code == 202
    works()
    assert sender.receipts()[0].status == "arrived"
    page = visit("fukushi-sui1").opens("/hooks/waiting")
    assert number in page.text()
    assert "news.came" in page.text()
    town.completes("fukushi", "a", kekka="1")
    assert town.open_steps() == [("fukushi", "b")]
    with town.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Unheard)) == 0


def _publish_listener(town: Town) -> None:
    body = (
        '<bpmn:startEvent id="S"/>' + task("a", "聞く", agency="fukushi")
        + '<bpmn:intermediateCatchEvent id="c"><bpmn:messageEventDefinition messageRef="M"/></bpmn:intermediateCatchEvent>'
        + task("b", "書く", agency="fukushi") + '<bpmn:endEvent id="E"/>'
        + flow("S", "a") + flow("a", "c") + flow("c", "b") + flow("b", "E")
    )  # fmt: skip
    with town.database.transaction() as session:
        files = diagram(body, key="N", roots='<bpmn:message id="M" name="news.came"/>')
        definitions.adopt(session, "N", files, by=CLOCK, now=town.now)


def test_a_message_for_a_case_that_does_not_exist_yet_waits_and_can_be_given_up(
    sender: Sender, town: Town, works: Any, visit: Any
) -> None:
    _publish_listener(town)
    sender.sends("news.came", subject="R8-相-0001", kekka="1")
    works()
    assert sender.receipts()[0].status == "waiting"
    town.opens("fukushi", process="N", at=None)
    assert town.case().number == "R8-相-0001"
    town.now += timedelta(minutes=11)
    works()
    assert (sender.receipts()[0].status, sender.receipts()[0].case_id) == ("arrived", town.case_id)
    sender.sends("news.came", id="msg_2", subject="R8-相-0099", kekka="1")
    works()
    visitor = visit("fukushi-sui1").opens("/hooks/waiting")
    visitor.presses("もう一度届ける").presses("取り下げる", reason="番号のまちがい")
    assert (sender.receipts()[1].status, sender.receipts()[1].sealed) == ("withdrawn", None)


def test_a_process_that_was_taken_away_makes_an_incident_and_loses_nothing(sender: Sender, town: Town, works: Any) -> None:
    sender.sends(text=WORDS)
    with town.database.transaction() as session:
        routes.load(session, json.dumps({**ROUTES, "routes": []}), by=CLOCK, now=town.now)
    works()
    with town.database.transaction(write=False) as session:
        assert "受け方" in session.scalars(select(Incident.sentence)).one()
    assert sender.receipts()[0].status == "taken"
    assert sender.receipts()[0].data_key is not None


def test_coordinators_read_what_may_come_and_what_becomes_of_it(sender: Sender, visit: Any) -> None:
    sender.sends(text=WORDS)
    sender.sends(id="x", secret="whsec_d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmch")
    page = visit("fukushi-sui1").opens("/hooks")
    for said in ("町の相談フォーム", "新しいケースとして受け付ける", "相談の内容 ← data.text", "soudan.created", "署名がないか、合わない"):
        assert said in page.text()
    assert "三日前" not in page.text()
    assert visit("hokatsu-uke1").opens("/hooks").answer.status_code == 403


CHANGES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"facts": {"a": "data.("}}, "式が読めません"),
    ({"facts": {"a": "body.x"}}, "body"),
    ({"desk": "nowhere"}, "登録されていません"),
    ({"message": "nobody.starts"}, "公開されていません"),
    ({"answers": {"noSuchField": "data.x"}}, "noSuchField"),
    ({"form": "F-X99"}, "F-X99"),
    ({"does": "eval"}, "does"),
    ({"source": "nobody"}, "source"),
    ({"python": "1"}, "python"),
)


def test_a_wrong_configuration_is_refused_whole(sender: Sender, town: Town) -> None:
    before = _written(town)
    for change, told in CHANGES:
        wrong = {**ROUTES, "routes": [{**ROUTES["routes"][0], **change}]}
        with pytest.raises(Invalid) as refused, town.database.transaction() as session:
            routes.load(session, json.dumps(wrong), by=CLOCK, now=town.now)
        assert told in str(refused.value.problems)
        assert _written(town) == before


def test_the_configuration_is_written_as_it_is_read(sender: Sender, town: Town) -> None:
    before = _written(town)
    with town.database.transaction() as session:
        routes.load(session, before, by=CLOCK, now=town.now)
    assert _written(town) == before


def _written(town: Town) -> str:
    with town.database.transaction(write=False) as session:
        return routes.written(session)


def test_the_events_own_case_is_not_reached_without_its_number(sender: Sender) -> None:
    assert sender.sends("news.came", kekka="1").json["fields"] == ["case_number"]  # type: ignore[index]


def test_no_cookie_and_no_form_word_is_asked_of_a_system(sender: Sender) -> None:
    answer = sender.client.post("/hooks/in/webform", data=cloud("soudan.created"))
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
