"""Incidents (支障) of jobs: a manager tries again, changes what is asked, or skips it and says why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import cases, journal
from engine.agencies import CLOCK, Actor
from engine.casebook import Incident, Instance
from engine.errors import Invalid, NotOpen
from engine.jobs import Job

SHORTEST_REASON = 5


def note_job(session: Session, job: Job, sentence: str, *, now: datetime) -> None:
    """Write that a job could not be done; one open incident a job."""
    known = session.scalar(select(Incident.id).where(Incident.job_id == job.id, Incident.mended_at.is_(None)))
    if known is not None:
        return
    session.add(
        Incident(
            case_id=job.case_id, instance_id=job.instance_id, job_id=job.id, element=job.kind[:120],
            sentence=sentence[:400], noted_at=now,
        )
    )  # fmt: skip
    line = journal.Line(
        action="支障", by=CLOCK, case_id=job.case_id, target=f"job:{job.id}", outcome="失敗",
        particulars={"kind": job.kind, "attempts": job.attempts, "deaths": job.deaths},
    )  # fmt: skip
    journal.write(session, line, now=now)


def retry(session: Session, incident_id: int, *, by: Actor, now: datetime) -> Incident:
    """Try it again at once: the job with fresh attempts, or the timers of an instance that stands."""
    incident = _open(session, incident_id)
    if incident.job_id is not None:
        job = _stopped(session, incident)
        job.status, job.run_at, job.attempts, job.deaths, job.fault, job.done_at = "due", now, 0, 0, "", None
    elif incident.instance_id is not None:
        instance = session.get(Instance, incident.instance_id, with_for_update=True)
        if instance is not None and instance.status == "running":
            instance.wake_at = now
    return _mended(session, incident, "やり直した", "", by=by, now=now)


def change(
    session: Session, incident_id: int, particulars: Mapping[str, Any], *, by: Actor, now: datetime
) -> Incident:
    """Change what the job is asked to do (ids, codes and names of settings only) and try it again."""
    incident = _open(session, incident_id)
    job = _stopped(session, incident)
    asked = dict(job.particulars.get("parameters", job.particulars))
    unknown = sorted(set(particulars) - set(asked))
    if unknown:
        raise Invalid(f"この仕事に「{'、'.join(unknown)}」という項目はありません。画面を開き直してください。")
    changed = {**asked, **particulars}
    job.particulars = {**job.particulars, "parameters": changed} if "parameters" in job.particulars else changed
    job.status, job.run_at, job.attempts, job.deaths, job.fault, job.done_at = "due", now, 0, 0, "", None
    return _mended(session, incident, "直してやり直した", "", by=by, now=now)


def skip(session: Session, incident_id: int, *, reason: str, by: Actor, now: datetime) -> Incident:
    """Leave the job undone, with the reason; a step of a process that waits for it goes on without its result."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid(f"飛ばす理由を{SHORTEST_REASON}文字以上で書いてください。あとで見る人のために要ります。")
    incident = _open(session, incident_id)
    job = _stopped(session, incident)
    job.status, job.done_at = "skipped", now
    token = job.particulars.get("token")
    if token and job.instance_id is not None and cases.call_waits(session, job.instance_id, str(token)):
        cases.answer_call(session, job.instance_id, str(token), {}, by=by, now=now)
    return _mended(session, incident, "飛ばした", reason.strip(), by=by, now=now)


def asked_of(job: Job) -> dict[str, Any]:
    """What a manager may change of a job: its parameters by name."""
    asked = job.particulars.get("parameters", job.particulars)
    return {name: value for name, value in asked.items() if isinstance(value, str | int | float) or value is None}


def _open(session: Session, incident_id: int) -> Incident:
    incident = session.get(Incident, incident_id, with_for_update=True, populate_existing=True)
    if incident is None or incident.mended_at is not None:
        raise NotOpen("その支障はないか、もう片づいています。")
    return incident


def _stopped(session: Session, incident: Incident) -> Job:
    job = session.get(Job, incident.job_id, with_for_update=True, populate_existing=True) if incident.job_id else None
    if job is None or job.status != "stopped":
        raise NotOpen("この支障には、止まっている仕事がありません。図を直して、片づけたことを書いてください。")
    return job


def _mended(session: Session, incident: Incident, how: str, reason: str, *, by: Actor, now: datetime) -> Incident:
    incident.mended_at, incident.mended_by = now, by.staff_id
    incident.mended_how = how if incident.case_id or not reason else f"{how}：{reason}"[:200]
    # What somebody typed may tell of the person: it stands sealed with the case, and who administers never reads it.
    line = journal.Line(
        action="支障の解消", by=by, case_id=incident.case_id, target=f"incident:{incident.id}",
        purpose=how, particulars={"how": how, "job": incident.job_id}, reason=reason,
    )  # fmt: skip
    journal.write(session, line, now=now)
    return incident
