"""Notices (知らせ): what the application tells a member of staff; a number and a title, nothing of the matter (class L1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.agencies import Actor, Staff
from engine.casebook import Case
from engine.db import Base, Moment
from engine.errors import Invalid
from engine.tasks import Task

SHOWN = 100


class Notice(Base):
    """One notice to one person; `key` says what about, so that it is never given twice.

    `mailed_at` is when it went out by mail, at once or in a digest. There is no foreign key
    to case and task: giving a notice must not wait for a move of that case.
    """

    __tablename__ = "notice"
    __table_args__ = (Index("notice_by_staff", "staff_id", "seen_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    case_id: Mapped[int | None]
    task_id: Mapped[int | None] = mapped_column(index=True)
    words: Mapped[str] = mapped_column(String(120))
    urgent: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    mailed_at: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice with the number of its case and the title of its task; `open` while the task still waits."""

    notice: Notice
    number: str
    title: str
    open: bool


def give(
    session: Session, staff_ids: Iterable[int], *, about: str, words: str, now: datetime,
    case_id: int | None = None, task_id: int | None = None, urgent: bool = False,
) -> list[Notice]:
    """Tell each of these people once; whoever was told about this before is not told again."""
    keys = {f"{about}:{staff_id}": staff_id for staff_id in staff_ids}
    known = set(session.scalars(select(Notice.key).where(Notice.key.in_(list(keys)))))
    fresh = [
        Notice(key=key, staff_id=staff_id, case_id=case_id, task_id=task_id, words=words, urgent=urgent, made_at=now)
        for key, staff_id in sorted(keys.items()) if key not in known
    ]  # fmt: skip
    session.add_all(fresh)
    session.flush()
    return fresh


def unseen(session: Session, staff_id: int) -> int:
    """How many notices this person has not seen."""
    counted = select(func.count()).select_from(Notice).where(Notice.staff_id == staff_id, Notice.seen_at.is_(None))
    return session.scalar(counted) or 0


def told(session: Session, actor: Actor) -> list[Told]:
    """A person's notices, unseen first, newest first."""
    return _told(session, Notice.staff_id == (actor.staff_id or 0))


def unmailed(session: Session, staff_id: int) -> list[Told]:
    """Notices that no mail has carried yet and that are not seen yet."""
    return _told(session, Notice.staff_id == staff_id, Notice.mailed_at.is_(None), Notice.seen_at.is_(None))


def see(session: Session, actor: Actor, notice_ids: Sequence[int] | None, *, now: datetime) -> int:
    """Note that a person has seen these notices (all, if None); only one's own."""
    mine = update(Notice).where(Notice.staff_id == (actor.staff_id or 0), Notice.seen_at.is_(None))
    chosen = mine if notice_ids is None else mine.where(Notice.id.in_(list(notice_ids)))
    return int(session.execute(chosen.values(seen_at=now)).rowcount)  # type: ignore[attr-defined]  # an update has a count


def set_mail(session: Session, staff: Staff, address: str) -> None:
    """Where a person wants mail; empty for none."""
    address = address.strip()
    plain = address.isascii() and address.isprintable() and not set(address) & set(" ,;<>\"\r\n")
    if address and (address.count("@") != 1 or address[0] == "@" or address[-1] == "@" or not plain or len(address) > 120):
        raise Invalid("メールの宛先は「名前@役場のドメイン」の形で入れてください。使わないときは空にしてください。")
    staff.mail = address


def _told(session: Session, *conditions: object) -> list[Told]:
    rows = session.execute(
        select(Notice, Case.number, Task.title, Task.status)
        .outerjoin(Case, Case.id == Notice.case_id)
        .outerjoin(Task, Task.id == Notice.task_id)
        .where(*conditions)  # type: ignore[arg-type]  # SQL conditions
        .order_by(Notice.seen_at.is_not(None), Notice.urgent.desc(), Notice.made_at.desc(), Notice.id.desc())
        .limit(SHOWN)
    )
    return [
        Told(notice=notice, number=number or "", title=title or "", open=status == "open")
        for notice, number, title, status in rows
    ]
