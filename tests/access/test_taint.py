"""A marker typed in a 支援会議 is looked for in every table, page, file, log and message: it stands in its compartment only."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select, text

from engine import meetings, records
from engine.casebook import Case
from engine.db import vault_of
from engine.records import Attachment, Draft, Record
from engine.standing import MeetingItem
from engine.tasks import Task
from tests import databases
from tests.access.test_every_route import WHO, routes
from tests.town import Town
from tests.web.visitor import Visitor, application

MARK = "きつねの提灯が三つ灯る"
TOLD = "昇格してよい一文"
OUTSIDE = {role: login for role, login in WHO.items() if role not in ("sui", "min")}


@pytest.fixture(scope="module")
def met(sqlite_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Any, int, int]]:
    """A 支援会議 in which konkyu and fukushi wrote the marker wherever a person can type, and a draft that is not handed in."""
    with databases.sqlite(sqlite_town, tmp_path_factory.mktemp("taint")) as database:
        yield held(Town(database))


def held(town: Town) -> tuple[Town, Any, int, int]:
    matter = town.opens("hokatsu")
    town.completes("hokatsu", "A-10")
    town.completes("hokatsu", "A-30", attempts=[{"kekka": "つながった"}])
    town.completes("hokatsu", "A-40", taiou="06", kinkyu="3")
    with town.database.transaction(write=False) as session:
        meeting = session.scalars(select(Case.id).where(Case.kind == "会")).one()
    town.case_id = meeting
    held_at = (town.now.replace(hour=10)).isoformat(timespec="minutes").replace("-04-03", "-04-10")
    town.completes("fukushi", "会議を設定する", nichiji=held_at, houhou="対面", shoshuKikan=["konkyu", "rinks"], shuhi=True)
    app = application(town)
    handed = Visitor(app.test_client()).signs_in("konkyu-uke1").opens(f"/tasks/{town.task('K-20', agency='konkyu').id}")
    handed.presses("下書き", iken=MARK, shiryo__new=(io.BytesIO(MARK.encode()), f"{MARK}.txt"))
    town.completes("konkyu", "K-20", shusseki="書面意見", iken=MARK, shuhiZumi=True)
    Visitor(app.test_client()).signs_in("rinks-uke1").opens(f"/tasks/{town.task('K-20', agency='rinks').id}").presses("下書き", iken=MARK)
    town.waits(days=8)
    town.completes("fukushi", "K-30")
    town.waits(hours=1)
    minutes = {"kadai": MARK, "houshin": MARK, "shigen": MARK, "joho": MARK, "honninDenta": "伝えない", "dentaRiyu": MARK}
    town.completes("fukushi", "K-50", kekka="見守り", risk=["虐待"], komari=["17"], **minutes)
    town.completes("konkyu", "K-70", kekka="修正希望", iken=MARK)
    return town, app, matter, meeting


def test_the_marker_stands_in_no_table_and_no_log(met: Any, caplog: pytest.LogCaptureFixture) -> None:
    town, *_ = met
    caplog.set_level(logging.DEBUG)
    town.waits(days=1)
    with town.database.transaction(write=False) as session:
        for table in inspect(town.database.pool).get_table_names():
            for row in session.execute(text(f'SELECT * FROM "{table}"')):
                assert not any(holds(cell) for cell in row), f"{table}: {row}"
    assert MARK not in caplog.text


def test_what_is_sealed_with_the_marker_bears_the_item(met: Any) -> None:
    town, _, _, meeting = met
    with town.database.transaction(write=False) as session:
        (item,) = session.scalars(select(MeetingItem.item)).all()
        found = 0
        for case in session.scalars(select(Case)):
            for record in session.scalars(select(Record).where(Record.case_id == case.id)):
                if MARK in str(records.opened(session, record, case)):
                    assert (record.compartment, record.case_id) == (item, meeting), record.form
                    found += 1
            for file in session.scalars(select(Attachment).where(Attachment.case_id == case.id)):
                plain = vault_of(session).open(file.sealed, wrapped=case.data_key, about=f"file:{case.id}")
                if MARK.encode() in plain:
                    assert file.compartment == item
                    found += 1
        drafts = session.execute(select(Task.case_id).join(Draft, Draft.task_id == Task.id)).scalars().all()
        assert set(drafts) == {meeting}
        assert found >= 4, "opinion, minutes, wish for a correction, paper"


@pytest.mark.parametrize("role", sorted(OUTSIDE))
def test_no_page_print_or_export_outside_shows_it(met: Any, role: str) -> None:
    town, app, matter, meeting = met
    login = {"uke": "hokatsu-uke1"}.get(role, OUTSIDE[role])
    visitor = Visitor(app.test_client()).signs_in(login)
    with town.database.transaction(write=False) as session:
        ids = session.scalars(select(Record.id)).all()
    for case_id in (matter, meeting):
        for record_id in ids:
            for endpoint, method, address in routes(app, {"case_id": case_id, "record_id": record_id, "instance_id": 1, "task_id": 3}):
                if method == "GET" and (record_id == ids[0] or "record" in endpoint):
                    assert MARK.encode() not in visitor.client.get(address).data, (endpoint, address)


def test_members_read_it_and_an_untold_colleague_does_not(met: Any) -> None:
    town, app, _, meeting = met
    with town.database.transaction(write=False) as session:
        minutes = session.scalars(select(Record.id).where(Record.form == "F-B08")).one()
    address = f"/cases/{meeting}/records/{minutes}"
    with town.database.transaction(write=False) as session:
        told = {one.staff_id for one in meetings.members(session, session.scalars(select(MeetingItem.item)).one()) if one.told_on}
    for agency, role in (("konkyu", "uke"), ("fukushi", "sui")):
        for actor in town.colleagues(agency, role):
            login = login_of(town, actor.staff_id)
            shown = MARK.encode() in Visitor(app.test_client()).signs_in(login).client.get(address).data
            assert shown == (actor.staff_id in told), login
    assert told


def test_only_a_promotion_that_the_source_agrees_to_lets_words_out(met: Any) -> None:
    town, app, matter, meeting = met
    secretary, source = login_of(town, told_at(town, "fukushi")), login_of(town, told_at(town, "konkyu"))
    asker = Visitor(app.test_client()).signs_in(secretary).opens(f"/cases/{meeting}/items")
    assert "支援会議（会議限定）" in asker.text()
    asker.presses("移すことを求める", words=TOLD, source="konkyu", ground="04")
    assert "出どころの機関の同意を待っています" in asker.text()
    assert promoted(town, matter) == []
    lead = Visitor(app.test_client()).signs_in("hokatsu-uke1")
    assert TOLD not in lead.opens(f"/cases/{matter}").text()
    inbox = Visitor(app.test_client()).signs_in(source)
    assert "会議限定の情報を移すこと" in inbox.opens("/").text()
    inbox.opens(f"/cases/{meeting}/items").presses("移すことに同意する")
    (record_id,) = promoted(town, matter)
    assert TOLD in lead.opens(f"/cases/{matter}/records/{record_id}").text()
    assert MARK not in lead.text()
    with town.database.transaction(write=False) as session:
        told = session.execute(
            text("SELECT ground, target FROM journal_entry WHERE action = '会議限定の昇格' AND case_id = :case"), {"case": matter}
        ).all()
    assert told == [("C26:04", f"record:{record_id}")]


def holds(cell: Any) -> bool:
    return MARK in cell if isinstance(cell, str) else MARK.encode() in cell if isinstance(cell, bytes) else MARK in str(cell)


def promoted(town: Town, matter: int) -> list[int]:
    with town.database.transaction(write=False) as session:
        return list(session.scalars(select(Record.id).where(Record.case_id == matter, Record.form == "F-K04")))


def told_at(town: Town, agency: str) -> int:
    with town.database.transaction(write=False) as session:
        item = session.scalars(select(MeetingItem.item)).one()
        return next(one.staff_id for one in meetings.members(session, item) if one.agency == agency and one.told_on)


def login_of(town: Town, staff_id: int | None) -> str:
    with town.database.transaction(write=False) as session:
        return str(session.execute(text("SELECT login FROM staff WHERE id = :id"), {"id": staff_id}).scalar_one())
