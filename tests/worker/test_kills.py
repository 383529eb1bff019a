"""Workers are killed, frozen and cut off, databases stop, disks fill, clocks jump: nothing is lost, nothing happens twice.

Every outside effect happens at least once, under one key; every case advances exactly once; a
job that always kills its worker ends as one incident. All processes are the tests' own.
"""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, event, func, select, text
from sqlalchemy.exc import OperationalError

from engine import cases, jobs
from engine.casebook import Incident, Instance
from engine.db import JST, Database, is_postgresql
from engine.jobs import Job
from engine.journal import Entry
from engine.records import Record
from engine.schedules import Schedule
from engine.tasks import Task
from forms.answers import Context
from tests import databases
from tests.engine.small import Office, diagram, flow, task
from tests.worker.crew import LEASE, Crew, register
from tests.worker.test_operators import service
from tests.worker.wire import Wire
from worker import loop

SECOND = (
    '<bpmn:intermediateCatchEvent id="t"><bpmn:timerEventDefinition><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">'
    "PT0.5S</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
)
#: An effect outside, a timer, another effect, and then somebody's turn.
COURSE = diagram(
    '<bpmn:startEvent id="S"/>' + service("trial.effect") + SECOND + service("trial.effect").replace('id="s"', 'id="u"', 1)
    + task("b", "書く") + '<bpmn:endEvent id="E"/>' + flow("S", "s") + flow("s", "t") + flow("t", "u") + flow("u", "b") + flow("b", "E")
)  # fmt: skip


def begin(database: Database, count: int) -> Office:
    """So many cases, each at its first effect."""
    office = Office(database)
    office.now = datetime.now(JST)
    with database.transaction() as session:
        session.execute(delete(Schedule))
    office.publishes(COURSE)
    for _ in range(count):
        office.opens()
    return office


def arrived(database: Database, count: int) -> Callable[[], bool]:
    def all_there() -> bool:
        try:
            with database.transaction(write=False) as session:
                return (session.scalar(select(func.count()).select_from(Task).where(Task.status == "open")) or 0) >= count
        except OperationalError:
            return False

    return all_there


def nothing_lost_nothing_twice(database: Database, crew: Crew, count: int) -> None:
    with database.transaction(write=False) as session:
        tasks = Counter(session.scalars(select(Task.case_id)))
        moves = Counter(map(tuple, session.execute(select(Entry.case_id, Entry.action).where(Entry.action.in_(("応答", "期日"))))))
        keys = set(session.scalars(select(Job.key).where(Job.kind == "trial.effect")))
        unfinished = session.scalars(select(Job.key).where(Job.status != "done", Job.kind != "trial.killer", Job.kind != "remind")).all()
    assert len(tasks) == count
    assert set(tasks.values()) == {1}, "every case came to its step once"
    assert {action: {n for (_, a), n in moves.items() if a == action} for action in ("応答", "期日")} == {"応答": {2}, "期日": {1}}
    assert unfinished == []
    done = Counter(crew.done())
    assert set(done) == keys
    assert len(keys) == 2 * count, "every effect happened, each under its own key"


def test_random_kills_a_freeze_and_a_job_that_kills(database, tmp_path):
    count, chance = 16, random.Random(5)
    office = begin(database, count)
    with database.transaction() as session:
        jobs.enqueue(session, "trial.killer", key="killer", run_at=office.now)
    with Crew(database, tmp_path) as crew:
        for number in range(3):
            crew.start(f"machine-{'ab'[number % 2]}:{number}")
        for _ in range(5):
            time.sleep(chance.uniform(0.1, 0.3))
            crew.raise_the_dead()
            name = chance.choice(sorted(crew.workers))
            crew.kill(name)
            crew.start(f"{name}'")
        crew.freeze(sorted(crew.workers)[0], LEASE.total_seconds() * 1.4)
        assert crew.until(arrived(database, count))

        def stopped() -> bool:
            with database.transaction(write=False) as session:
                return session.scalar(select(Job.status).where(Job.key == "killer")) == "stopped"

        assert crew.until(stopped)
        assert crew.ends(sorted(crew.workers)[0]), "a worker told to stop ends in good order"
        nothing_lost_nothing_twice(database, crew, count)
    with database.transaction(write=False) as session:
        killer = session.scalars(select(Job).where(Job.key == "killer")).one()
        assert [incident.job_id for incident in session.scalars(select(Incident))] == [killer.id]
        assert killer.deaths == 3


