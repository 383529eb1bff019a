"""What every test may ask for: an empty database of each kind, a browser that is installed here."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.db import Database
from tests import databases

BROWSER_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--no-first-run", "--lang=ja",
)  # fmt: skip
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
