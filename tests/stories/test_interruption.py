"""A matter that ends before its time, and one that comes back: 取下げ・転出, and 再相談 with all that is known."""

import pytest

from engine import cases
from engine.errors import NotAllowed, NotOpen
from tests.engine.counting import counting
from tests.town import Town


def asks_to_stop(town: Town, agency: str = "fukushi", role: str = "sui") -> None:
    with town.database.transaction() as session:
        cases.withdraw(session, town.case_id, reason="県外の妹のところへ移るという。", by=town.staff(agency, role), now=town.now)


def test_a_withdrawn_matter_is_confirmed_and_closed_and_asks_nobody_more(town: Town) -> None:
    town.opens("hokatsu")
    town.completes("hokatsu", "相談を受け付ける")
    with pytest.raises(NotAllowed):
        asks_to_stop(town, "zeimu", "ka")
    asks_to_stop(town)
    town.restarts()
    ((agency, step),) = town.open_steps()
    assert agency == "hokatsu"
    town.completes(agency, step, chudanRiyu="転出")
    assert town.case().status == "closed"
    assert town.open_steps() == []
    with pytest.raises(NotOpen):
        asks_to_stop(town)


def test_a_closed_matter_comes_back_to_the_agency_that_led_it(town: Town) -> None:
    town.opens("hokatsu")
    town.completes("hokatsu", "相談を受け付ける", sei="合成", mei="一人", known="判明")
    asks_to_stop(town)
    ((agency, step),) = town.open_steps()
    town.completes(agency, step, chudanRiyu="転出")
    known = town.sees("hokatsu")
    with town.database.transaction() as session:
        cases.reopen(session, town.case_id, reason="戻ってきた。", by=town.staff("fukushi", "sui"), now=town.now)
    assert town.case().status == "open"
    assert town.open_steps() == [("hokatsu", "A-10")]
    assert town.sees("hokatsu") == known, "what was written before is there again"


def test_a_decision_costs_three_statements_at_most(town: Town) -> None:
    """相談を受け付ける asks four tables: 12 statements for the step, 3 for each."""
    town.opens("hokatsu")
    actor, task = town.staff("hokatsu", "uke"), town.task("A-10")
    answers = town.would_answer("hokatsu", "A-10")
    with counting(town.database) as counted, town.database.transaction() as session:
        cases.complete(session, task.id, lambda form: answers, by=actor, now=town.now, submission="d")
    assert counted.commits == 1
    assert len(counted.statements) <= 12 + 4 * 3, "\n".join(counted.statements)
