"""What other systems send: who may (sources), what becomes of it (routes), what came (receipts), what was refused.

A receipt is the answer to "did you get it?": it is written in the same transaction that takes
the message, and the same message twice is answered from the first time. What was sent lies
sealed in the receipt only until it has arrived in a case; of what is refused nothing is kept
but how often, from whom and why.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column
from sqlalchemy.types import JSON

from engine import journal
from engine.agencies import CLOCK, today_of
from engine.db import Base, Moment

#: Reasons of refusal, as staff read them.
REASONS = {
    "unknown": "知らない送り主", "oversized": "大きすぎる", "unsigned": "署名がないか、合わない",
    "malformed": "読めない形", "unmapped": "受け方が決まっていない種類", "unfit": "受け方と合わない内容",
    "altered": "前と同じ番号で中身が違う",
}  # fmt: skip
NOBODY = "?"


class Source(Base):
    """A system that may send; `secret` is the name under which its secret is kept, never the secret itself."""

    __tablename__ = "hook_source"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    label: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20), default="standard")
    secret: Mapped[str] = mapped_column(String(60))
    active: Mapped[bool] = mapped_column(default=False)


class Route(Base):
    """What becomes of one type of event from one source; expressions are FEEL over the event.

    `does`: open (a new case at `desk`) or send (to a running one, found by `case_number` or `key`).
    `facts` are coded values for the run: text only if it stands in `codes`. `answers` fill `form`
    of the process `process`, sealed in a record: the only place for what somebody wrote.
    """

    __tablename__ = "hook_route"
    __table_args__ = (UniqueConstraint("source", "type"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("hook_source.name"))
    type: Mapped[str] = mapped_column(String(120))
    label: Mapped[str] = mapped_column(String(120))
    does: Mapped[str] = mapped_column(String(10))
    message: Mapped[str] = mapped_column(String(80))
    desk: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    kind: Mapped[str] = mapped_column(String(10), default="相")
    case_number: Mapped[str] = mapped_column(String(400), default="")
    key: Mapped[str] = mapped_column(String(400), default="")
    facts: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    codes: Mapped[list[str]] = mapped_column(JSON, default=list)
    process: Mapped[str] = mapped_column(String(60), default="")
    form: Mapped[str] = mapped_column(String(40), default="")
    answers: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)


class Receipt(Base):
    """One message that was taken. `status`: taken (on its way), arrived, waiting (no case yet), withdrawn."""

    __tablename__ = "hook_receipt"
    __table_args__ = (UniqueConstraint("source", "message_id"), Index("receipt_by_status", "status", "taken_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    message_id: Mapped[str] = mapped_column(String(120))
    type: Mapped[str] = mapped_column(String(120))
    way: Mapped[str] = mapped_column(String(10), default="http")
    taken_at: Mapped[datetime] = mapped_column(Moment)
    status: Mapped[str] = mapped_column(String(20), default="taken")
    arrived_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    tries: Mapped[int] = mapped_column(default=0)
    mark: Mapped[str] = mapped_column(String(64))
    data_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))


class Refusal(Base):
    """How often something was refused on a day: from which source, why; nothing of what it held."""

    __tablename__ = "hook_refusal"
    __table_args__ = (UniqueConstraint("day", "source", "reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    source: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(20))
    times: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(Moment)


def note_refusal(session: Session, source: str, reason: str, *, now: datetime) -> None:
    """Count a refusal. The journal gets a line at the 1st, 10th, 100th … of a day: a flood does not flood it too."""
    row = session.scalar(
        select(Refusal)
        .where(Refusal.day == today_of(now), Refusal.source == source, Refusal.reason == reason)
        .with_for_update()
    )
    if row is None:
        row = Refusal(day=today_of(now), source=source, reason=reason, times=0, last_at=now)
        session.add(row)
    row.times, row.last_at = row.times + 1, now
    if str(row.times).strip("0") == "1":
        particulars: dict[str, Any] = {"reason": reason, "times": row.times}
        line = journal.Line(
            action="外部受信", by=CLOCK, target=f"source:{source}", outcome="お断り", particulars=particulars
        )
        journal.write(session, line, now=now)


def find(session: Session, source: str, message_id: str) -> Receipt | None:
    """The receipt of a message that came before."""
    return session.scalar(select(Receipt).where(Receipt.source == source, Receipt.message_id == message_id))
