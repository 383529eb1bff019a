"""A manager decides what becomes of a job that could not be done."""

from engine import incidents, jobs
from engine.jobs import Job


def stopped(town, key):
    with town.database.transaction() as session:
        job = jobs.enqueue(session, "digest", key=key, run_at=town.now)
        session.flush()
        job.status = "stopped"
        incidents.note_job(session, job, "つながりません。", now=town.now)
        session.flush()
        return job.id


def status(town, job_id):
    with town.database.transaction(write=False) as session:
        return session.get_one(Job, job_id).status


def test_a_job_is_tried_again_or_skipped_with_a_reason(visit, town):
    first = stopped(town, "a")
    manager = visit("fukushi-kcho1").opens("/reports/incidents")
    manager.presses("やり直す")
    assert status(town, first) == "due"
    second = stopped(town, "b")
    manager.opens("/reports/incidents").presses("理由を書いて飛ばす", how="")
    assert status(town, second) == "stopped"
    manager.opens("/reports/incidents").presses("理由を書いて飛ばす", how="電話で伝えました")
    assert status(town, second) == "skipped"
