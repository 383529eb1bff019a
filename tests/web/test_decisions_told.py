"""What a decision table decided is told on the case's timeline in words, to whoever may read the case's content."""

from collections.abc import Callable

from tests.town import Town
from tests.web.visitor import Visitor


def told(visitor: Visitor) -> list[str]:
    return ["".join(one.itertext()) for one in visitor.page.xpath("//ol[@class='timeline']//p[@class='decided']")]


def test_staff_read_why_a_table_decided_as_it_did(town: Town, visit: Callable[[str], Visitor]) -> None:
    case = town.opens("hokatsu")
    town.completes("hokatsu", "相談を受け付ける", komari=["20"], omoKomari="20", uketsukeKikan="hokatsu")
    sentences = told(visit("hokatsu-uke1").opens(f"/cases/{case}"))
    assert "判定　緊急度：11行目：困りごとがある" in sentences
    assert "判定　第一受付機関：20行目：困窮・債務・滞納・就労・立退き・食 → 自立相談支援窓口" in sentences


def test_who_only_knows_that_the_case_exists_reads_no_decision(town: Town, visit: Callable[[str], Visitor]) -> None:
    case = town.opens("hokatsu")
    town.completes("hokatsu", "相談を受け付ける", komari=["20"], omoKomari="20", uketsukeKikan="hokatsu")
    town.completes("hokatsu", "つなぐシートを書く", to="konkyu", douiKind="03")
    assert told(visit("konkyu-uke1").opens(f"/cases/{case}")) == []
