"""A manager decides what becomes of a job that could not be done."""

from sqlalchemy import select, text

from engine import incidents, jobs
from engine.casebook import Incident
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


def test_what_is_typed_of_a_case_is_sealed_with_it(visit, town):
    case_id = town.opens("hokatsu")
    with town.database.transaction() as session:
        session.add(Incident(case_id=case_id, element="A-10", expression="", sentence="図の式が読めません。", noted_at=town.now))
    visit("jimukyoku-sys1").opens("/reports/incidents").presses("片づけた", how="梟山さんに電話した")
    with town.database.transaction(write=False) as session:
        assert session.scalars(select(Incident)).one().mended_how == "片づけた"
        assert "梟山" not in str(session.execute(text("SELECT particulars, purpose FROM journal_entry")).all())
    assert "梟山さんに電話した" in visit("hokatsu-uke1").opens(f"/cases/{case_id}").text()
    assert "梟山" not in visit("jimukyoku-sys1").opens("/reports/incidents").text()
