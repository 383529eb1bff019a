"""The worker and the pages under load: what a tick costs with 100,000 timers to come, how many steps of cases and how
soon, how many completions a second from 1, 2 and 4 web processes, and the burst of a disaster's first day.

    python -m pytest benchmarks/test_worker.py -s

Pages and workers are real processes, clients speak HTTP; nothing is lost in any of it.
"""

import base64
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from sqlalchemy import delete, func, insert, select, update

from engine import cases, jobs, journal
from engine.casebook import Instance
from engine.db import JST, Database
from engine.jobs import Job
from engine.records import Record
from engine.schedules import Schedule
from engine.tasks import Task
from tests import databases
from tests.engine.small import Office, diagram, flow, task
from tests.town import Town, found
from tests.web.visitor import values_of
from tsunagi.demo.town import PASSWORD
from worker import loop

TIMERS = 100_000
HOUR = (
    '<bpmn:intermediateCatchEvent id="t"><bpmn:timerEventDefinition><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">'
    "PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
)
WAITS = diagram(
    '<bpmn:startEvent id="S"/>' + HOUR + task("b", "書く") + '<bpmn:endEvent id="E"/>' + flow("S", "t") + flow("t", "b") + flow("b", "E")
)  # fmt: skip
DESK = ("hokatsu", "hokatsu-uke1")


@pytest.fixture(scope="module")
def server() -> Iterator[databases.Server]:
    started = databases.start_server()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return databases.sqlite_template(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=("sqlite", "postgresql"))
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = databases.sqlite(request.getfixturevalue("template"), tmp_path)
    else:
        opened = databases.postgresql(request.getfixturevalue("server").port)
    with opened as database:
        with database.transaction() as session:
            session.execute(delete(Schedule))
        yield database


@pytest.fixture(scope="module")
def town_template(server: databases.Server) -> str:
    return databases.postgresql_town(server.port, found)


# --- timers and jobs


def test_a_tick_with_a_hundred_thousand_timers_to_come(empty: Database) -> None:
    office = Office(empty)
    office.publishes(WAITS)
    office.opens()
    with empty.transaction() as session:
        columns = [column for column in Instance.__table__.columns if column.name != "id"]
        one = dict(session.execute(select(*columns)).mappings().one())
        far = datetime.now(JST) + timedelta(days=365)  # by the machine's clock, too, which the idle worker reads
        for start in range(0, TIMERS, 5000):
            session.execute(insert(Instance), [{**one, "wake_at": far + timedelta(seconds=start + n)} for n in range(5000)])
    worker = loop.Worker(empty, name="here:1", clock=lambda: office.now)
    worker.turn()
    ticks = timed(lambda: ticked(empty, office.now), times=101)
    looks = timed(worker.turn, times=101)
    spent = idle(empty)
    print(f"{kind(empty)}: a tick {ticks * 1000:.2f} ms, an idle worker's look {looks * 1000:.2f} ms, its processor {spent:.1%}")
    assert ticks < 0.002
    assert spent < 0.05


