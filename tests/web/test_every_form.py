"""Every form that the town uses has a page and a paper."""

from pathlib import Path

import pytest
from lxml import html

from forms import schema
from forms.answers import Context
from tests import databases
from tests.forms.paper import AGENCIES, NOW
from tests.town import Town
from tests.web.visitor import application
from web import paper, printing

FORMS = sorted((Path(__file__).parents[2] / "forms" / "library").glob("*.form.json"))
CONTEXT = Context(now=NOW, choices={"agency": AGENCIES, "staff": AGENCIES, "person": AGENCIES, "case": AGENCIES})


@pytest.fixture
def macro(sqlite_town, tmp_path):
    with databases.sqlite(sqlite_town, tmp_path) as database:
        app = application(Town(database))
        yield app.jinja_env.get_template("parts/form.html").module


def test_every_form_has_a_page_whose_inputs_are_labelled(macro):
    for file in FORMS:
        form = schema.read(file.read_bytes())
        parts = paper.page(form, {}, form.shown({}, context=CONTEXT), CONTEXT)
        page = html.fromstring(f"<main>{macro.parts(parts, '/draft')}</main>")
        ids = [one.get("id") for one in page.xpath("//*[@id]")]
        assert len(ids) == len(set(ids)), file.name
        for one in page.xpath("//input[not(@type='hidden')] | //select | //textarea"):
            labelled = page.xpath(f"//label[@for='{one.get('id')}']") or list(one.iterancestors("label"))
            assert labelled, f"{file.name}: {one.get('name')}"


def test_every_form_is_printed_blank():
    for file in FORMS[::6]:
        form = schema.read(file.read_bytes())
        parts = list(printing._blank_parts(form.fields, CONTEXT, ""))
        told = {"title": form.title, "number": form.key, "handling": "関係者限り", "printed": "", "head": [], "masked": []}
        pdf, count = printing.render({**told, "parts": parts, "note": "", "blank": True}, one_page=False)
        assert pdf.startswith(b"%PDF")
        assert count >= 1
