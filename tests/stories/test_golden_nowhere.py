"""Golden story 2: somebody who fits nowhere. Two desks decline, each naming another; the promoter finds a desk.

Nothing stands still unseen: what waits too long is red on the stuck report.
"""

import pytest

from engine import cases, stuck
from forms.errors import AnswersRefused
from tests.town import Town


def report(town: Town) -> list[stuck.StuckRow]:
    with town.database.transaction() as session:
        return list(stuck.report(session, town.staff("fukushi", "kcho"), now=town.now).rows)


def test_two_declines_bring_the_promoter_and_silence_is_red_on_the_report(town: Town) -> None:
    case_id = town.opens("fukushi")
    town.completes("fukushi", "A-10", komari=["06"], omoKomari="06", zokusei=["16", "18", "26", "99"], uketsukeKikan="fukushi",
                   known="判明", sei="合成", mei="四二", ageApprox="05", chiku="hojo")  # fmt: skip
    if ("fukushi", "A-30") in town.open_steps():
        town.completes("fukushi", "A-30", attempts=[{"kekka": "つながった"}])
        town.completes("fukushi", "A-40", taiou="03", kinkyu="3", risk=["なし"],
                       matrix=[{"person": "本人", "komari": "06", "teido": 2, "ninshiki": "あり"}])  # fmt: skip
    sheet = {"from": "fukushi", "douiKind": "04"}
    town.completes("fukushi", "R-10", to="shogai_hokuei", **sheet)
    with pytest.raises(AnswersRefused, match="代"):
        declines_without_another(town)
    town.completes("shogai_hokuei", "R-20", kekka="4", jitaiRiyu="01", daitai="konkyu")
    assert town.case().lead == "fukushi", "who was asked in vain leaves the sender in charge"
    town.completes("fukushi", "R-46", tsugiKata="別の機関へつなぐ", saki="konkyu")
    town.completes("fukushi", "R-10", to="konkyu", **sheet)
    town.waits(days=1)
    town.completes("konkyu", "R-20", kekka="4", jitaiRiyu="05", daitai="fukushi")
    assert town.open_steps() == [("fukushi", "R-50")]
    assert town.task("R-50").role == "sui", "the second decline goes to the promoter by itself"
    assert report(town) == []
    town.waits(days=12)
    (row,) = report(town)
    assert (row.case_id, row.level, row.agency) == (case_id, "要介入", "fukushi")
    with town.database.transaction(write=False) as session:
        assert "制度の狭間" in stuck.flagged(session, [row])[0].flags
    town.completes("fukushi", "R-50", sai="指名", kikan="konkyu")
    assert town.open_steps() == [("konkyu", "R-22")]
    town.completes("konkyu", "R-22", kekka="1")
    assert town.case().lead == "konkyu"
    assert report(town) == []


def declines_without_another(town: Town) -> None:
    """A decline that names nobody else."""
    task = town.task("R-20", agency="shogai_hokuei")
    answers = {**town.would_answer("shogai_hokuei", "R-20", kekka="4", jitaiRiyu="01", daitai="konkyu"), "daitai": None}
    with town.database.transaction() as session:
        cases.complete(
            session, task.id, lambda form: form.accept(answers, context=town._context(session, "shogai_hokuei")),
            by=town.staff("shogai_hokuei"), now=town.now, submission="without",
        )  # fmt: skip
