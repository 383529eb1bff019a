"""Empty databases for tests, quickly: one SQLite file copied, one PostgreSQL template cloned.

PostgreSQL runs from Debian's package: `initdb` in a temporary folder, a random port of
the loopback address, no fsync (nothing here outlives the session), stopped by its process.
"""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from engine.db import Database
from engine.vault import Vault

VAULT = Vault(current="k0001", keys={"k0001": b"a key that is for tests only 32b"})
SETTINGS = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=127.0.0.1",
    "max_connections=100", "timezone=UTC",
)  # fmt: skip
START_WITHIN = 60  # seconds
TEMPLATE = "tsunagi_template"
_numbers = itertools.count(1)


def kinds() -> Sequence[str]:
    """The databases to test on: `TSUNAGI_TEST_DATABASES`, both if it says nothing."""
    said = os.environ.get("TSUNAGI_TEST_DATABASES") or "sqlite,postgresql"
    asked = tuple(kind.strip() for kind in said.split(","))
    if wrong := set(asked) - {"sqlite", "postgresql"}:
        raise ValueError(f"TSUNAGI_TEST_DATABASES names sqlite and postgresql, but here: {', '.join(sorted(wrong))}")
    return asked


def sqlite_template(folder: Path) -> Path:
    """A migrated, empty SQLite file, to be copied."""
    file = folder / "template.sqlite"
    database = Database(f"sqlite:///{file}", VAULT)
    _migrate(database)
    database.close()
    return file


@contextmanager
def sqlite(template: Path, folder: Path) -> Iterator[Database]:
    """An empty database in a file of its own."""
    file = folder / "tsunagi.sqlite"
    shutil.copyfile(template, file)
    database = Database(f"sqlite:///{file}", VAULT)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def postgresql(port: int, template: str = TEMPLATE) -> Iterator[Database]:
    """A database of its own on the session's server, cloned from a template, dropped at the end."""
    name = f"tsunagi_{os.getpid()}_{next(_numbers)}"
    _order(port, f"CREATE DATABASE {name} TEMPLATE {template}")
    database = Database(_url(port, name), VAULT)
    try:
        yield database
    finally:
        database.close()
        _order(port, f"DROP DATABASE {name} WITH (FORCE)")


def sqlite_town(template: Path, folder: Path, fill: Callable[[Database], None]) -> Path:
    """A SQLite file with a town in it, to be copied."""
    file = folder / "town.sqlite"
    shutil.copyfile(template, file)
    _fill(Database(f"sqlite:///{file}", VAULT), fill)
    return file


def postgresql_town(port: int, fill: Callable[[Database], None]) -> str:
    """The name of a template database with a town in it."""
    name = f"tsunagi_town_{os.getpid()}"
    _order(port, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    _fill(Database(_url(port, name), VAULT), fill)
    return name


def _fill(database: Database, fill: Callable[[Database], None]) -> None:
    try:
        fill(database)
    finally:
        database.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A PostgreSQL of the tests' own, with the migrated template in it."""

    port: int
    folder: Path
    process: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        """Fast shutdown (SIGINT), then the folder is removed."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_again(server: Server) -> Server:
    """The same server after it was stopped at once (as when the power fails), on the same port."""
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait(30)
    user = "postgres" if os.geteuid() == 0 else None
    again = Server(port=server.port, folder=server.folder, process=_launch(_programs(), server.folder, server.port, user))
    _wait_for(again)
    return again


def start_server() -> Server:
    """Start PostgreSQL and migrate the template; as root it runs as Debian's user `postgres`."""
    programs, user = _programs(), "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="tsunagi-postgresql-"))
    if user:
        shutil.chown(folder, user, user)
    _initialise(programs, folder, user)
    port = _free_port()
    server = Server(port=port, folder=folder, process=_launch(programs, folder, port, user))
    try:
        _wait_for(server)
        _order(port, f"CREATE DATABASE {TEMPLATE}")
        template = Database(_url(port, TEMPLATE), VAULT)
        _migrate(template)
        template.close()
    except BaseException:
        server.stop()
        raise
    return server


def _migrate(database: Database) -> None:
    # Imported here: tests of the languages alone need not wait for the engine to load.
    from engine import migrations

    migrations.upgrade(database)


def _programs() -> Path:
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists():
            return place
    raise RuntimeError(
        "The tests need PostgreSQL (Debian's package `postgresql`), but it is not installed. "
        "Run `make test` as root, or limit them with TSUNAGI_TEST_DATABASES=sqlite."
    )


def _initialise(programs: Path, folder: Path, user: str | None) -> None:
    order = [
        str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username=tsunagi", "--auth=trust",
        "--encoding=UTF8", "--locale=C", "--no-sync",
    ]  # fmt: skip
    said = subprocess.run(order, cwd=folder, user=user, extra_groups=_groups(user), capture_output=True, text=True)
    if said.returncode:
        raise RuntimeError(f"initdb failed: {said.stderr}")


def _launch(programs: Path, folder: Path, port: int, user: str | None) -> "subprocess.Popen[bytes]":
    order = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
    for setting in SETTINGS:
        order += ["-c", setting]
    log = folder / "log"
    with log.open("wb") as out:
        return subprocess.Popen(
            order, cwd=folder, user=user, extra_groups=_groups(user), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip


def _groups(user: str | None) -> list[str] | None:
    return [] if user else None


def _wait_for(server: Server) -> None:
    until = time.monotonic() + START_WITHIN
    while True:
        try:
            psycopg.connect(_address(server.port, "postgres"), connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {(server.folder / 'log').read_text()}") from None
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        port: int = any_port.getsockname()[1]
        return port


def _order(port: int, statement: str) -> None:
    with psycopg.connect(_address(port, "postgres"), autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]  # the names in it are our own


def _address(port: int, name: str) -> str:
    return f"host=127.0.0.1 port={port} user=tsunagi dbname={name}"


def _url(port: int, name: str) -> str:
    return f"postgresql+psycopg://tsunagi@127.0.0.1:{port}/{name}"
