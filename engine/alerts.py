"""Notices (お知らせ): what a role at an agency has to know beside its tasks. A kind and ids, never a typed word."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from engine import journal
from engine.agencies import Actor
from engine.casebook import Case
from engine.errors import NotFound
from engine.standing import Alert, Interest

#: Kind → what it says, and where the page leads.
KINDS = {
    "緊急閲覧": "緊急閲覧がありました。内容と理由を確かめてください。",
    "緊急閲覧の点検": "緊急閲覧を点検してください。",
    "緊急閲覧は不適": "緊急閲覧が「不適」とされました。漏えいに当たるかを確かめてください。",
    "同意の撤回": "同意が撤回されました。受け取った情報を使うのをやめてください。",
    "根拠の見直し": "同意が撤回されました。情報を共有する根拠を見直してください。",
    "昇格の同意": "会議限定の情報を移すことに、出どころの機関の同意が求められています。",
    "秘匿のケースの検索": "秘匿のケースの人が検索されました。画面には出していません。",
    "地区の緊急閲覧": "緊急モードの閲覧が決められました。",
    "地域資源の確認": "1年以上確かめていない地域資源があります。今もあるかを確かめて、台帳の「最後に確かめた日」を直してください。",
}
MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A notice as the inbox shows it; `case_number` only where the reader may know of the case."""

    notice: Alert
    sentence: str
    case_number: str
    overdue: bool


def add(
    session: Session,
    kind: str,
    *,
    agency: str,
    now: datetime,
    role: str = "",
    case_id: int | None = None,
    target: str = "",
    due_at: datetime | None = None,
) -> None:
    """Put a notice before a role at an agency ('' is everybody there)."""
    assert kind in KINDS
    session.add(Alert(agency=agency, role=role, kind=kind, case_id=case_id, target=target, at=now, due_at=due_at))


def of(session: Session, actor: Actor, *, now: datetime) -> list[Shown]:
    """Open notices for the actor's seats, due first; nothing of cases in which the actor has a conflict of interest."""
    seats = [
        and_(Alert.agency == seat.agency, Alert.role.in_(("", seat.role))) for seat in actor.seats
    ]
    if not seats:
        return []
    apart = select(Interest.case_id).where(Interest.staff_id == actor.staff_id, Interest.lifted_at.is_(None))
    rows = session.execute(
        select(Alert, Case.number)
        .outerjoin(Case, Case.id == Alert.case_id)
        .where(Alert.done_at.is_(None), or_(*seats), or_(Alert.case_id.is_(None), Alert.case_id.not_in(apart)))
        .order_by(Alert.due_at.is_(None), Alert.due_at, Alert.id)
        .limit(MOST)
    )
    return [
        Shown(
            notice=notice,
            sentence=KINDS[notice.kind],
            case_number=number or "",
            overdue=notice.due_at is not None and notice.due_at < now,
        )
        for notice, number in rows
    ]


def done(session: Session, alert_id: int, *, by: Actor, now: datetime) -> Alert:
    """Put a notice away (確認した), journalled."""
    notice = session.get(Alert, alert_id, with_for_update=True)
    seats = {(seat.agency, role) for seat in by.seats for role in ("", seat.role)}
    if notice is None or notice.done_at is not None or (notice.agency, notice.role) not in seats:
        raise NotFound("そのお知らせはないか、もう確認されています。")
    notice.done_at, notice.done_by = now, by.staff_id
    line = journal.Line(action="お知らせの確認", by=by, case_id=notice.case_id, target=f"alert:{notice.id}", purpose=notice.kind)
    journal.write(session, line, now=now)
    return notice


def settle(session: Session, target: str, *, by: Actor, now: datetime) -> None:
    """Put away every notice about something that is over."""
    for notice in session.scalars(select(Alert).where(Alert.target == target, Alert.done_at.is_(None))):
        notice.done_at, notice.done_by = now, by.staff_id
