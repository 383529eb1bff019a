"""Adding a member of staff from the command line: the first administrator has nobody to ask."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import agencies, journal, sessions
from engine.agencies import CLOCK, Membership, Staff
from engine.errors import Conflict, NotFound


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


def _require(kind: str, code: str, known: dict[str, str]) -> None:
    if code not in known:
        shown = "、".join(sorted(known)) or "まだありません"
        raise NotFound(f"{kind}のコードが必要ですが、「{code}」はありません。次のどれかにしてください: {shown}")
