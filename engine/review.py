"""The monthly review of the journal (月次点検): a sample drawn by chance that anybody with the key can draw again."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from engine import journal
from engine.agencies import Actor
from engine.db import JST, Base, Moment, vault_of
from engine.errors import Conflict, Invalid, NotFound, NotOpen
from engine.journal import Entry
from engine.readers import OFFICER, require_officer

SIZE = 20
SOUND, DOUBTFUL = "妥当", "確認が必要"
JUDGEMENTS = (SOUND, DOUBTFUL)


class Review(Base):
    """One month's sample: ids of journal lines, what was found of each, and who signed."""

    __tablename__ = "journal_review"
    __table_args__ = (UniqueConstraint("month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    size: Mapped[int]
    drawn_from: Mapped[int]
    entries: Mapped[list[int]] = mapped_column(JSON)
    findings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    made_at: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[int | None]
    signed_at: Mapped[datetime | None] = mapped_column(Moment)
    signed_by: Mapped[int | None]


def draw(session: Session, month: str, *, by: Actor, now: datetime, size: int = SIZE) -> Review:
    """Draw the sample of a month that is over (`2026-04`); refuses a second one and a month that still runs."""
    require_officer(by)
    _, until = span(month)
    if until > now:
        raise NotOpen(f"{month}はまだ終わっていません。月が終わってから抽出してください。")
    if session.scalar(select(Review.id).where(Review.month == month)):
        raise Conflict(f"{month}の点検はもうあります。一覧から開いてください。")
    chosen, whole = sample(session, month, size)
    review = Review(
        month=month, size=size, drawn_from=whole, entries=chosen, findings={}, made_at=now, made_by=by.staff_id
    )
    session.add(review)
    session.flush()
    _note(session, "月次点検の抽出", review, by, now, {"drawn": len(chosen), "of": whole})
    return review


def sample(session: Session, month: str, size: int) -> tuple[list[int], int]:
    """The ids that the chance of the key picks out of the month's looks, and out of how many: the same every time."""
    since, until = span(month)
    ids = list(
        session.scalars(
            select(Entry.id).where(Entry.action == journal.READ, Entry.at >= since, Entry.at < until, Entry.staff_id.is_not(None))
        )
    )
    vault = vault_of(session)
    ids.sort(key=lambda one: vault.mark("review", f"{month}\n{one}"))
    return sorted(ids[:size]), len(ids)


def sign_off(session: Session, review_id: int, findings: Mapping[int, str], *, by: Actor, now: datetime) -> Review:
    """Say of every line whether it was sound, and sign; once."""
    require_officer(by)
    review = find(session, review_id)
    if review.signed_at:
        raise NotOpen("この点検はもう済んでいます。")
    missing = [one for one in review.entries if findings.get(one) not in JUDGEMENTS]
    if missing:
        raise Invalid(f"すべての行に「{SOUND}」か「{DOUBTFUL}」が必要ですが、{len(missing)}行が空いています。選んでください。")
    review.findings = {str(one): findings[one] for one in review.entries}
    review.signed_at, review.signed_by = now, by.staff_id
    doubtful = sum(finding == DOUBTFUL for finding in findings.values())
    _note(session, "月次点検の確認", review, by, now, {"doubtful": doubtful})
    return review


def find(session: Session, review_id: int) -> Review:
    """One review."""
    review = session.get(Review, review_id, with_for_update=True)
    if review is None:
        raise NotFound("その点検はありません。一覧から選び直してください。")
    return review


def every(session: Session) -> list[Review]:
    """All reviews, newest month first."""
    return list(session.scalars(select(Review).order_by(Review.month.desc())))


def lines(session: Session, review: Review) -> list[Entry]:
    """The journal lines of a sample."""
    return list(session.scalars(select(Entry).where(Entry.id.in_(review.entries)).order_by(Entry.id)))


def span(month: str) -> tuple[datetime, datetime]:
    """Beginning of a month and of the next, in Japan."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise Invalid(f"月は 2026-04 の形で必要ですが、「{month}」でした。選び直してください。") from None
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return tuple(datetime(one.year, one.month, 1, tzinfo=JST) for one in (first, after))  # type: ignore[return-value]


def _note(session: Session, action: str, review: Review, by: Actor, now: datetime, told: Mapping[str, Any]) -> None:
    seat = next(seat for seat in by.seats if seat.role == OFFICER)
    line = journal.Line(action=action, by=by, seat=seat, target=f"review:{review.id}", particulars=dict(told))
    journal.write(session, line, now=now)
