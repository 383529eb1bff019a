"""Service tasks that reach outside: done by the worker, and the process goes on with the result, once."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import cases, definitions, incidents
from engine.agencies import Agency
from engine.casebook import Incident, Instance
from engine.errors import Invalid
from engine.jobs import Job
from engine.records import Attachment
from engine.settings import Settings
from tests.engine.small import Office, diagram, flow, task
from tests.worker.letterbox import Letterbox
from worker import loop


def service(operator: str, **parameters: str) -> str:
    said = "".join(f'<spiffworkflow:parameter id="{k}" type="str" value="{v}"/>' for k, v in parameters.items())
    return (
        '<bpmn:serviceTask id="s" name="知らせる"><bpmn:extensionElements>'
        f'<spiffworkflow:serviceTaskOperator id="{operator}" resultVariable="out"><spiffworkflow:parameters>{said}'
        "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></bpmn:extensionElements></bpmn:serviceTask>"
    )


def waits_for(operator: str, **parameters: str) -> dict[str, str]:
    """A step, the service, and a step after it."""
    return diagram(
        '<bpmn:startEvent id="S"/>' + task("a", "聞く") + service(operator, **parameters) + task("b", "書く") + '<bpmn:endEvent id="E"/>'
        + flow("S", "a") + flow("a", "s") + flow("s", "b") + flow("b", "E")
    )  # fmt: skip


def asked(database, operator: str, **parameters: str) -> tuple[Office, int]:
    office = Office(database)
    office.publishes(waits_for(operator, **parameters))
    case_id = office.opens()
    office.completes(case_id, "a")
    assert office.steps(case_id) == [], "the process waits, staff do not"
    return office, case_id


def test_a_mail_to_an_agency_goes_out_and_the_process_goes_on(database):
    office, case_id = asked(database, "mail.send", agency='&quot;two&quot;', about='&quot;会議の日が決まりました&quot;')
    with Letterbox() as box:
        known = Settings(database_url=database.url, keys=Path("none"), smtp=box.address, smtp_tls=False, mail_from="t@town.example")
        loop.once(database, now=office.now, settings=known)
        with database.transaction(write=False) as session:
            incident = session.scalars(select(Incident)).one()
        assert "宛先が登録されていません" in incident.sentence
        assert office.steps(case_id) == []
        with database.transaction() as session:
            session.get_one(Agency, "two").mail = "two@town.example"
            incidents.retry(session, incident.id, by=office.who("sui"), now=office.now)
        loop.once(database, now=office.now, settings=known)
        loop.once(database, now=office.now + timedelta(hours=9), settings=known)
        (letter,) = box.letters
    assert (letter.to, letter.subject) == ("two@town.example", "【つなぎ】会議の日が決まりました")
    assert "R8-相-0001" in letter.text
    assert office.steps(case_id) == ["b"]


def test_a_manager_changes_what_was_asked_or_goes_on_without_it(database):
    office, case_id = asked(database, "calendar.file", title='&quot;面談&quot;', at='&quot;あした&quot;')
    loop.once(database, now=office.now)
    with database.transaction() as session:
        incident = session.scalars(select(Incident).where(Incident.mended_at.is_(None))).one()
        assert incidents.asked_of(session.get_one(Job, incident.job_id)) == {"title": "面談", "at": "あした"}
        incidents.change(session, incident.id, {"at": "2026-04-08T10:00"}, by=office.who("sui"), now=office.now)
    loop.once(database, now=office.now)
    assert office.steps(case_id) == ["b"]
    with database.transaction(write=False) as session:
        file = session.scalars(select(Attachment)).one()
        case = cases.find_case(session, case_id)
        raw = database.vault.open(file.sealed, wrapped=case.data_key, about=f"file:{case_id}").decode()
    assert "DTSTART:20260408T010000Z" in raw
    assert "SUMMARY:R8-相-0001 面談" in raw.replace("\r\n ", "")
    assert all(len(line.encode()) <= 75 for line in raw.split("\r\n"))


def test_a_notice_is_made_as_pdf_and_attached_once(sqlite_database):
    office, case_id = asked(sqlite_database, "paper.pdf", title='&quot;決定のお知らせ&quot;', body='&quot;#let x = [決めました]&quot;')
    loop.once(sqlite_database, now=office.now)
    loop.once(sqlite_database, now=office.now + timedelta(days=1))
    assert office.steps(case_id) == ["b"]
    with sqlite_database.transaction(write=False) as session:
        file = session.scalars(select(Attachment)).one()
        case = cases.find_case(session, case_id)
        assert sqlite_database.vault.open(file.sealed, wrapped=case.data_key, about=f"file:{case_id}").startswith(b"%PDF")


def test_a_step_skipped_with_a_reason_lets_the_process_go_on(database):
    office, case_id = asked(database, "mail.send", agency='&quot;two&quot;', about='&quot;知らせ&quot;')
    loop.once(database, now=office.now)
    with database.transaction() as session:
        incident = session.scalars(select(Incident)).one()
        incidents.skip(session, incident.id, reason="電話で伝えました", by=office.who("sui"), now=office.now)
    assert office.steps(case_id) == ["b"]


def test_while_a_case_is_stopped_the_job_waits_and_no_attempt_counts(database):
    office, case_id = asked(database, "calendar.file", title='&quot;面談&quot;', at='&quot;2026-04-08T10:00&quot;')
    with database.transaction() as session:
        cases.suspend(session, case_id, reason="入院", by=office.who("ann"), now=office.now)
    now = office.now
    for _ in range(8):
        assert loop.once(database, now=now) >= 1
        now += timedelta(hours=6, minutes=1)
    with database.transaction() as session:
        assert session.scalars(select(Incident)).all() == []
        cases.resume(session, case_id, by=office.who("ann"), now=now)
    loop.once(database, now=now)
    assert office.steps(case_id) == ["b"]


def test_what_the_process_no_longer_waits_for_is_not_done(database):
    office, _ = asked(database, "mail.send", agency='&quot;two&quot;', about='&quot;知らせ&quot;')
    with database.transaction() as session:
        session.scalars(select(Instance)).one().status = "finished"
    loop.once(database, now=office.now)
    with database.transaction(write=False) as session:
        assert session.scalars(select(Incident)).all() == []
        assert session.scalars(select(Job.status).where(Job.kind == "mail.send")).all() == ["done"]


def test_an_operator_used_wrongly_is_refused_at_publish(town):
    files = waits_for("mail.send", agensy='&quot;two&quot;')
    with pytest.raises(Invalid) as refused, town.database.transaction() as session:
        definitions.publish(session, "T", files, by=town.staff("fukushi", "sui"), now=town.now)
    told = " ".join(str(getattr(one, "message", "")) for one in refused.value.problems)
    assert "「agensy」という項目はありません。" in told
    assert "「知らせる機関」が要ります。" in told
