"""Signing in: argon2 passwords, lockout, and sessions that live in the database."""

import hashlib
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import journal
from engine.agencies import Actor, Staff, actor, today_of
from engine.db import Base, Moment
from engine.errors import NotAllowed, Refused
from engine.settings import Settings

HASHER = PasswordHasher()
SHORTEST = 10
#: The hash of no password at all: an account that waits for its first one.
UNUSABLE = "-"
# Verified against when the login is unknown, so that the answer takes as long as for a known one.
NOBODY = HASHER.hash(secrets.token_hex(16))


class WebSession(Base):
    """One signed-in browser; only the hash of its token is kept."""

    __tablename__ = "web_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    browser: Mapped[str] = mapped_column(String(120), default="")


def sign_in(
    session: Session, login: str, password: str, *, browser: str, settings: Settings, now: datetime
) -> tuple[str, Staff]:
    """Check the password and open a session: its token (for the cookie) and the member of staff.

    Raises NotAllowed with one and the same sentence for a wrong name and a wrong password;
    the caller commits in either case, because failures count.
    """
    staff = session.scalar(select(Staff).where(Staff.login == login).with_for_update())
    if staff is not None and staff.locked_until is not None and staff.locked_until > now:
        raise NotAllowed(
            f"続けて間違えたため、{staff.locked_until:%H:%M}まで入れません。急ぐときは管理者に解除を頼んでください。"
        )
    if not _matches(staff, password) or staff is None or not staff.active:
        _count_failure(session, staff, settings, now)
        raise NotAllowed("利用者名かパスワードが違います。確かめて、もう一度入れてください。")
    staff.failures, staff.locked_until = 0, None
    token = secrets.token_urlsafe(32)
    session.add(
        WebSession(
            token_hash=_hash(token), staff_id=staff.id, started_at=now, seen_at=now, browser=browser[:120]
        )
    )
    journal.write(
        session, journal.Line(action="ログイン", by=actor(session, staff, today=today_of(now))), now=now
    )
    return token, staff


def who(session: Session, token: str, *, settings: Settings, now: datetime) -> tuple[Staff, Actor] | None:
    """The member of staff behind a cookie's token, or nobody when the session is over."""
    row = session.execute(
        select(WebSession, Staff)
        .join(Staff, Staff.id == WebSession.staff_id)
        .where(WebSession.token_hash == _hash(token))
    ).one_or_none()
    if row is None:
        return None
    held, staff = row
    if (
        held.ended_at
        or not staff.active
        or held.seen_at < now - timedelta(minutes=settings.session_idle)
        or held.started_at < now - timedelta(minutes=settings.session_whole)
    ):
        return None
    if session.info.get("write") and now - held.seen_at > timedelta(minutes=1):
        held.seen_at = now
    return staff, actor(session, staff, today=today_of(now))


def unseen(session: Session, token: str, *, now: datetime) -> bool:
    """Whether `who` should be asked in a writing transaction, to note that this browser is still in use."""
    seen = session.scalar(select(WebSession.seen_at).where(WebSession.token_hash == _hash(token)))
    return seen is not None and now - seen > timedelta(minutes=1)


def sign_out(session: Session, token: str, *, by: Actor, now: datetime) -> None:
    """End this session."""
    session.execute(update(WebSession).where(WebSession.token_hash == _hash(token)).values(ended_at=now))
    journal.write(session, journal.Line(action="ログアウト", by=by), now=now)


def open_sessions(session: Session, staff_id: int) -> list[WebSession]:
    """Sessions of a member of staff that nobody has ended, newest first."""
    return list(
        session.scalars(
            select(WebSession)
            .where(WebSession.staff_id == staff_id, WebSession.ended_at.is_(None))
            .order_by(WebSession.seen_at.desc())
        )
    )


def end_all(session: Session, staff_id: int, *, now: datetime, but: str | None = None) -> None:
    """End every session of a member of staff, except the one with this token."""
    ended = (
        update(WebSession)
        .where(WebSession.staff_id == staff_id, WebSession.ended_at.is_(None))
        .values(ended_at=now)
    )
    session.execute(ended if but is None else ended.where(WebSession.token_hash != _hash(but)))


def set_password(
    session: Session, staff: Staff, password: str, *, by: Actor, now: datetime, must_change: bool = False
) -> None:
    """Give a member of staff a new password; other sessions end. Refuses short or telling ones."""
    if len(password) < SHORTEST or staff.login in password:
        raise Refused(f"パスワードは{SHORTEST}文字以上で、利用者名を含まないものにしてください。")
    staff.password_hash, staff.must_change = HASHER.hash(password), must_change
    staff.failures, staff.locked_until = 0, None
    end_all(session, staff.id, now=now)
    journal.write(session, journal.Line(action="パスワード変更", by=by, target=f"staff:{staff.id}"), now=now)


def unlock(session: Session, staff: Staff, *, by: Actor, now: datetime) -> None:
    """Lift a lock-out."""
    staff.failures, staff.locked_until = 0, None
    journal.write(session, journal.Line(action="ロック解除", by=by, target=f"staff:{staff.id}"), now=now)


def check_password(staff: Staff, password: str) -> bool:
    """Whether this is the member's present password."""
    return _matches(staff, password)


def _matches(staff: Staff | None, password: str) -> bool:
    try:
        return HASHER.verify(staff.password_hash if staff else NOBODY, password) and staff is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def _count_failure(session: Session, staff: Staff | None, settings: Settings, now: datetime) -> None:
    if staff is None:
        nobody = Actor(staff_id=None, name="", seats=())
        journal.write(session, journal.Line(action="ログイン", by=nobody, outcome=journal.REFUSED), now=now)
        return
    staff.failures += 1
    if staff.failures >= settings.lock_after:
        staff.failures, staff.locked_until = 0, now + timedelta(minutes=settings.lock_for)
    who_tried = Actor(staff_id=staff.id, name=staff.name, seats=())
    journal.write(session, journal.Line(action="ログイン", by=who_tried, outcome=journal.REFUSED), now=now)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
