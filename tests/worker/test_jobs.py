"""What a worker does with jobs: once each, one of a case at a time, again with patience, then a person decides."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from engine import incidents, jobs
from engine.agencies import Actor
from engine.casebook import Incident
from engine.db import Database
from engine.errors import Invalid, Refused
from engine.jobs import Errand, Finish, Job, NotNow
from engine.schedules import Schedule
from tests.engine.small import NOW, TWO_STEPS, Office
from worker import claiming, loop
from worker.carrying import RETRIES

done: list[str] = []


@pytest.fixture(autouse=True)
def trial_kinds() -> Iterator[None]:
    """Kinds of the tests' own, taken out again."""
    done.clear()
    known = dict(jobs.KINDS)

    @jobs.carries_out("note", "書き留める")
    def note(errand: Errand) -> None:
        done.append(errand.key)

    @jobs.carries_out("never", "いつも断られる")
    def never(errand: Errand) -> None:
        done.append(errand.key)
        raise NotNow("相手先が答えません。")

    @jobs.carries_out("hopeless", "無理なこと")
    def hopeless(errand: Errand) -> None:
        raise Refused("宛先がありません。設定を確かめてください。")

    yield
    jobs.KINDS.clear()
    jobs.KINDS.update(known)


@pytest.fixture
def database(database: Database) -> Database:
    """Nothing by the calendar: these tests count jobs."""
    with database.transaction() as session:
        session.execute(delete(Schedule))
    return database


def add(database: Database, kind: str, key: str, *, case_id: int | None = None, lane: str = "", needs: int = 1, at: datetime = NOW) -> int:
    with database.transaction() as session:
        job = jobs.enqueue(session, kind, key=key, run_at=at, case_id=case_id, lane=lane, needs=needs, to="x")
        assert job is not None
        session.flush()
        return job.id


def look(database: Database, job_id: int) -> Job:
    with database.transaction(write=False) as session:
        return session.get_one(Job, job_id)


def open_incidents(database: Database) -> list[Incident]:
    with database.transaction(write=False) as session:
        return list(session.scalars(select(Incident).where(Incident.mended_at.is_(None))))


def hand(database: Database, name: str, now: datetime = NOW) -> loop.Worker:
    return loop.Worker(database, name=name, clock=lambda: now)


def test_a_job_added_twice_is_done_once(database: Database) -> None:
    add(database, "note", "n1")
    with database.transaction() as session:
        assert jobs.enqueue(session, "note", key="n1", run_at=NOW) is None
    assert loop.once(database, now=NOW) == 1
    assert loop.once(database, now=NOW + timedelta(days=9)) == 0
    assert done == ["n1"]


