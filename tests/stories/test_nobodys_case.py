"""The second golden story: a man of forty-two, moved here, no handbook, perhaps dependent, out of work: whose matter?"""

import pytest

from engine import stuck
from forms.errors import AnswersRefused
from tests.stories.test_referral import sent
from tests.town import Town


def test_two_declines_bring_it_to_the_promoter_who_takes_it_into_cooperation(town: Town) -> None:
    sent(town, "shogai_hokuei")
    with pytest.raises((AnswersRefused, AssertionError)):
        town.completes("konkyu", "R-20", kekka="1")
    town.completes("shogai_hokuei", "R-20", kekka="4", jitaiRiyu="01", daitai="konkyu")
    town.completes("hokatsu", "R-46", saki="konkyu")
    town.completes("hokatsu", "R-10", to="konkyu", douiKind="03")
    town.completes("konkyu", "R-20", kekka="4", jitaiRiyu="05", daitai="fukushi")
    assert town.case().lead == "hokatsu", "the sender keeps the case until somebody accepts"
    town.waits(days=8)
    assert ("fukushi", "R-50") in town.open_steps()
    assert _signs(town), "a case that waits for the promoter for eight days stands in the report"
    town.completes("fukushi", "引き取り先を決める", sai="多機関協働へ")
    town.completes("hokatsu", "多機関協働を申し込む")
    town.completes("fukushi", "受理を判断する", kekka="受理", shuKikan="konkyu")
    assert town.case().number.startswith("R8-多-")
    assert town.case().lead == "konkyu"


def _signs(town: Town) -> list[str]:
    """What the chief's report says of the case."""
    chief = town.staff("fukushi", "kcho")
    with town.database.transaction() as session:
        return [row.sign for row in stuck.report(session, chief, now=town.now).rows if row.case_id == town.case_id]
