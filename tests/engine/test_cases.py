"""What the engine does with a case, on a process of two steps."""

import threading

import pytest
from sqlalchemy import func, select, text

from engine import cases, records
from engine.access import sight
from engine.casebook import Case, Incident, Unheard
from engine.db import Database
from engine.errors import AlreadyDone, NotOpen, NotYours, Stopped
from engine.journal import Entry, verify
from tests.engine.counting import counting
from tests.engine.small import TWO_STEPS, Office, diagram, flow, task


@pytest.fixture
def office(database: Database) -> Office:
    office = Office(database)
    office.publishes(TWO_STEPS)
    return office


def test_a_case_goes_from_start_to_end_and_closes(office: Office) -> None:
    case_id = office.opens()
    assert office.steps(case_id) == ["a"]
    office.completes(case_id, "a")
    assert office.steps(case_id) == ["b"]
    office.completes(case_id, "b", by="ben")
    with office.database.transaction(write=False) as session:
        case = session.get_one(Case, case_id)
        assert (case.status, case.number) == ("closed", "R8-相-0001")
        assert verify(session) == []


def test_a_task_has_a_due_date_in_business_days(office: Office) -> None:
    case_id = office.opens()  # Friday 3 April: three business days later is Wednesday
    assert f"{office.open_tasks(case_id)[0].due_at:%m-%d %H:%M}" == "04-08 17:15"


def test_typed_words_stand_nowhere_in_the_open(office: Office) -> None:
    case_id = office.opens()
    office.completes(case_id, "a", memo="ひみつのはなし")
    with office.database.transaction(write=False) as session:
        for table in ("record", "instance", "journal_entry", "task", "case_file"):
            assert "ひみつ".encode() not in str(session.execute(text(f"SELECT * FROM {table}")).all()).encode()
        case = session.get_one(Case, case_id)
        seen = sight(session, office.who("ann"), case, now=office.now)
        assert seen
        read = records.read(session, seen, records.of_case(session, seen)[0], case)
    assert read.answers["memo"] == "ひみつのはなし"


def test_only_what_an_expression_reads_enters_the_state(office: Office) -> None:
    case_id = office.opens()
    office.completes(case_id, "a", memo="書いた言葉")
    with office.database.transaction(write=False) as session:
        state = session.execute(text("SELECT state FROM instance")).scalar_one()
    assert b"kekka" in bytes(state)
    assert b"memo" not in bytes(state)


def test_two_people_at_one_moment(office: Office) -> None:
    case_id = office.opens()
    task_id = office.open_tasks(case_id)[0].id
    people = {login: office.who(login) for login in ("ann", "ben")}
    outcomes: list[object] = []
    together = threading.Barrier(2)

    def submit(login: str) -> None:
        together.wait()
        try:
            with office.database.transaction() as session:
                outcomes.append(
                    cases.complete(
                        session, task_id, lambda form: {"kekka": "1"}, by=people[login], now=office.now, submission=login
                    )
                )
        except AlreadyDone as done:
            outcomes.append(done)

    threads = [threading.Thread(target=submit, args=(login,)) for login in ("ann", "ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [outcome for outcome in outcomes if isinstance(outcome, AlreadyDone)]
    assert len(refused) == 1
    assert refused[0].by_name in ("合成ann", "合成ben")
    assert "09:00" in refused[0].sentence
    assert office.steps(case_id) == ["b"]
    with office.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Entry).where(Entry.action == "完了")) == 1


def test_a_repeated_click_does_nothing_twice(office: Office) -> None:
    case_id = office.opens()
    task_id = office.open_tasks(case_id)[0].id
    office.completes(case_id, "a", submission="once")
    for _ in range(7):
        with office.database.transaction() as session:
            again = cases.complete(
                session, task_id, lambda form: {}, by=office.who("ann"), now=office.now, submission="once"
            )
        assert again.again
    assert office.steps(case_id) == ["b"]


def test_nobody_completes_what_stands_in_another_inbox(office: Office) -> None:
    case_id = office.opens()
    with pytest.raises(NotYours):
        office.completes(case_id, "a", by="cho")


def test_a_stopped_case_rests_and_goes_on(office: Office) -> None:
    case_id = office.opens()
    task_id = office.open_tasks(case_id)[0].id
    with office.database.transaction() as session:
        cases.suspend(session, case_id, reason="入院", by=office.who("ann"), now=office.now)
    with pytest.raises(NotOpen, match="停止中"), office.database.transaction() as session:
        cases.complete(session, task_id, lambda form: {}, by=office.who("ann"), now=office.now, submission="x")
    with office.database.transaction() as session:
        cases.resume(session, case_id, by=office.who("ann"), now=office.now)
    office.completes(case_id, "a")
    assert office.steps(case_id) == ["b"]


