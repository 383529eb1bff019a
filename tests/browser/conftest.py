"""A town's pages behind a real server, and a browser that fails on any word of the console."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests import databases
from tests.browser.town_site import Site
from tests.town import Town
from tests.web.visitor import application


@pytest.fixture(scope="session")
def base_url() -> str:
    """Pages are opened by whole addresses; the plugin's own fixture is written in a way that pytest 9 warns of."""
    return ""


@pytest.fixture
def site(sqlite_town: Path, tmp_path: Path) -> Iterator[Site]:
    """A town on a SQLite file, served on a free port of the loopback address."""
    with databases.sqlite(sqlite_town, tmp_path) as database:
        town = Town(database)
        with serving(town, application(town)) as served:
            yield served


@contextmanager
def serving(town: Town, app: Any) -> Iterator[Site]:
    """The town's pages on a free port, until the block ends."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(town=town, address=f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def staff(site: Site, page: Page) -> Iterator[Page]:
    """A browser signed in at 地域包括支援センター; anything that breaks the content policy fails the test."""
    told: list[str] = []
    page.on("console", lambda line: told.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    site.sign_in(page, "hokatsu-uke1")
    yield page
    refusals = [
        line
        for line in told
        if "Content Security Policy" in line or "Error" in line and "Failed to load" not in line
    ]
    assert not refusals