def ticked(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        assert loop.tick(session, now=now) == 0


def idle(database: Database, seconds: float = 4.0) -> float:
    """The share of one processor that a worker process with nothing to do takes."""
    with working(database, 1) as ids:
        time.sleep(2)
        before = processor(ids[0])
        time.sleep(seconds)
        return (processor(ids[0]) - before) / seconds


@pytest.mark.parametrize("workers", [1, 2])
def test_steps_of_cases_a_second_and_how_soon(empty: Database, workers: int) -> None:
    count, office = 300, Office(empty)
    office.now = datetime.now(JST) - timedelta(hours=2)
    office.publishes(WAITS)
    for _ in range(count):
        office.opens()
    with empty.transaction() as session:  # their hour is over; nobody is told so before the workers are there
        session.execute(update(Instance).values(wake_at=datetime.now(JST) + timedelta(days=1)))
    with working(empty, workers):
        time.sleep(2)
        with empty.transaction() as session:
            session.execute(update(Instance).values(wake_at=datetime.now(JST) - timedelta(seconds=1)))
        began = time.perf_counter()
        opens = settled(lambda: counted(empty, Task) == count)
        rate = count / (opens - began)
        soon = [picked_up(empty, number) for number in range(20)]
    print(
        f"{kind(empty)}, {workers} workers: {rate:.0f} timers a second, "
        f"picked up after {statistics.median(soon) * 1000:.0f} ms (worst {max(soon) * 1000:.0f})"
    )
    with empty.transaction(write=False) as session:
        assert counted(empty, Task) == count
        assert session.scalar(select(func.count()).select_from(Job).where(Job.status != "done", Job.kind == "fire")) == 0
        assert journal.verify(session) == []


def picked_up(database: Database, number: int) -> float:
    """Seconds from the commit of a job to the commit of its end."""
    time.sleep(0.15)
    with database.transaction() as session:
        # The schedules are gone: this kind only looks which there are.
        jobs.enqueue(session, "housekeeping", key=f"soon:{number}", run_at=datetime.now(JST) - timedelta(seconds=1))
    began = time.perf_counter()
    return settled(lambda: counted(database, Job, Job.key == f"soon:{number}", Job.status == "done") == 1) - began


# --- pages


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_completions_a_second_from_eight_clients(
    server: databases.Server, town_template: str, tmp_path: Path, processes: int
) -> None:
    with databases.postgresql(server.port, town_template) as database:
        Prepared(database, 160)
        with serving(database, tmp_path, processes) as port:
            done = Clients(port, 8).as_fast_as_possible(open_tasks(database))
        print(f"PostgreSQL, {processes} web processes, 8 clients: {done.rate:.1f} completions a second, {done.told()}")
        nothing_lost(database, 160)


def test_the_peak_hour_of_a_disaster_on_sqlite(template: Path, tmp_path: Path) -> None:
    """1,150 tasks are what a small town's peak hour holds: one machine, eight desks, as fast as they can."""
    count = 1150
    file = databases.sqlite_town(template, tmp_path, found)
    (tmp_path / "town").mkdir()
    with databases.sqlite(file, tmp_path / "town") as database:
        Prepared(database, count)
        with serving(database, tmp_path, 2) as port, working(database, 1):
            done = Clients(port, 8).as_fast_as_possible(open_tasks(database))
        print(f"SQLite, 2 web processes and a worker, 8 clients: {count} tasks in {done.seconds:.0f} s, {done.told()}")
        assert done.seconds < 3600
        nothing_lost(database, count)


def test_the_prefectures_peak_on_postgresql(server: databases.Server, town_template: str, tmp_path: Path) -> None:
    """12.5 completions a second for three minutes from fifty clients, each at its own time whatever came before."""
    a_second, seconds = 12.5, float(os.environ.get("BURST_SECONDS", "180"))
    count = int(a_second * seconds)
    with databases.postgresql(server.port, town_template) as database:
        Prepared(database, count)
        with serving(database, tmp_path, 2) as port, working(database, 1):
            done = Clients(port, 50).at_a_pace(open_tasks(database), a_second)
        print(f"PostgreSQL, 2 web processes and a worker, 50 clients: {done.rate:.1f} a second for {done.seconds:.0f} s, {done.told()}")
        nothing_lost(database, count)
        assert done.late(95) < 0.5


class Prepared:
    """So many consultations wait at one desk."""

    def __init__(self, database: Database, count: int) -> None:
        town = Town(database, now=datetime.now(JST))
        actor = town.staff(*DESK[0:1], "uke")
        for start in range(0, count, 50):
            with database.transaction() as session:
                for _ in range(min(50, count - start)):
                    cases.open_case(session, "P-A", by=actor, desk=DESK[0], now=town.now, at="A-SE1", synthetic=True)


def open_tasks(database: Database) -> list[int]:
    with database.transaction(write=False) as session:
        return list(session.scalars(select(Task.id).where(Task.status == "open", Task.element == "A-10").order_by(Task.id)))


def nothing_lost(database: Database, count: int) -> None:
    """Each was written once, each case came to its next step once, and the journal holds."""
    with database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Record)) == count
        assert session.scalar(select(func.count()).select_from(Task).where(Task.element == "A-10", Task.status == "done")) == count
        assert session.scalar(select(func.count(Task.case_id.distinct())).where(Task.element == "A-30")) == count
        assert session.scalar(select(func.count()).select_from(Task).where(Task.element == "A-30")) == count
        assert journal.verify(session) == []


@dataclass
class Done:
    """What the clients saw: seconds of each completion from when it was due to its answer, and of the whole."""

    answers: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.answers) / self.seconds

    def late(self, percent: int) -> float:
        return statistics.quantiles(self.answers, n=100)[percent - 1]

    def told(self) -> str:
        page = statistics.quantiles(self.pages, n=100)[94]
        return (
            f"completions p50 {self.late(50) * 1000:.0f} / p95 {self.late(95) * 1000:.0f} / p99 {self.late(99) * 1000:.0f} ms, "
            f"pages p95 {page * 1000:.0f} ms"
        )


