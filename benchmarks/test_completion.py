"""What one completed task costs on both databases: statements, commits and milliseconds; and the same through the browser's door.

    python -m pytest benchmarks/test_completion.py -s
"""

import statistics
import time

from engine import cases
from tests.engine.counting import Counted, counting
from tests.town import Town
from tests.web.visitor import Visitor, application, values_of

TIMES = 15


def test_a_plain_completion(town: Town) -> None:
    taken = []
    for turn in range(TIMES):
        town.opens("hokatsu")
        town.completes("hokatsu", "A-10")
        task, actor = town.task("A-30"), town.staff("hokatsu", "uke")
        answers = town.would_answer("hokatsu", "A-30", yakusoku="2026-04-06T10:00")
        began = time.perf_counter()
        with counting(town.database) as counts, town.database.transaction() as session:
            cases.complete(session, task.id, lambda form, said=answers: said, by=actor, now=town.now, submission=f"{turn}")
        taken.append(time.perf_counter() - began)
    _tells(town, "a plain completion", taken, counts)
    assert len(counts.statements) <= 12
    assert counts.commits == 1


def test_a_consultation_taken_in_through_the_door(town: Town) -> None:
    taken = []
    clerk = Visitor(application(town).test_client()).signs_in("hokatsu-uke1")
    for _ in range(TIMES):
        place = clerk.opens("/intake").presses("受け付ける").answer.request.path
        typed = values_of(clerk.page.xpath("//form[contains(@class, 'paper')]")[0])
        began = time.perf_counter()
        with counting(town.database) as counts:
            answer = clerk.client.post(f"{place}/completion", data={**typed, "keiro": "02", "gaiyo": "台所の電球が切れたままだという。"})
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 303, answer.text
    _tells(town, "a consultation taken in, through the browser's door", taken, counts)


def _tells(town: Town, what: str, taken: list[float], counts: Counted) -> None:
    kind = town.database.url.partition(":")[0].partition("+")[0]
    middle = statistics.median(taken) * 1000
    print(f"{kind:<11} {what:<52} {middle:5.1f} ms, {len(counts.statements)} statements, {counts.commits} commits")
