"""Reminders: by the same few steps for every task, once each, to those whose turn it is; mail as a digest."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from engine import notices, reminders
from engine.agencies import Staff
from engine.db import JST
from engine.jobs import Job
from engine.notices import Notice
from engine.reminders import Wanted
from engine.settings import Settings
from engine.tasks import Task
from tests.engine.small import TWO_STEPS, Office
from tests.worker.letterbox import Letterbox
from worker import loop


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    with Letterbox() as box:
        yield box


def settings(office: Office, box: Letterbox | None = None) -> Settings:
    from pathlib import Path

    mail = {"smtp": box.address, "smtp_tls": False, "mail_from": "tsunagi@town.example", "address": "http://tsunagi.example"} if box else {}
    return Settings(database_url=office.database.url, keys=Path("none"), **mail)  # type: ignore[arg-type]


def at(day: int, hour: int = 9, minute: int = 0, month: int = 4) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=JST)


def told(office: Office) -> list[tuple[str, str]]:
    with office.database.transaction(write=False) as session:
        rows = session.execute(select(Staff.login, Notice.words).join(Staff, Staff.id == Notice.staff_id).order_by(Notice.id))
        return [(login, words) for login, words in rows]


def opened(office: Office, known: Settings | None = None, **facts: object) -> int:
    """A task of one's desk, opened on Friday 3 April at nine; due on Wednesday the 8th at 17:15."""
    office.publishes(TWO_STEPS)
    case_id = office.opens(**facts)
    loop.once(office.database, now=office.now, settings=known)
    return case_id


def has_address(office: Office, login: str) -> None:
    with office.database.transaction() as session:
        staff = session.scalars(select(Staff).where(Staff.login == login)).one()
        notices.set_mail(session, staff, f"{login}@town.example")


def test_the_steps_come_in_turn_and_each_is_told_once(database):
    office = Office(database)
    opened(office)
    assert told(office) == []
    half = [("ann", "期限までの日数の50%が過ぎました"), ("ben", "期限までの日数の50%が過ぎました")]
    due, late = "今日が期限です", "期限を2営業日過ぎました"
    for moment, expected in (
        (at(5), []), (at(6), half), (at(6, 12), half),
        (at(8, 8), half), (at(8, 8, 30), [*half, ("ann", due), ("ben", due)]),
        (at(10, 8, 31), [*half, ("ann", due), ("ben", due), ("ann", late), ("ben", late), ("sui", late)]),
    ):  # fmt: skip
        office.now = moment
        loop.once(database, now=moment)
        loop.once(database, now=moment)
        assert told(office) == expected
    office.now = at(15, 9)
    loop.once(database, now=office.now)
    assert told(office)[-1] == ("sui", "期限を5営業日過ぎました")
    with database.transaction(write=False) as session:
        assert session.scalars(select(Task.remind_at)).one() is None


def test_after_a_long_stand_still_one_notice_comes_and_no_flood(database):
    office = Office(database)
    opened(office)
    loop.once(database, now=at(30))
    assert {words for _, words in told(office)} == {"期限を5営業日過ぎました"}


def test_only_the_holder_is_told_while_it_is_not_late(database):
    from engine import tasks

    office = Office(database)
    case_id = opened(office)
    with database.transaction() as session:
        tasks.claim(session, office.open_tasks(case_id)[0].id, by=office.who("ben"), now=office.now)
    loop.once(database, now=at(8, 9))
    assert told(office) == [("ben", "今日が期限です")]


def test_a_task_that_is_done_is_not_reminded_of(database):
    office = Office(database)
    case_id = opened(office)
    office.completes(case_id, "a", kekka="2")
    loop.once(database, now=at(30))
    assert told(office) == []


def test_coordinators_change_the_steps_and_open_tasks_follow(database):
    office = Office(database)
    opened(office)
    only_late = {
        key: Wanted(number=number, to_holder=False, to_agency=False, to_sui=True, to_kcho=False, active=key == "late")
        for key, number in (("half", 50), ("due", 0), ("late", 1), ("later", 5))
    }
    with database.transaction() as session:
        reminders.change(session, only_late, by=office.who("sui"), now=office.now)
    loop.once(database, now=at(8, 9))
    assert told(office) == []
    loop.once(database, now=at(9, 9))
    assert told(office) == [("sui", "期限を1営業日過ぎました")]


def test_a_secret_case_is_not_told_to_those_who_only_oversee(database):
    from engine.casebook import Case

    office = Office(database)
    case_id = opened(office)
    with database.transaction() as session:
        session.execute(update(Case).where(Case.id == case_id).values(secret=True))
    loop.once(database, now=at(30))
    assert {login for login, _ in told(office)} == {"ann", "ben"}


def test_the_urgent_is_mailed_at_once_the_rest_once_a_day(database, letterbox):
    office = Office(database)
    for login in ("ann", "ben"):
        has_address(office, login)
    known = settings(office, letterbox)
    urgent = opened(office, known, urgency=1)
    assert sorted(letter.to for letter in letterbox.letters) == ["ann@town.example", "ben@town.example"]
    assert "急ぎの用件が届きました" in letterbox.letters[0].text
    assert "http://tsunagi.example/tasks/" in letterbox.letters[0].text
    letterbox.letters.clear()
    office.completes(urgent, "a", kekka="2")
    office.opens(urgency=3)
    loop.once(database, now=at(3, 9, 6), settings=known)
    loop.once(database, now=at(6, 2), settings=known)
    assert letterbox.letters == [], "nothing goes out at night, the notices wait for the digest"
    loop.once(database, now=at(6, 8, 30), settings=known)
    loop.once(database, now=at(6, 8, 35), settings=known)
    digests = [letter for letter in letterbox.letters if "まとめ" in letter.subject]
    assert sorted(letter.to for letter in digests) == ["ann@town.example", "ben@town.example"]
    assert "係の未着手 1件" in digests[0].text
    assert "R8-相-0002" in digests[0].text
    assert "合成" not in "".join(letter.text for letter in letterbox.letters), "no name goes into a mail"


def test_without_a_mail_server_everything_is_told_on_the_screen_only(database):
    office = Office(database)
    has_address(office, "ann")
    opened(office, urgency=1)
    loop.once(database, now=at(6, 9))
    with database.transaction(write=False) as session:
        assert not session.scalar(select(func.count()).select_from(Job).where(Job.status.in_(("stopped", "due"))))
    assert ("ann", "急ぎの用件が届きました") in told(office)


def test_a_mail_server_that_is_away_is_tried_again_with_the_same_message(database, letterbox):
    office = Office(database)
    has_address(office, "ann")
    known = settings(office, letterbox)
    letterbox.says_later = 1
    opened(office, known, urgency=1)
    assert letterbox.letters == []
    now = office.now
    loop.once(database, now=now + timedelta(minutes=2), settings=known)
    (letter,) = letterbox.letters
    assert letter.message_id.endswith("@town.example>")
