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
