"""つなぐ: the sender keeps the case until someone accepts; two declines or silence bring the 推進員."""

from tests.town import Town


def sent(town: Town, to: str) -> None:
    """A consultation at 包括 that is handed on with a sheet."""
    town.opens("北栄町地域包括支援センター")
    town.completes("hokatsu", "相談を受け付ける", komari=["20"], omoKomari="20", uketsukeKikan="hokatsu")
    if ("hokatsu", "A-30") in town.open_steps():
        town.completes("hokatsu", "A-30", attempts=[{"kekka": "つながった"}])
        town.completes("hokatsu", "A-40", taiou="03", kinkyu="3")
    town.completes("hokatsu", "R-10", to=to, douiKind="03")


def test_the_sender_keeps_the_case_until_somebody_accepts(town: Town) -> None:
    sent(town, "konkyu")
    assert town.open_steps() == [("konkyu", "R-20")]
    assert town.case().lead == "hokatsu"
    town.completes("konkyu", "つなぐシートに答える", kekka="1")
    assert town.case().lead == "konkyu"
    assert ("konkyu", "R-60") in town.open_steps()


def test_a_returned_sheet_comes_back_completed(town: Town) -> None:
    sent(town, "konkyu")
    town.completes("konkyu", "R-20", kekka="3")
    assert town.open_steps() == [("hokatsu", "R-40")]
    town.completes("hokatsu", "R-40", saisoSaki="konkyu")
    assert town.open_steps() == [("konkyu", "R-20")]


def test_two_declines_bring_the_promoter_and_the_named_agency_accepts(town: Town) -> None:
    sent(town, "shogai_hokuei")
    town.completes("shogai_hokuei", "R-20", kekka="4", jitaiRiyu="01", daitai="konkyu")
    assert town.open_steps() == [("hokatsu", "R-46")]
    town.completes("hokatsu", "R-46", saki="konkyu")
    town.completes("hokatsu", "R-10", to="konkyu", douiKind="03")
    town.completes("konkyu", "R-20", kekka="4", jitaiRiyu="05", daitai="fukushi")
    assert town.open_steps() == [("fukushi", "R-50")]
    assert town.case().lead == "hokatsu"
    town.restarts()
    town.completes("fukushi", "引き取り先を決める", kikan="konkyu")
    assert [step for step in town.open_steps() if step[0] == "konkyu"]


def test_silence_of_five_business_days_beyond_the_due_date_brings_the_promoter(town: Town) -> None:
    sent(town, "konkyu")
    due = town.task("R-20").due_at
    assert due
    town.waits(days=(due - town.now).days + 5)
    assert ("konkyu", "R-20") in town.open_steps()
    town.waits(days=8)
    assert ("fukushi", "R-50") in town.open_steps()


def test_who_has_not_accepted_sees_the_sheet_and_nothing_else(town: Town) -> None:
    sent(town, "konkyu")
    titles = town.sees("konkyu")
    assert titles == ["つなぐシートを書く"]
    assert town.sees("zeimu") is None
    town.completes("konkyu", "R-20", kekka="4", jitaiRiyu="03", daitai="fukushi")
    assert town.sees("konkyu") is None


def test_the_next_agency_sees_its_own_sheet_and_not_the_one_that_was_declined(town: Town) -> None:
    sent(town, "shogai_hokuei")
    town.completes("shogai_hokuei", "R-20", kekka="4", jitaiRiyu="01", daitai="konkyu")
    town.completes("hokatsu", "R-46", saki="konkyu")
    town.completes("hokatsu", "R-10", to="konkyu", douiKind="03")
    assert town.sees("konkyu") == ["つなぐシートを書く"]
    assert town.sees("shogai_hokuei") is None


def test_a_sheet_sent_again_to_who_declined_can_be_read_again(town: Town) -> None:
    sent(town, "konkyu")
    town.completes("konkyu", "R-20", kekka="4", jitaiRiyu="03", daitai="konkyu")
    town.completes("hokatsu", "R-46", saki="konkyu")
    town.completes("hokatsu", "R-10", to="konkyu", douiKind="03")
    assert sorted(town.sees("konkyu") or []) == ["つなぐシートに答える", "つなぐシートを書く"], "its own answer, and the new sheet"