def test_a_failure_in_the_diagram_loses_nothing_and_is_seen(office: Office) -> None:
    office.publishes(
        diagram(
            '<bpmn:startEvent id="S"/>' + task("a", "聞く") + '<bpmn:exclusiveGateway id="g"/><bpmn:endEvent id="E"/>'
            + '<bpmn:endEvent id="F"/>' + flow("S", "a") + flow("a", "g") + flow("g", "E", 'kekka = "9"') + flow("g", "F", 'kekka = "8"')
        )
    )  # fmt: skip
    case_id = office.opens()
    with pytest.raises(Stopped):
        office.completes(case_id, "a")
    assert office.steps(case_id) == ["a"]
    with office.database.transaction(write=False) as session:
        incident = session.scalars(select(Incident)).one()
        assert (incident.case_id, incident.element) == (case_id, "g")
        assert session.scalar(select(func.count()).select_from(records.Record)) == 0


def test_the_budget_of_a_plain_completion(office: Office) -> None:
    case_id = office.opens()
    with counting(office.database) as counted:
        office.completes(case_id, "a")
    login = [sql for sql in counted.statements if "FROM staff" in sql or "FROM membership" in sql]
    finding = 1  # the test's own look for the task
    assert len(counted.statements) - len(login) - finding <= 12, "\n".join(counted.statements)


def test_a_message_that_comes_early_is_kept_until_somebody_listens(office: Office) -> None:
    roots = '<bpmn:message id="M" name="news"/>'
    office.publishes(
        diagram(
            '<bpmn:startEvent id="S"/>' + task("a", "聞く")
            + '<bpmn:intermediateCatchEvent id="c"><bpmn:messageEventDefinition messageRef="M"/></bpmn:intermediateCatchEvent>'
            + task("b", "書く") + '<bpmn:endEvent id="E"/>' + flow("S", "a") + flow("a", "c") + flow("c", "b") + flow("b", "E"),
            roots=roots,
        )
    )  # fmt: skip
    case_id = office.opens()
    with office.database.transaction() as session:
        cases.send(session, case_id, "news", {"kekka": "1"}, by=office.who("ann"), now=office.now)
    with office.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Unheard)) == 1
    office.completes(case_id, "a")
    assert office.steps(case_id) == ["b"]
    with office.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Unheard)) == 0


def test_an_error_that_nothing_catches_is_an_incident_and_leaves_the_case_open(office: Office) -> None:
    office.publishes(
        diagram(
            '<bpmn:startEvent id="S"/>' + task("a", "聞く")
            + '<bpmn:endEvent id="E"><bpmn:errorEventDefinition errorRef="X"/></bpmn:endEvent>' + flow("S", "a") + flow("a", "E"),
            roots='<bpmn:error id="X" errorCode="lost"/>',
        )
    )  # fmt: skip
    case_id = office.opens()
    office.completes(case_id, "a")
    with office.database.transaction(write=False) as session:
        assert "lost" in session.scalars(select(Incident)).one().sentence
        assert session.get_one(Case, case_id).status == "open"


def test_a_signal_reaches_the_other_processes_of_its_case(office: Office) -> None:
    roots = '<bpmn:signal id="G" name="mode"/>'
    office.publishes(
        diagram(
            '<bpmn:startEvent id="S"/><bpmn:intermediateCatchEvent id="c"><bpmn:signalEventDefinition signalRef="G"/>'
            "</bpmn:intermediateCatchEvent>" + task("b", "書く") + '<bpmn:endEvent id="E"/>'
            + flow("S", "c") + flow("c", "b") + flow("b", "E"),
            key="L", roots=roots,
        ), "L",
    )  # fmt: skip
    office.publishes(
        diagram(
            '<bpmn:startEvent id="S"/>' + task("a", "聞く")
            + '<bpmn:endEvent id="E"><bpmn:signalEventDefinition signalRef="G"/></bpmn:endEvent>' + flow("S", "a") + flow("a", "E"),
            roots=roots,
        )
    )  # fmt: skip
    case_id = office.opens()
    with office.database.transaction() as session:
        cases.start(session, case_id, "L", facts={"desk": "one"}, by=office.who("ann"), seat=None, now=office.now)
    assert office.steps(case_id) == ["a"]
    office.completes(case_id, "a")
    assert office.steps(case_id) == ["b"]
