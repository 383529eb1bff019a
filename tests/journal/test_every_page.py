"""Every page is walked: what shows a person's matter stands in the journal once, and so does every refused try."""

import pytest
from sqlalchemy import func, select

from engine.casebook import Instance
from engine.journal import DONE, READ, REFUSED, Entry
from engine.people import Person
from engine.records import Record
from engine.tasks import Task
from tests.web.visitor import Visitor, application

SECRET = "ふくろうの森から毎晩声がする"
WHO = ("hokatsu-uke1", "konkyu-uke1", "fukushi-sui1", "fukushi-kcho1", "soumu-ppo1", "jimukyoku-sys1", "zeimu-ka1")


@pytest.fixture
def walked(town):
    """A case with a record, people and an open task, and a browser for each kind of staff."""
    app = application(town)
    clerk = Visitor(app.test_client()).signs_in("hokatsu-uke1").opens("/intake").presses("受け付ける")
    clerk.presses("相談を受け付ける", keiro="02", gaiyo=SECRET, sei="梟山", mei="森子")
    return app, town


def addresses(app, town):
    """Every address that the application answers to a GET, with things that exist."""
    with town.database.transaction(write=False) as session:
        known = {
            "case_id": 1, "task_id": session.scalar(select(func.max(Task.id))), "record_id": session.scalar(select(Record.id)),
            "instance_id": session.scalar(select(Instance.id)), "person_id": session.scalar(select(Person.id)) or 1,
        }  # fmt: skip
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint == "static":
            continue
        given = {name: known.get(name, "F-A10" if name == "key" else 1) for name in rule.arguments}
        with app.test_request_context():
            yield rule, app.url_map.bind("localhost").build(rule.endpoint, given)


def lines(town, after):
    with town.database.transaction(write=False) as session:
        return list(session.scalars(select(Entry).where(Entry.id > after).order_by(Entry.id)))


def last(town):
    with town.database.transaction(write=False) as session:
        return session.scalar(select(func.max(Entry.id))) or 0


@pytest.mark.parametrize("who", WHO)
def test_a_page_about_a_case_is_one_line_and_a_refused_one_too(walked, who):
    app, town = walked
    visitor = Visitor(app.test_client()).signs_in(who)
    shown = 0
    for rule, address in addresses(app, town):
        before = last(town)
        answer = visitor.client.get(address)
        written = lines(town, before)
        read = [line for line in written if line.action == READ and line.outcome == DONE]
        refused = [line for line in written if line.outcome == REFUSED]
        matter = {"case_id", "task_id"} & set(rule.arguments)
        if answer.status_code == 200 and matter:
            assert len(read) == 1, f"{who} {address}: {len(read)} lines"
            assert read[0].case_id == 1
            shown += 1
        if answer.status_code == 200 and not matter:
            assert SECRET.encode() not in answer.data, address
            assert read == []
        if answer.status_code == 403:
            assert len(refused) == 1, f"{who} {address} refused without a line"
            assert read == []
        for line in read:
            assert all((line.staff_id, line.agency, line.stage, line.ground, line.purpose)), f"{address}: {line.ground}"
    assert shown > 0 or who not in ("hokatsu-uke1", "fukushi-sui1")


def test_a_record_guessed_by_its_number_is_a_refused_try(walked):
    app, town = walked
    before = last(town)
    Visitor(app.test_client()).signs_in("fukushi-sui1").client.get("/cases/1/records/1")
    refused = [line for line in lines(town, before) if line.outcome == REFUSED]
    assert [(line.case_id, line.staff_id is not None, line.target) for line in refused] == [(1, True, "records.page")]


def test_every_write_names_who_from_where_on_what_ground(walked):
    _, town = walked
    with town.database.transaction(write=False) as session:
        written = session.scalars(select(Entry).where(Entry.case_id == 1, Entry.staff_id.is_not(None))).all()
    assert {line.action for line in written} >= {"開始", "担当する", "完了"}
    assert all(line.agency and line.role and line.ground and line.outcome for line in written)
