"""The synthetic town: something in every stage, nothing lost, no name where none belongs, the same every time."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from engine import agencies, journal, records, stuck
from engine import people as engine_people
from engine.agencies import Staff
from engine.assignment import calendar_of
from engine.casebook import Awaited, Case, Incident, Instance, Relation
from engine.db import JST, Database
from engine.jobs import Job
from engine.records import Record
from engine.tasks import Task
from forms.fields import every
from tests import databases
from tsunagi import demo
from tsunagi.demo import people

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=JST)
STAGES = {
    "A受付", "A一次対応", "R回答待ち", "R接触", "B受理", "Bアセスメント", "B同意", "K会議待ち", "Bプラン", "B決定", "B支援中", "B評価",
}  # fmt: skip


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The whole town, filled once for all tests here."""
    with databases.sqlite(sqlite_template, tmp_path_factory.mktemp("demo")) as database:
        assert demo.fill(database, now=NOW, progress=lambda sentence: None)
        yield database


def test_every_open_case_waits_for_somebody_or_something(filled: Database) -> None:
    with filled.transaction(write=False) as session:
        for case in session.scalars(select(Case).where(Case.status == "open")):
            asked = session.scalar(
                select(Task.id).where(Task.case_id == case.id, Task.status == "open").limit(1)
            )
            runs = session.scalars(
                select(Instance).where(Instance.case_id == case.id, Instance.status == "running")
            ).all()
            told = session.scalar(select(Awaited.id).where(Awaited.case_id == case.id).limit(1))
            assert asked or told or any(run.wake_at for run in runs), case.number
        assert not session.scalars(select(Incident)).all()
        assert not session.scalars(select(Job).where(Job.status == "stopped")).all()


def test_every_stage_occurs_and_cases_are_open_and_closed(filled: Database) -> None:
    with filled.transaction(write=False) as session:
        stages = set(session.scalars(select(Task.stage).where(Task.status == "open")))
        cases = session.scalars(select(Case)).all()
        together = session.scalars(
            select(Instance.case_id).where(Instance.key == "P-B", Instance.status == "running")
        ).all()
    assert stages >= STAGES
    assert 90 <= len(cases) <= 130
    assert len(set(together)) == 22
    assert sum(case.status == "closed" for case in cases) >= 40


def test_everybody_and_everything_is_marked_as_invented(filled: Database) -> None:
    with filled.transaction(write=False) as session:
        assert all(session.scalars(select(Case.synthetic)))
        assert all(session.scalars(text("SELECT synthetic FROM staff")))


def test_the_report_shows_the_seeds(filled: Database) -> None:
    with filled.transaction() as session:
        chief = agencies.actor(session, agencies.by_login(session, "fukushi-kcho1"), today=NOW.date())
        rows = stuck.report(session, chief, now=NOW).rows
        calendar = calendar_of(session)
    by_level = {level: [row for row in rows if row.level == level] for level in stuck.LEVELS}
    worst = {row.stage: row for row in by_level["要介入"]}
    assert len(by_level["要介入"]) == 3
    assert worst["R回答待ち"].overdue >= 3
    assert calendar.business_days_between(_first_sent(filled, worst["R回答待ち"].case_id), NOW.date()) == 9
    assert worst["B同意"].days >= 120
    assert any("異動" in reason for reason in worst["B受理"].reasons)
    assert sum(row.stage != "待ち" for row in by_level["停滞"]) == 6
    assert sum(row.stage != "待ち" for row in by_level["注意"]) == 10


def test_no_name_of_a_household_stands_anywhere_in_the_file(filled: Database) -> None:
    file = Path(filled.url.removeprefix("sqlite:///"))
    with filled.transaction() as session:
        session.execute(text("SELECT 1"))
    bytes_of_all = b"".join(
        part.read_bytes() for part in (file, file.with_name(file.name + "-wal")) if part.exists()
    )
    assert len(bytes_of_all) > 1_000_000
    found = {name for name in people.names() if len(name) > 1 and name.encode() in bytes_of_all}
    assert not found


