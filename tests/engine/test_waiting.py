"""What waits by plan is no standstill, a worker that stands still is seen, and messages for nobody expire visibly."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import cases, housekeeping, stuck
from engine.agencies import CLOCK
from engine.casebook import Unheard
from engine.journal import Entry
from tests.engine.small import Office, diagram, flow, task
from tests.town import Town
from worker import loop

IN_FIVE_MONTHS = (
    '<bpmn:intermediateCatchEvent id="t"><bpmn:timerEventDefinition><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">'
    "P5M</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
)
EVALUATED_LATER = diagram(
    '<bpmn:startEvent id="S"/>' + task("a", "決める") + IN_FIVE_MONTHS + task("b", "評価する", due="20") + '<bpmn:endEvent id="E"/>'
    + flow("S", "a") + flow("a", "t") + flow("t", "b") + flow("b", "E")
)  # fmt: skip


@pytest.fixture
def waiting(town: Town) -> tuple[Town, int]:
    """A case of the town whose process goes on by itself in five months."""
    from engine import definitions

    with town.database.transaction() as session:
        definitions.adopt(session, "T", EVALUATED_LATER, by=CLOCK, now=town.now)
    case_id = town.opens("hokatsu", process="T", at=None)
    town.completes("hokatsu", "a", kekka="1")
    return town, case_id


def reasons(town: Town, case_id: int) -> list[str]:
    manager = town.staff("fukushi", "kcho")
    with town.database.transaction() as session:
        found = [row for row in stuck.report(session, manager, now=town.now).rows if row.case_id == case_id]
    return [reason for row in found for reason in row.reasons]


def test_a_date_of_evaluation_months_ahead_is_a_plan_and_no_standstill(waiting):
    town, case_id = waiting
    town.now += timedelta(days=95)
    assert reasons(town, case_id) == []


def test_a_date_that_passed_while_no_worker_ran_is_seen(waiting):
    town, case_id = waiting
    town.now += timedelta(days=160)
    assert reasons(town, case_id) == ["予定の日時を過ぎましたが、自動処理が動いていません"]
    loop.once(town.database, now=town.now)
    assert town.open_steps() == [("hokatsu", "b")]


def test_a_message_that_nobody_can_hear_any_more_expires_and_says_so(database):
    office = Office(database)
    office.publishes(EVALUATED_LATER)
    case_id = office.opens()
    with database.transaction() as session:
        cases.send(session, case_id, "consent.changed", {"state": "2"}, by=office.who("ann"), now=office.now)
    for days, expired in ((29, 0), (31, 1)):
        with database.transaction() as session:
            assert housekeeping.expire(session, now=office.now + timedelta(days=days)) == expired
    with database.transaction(write=False) as session:
        assert session.scalars(select(Unheard)).all() == []
        line = session.scalars(select(Entry).where(Entry.action == "知らせの期限切れ")).one()
        assert (line.case_id, line.target, line.outcome) == (case_id, "message:consent.changed", "届かず")


def test_a_message_that_may_still_be_heard_waits(database):
    office = Office(database)
    office.publishes(
        diagram(
            '<bpmn:startEvent id="S"/>' + task("a", "聞く")
            + '<bpmn:intermediateCatchEvent id="c"><bpmn:messageEventDefinition messageRef="M"/></bpmn:intermediateCatchEvent>'
            + '<bpmn:endEvent id="E"/>' + flow("S", "a") + flow("a", "c") + flow("c", "E"),
            roots='<bpmn:message id="M" name="news"/>',
        )
    )  # fmt: skip
    case_id = office.opens()
    with database.transaction() as session:
        cases.send(session, case_id, "news", {}, by=office.who("ann"), now=office.now)
        assert housekeeping.tidy(session, now=office.now + timedelta(days=200))["messages"] == 0
        assert housekeeping.tidy(session, now=office.now + timedelta(days=401))["messages"] == 1
