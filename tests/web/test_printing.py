"""Papers: the sheet on exactly one page whatever was written, blank forms, nothing that may not be read."""

import re
from pathlib import Path

import pytest
from flask import g
from sqlalchemy import select

from engine.agencies import Actor
from engine.journal import Entry
from forms import schema
from tests.web.visitor import application
from web import printing

SHEET = Path(__file__).parents[2] / "forms" / "library" / "F-A03.form.json"
LONG = "状況を長く書く。" * 400


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


@pytest.fixture
def paper(town):
    """Build papers as the pages do: inside a request, with somebody signed in."""
    app = application(town)

    def build(length: int, rows: int):
        with app.test_request_context("/"):
            g.actor = Actor(staff_id=1, name="森岡 美和", seats=())
            form = schema.read(SHEET.read_bytes())
            lines = [
                {"label": f"項目{n}", "text": LONG[:length], "room": 0, "reported": n == 1} for n in range(12)
            ]
            table = {
                "kind": "table",
                "title": "世帯構成",
                "head": ["氏名", "続柄"],
                "rows": [["仮名", "孫"]] * rows,
            }
            parts = [{"kind": "lines", "title": "本文", "rows": lines}, table]
            return printing._paper(form, [("ケース番号", "R8-相-0001")], "関係者限り", parts, masked=[])

    return build


@pytest.mark.parametrize(("length", "rows"), [(0, 0), (40, 3), (150, 8), (900, 12), (3000, 40)])
def test_the_sheet_is_exactly_one_page(paper, length, rows):
    pdf, count = printing.render(paper(length, rows), one_page=True)
    assert count == 1
    assert pages_of(pdf) == 1


def test_what_does_not_fit_is_marked_as_going_on(paper):
    assert printing.CONTINUED in str(printing._cut(paper(3000, 40), printing.CUTS[-1]))


def test_a_long_record_of_another_form_takes_the_pages_it_needs(paper):
    pdf, count = printing.render(paper(3000, 40), one_page=False)
    assert count == pages_of(pdf) > 1


@pytest.mark.parametrize("form", ["F-A01", "F-A03"])
def test_blank_forms_are_printed(visit, form):
    answer = visit("hokatsu-uke1").client.get(f"/forms/{form}/blank.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")
    assert form != "F-A03" or pages_of(answer.data) == 1


def test_a_record_is_printed_and_the_print_is_journalled(visit, town):
    visitor = visit("hokatsu-uke1").opens("/intake").presses("受け付ける")
    visitor.presses("相談を受け付ける", keiro="02", gaiyo="印刷するための相談の内容です。")
    answer = visitor.client.get("/cases/1/records/1.pdf")
    assert answer.data.startswith(b"%PDF")
    with town.database.transaction(write=False) as session:
        assert session.scalar(select(Entry.target).where(Entry.action == "印刷")) == "record:1"
