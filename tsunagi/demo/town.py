"""Seeding a town: roles, agencies, staff with seats, and the shipped processes."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import meetings, register_files
from engine.agencies import CLOCK, TEAM, Agency, Membership, Role, Staff, today_of
from engine.sessions import HASHER
from forms import sheets
from forms.registers import registers
from tsunagi import shipping
from tsunagi.demo import people

PASSWORD = "tsunagi-demo-2026"  # noqa: S105 - everybody's in the invented town, told on the screen
SINCE = date(2018, 4, 1)


@cache
def plan() -> Mapping[str, Any]:
    """Roles and agencies as the plan names them, with how many staff each has."""
    read: Mapping[str, Any] = json.loads(
        files("tsunagi").joinpath("demo", "agencies.json").read_text("utf-8")
    )
    return read


def seed(session: Session, *, now: datetime, password: str = PASSWORD) -> None:
    """Roles, agencies, about 95 staff and every shipped process, all marked 合成."""
    settle_agencies(session)
    settle_registers(session, now=now)
    settle_staff(session, password)
    settle_teams(session)
    publish_shipped(session, now=now)


def settle_agencies(session: Session) -> None:
    """The roles and agencies."""
    session.add_all([Role(code=code, name=name) for code, name in plan()["roles"].items()])
    for row in plan()["agencies"]:
        session.add(Agency(valid_from=SINCE, **{key: value for key, value in row.items() if key != "staff"}))
    session.flush()


def settle_registers(session: Session, *, now: datetime) -> None:
    """The plan's programmes, bodies, contracts, resources …: each register from its file, as a coordinator would take it in."""
    for key in ("plan", "programme", "body", "district", "resource", "contract", "disaster", "place", "glossary"):
        register = registers()[key]
        source = files("tsunagi").joinpath("hokuei", f"{key}.csv").read_bytes()
        head, rows = sheets.read(source, name=f"{key}.csv")
        lines = register_files.preview(session, register, head, rows, now=now)
        wrong = [(line.number, line.sentences) for line in lines if line.fate == "wrong"]
        assert not wrong, f"{key}.csv: {wrong}"
        register_files.take(session, register, lines, by=CLOCK, now=now)


def settle_staff(session: Session, password: str) -> None:
    """Staff with one seat each; logins say agency and role (hokatsu-uke1)."""
    hashed = HASHER.hash(password)
    number = 0
    for agency in plan()["agencies"]:
        for role, count in agency["staff"].items():
            for turn in range(1, count + 1):
                session.add(_person(number, f"{agency['code']}-{role}{turn}", hashed))
                number += 1
    session.flush()
    for staff in session.scalars(select(Staff)):
        agency_code, _, seat = staff.login.rpartition("-")
        session.add(
            Membership(
                staff_id=staff.id, agency=agency_code, role=seat.rstrip("0123456789"), valid_from=SINCE
            )
        )
    session.flush()


def settle_teams(session: Session) -> None:
    """The teams of a safety confirmation (班): agencies of their own, whose members sit elsewhere too."""
    logins = dict(session.execute(select(Staff.login, Staff.id)).all())
    for team in plan()["teams"]:
        session.add(Agency(code=team["code"], name=team["name"], kind=TEAM, section="防災", valid_from=SINCE))
        session.flush()
        session.add_all(
            Membership(staff_id=logins[login], agency=team["code"], role="kik", valid_from=SINCE)
            for login in team["members"]
        )
    session.flush()


def tell_of_secrecy(session: Session, *, now: datetime) -> None:
    """Everybody was told of the meeting's secrecy (社会福祉法106条の6), as at the training when they came."""
    for staff_id in session.scalars(select(Staff.id)).all():
        meetings.told_of_secrecy(session, staff_id, on=today_of(now), by=CLOCK, now=now)


def publish_shipped(session: Session, *, now: datetime) -> None:
    """Publish the pathways that come with the application; called ones first."""
    shipping.publish(session, note="はじめの版", now=now)


def _person(number: int, login: str, hashed: str) -> Staff:
    (surname, surname_kana), (given, given_kana) = people.staff_name(number)
    return Staff(
        login=login,
        name=f"{surname} {given}",
        kana=f"{surname_kana} {given_kana}",
        password_hash=hashed,
        synthetic=True,
    )
