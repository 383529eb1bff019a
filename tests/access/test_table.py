"""Table D8 is the town's: a published change takes effect at once; what no table may open, none opens. And conflicts of interest."""

import pytest

from engine import access, bundles, definitions, impartial, ruling, tasks
from engine.agencies import CLOCK
from engine.casebook import Case
from engine.errors import Invalid, NotAllowed
from engine.ruling import MEMBER, Question
from tests.town import Town


def changed(*swaps: tuple[str, str]) -> dict[str, str]:
    """The shipped P-A with a changed table D8."""
    files = bundles.shipped("consult")
    table = files["D8.dmn"]
    for old, new in swaps:
        assert old in table
        table = table.replace(old, new, 1)
    return {**files, "D8.dmn": table}


def level(town: Town, agency: str) -> int:
    actor = town.staff(agency)
    with town.database.transaction(write=False) as session:
        seen = access.sight(session, actor, session.get_one(Case, town.case_id), now=town.now)
        return seen.level if seen else 0


def test_a_published_table_takes_effect_at_once(town: Town) -> None:
    town.opens("hokatsu")
    assert level(town, "hokatsu") == 4
    row = "<text>true</text></outputEntry>\n        <outputEntry id=\"D8-x28-5\">"
    files = changed((f'<outputEntry id="D8-x28-4">{row}', f'<outputEntry id="D8-x28-4">{row}'.replace("true", "false")))
    with town.database.transaction() as session:
        definitions.publish(session, "P-A", files, by=CLOCK, now=town.now)
    assert level(town, "hokatsu") == 3


@pytest.mark.parametrize(
    ("row", "sentence"),
    [(1, "利益相反"), (2, "システム管理者"), (29, "受理前の紹介先"), (13, "秘匿")],
)
def test_a_table_that_opens_a_wall_is_not_published(town: Town, row: int, sentence: str) -> None:
    swaps = [
        (f'<outputEntry id="D8-x{row}-{k}"><text>false</text>', f'<outputEntry id="D8-x{row}-{k}"><text>true</text>')
        for k in range(2 if row == 29 else 1, 5)
    ]
    with pytest.raises(Invalid) as refused, town.database.transaction() as session:
        definitions.publish(session, "P-A", changed(*swaps), by=CLOCK, now=town.now)
    assert any(sentence in getattr(problem, "message", "") for problem in refused.value.problems)


def test_the_walls_stand_whatever_is_asked() -> None:
    table = ruling.shipped()
    for role in ruling.ROLES:
        for relation in ruling.RELATIONS:
            for ground in ruling.GROUNDS:
                said = {"role": role, "relation": relation, "stage": "多機関協働", "ground": ground}
                assert table.ask(Question(**said, conflict=True)).reach == 0
                reach = table.ask(Question(**said)).reach
                assert reach <= 4 or ground in MEMBER.values()
                assert reach == 0 or role != "sys"


def test_a_declared_conflict_shuts_case_and_inbox_and_is_not_lifted_by_oneself(town: Town) -> None:
    town.opens("hokatsu")
    town.completes("hokatsu", "A-10")
    own, colleague = town.colleagues("hokatsu", "uke")[:2]
    with town.database.transaction() as session:
        case = session.get_one(Case, town.case_id)
        declared = impartial.declare(session, case, own.staff_id or 0, kind="親族", by=own, now=town.now)
        task = town.task("A-30") if ("hokatsu", "A-30") in town.open_steps() else town.open_tasks()[0]
        assert access.sight(session, own, case, now=town.now) is None
        assert access.sight(session, colleague, case, now=town.now)
        assert tasks.inbox(session, own, tab="all", now=town.now).rows == ()
        assert tasks.inbox(session, colleague, tab="all", now=town.now).rows
        with pytest.raises(NotAllowed):
            tasks.claim(session, task.id, by=own, now=town.now)
        with pytest.raises(NotAllowed):
            impartial.lift(session, declared.id, by=own, now=town.now)
        impartial.lift(session, declared.id, by=colleague, now=town.now)
        assert access.sight(session, own, case, now=town.now)