def test_a_stolen_file_reveals_no_person_and_no_typed_word(filled: Database) -> None:
    told: set[str] = set()
    with filled.transaction(write=False) as session:
        for case in session.scalars(select(Case)):
            for _, known in engine_people.of_case(session, case):
                told |= {known.name, known.name.replace(" ", ""), known.kana, known.tel, known.address}
            for record in session.scalars(select(Record).where(Record.case_id == case.id)):
                long = {one.path for one in every(records.form_of(session, record).fields) if one.kind == "long"}
                answers = records.opened(session, record, case)
                told |= {str(text) for path, text in answers.items() if path in long and len(str(text)) >= 10}
        public = str(session.execute(select(Staff.name)).all())
    told = {word for word in told if len(word) > 3 and word not in public}
    assert len(told) > 500
    file = Path(filled.url.removeprefix("sqlite:///"))
    stolen = b"".join(part.read_bytes() for part in file.parent.glob(f"{file.name}*"))
    found = [word for word in told for code in ("utf-8", "utf-16-le", "cp932") if word.encode(code, "ignore") in stolen]
    assert found == []


def test_the_journal_holds(filled: Database) -> None:
    with filled.transaction(write=False) as session:
        assert journal.verify(session) == []


def test_the_golden_stories_go_their_way(filled: Database) -> None:
    with filled.transaction(write=False) as session:
        first = session.scalar(select(Case).order_by(Case.id).limit(1))
        assert first is not None
        assert first.number.startswith("R7-多-")
        assert first.lead == "konkyu"
        done = session.execute(
            select(Task.element, Task.agency).where(Task.case_id == first.id, Task.status == "done")
        ).all()
        steps = [row.element for row in done]
        assert ("R-10", "zeimu") in [tuple(row) for row in done]
        assert steps.count("B-60") == 2
        assert steps.count("B-100") == 2
        assert {"B-150", "B-170", "B-175", "B-186"} <= set(steps)
        ruled = session.scalars(
            select(Task.case_id).where(Task.element == "R-50", Task.status == "done")
        ).all()
        declined = session.execute(
            select(Relation.agency).where(
                Relation.case_id.in_(ruled), Relation.kind == "紹介先", Relation.until.is_not(None)
            )
        ).all()
        assert {"shogai_hokuei", "konkyu"} <= {row.agency for row in declined}


def test_records_say_who_wrote_them(filled: Database) -> None:
    with filled.transaction(write=False) as session:
        records = session.scalars(select(Record)).all()
    assert len(records) > 800
    assert all(record.author_id and record.agency for record in records)


def test_the_guide_names_three_people_and_their_first_task(filled: Database) -> None:
    said = demo.guide(filled, "http://127.0.0.1:8000/", now=NOW)
    with filled.transaction(write=False) as session:
        numbers = [number for number in session.scalars(select(Case.number)) if number in said]
    assert len(numbers) == 3
    assert all(
        login in said for login in ("hokatsu-uke1", "fukushi-sui1", "fukushi-kcho1", "tsunagi-demo-2026")
    )


def test_filling_again_keeps_what_is_there(filled: Database) -> None:
    before = _snapshot(filled)
    assert not demo.fill(filled, now=NOW, progress=lambda sentence: None)
    assert _snapshot(filled) == before


def test_the_same_town_every_time(filled: Database, sqlite_database: Database) -> None:
    demo.fill(sqlite_database, now=NOW, progress=lambda sentence: None)
    assert _snapshot(sqlite_database) == _snapshot(filled)


def test_a_smaller_town_on_any_day(sqlite_database: Database) -> None:
    demo.fill(
        sqlite_database, now=datetime(2027, 5, 3, 21, 0, tzinfo=JST), progress=lambda sentence: None, volume=2
    )
    with sqlite_database.transaction(write=False) as session:
        assert not session.scalars(select(Incident)).all()
        assert min(session.scalars(select(Case.opened_at))).date() >= date(2025, 4, 1)


def _first_sent(database: Database, case_id: int) -> date:
    with database.transaction(write=False) as session:
        sent = session.scalars(
            select(Task).where(Task.case_id == case_id, Task.element == "R-10").order_by(Task.id)
        ).first()
    assert sent is not None
    assert sent.done_at is not None
    return sent.done_at.date()


def _snapshot(database: Database) -> list[tuple[object, ...]]:
    with database.transaction(write=False) as session:
        cases = session.execute(
            select(Case.number, Case.status, Case.lead, Case.urgency).order_by(Case.id)
        ).all()
        tasks = session.execute(
            select(
                Task.case_id,
                Task.title,
                Task.agency,
                Task.status,
                Task.created_at,
                Task.done_at,
                Task.holder_id,
            ).order_by(Task.id)
        ).all()
    return [tuple(row) for row in [*cases, *tasks]]
