"""The stuck report: a number and never a name; and a table that no spreadsheet mistakes for a formula."""

import csv
import io
from datetime import timedelta

import pytest

from forms import sheets


def stuck(visit, town):
    visitor = visit("hokatsu-uke1").opens("/intake").presses("受け付ける")
    visitor.presses("下書きを保存する", sei="秘密", gaiyo="名前は出ない")
    town.now += timedelta(days=40)
    return visit("fukushi-kcho1")


def test_the_report_says_whose_door_since_when_and_why(visit, town):
    manager = stuck(visit, town).opens("/reports/stuck")
    assert "R8-相-0001" in manager.text()
    assert "北栄町地域包括支援センター" in manager.text()
    assert "期限を" in manager.text()
    assert "秘密" not in manager.answer.text
    assert manager.page.xpath("//span[contains(@class, 'level')][starts-with(text(), '●')]")


def test_the_report_calls_the_district_by_its_name(visit, town):
    town.opens("konkyu")
    town.completes("konkyu", "相談を受け付ける", komari=["20"], omoKomari="20", uketsukeKikan="konkyu", chiku="hojo")
    town.now += timedelta(days=40)
    manager = visit("fukushi-kcho1").opens("/reports/stuck")
    assert "北条" in manager.text()
    assert "hojo" not in manager.text()
    assert "北条" in manager.client.get("/reports/stuck.csv?encoding=utf-8").data.decode("utf-8-sig")


def test_the_report_is_narrowed_by_agency_stage_and_level(visit, town):
    manager = stuck(visit, town)
    assert "R8-相-0001" in manager.opens("/reports/stuck?agency=hokatsu").text()
    assert "R8-相-0001" not in manager.opens("/reports/stuck?agency=konkyu").text()


@pytest.mark.parametrize(("asked", "encoding"), [("utf-8", "utf-8-sig"), ("cp932", "cp932")])
def test_the_report_goes_into_a_spreadsheet(visit, town, asked, encoding):
    content = stuck(visit, town).client.get(f"/reports/stuck.csv?encoding={asked}").data
    assert content.startswith(b"\xef\xbb\xbf") == (asked == "utf-8")
    rows = list(csv.reader(io.StringIO(content.decode(encoding), newline="")))
    assert rows[0][1] == "ケース番号"
    assert rows[1][1] == "R8-相-0001"
    assert b"\r\n" in content


@pytest.mark.parametrize("cell", ["=1+1", "+81", "-3", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula(cell):
    assert (
        sheets.as_csv(["a"], [[cell]], encoding="utf-8-sig")
        .decode("utf-8-sig")
        .splitlines()[1]
        .startswith("\"'")
    )


def test_what_the_old_encoding_cannot_write_is_marked():
    assert sheets.as_csv(["氏名"], [["𠮷田"]], encoding="cp932").decode("cp932").splitlines()[1] == '"〓田"'


def test_another_agency_sees_only_its_own(visit, town):
    stuck(visit, town)
    assert "R8-相-0001" not in visit("konkyu-uke1").opens("/reports/stuck").text()