def test_two_machines_and_one_is_cut_off_and_comes_back(database, tmp_path):
    if not is_postgresql(database.url):
        one_machine_only(database)
        return
    count = 16
    begin(database, count)
    port = int(database.url.rpartition(":")[2].partition("/")[0])
    with Wire(port) as wire, Crew(database, tmp_path) as crew:
        crew.start("machine-a:1")
        crew.start("machine-b:1", url=database.url.replace(f":{port}/", f":{wire.port}/"))
        time.sleep(0.3)
        wire.cut()
        time.sleep(LEASE.total_seconds() * 1.5)
        wire.mend()
        assert crew.until(arrived(database, count))
        nothing_lost_nothing_twice(database, crew, count)


def one_machine_only(database: Database) -> None:
    """SQLite is one file on one machine: what would be a second machine is refused by nobody, it has no such file."""
    assert database.url.startswith("sqlite:///")


def test_postgresql_stops_at_once_and_comes_back(tmp_path):
    if "postgresql" not in databases.kinds():
        return
    server = databases.start_server()
    try:
        with databases.postgresql(server.port) as database:
            with database.pool.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ALTER SYSTEM SET synchronous_commit = on"))
                connection.execute(text("SELECT pg_reload_conf()"))
            count = 12
            begin(database, count)
            with Crew(database, tmp_path) as crew:
                crew.start("machine-a:1")
                crew.start("machine-b:1")
                time.sleep(0.4)
                server = databases.start_again(server)
                assert crew.until(arrived(database, count))
                nothing_lost_nothing_twice(database, crew, count)
    finally:
        server.stop()


def test_the_clock_jumps_an_hour_ahead_and_back(database, tmp_path):
    count = 8
    begin(database, count)
    with Crew(database, tmp_path) as crew:
        crew.start("machine-a:1")
        crew.start("machine-a:2")
        # What was set down for later while the machine's clock was ahead is due when that hour has really come.
        # With PostgreSQL the server's clock counts, and the machine's jumps are not even noticed.
        for hours in (1, -1, 0, 2):
            time.sleep(0.25)
            crew.set_clocks(hours)
        assert crew.until(arrived(database, count))
        nothing_lost_nothing_twice(database, crew, count)
    with database.transaction(write=False) as session:
        assert session.scalars(select(Incident)).all() == []


def test_a_full_disk_stops_the_work_and_loses_none(sqlite_database, tmp_path):
    database, count = sqlite_database, 6
    office = begin(database, count)
    register(tmp_path / "effects")
    crew = Crew(database, tmp_path)
    full = {"on": True}

    @event.listens_for(database.pool, "begin", insert=False)
    def limit(connection):
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages if full['on'] else 1_000_000}")

    with pytest.raises(OperationalError, match="full"):
        opens_on(office)
    worker = loop.Worker(database, name="w", lease=timedelta(seconds=0.2))
    for _ in range(20):
        with contextlib.suppress(OperationalError):
            worker.turn()
    with database.transaction(write=False) as session:
        opened = session.scalar(select(func.count()).select_from(Instance)) or 0
    assert not arrived(database, opened)()
    full["on"] = False
    until = time.monotonic() + 25
    while not arrived(database, opened)() and time.monotonic() < until:
        if not worker.turn():
            time.sleep(0.05)
    nothing_lost_nothing_twice(database, crew, opened)


def opens_on(office: Office) -> None:
    for _ in range(100):
        office.opens()


def test_a_step_that_was_written_although_its_caller_saw_an_error_is_not_written_again(database):
    """The answer to COMMIT is lost on the way; the page sends the same submission again, and is answered from it."""
    office = Office(database)
    from tests.engine.small import TWO_STEPS

    office.publishes(TWO_STEPS)
    case_id = office.opens()
    if not is_postgresql(database.url):
        first = office.completes(case_id, "a", submission="s1")
        again(office, case_id, first.task.id, database)
        return
    task_id = office.open_tasks(case_id)[0].id
    port = int(database.url.rpartition(":")[2].partition("/")[0])
    with Wire(port) as wire:
        through = Database(database.url.replace(f":{port}/", f":{wire.port}/"), databases.VAULT)
        who = office.who("ann")
        wire.swallow = True
        with pytest.raises(OperationalError):
            complete(through, office, task_id, who)
        assert wire.swallowed == 1
        through.close()
    again(office, case_id, task_id, database)


def again(office: Office, case_id: int, task_id: int, database: Database) -> None:
    assert office.steps(case_id) == ["b"], "it was written"
    assert complete(database, office, task_id, office.who("ann")).again
    assert office.steps(case_id) == ["b"]
    with database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Record)) == 1


def complete(database, office, task_id, who):
    return cases.attempt(
        database,
        lambda session: cases.complete(
            session, task_id, lambda form: form.accept({"kekka": "1"}, context=Context(now=office.now)), by=who,
            now=office.now, submission="s1",
        ),
        now=office.now, task_id=task_id,
    )  # fmt: skip


