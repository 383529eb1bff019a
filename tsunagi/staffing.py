"""Agencies, roles and staff from the command line: the first administrator has nobody to ask."""

import re
from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import agencies, journal, sessions
from engine.agencies import CLOCK, Agency, Membership, Role, Staff
from engine.errors import Conflict, Invalid, NotFound

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def add(
    session: Session, login: str, password: str, *, name: str, kana: str, agency: str, role: str, now: datetime
) -> Staff:
    """A new account with one seat from today on; its password must be changed at the first login."""
    if session.scalar(select(Staff.id).where(Staff.login == login)):
        raise Conflict(f"新しい利用者名が必要ですが、「{login}」はもう使われています。別の名前にしてください。")
    _require("機関", agency, agencies.names(session))
    _require("役割", role, agencies.role_names(session))
    staff = Staff(login=login, name=name, kana=kana, password_hash="")
    session.add(staff)
    session.flush()
    session.add(Membership(staff_id=staff.id, agency=agency, role=role, valid_from=agencies.today_of(now)))
    line = journal.Line(action="利用者登録", by=CLOCK, target=f"staff:{staff.id}", particulars={"agency": agency, "role": role})
    journal.write(session, line, now=now)
    sessions.set_password(session, staff, password, by=CLOCK, now=now, must_change=True)
    return staff


def seat(session: Session, login: str, *, agency: str, role: str, since: date | None, until: date | None, now: datetime) -> Membership:
    """A further seat of somebody who has an account."""
    staff = agencies.by_login(session, login)
    _require("機関", agency, agencies.names(session))
    _require("役割", role, agencies.role_names(session))
    since = since or agencies.today_of(now)
    if until is not None and until < since:
        raise Invalid(f"終わりの日は始まりの日（{since}）より後ですが、「{until}」でした。日付を確かめてください。")
    held = Membership(staff_id=staff.id, agency=agency, role=role, valid_from=since, valid_until=until)
    session.add(held)
    _note(session, "所属の追加", f"staff:{staff.id}", now, agency=agency, role=role)
    return held


def add_agency(session: Session, code: str, *, name: str, kind: str, now: datetime, **more: str) -> Agency:
    """A new agency with an inbox, valid from today on; `more`: section, corporation, tel."""
    if not CODE.fullmatch(code):
        raise Invalid(f"機関のコードは英小文字で始まる英小文字・数字・_ で40文字までですが、「{code}」でした。")
    if session.get(Agency, code) is not None:
        raise Conflict(f"新しいコードが必要ですが、「{code}」はもう使われています。別のコードにしてください。")
    agency = Agency(code=code, name=name, kind=kind, valid_from=agencies.today_of(now), **more)
    session.add(agency)
    _note(session, "機関の追加", f"agency:{code}", now)
    return agency


def end_agency(session: Session, code: str, *, on: date, now: datetime) -> Agency:
    """An agency's last day; what stands in its inbox stays there, and its staff still see to it."""
    agency = session.get(Agency, code)
    if agency is None:
        raise NotFound(f"機関「{code}」はありません。tsunagi agency list で確かめてください。")
    agency.valid_until = on
    _note(session, "機関の終わり", f"agency:{code}", now, on=on.isoformat())
    return agency


def list_agencies(session: Session, *, today: date) -> Iterator[tuple[Agency, int]]:
    """Every agency with how many seats it has today."""
    for agency in session.scalars(select(Agency).order_by(Agency.code)):
        yield agency, len(agencies.members(session, agency.code, today=today))


def add_roles(session: Session, roles: dict[str, str], *, now: datetime) -> list[str]:
    """Add roles by code and name; gives the codes that are new. A known code keeps its name."""
    fresh = {code: name for code, name in roles.items() if session.get(Role, code) is None}
    session.add_all(Role(code=code, name=name) for code, name in fresh.items())
    if fresh:
        _note(session, "役割の追加", "roles", now, roles=sorted(fresh))
    return sorted(fresh)


def _note(session: Session, action: str, target: str, now: datetime, **particulars: object) -> None:
    journal.write(session, journal.Line(action=action, by=CLOCK, target=target, particulars=particulars), now=now)


def _require(kind: str, code: str, known: dict[str, str]) -> None:
    if code not in known:
        shown = "、".join(sorted(known)) or "まだありません"
        raise NotFound(f"{kind}のコードが必要ですが、「{code}」はありません。次のどれかにしてください: {shown}")
