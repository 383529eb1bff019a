"""Every page that the application has is opened in a real browser, and axe finds nothing on it; a new page without a way
to it fails. Addresses are found as people find them: by following links from the inbox."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from engine.casebook import Case
from engine.db import JST
from tests import databases
from tests.browser.conftest import serving
from tests.browser.town_site import Site, findings
from tests.emergency.sweep import begun, listed
from tests.town import Town
from tests.web.visitor import Visitor, application
from tsunagi import demo

#: A page that only somebody without any relation is offered.
HURRIED = {"overrides.page": ("zeimu-ka1", "/cases/1/override")}
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=JST)
#: Who together may open everything, in the order in which they look around.
PEOPLE = (
    "fukushi-sui1", "fukushi-kcho1", "hokatsu-uke1", "soumu-ppo1", "jimukyoku-sys1", "jimukyoku-ver1", "shakyo_out-out2", "zeimu-ka1",
)  # fmt: skip
#: So many pages of a kind are looked at for further links.
ENOUGH = defaultdict(lambda: 3, {"cases.page": 60})
#: Outside the door, documents that somebody attached, and what no person reads.
ELSEWHERE = {
    "auth.sign_in", "records.attachment", "static", "watching.health", "watching.ready", "watching.metrics",
    "coordinators.draft", "coordinators.palette",
}  # fmt: skip


@pytest.fixture(scope="module")
def busy_site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The synthetic town, in a disaster, with a hurried look at a case and a month's sample drawn."""
    with databases.sqlite(sqlite_template, tmp_path_factory.mktemp("pages")) as database:
        demo.fill(database, now=NOW, progress=lambda sentence: None, volume=2)
        town = Town(database)
        town.now = NOW
        _meets(town)
        begun(town, listed(16))
        app = application(town)
        _looks_at_once(app)
        Visitor(app.test_client()).signs_in("soumu-ppo1").opens("/journal").presses("この月の閲覧を抽出する")
        with serving(town, app) as site:
            yield site


def _meets(town: Town) -> None:
    with town.database.transaction(write=False) as session:
        town.case_id = session.scalars(select(Case.id).where(Case.kind == "会", Case.status == "open")).one()
    at = (NOW + timedelta(days=7)).isoformat(timespec="minutes")
    town.completes("fukushi", "会議を設定する", nichiji=at, houhou="対面", shoshuKikan=["fukushi", "shogai_hokuei"], shuhi=True)


def _looks_at_once(app: Any) -> None:
    clerk = Visitor(app.test_client()).signs_in("zeimu-ka1").opens("/cases/1/override")
    clerk.presses(
        "緊急閲覧を始める", reason="11", circumstances="戸をたたいても返事がなく、ポストに新聞が五日分たまっている。",
        level="2", without="連絡不能", hours="2",
    )  # fmt: skip


def test_axe_finds_nothing_on_any_page(busy_site: Site, browser: Browser) -> None:
    app = application(busy_site.town)
    with busy_site.town.database.transaction(write=False) as session:
        meeting = session.scalars(select(Case.number).where(Case.kind == "会", Case.status == "open")).one()
    ways = ways_to_pages(app, meeting) | HURRIED
    lacking = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())} - ELSEWHERE - ways.keys()
    assert lacking == set(), "no link leads there"
    page = browser.new_page()
    found = {"/sign-in": findings(busy_site.opens(page, "/sign-in"))}
    page.close()
    for who in PEOPLE:
        mine = {endpoint: address for endpoint, (login, address) in ways.items() if login == who and address}
        context = browser.new_context()
        page = context.new_page()
        busy_site.sign_in(page, who)
        for endpoint, address in mine.items():
            found[f"{endpoint} {address}"] = _looked_at(page, busy_site, address)
        context.close()
    assert {place: told for place, told in found.items() if told} == {}


def _looked_at(page: Page, site: Site, address: str) -> list[str]:
    if address.partition("?")[0].endswith(".html"):  # a page to carry away is opened from its file
        page.set_content(page.request.get(f"{site.address}{address}").text())
    else:
        site.opens(page, address)
    return findings(page)


def ways_to_pages(app: Any, meeting: str) -> dict[str, tuple[str, str]]:
    """Endpoint → who finds it, and where; without an address for what is no page (paper, a spreadsheet, a picture)."""
    ways: dict[str, tuple[str, str]] = {}
    for who in PEOPLE:
        visitor = Visitor(app.test_client()).signs_in(who)
        waiting, seen, opened = ["/", *_asked(visitor, meeting)], defaultdict(int), set()
        while waiting:
            address = waiting.pop(0)
            endpoint = _endpoint(app, address)
            if not endpoint or address in opened or seen[endpoint] >= ENOUGH[endpoint]:
                continue
            opened.add(address)
            seen[endpoint] += 1
            answer = visitor.client.get(address)
            page = (answer.content_type or "").startswith("text/html")
            if answer.status_code == 200:
                ways.setdefault(endpoint, (who, address if page else ""))
            if answer.status_code == 200 and page:
                waiting += [link for link in html.fromstring(answer.data).xpath("//a/@href") if link.startswith("/")]
    return ways


def _asked(visitor: Visitor, meeting: str) -> list[str]:
    """Where a search leads: by number straight to a case, by a person to a list; the officer has a search of its own."""
    links = [visitor.opens("/search").presses("さがす", sought=meeting).answer.request.path]
    for desk, sought in (("/search", "森岡"), ("/journal", "R8-相-0001")):
        if visitor.client.get(desk).status_code == 200:
            found = visitor.opens(desk).presses("さがす", sought=sought)
            links += [str(link) for link in found.page.xpath("//main//a/@href")]
    return links


def _endpoint(app: Any, address: str) -> str:
    try:
        return str(app.url_map.bind("localhost").match(address.partition("?")[0].partition("#")[0], method="GET")[0])
    except HTTPException:
        return ""
