"""Golden story 3: an earthquake at 14:07 — teams and lists, support, the mode lifted, cases that go on with its tag."""

from datetime import datetime

from engine import sweeps
from engine.db import JST
from tests.emergency.sweep import answers, begun, disaster, listed, rows
from tests.town import Town

HOUSEHOLDS = 64


def test_an_earthquake_from_the_first_hour_to_the_cases_two_years_later(town: Town) -> None:
    town.now = datetime(2026, 10, 21, 14, 40, tzinfo=JST)
    mode = begun(town, listed(HOUSEHOLDS, shielded=2))
    assert disaster(town).tag == "R8-地震-1021"
    found = rows(town)
    assert len({row.team for row in found}) == 8
    for number, row in enumerate(found[:-2]):
        said = {"anpi": "1", "juka": "無被害", "hitsuyo": []}
        if number < 3:
            said = {"anpi": "3", "juka": "無被害", "hitsuyo": ["医療"]}
        elif number < 6:
            said = {"anpi": "4", "juka": "半壊", "hitsuyo": ["住家"]}
        answers(town, row, said.pop("anpi"), **said)
    with town.database.transaction(write=False) as session:
        told = sweeps.figures(session, disaster(town))[0]
    assert (told.households, told.confirmed, told.urgent) == (HOUSEHOLDS, HOUSEHOLDS - 2, 3)
    for row in found[:3]:
        town.case_id = row.case_id
        town.completes("fukushi", "S-50")
        town.completes("fukushi", "S-40", tsugiF="見守り")
        assert town.case().status == "closed"
    managed = [row.case_id for row in found[3:6]]
    assert all(town.open_steps(case_id) == [("fukushi", "A-10")] for case_id in managed)
    town.restarts()
    town.case_id = mode
    town.waits(days=22)
    assert disaster(town).ended_at == disaster(town).until
    town.case_id = found[-1].case_id
    assert town.sees(found[-1].team) is None, "the special grants are over"
    town.case_id = mode
    town.completes("fukushi", "M-50", fumeiSaki="通常ケース")
    town.waits(hours=1)
    town.completes("soumu", "M-70", tenken="妥当")
    town.completes("fukushi", "M-80")
    town.waits(days=60)
    going_on = [*managed, *(row.case_id for row in found[-2:])]
    assert {(town.case(case_id).kind, town.case(case_id).status, town.case(case_id).event_tag) for case_id in going_on} == {
        ("相", "open", "R8-地震-1021")
    }