class Clients:
    """So many browsers signed in as one desk, each a thread with its own connection and session."""

    def __init__(self, port: int, count: int) -> None:
        self.browsers = [Browser(port) for _ in range(count)]
        self.lock = threading.Lock()

    def as_fast_as_possible(self, tasks: list[int]) -> Done:
        left = list(reversed(tasks))

        def next_task() -> tuple[int, float] | None:
            with self.lock:
                return (left.pop(), 0.0) if left else None

        return self._run(next_task)

    def at_a_pace(self, tasks: list[int], a_second: float) -> Done:
        left = list(enumerate(tasks))[::-1]
        began = time.perf_counter() + 1

        def next_task() -> tuple[int, float] | None:
            with self.lock:
                if not left:
                    return None
                number, task_id = left.pop()
            return task_id, began + number / a_second

        return self._run(next_task)

    def _run(self, next_task: Callable[[], tuple[int, float] | None]) -> Done:
        done, failed = Done(), []

        def works(browser: Browser) -> None:
            try:
                while (given := next_task()) is not None:
                    task_id, due = given
                    page, answer = browser.completes(task_id, due)
                    done.pages.append(page)
                    done.answers.append(answer)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=works, args=(browser,)) for browser in self.browsers]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        done.seconds = time.perf_counter() - began
        assert failed == []
        return done


class Browser:
    """As little of a browser as will do: cookies and forms, and a connection for each request."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, dict[str, str]()
        fields = values_of(html.fromstring(self._asks("GET", "/sign-in")[1]).xpath("//form[.//input[@name='login']]")[0])
        status, _ = self._asks("POST", "/sign-in", {**fields, "login": DESK[1], "password": PASSWORD})
        assert status in (302, 303)

    def completes(self, task_id: int, due: float) -> tuple[float, float]:
        """Opens the task, fills it in, and hands it in when it is due; seconds of the page, and of the completion."""
        began = time.perf_counter()
        status, page = self._asks("GET", f"/tasks/{task_id}")
        assert status == 200
        opened = time.perf_counter() - began
        (form,) = html.fromstring(page).xpath("//form[.//input[@name='_submission']]")
        fields = {**values_of(form), "keiro": "02", "gaiyo": "家の片づけが進まず、水も止まったままで困っている。"}
        if due:
            time.sleep(max(0.0, due - time.perf_counter()))
        handed = due or time.perf_counter()
        status, answer = self._asks("POST", f"/tasks/{task_id}/completion", fields)
        assert status in (302, 303), re.sub(rb"\s+", b" ", answer)[:2000].decode()
        return opened, time.perf_counter() - handed

    def _asks(self, method: str, path: str, fields: dict[str, Any] | None = None) -> tuple[int, bytes]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = urllib.parse.urlencode(fields, doseq=True) if fields is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        for said in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = said.partition(";")[0].partition("=")
            self.cookies[name] = value
        content = answer.read()
        connection.close()
        return answer.status, content


# --- processes of our own


@contextmanager
def serving(database: Database, folder: Path, processes: int) -> Iterator[int]:
    """`tsunagi serve` with so many processes; gives its port."""
    keys, port = folder / "keys.json", databases._free_port()
    held = {name: base64.b64encode(key).decode() for name, key in databases.VAULT.keys.items()}
    keys.write_text(json.dumps({"current": databases.VAULT.current, "keys": held}))
    keys.chmod(0o600)
    settings = {**os.environ, "TSUNAGI_DATABASE_URL": database.url, "TSUNAGI_KEYS": str(keys)}
    words = ["serve", "--port", str(port), "--workers", str(processes), "--threads", "8"]
    started = subprocess.Popen([sys.executable, "-m", "tsunagi.cli", *words], env=settings, stderr=subprocess.DEVNULL)
    try:
        settled(lambda: ready(port))
        yield port
    finally:
        started.terminate()
        started.wait(60)


@contextmanager
def working(database: Database, count: int) -> Iterator[list[int]]:
    """So many worker processes; gives their ids."""
    database.pool.dispose()
    ids = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            try:
                own = Database(database.url, databases.VAULT)
                loop.run(own, name=f"machine:{number}")
            finally:
                os._exit(0)
        ids.append(child)
    try:
        yield ids
    finally:
        for child in ids:
            os.kill(child, 15)
        for child in ids:
            os.waitpid(child, 0)


def ready(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
    except OSError:
        return False


def settled(holds: Callable[[], bool], within: float = 120) -> float:
    """When it came to hold; fails when it does not."""
    until = time.perf_counter() + within
    while not holds():
        assert time.perf_counter() < until
        time.sleep(0.01)
    return time.perf_counter()


def counted(database: Database, table, *conditions) -> int:
    with database.transaction(write=False) as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def timed(work: Callable[[], object], *, times: int) -> float:
    """Seconds, the middle of so many runs."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def processor(process: int) -> float:
    """Seconds of processor that a process has taken."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def kind(database: Database) -> str:
    return "SQLite" if database.url.startswith("sqlite") else "PostgreSQL"
