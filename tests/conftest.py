"""What every test may ask for: an empty database of each kind, a browser that is installed here."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from engine.db import Database
from tests import databases

if TYPE_CHECKING:  # loaded when a test asks for a town: tests of the languages alone do not wait for it
    from tests.town import Town
    from tests.web.visitor import Visitor

BROWSER_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--no-first-run", "--lang=ja",
)  # fmt: skip
# The same examples every time, and no deadline: a busy machine is not a wrong answer.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
hypothesis.settings.load_profile("house")
_server = pytest.StashKey[databases.Server]()


@pytest.fixture(params=databases.kinds())
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database at the newest schema; the test runs once on each kind."""
    if request.param == "sqlite":
        opened = databases.sqlite(request.getfixturevalue("sqlite_template"), tmp_path)
    else:
        opened = databases.postgresql(request.getfixturevalue("postgresql_port"))
    with opened as empty:
        yield empty


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty database in a SQLite file, for what does not depend on the kind."""
    with databases.sqlite(sqlite_template, tmp_path) as empty:
        yield empty


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The migrated file that is copied."""
    return databases.sqlite_template(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=databases.kinds())
def town(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[Town]":
    """A town with agencies, staff and every shipped process, and no case yet; once on each kind."""
    if request.param == "sqlite":
        opened = databases.sqlite(request.getfixturevalue("sqlite_town"), tmp_path)
    else:
        opened = databases.postgresql(
            request.getfixturevalue("postgresql_port"), request.getfixturevalue("postgresql_town")
        )
    from tests.town import Town

    with opened as database:
        yield Town(database)


@pytest.fixture
def visit(town: "Town") -> "Callable[[str], Visitor]":
    """A browser without scripts, signed in as somebody (hokatsu-uke1 …); an empty name stays outside."""
    from tests.web.visitor import Visitor, application

    app = application(town)

    def begin(login: str = "") -> Visitor:
        visitor = Visitor(app.test_client())
        if login:
            visitor.signs_in(login)
            assert not visitor.title().startswith("入る"), f"{login} は入れません: {visitor.text()}"
        return visitor

    return begin


@pytest.fixture(scope="session")
def sqlite_town(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeded file that is copied."""
    from tests.town import found

    return databases.sqlite_town(sqlite_template, tmp_path_factory.mktemp("town"), found)


@pytest.fixture(scope="session")
def postgresql_town(postgresql_port: int) -> str:
    """The seeded database that is cloned."""
    from tests.town import found

    return databases.postgresql_town(postgresql_port, found)


@pytest.fixture(scope="session")
def postgresql_port(request: pytest.FixtureRequest) -> int:
    """Where the session's PostgreSQL listens: one server, shared with the other test processes."""
    handed_over: int | None = getattr(request.config, "workerinput", {}).get("postgresql_port")
    return handed_over or _server_of(request.config).port


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, without its own network traffic."""
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if program is None:
        raise RuntimeError("The browser tests need Debian's chromium-headless-shell or chromium. Run `make test` as root.")
    return {**browser_type_launch_args, "executable_path": program, "args": list(BROWSER_FLAGS)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a page or a browser, itself or through a fixture, is a browser test, wherever it lies."""
    for item in items:
        if {"page", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Before a test process starts (pytest-xdist): tell it where the one server is."""
    if "postgresql" in databases.kinds():
        node.workerinput["postgresql_port"] = _server_of(node.config).port


def pytest_unconfigure(config: pytest.Config) -> None:
    """The server ends with the session that started it."""
    if server := config.stash.get(_server, None):
        server.stop()


def _server_of(config: pytest.Config) -> databases.Server:
    if _server not in config.stash:
        config.stash[_server] = databases.start_server()
    return config.stash[_server]
