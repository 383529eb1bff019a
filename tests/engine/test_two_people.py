"""Two people submit the same task at the same moment: one succeeds, the other is told at once."""

import threading

import pytest
from sqlalchemy import func, select

from engine import cases
from engine.errors import AlreadyDone, NotYours
from engine.journal import Entry
from engine.records import Record
from tests.town import Town


def test_one_succeeds_and_the_other_reads_who_and_when(town: Town) -> None:
    town.opens("hokatsu")
    task = town.task("A-10")
    answers = town.would_answer("hokatsu", "A-10")
    colleagues = town.colleagues("hokatsu", "uke")[:2]
    outcomes: list[object] = []
    together = threading.Barrier(2)

    def submit(number: int) -> None:
        together.wait()
        try:
            with town.database.transaction() as session:
                outcomes.append(
                    cases.complete(
                        session, task.id, lambda form: answers, by=colleagues[number], now=town.now, submission=f"n{number}"
                    )
                )
        except AlreadyDone as done:
            outcomes.append(done)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [outcome for outcome in outcomes if isinstance(outcome, AlreadyDone)]
    assert len(refused) == 1
    assert refused[0].by_name in {colleague.name for colleague in colleagues}
    assert f"{town.now:%H:%M}" in refused[0].sentence
    with town.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Record)) == 1
        assert session.scalar(select(func.count()).select_from(Entry).where(Entry.action == "完了")) == 1


def test_a_repeated_click_does_nothing_twice(town: Town) -> None:
    town.opens("hokatsu")
    town.completes("hokatsu", "A-10")
    task = town.task("A-30")
    answers = town.would_answer("hokatsu", "A-30")
    actor = town.staff("hokatsu", "uke")
    for turn in range(8):
        with town.database.transaction() as session:
            moved = cases.complete(session, task.id, lambda form: answers, by=actor, now=town.now, submission="same")
        assert moved.again is (turn > 0)
    with town.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Record)) == 2


def test_nobody_completes_what_stands_in_another_agencys_inbox(town: Town) -> None:
    town.opens("hokatsu")
    task = town.task("A-10")
    with pytest.raises(NotYours), town.database.transaction() as session:
        cases.complete(session, task.id, lambda form: {}, by=town.staff("konkyu"), now=town.now, submission="x")
