"""What one completed task may cost: at most 12 statements and exactly one commit."""

from engine import cases
from tests.engine.counting import counting
from tests.town import Town


def test_a_plain_completed_task(town: Town) -> None:
    town.opens("hokatsu")
    town.completes("hokatsu", "A-10")
    task = town.task("A-30")
    actor = town.staff("hokatsu", "uke")
    answers = town.would_answer("hokatsu", "A-30", yakusoku="2026-04-06T10:00")
    with counting(town.database) as counted, town.database.transaction() as session:
        cases.complete(session, task.id, lambda form: answers, by=actor, now=town.now, submission="x")
    assert town.open_steps() == [("hokatsu", "A-40")]
    assert counted.commits == 1
    assert len(counted.statements) <= 12, "\n".join(counted.statements)


def test_a_consent_is_written_in_the_transaction_of_its_step(town: Town) -> None:
    town.opens("hokatsu")
    town.completes("hokatsu", "A-10", known="判明", sei="合成", mei="一人")
    actor = town.staff("hokatsu", "uke")
    with town.database.transaction() as session:
        facts = {"lead": "hokatsu", "desk": "hokatsu"}
        cases.start(session, town.case_id, "P-B2", facts=facts, by=actor, seat=actor.seats[0], now=town.now, at="Y-SE2")
    task = town.task("Y-10")
    answers = town.would_answer("hokatsu", "Y-10", personName="合成 一人", kekka="2", houhou="口頭", tachiai="合成 立会",
                                teikyosaki=["konkyu", "shakyo"], koumoku=["基本", "家計"], kigen="2027-03-01")  # fmt: skip
    with counting(town.database) as counted, town.database.transaction() as session:
        cases.complete(session, task.id, lambda form: answers, by=actor, now=town.now, submission="y")
    assert counted.commits == 1
    # 12 for the step; 3 each for the consent, the message that tells of it, and the withdrawal awaited from now on.
    assert len(counted.statements) <= 21, "\n".join(counted.statements)
