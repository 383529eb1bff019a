"""Resources for somebody who wants to work in the fields: ordered by table D12, each with its reasons."""

from datetime import date

from engine import registers
from engine.candidates import Wishes, candidates
from engine.registers import Wish
from forms.registers import registers as known
from tests.town import Town

BLANK = {"shusai": None, "jigyo": None, "sedai": [], "taishoZo": [], "gyoshu": None, "joken": None, "renraku": None}


def test_what_fits_comes_first_and_says_why(town: Town) -> None:
    farm = {**BLANK, "meisho": "合成農園", "shubetsu": "05", "chiku": "daiei", "teiin": 3, "riyo": 1, "idou": "なし",
            "taishoZo": ["未就労"], "kakuninBi": "2026-03-01"}  # fmt: skip
    full = {**BLANK, "meisho": "合成作業所", "shubetsu": "05", "chiku": "hojo", "teiin": 2, "riyo": 2, "idou": "なし",
            "kakuninBi": "2020-01-01"}  # fmt: skip
    with town.database.transaction() as session:
        by = town.staff("fukushi", "sui")
        for code, answers in (("Z901", farm), ("Z902", full)):
            wish = Wish(code=code, answers=answers, valid_from=date(2026, 4, 1))
            registers.add(session, known()["resource"], wish, by=by, now=town.now)
    wishes = Wishes(kinds=["05"], district="daiei", attributes=["16"])
    with town.database.transaction(write=False) as session:
        found = {one.code: one for one in candidates(session, wishes, process="P-E", now=town.now, best=99)}
        first = candidates(session, wishes, process="P-E", now=town.now)
    assert (found["Z901"].points, found["Z902"].points) == (8, -1)
    assert found["Z901"].reasons == ("本人の希望の種別と同じ", "地区が同じか送迎がある", "対象像を受け入れている", "受け入れた実績がある")
    assert "定員がいっぱい" in found["Z902"].reasons
    assert "1年以上確かめていない" in found["Z902"].reasons
    assert len(first) <= 5
    assert first[0].points == max(one.points for one in found.values())