def test_a_case_has_one_job_running_however_many_workers_look(database: Database) -> None:
    office = Office(database)
    office.publishes(TWO_STEPS)
    case_id = office.opens()
    for number in range(6):
        add(database, "note", f"n{number}", case_id=case_id)
    claimed: list[int] = []
    together = threading.Barrier(4)

    def take(name: str) -> None:
        together.wait()
        found = claiming.claim(database, jobs.KINDS, worker=name, lease=loop.LEASE, now=NOW)
        if found is not None:
            claimed.append(found[0].job_id)

    threads = [threading.Thread(target=take, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 1


def test_jobs_of_a_lane_keep_their_order_even_when_one_has_to_wait(database: Database) -> None:
    first, second = add(database, "never", "a", lane="L"), add(database, "note", "b", lane="L")
    loop.once(database, now=NOW)
    assert (look(database, first).status, look(database, second).status) == ("due", "due")
    add(database, "note", "c")
    loop.once(database, now=NOW)
    assert done == ["a", "c"]


def test_patience_then_an_incident_that_a_manager_retries(database: Database) -> None:
    office, job_id, now = Office(database), add(database, "never", "again"), NOW
    for wait in (*RETRIES, timedelta()):
        assert loop.once(database, now=now) == 1
        assert look(database, job_id).status in ("due", "stopped")
        assert loop.once(database, now=now + wait * 0.7) == 0
        now += wait * 1.3
    (incident,) = open_incidents(database)
    assert (incident.job_id, look(database, job_id).status, len(done)) == (job_id, "stopped", len(RETRIES) + 1)
    with database.transaction() as session:
        incidents.change(session, incident.id, {"to": "y"}, by=office.who("sui"), now=now)
    assert look(database, job_id).particulars == {"to": "y"}
    assert loop.once(database, now=now) == 1
    assert open_incidents(database) == []


def test_what_is_hopeless_is_not_tried_again_and_may_be_skipped_with_a_reason(database: Database) -> None:
    who: Actor = Office(database).who("sui")
    job_id = add(database, "hopeless", "h")
    loop.once(database, now=NOW)
    (incident,) = open_incidents(database)
    assert "宛先がありません" in incident.sentence
    with pytest.raises(Invalid), database.transaction() as session:
        incidents.skip(session, incident.id, reason="", by=who, now=NOW)
    with database.transaction() as session:
        incidents.skip(session, incident.id, reason="電話で伝えました", by=who, now=NOW)
    assert look(database, job_id).status == "skipped"
    assert open_incidents(database) == []


def test_a_job_that_always_kills_its_worker_makes_one_incident_and_holds_nobody_up(database: Database) -> None:
    job_id, now = add(database, "note", "killer"), NOW
    add(database, "note", "other", at=NOW + timedelta(seconds=1))
    for death in range(claiming.DEATHS):
        worker = hand(database, f"w{death}", now)
        assert claiming.claim(database, jobs.KINDS, worker=worker.name, lease=worker.lease, now=now) is not None
        now += worker.lease + timedelta(seconds=1)
        with database.transaction() as session:
            loop.tick(session, now=now)
        if death == 0:
            assert worker_does(database, now) == "other", "a suspect comes after everything else"
    assert look(database, job_id).status == "stopped"
    assert [incident.job_id for incident in open_incidents(database)] == [job_id]
    assert loop.once(database, now=now) == 0


def worker_does(database: Database, now: datetime) -> str:
    assert hand(database, "healthy", now).run_next()
    return done[-1]


def test_of_two_suspects_one_runs_at_a_time(database: Database) -> None:
    for key in ("a", "b"):
        add(database, "note", key)
        assert claiming.claim(database, jobs.KINDS, worker=key, lease=loop.LEASE, now=NOW) is not None
    later = NOW + loop.LEASE * 2
    with database.transaction() as session:
        assert claiming.reap(session, lease=loop.LEASE, now=later) == 2
    assert claiming.claim(database, jobs.KINDS, worker="c", lease=loop.LEASE, now=later) is not None
    assert claiming.claim(database, jobs.KINDS, worker="d", lease=loop.LEASE, now=later) is None


def test_who_wakes_up_after_its_lease_writes_nothing(database: Database) -> None:
    """SIGSTOP beyond the lease, as rows see it: another worker has done the job meanwhile."""
    job_id, written = add(database, "note", "slow"), []

    @jobs.carries_out("note", "書き留める")
    def slow(errand: Errand) -> Finish:
        if errand.attempt == 1:
            later = NOW + loop.LEASE * 2
            with database.transaction() as session:
                claiming.reap(session, lease=loop.LEASE, now=later)
            assert hand(database, "other", later).run_next()
        return lambda session: written.append(errand.attempt)

    assert hand(database, "sleeper").run_next()
    assert (written, look(database, job_id).status) == ([2], "done")


def test_an_older_worker_leaves_what_it_does_not_know(database: Database) -> None:
    newer, unknown = add(database, "note", "new", needs=2), add(database, "invented", "u")
    assert loop.once(database, now=NOW) == 0
    assert {look(database, newer).status, look(database, unknown).status} == {"due"}
    jobs.carries_out("note", "書き留める", version=2)(lambda errand: done.append(errand.key))
    assert loop.once(database, now=NOW) == 1
    assert done == ["new"]


def test_a_clock_set_back_by_an_hour_holds_no_job_longer_than_a_lease(database: Database) -> None:
    job_id = add(database, "note", "n")
    ahead = NOW + timedelta(hours=1)
    assert claiming.claim(database, jobs.KINDS, worker="dead", lease=loop.LEASE, now=ahead) is not None
    with database.transaction() as session:
        claiming.reap(session, lease=loop.LEASE, now=NOW)
    assert loop.once(database, now=NOW + loop.LEASE * 1.5) == 1
    assert look(database, job_id).status == "done"


def test_an_idle_worker_only_looks(sqlite_database: Database) -> None:
    from tests.engine.counting import counting

    worker = hand(sqlite_database, "idle")
    worker.turn()
    with counting(sqlite_database) as counted:
        assert not worker.turn()
    assert len(counted.statements) == 1
    with sqlite_database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(jobs.Pulse)) == 1
