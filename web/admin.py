"""For administrators: accounts, seats, lock-outs; no content of any case."""

from __future__ import annotations

import secrets
from datetime import date

from flask import Blueprint, render_template, request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import agencies, journal, sessions
from engine.agencies import Membership, Staff
from engine.errors import NotFound, Refused
from forms import moments
from web import door
from web.door import only

pages = Blueprint("admin", __name__, url_prefix="/admin")
#: Without letters that look alike on paper.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@pages.get("/staff")
@only("sys")
def page() -> str:
    """Everybody with an account."""
    sought = request.args.get("search", "").strip()
    with door.reading() as session:
        query = select(Staff).order_by(Staff.kana, Staff.id)
        if sought:
            query = query.where(
                or_(Staff.name.contains(sought), Staff.login.contains(sought), Staff.kana.contains(sought))
            )
        found = list(session.scalars(query.limit(300)))
        return render_template(
            "staff.html", found=found, seats=_seats(session), sought=sought, **_choices(session)
        )


@pages.post("/staff")
@only("sys")
def add() -> Response | str:
    """A new account with one seat and a password for the first day."""
    said = {name: request.form.get(name, "").strip() for name in ("login", "name", "kana", "agency", "role")}
    if not (said["login"] and said["name"] and said["agency"] and said["role"]):
        raise Refused("利用者名、氏名、機関、役割が必要です。前の画面に戻って入力してください。")
    with door.writing() as session:
        if session.scalar(select(Staff.id).where(Staff.login == said["login"])):
            raise Refused(f"利用者名「{said['login']}」はもう使われています。別の名前にしてください。")
        staff = Staff(
            login=said["login"], name=said["name"], kana=said["kana"], password_hash=sessions.UNUSABLE
        )
        session.add(staff)
        session.flush()
        session.add(
            Membership(
                staff_id=staff.id,
                agency=said["agency"],
                role=said["role"],
                valid_from=agencies.today_of(door.now()),
            )
        )
        _note(session, "利用者の追加", staff.id)
        return _with_new_password(session, staff)


@pages.get("/staff/<int:staff_id>")
@only("sys")
def one(staff_id: int) -> str:
    """One account and its seats."""
    with door.reading() as session:
        staff = _found(session, staff_id)
        return render_template(
            "member.html",
            staff=staff,
            seats=_seats(session, staff_id).get(staff_id, []),
            password="",
            **_choices(session),
        )


@pages.post("/staff/<int:staff_id>/password")
@only("sys")
def reset(staff_id: int) -> str:
    """A new password for one day: it is shown once and has to be changed at the next sign-in."""
    with door.writing() as session:
        return _with_new_password(session, _found(session, staff_id))


@pages.post("/staff/<int:staff_id>/unlocking")
@only("sys")
def unlock(staff_id: int) -> Response:
    """Lift a lock-out."""
    with door.writing() as session:
        sessions.unlock(session, _found(session, staff_id), by=door.actor(), now=door.now())
    return door.there("admin.one", staff_id=staff_id)


@pages.post("/staff/<int:staff_id>/seats")
@only("sys")
def seat(staff_id: int) -> Response:
    """A further seat from a day on."""
    with door.writing() as session:
        staff = _found(session, staff_id)
        session.add(Membership(
            staff_id=staff.id, agency=request.form.get("agency", ""), role=request.form.get("role", ""),
            valid_from=_day("from") or agencies.today_of(door.now()), valid_until=_day("until"),
        ))  # fmt: skip
        _note(session, "所属の追加", staff.id)
    return door.there("admin.one", staff_id=staff_id)


@pages.post("/staff/<int:staff_id>/seats/<int:seat_id>/end")
@only("sys")
def end_seat(staff_id: int, seat_id: int) -> Response:
    """A seat ends with today."""
    with door.writing() as session:
        held = session.get(Membership, seat_id)
        if held is None or held.staff_id != staff_id:
            raise NotFound("その所属はありません。")
        held.valid_until = agencies.today_of(door.now())
        _note(session, "所属の終了", staff_id)
    return door.there("admin.one", staff_id=staff_id)


def _with_new_password(session: Session, staff: Staff) -> str:
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
    sessions.set_password(session, staff, password, by=door.actor(), now=door.now(), must_change=True)
    seats = _seats(session, staff.id).get(staff.id, [])
    return render_template("member.html", staff=staff, seats=seats, password=password, **_choices(session))


def _found(session: Session, staff_id: int) -> Staff:
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise NotFound("その利用者はいません。一覧から選び直してください。")
    return staff


def _seats(session: Session, staff_id: int | None = None) -> dict[int, list[Membership]]:
    query = select(Membership).order_by(Membership.valid_from, Membership.id)
    held: dict[int, list[Membership]] = {}
    for row in session.scalars(query if staff_id is None else query.where(Membership.staff_id == staff_id)):
        held.setdefault(row.staff_id, []).append(row)
    return held


def _choices(session: Session) -> dict[str, dict[str, str]]:
    return {"agencies": agencies.names(session), "roles": agencies.role_names(session)}


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    try:
        return moments.read_date(text) if text else None
    except ValueError as error:
        raise Refused(f"期間の{error}。前の画面に戻って入力してください。") from error


def _note(session: Session, action: str, staff_id: int) -> None:
    journal.write(
        session, journal.Line(action=action, by=door.actor(), target=f"staff:{staff_id}"), now=door.now()
    )
