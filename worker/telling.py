"""Reminders, notices and the daily digest: looked at when their time comes, mailed where somebody wants mail."""

from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from engine import notices, preferences, reminders
from engine.agencies import Actor, Staff, actor, today_of
from engine.casebook import Case
from engine.db import JST
from engine.jobs import Errand, Finish, carries_out, enqueue, unfinished
from engine.notices import Notice, Told
from engine.tasks import Filters, Task, inbox
from forms import moments
from worker import mail

LINES = 30


def tick(session: Session, *, now: datetime) -> int:
    """A job to look at tasks, when there are any to look at and none is on its way."""
    if not waiting(session, now=now) or unfinished(session, "remind"):
        return 0
    return 0 if enqueue(session, "remind", key=f"remind:{now.isoformat()}", run_at=now) is None else 1


def waiting(session: Session, *, now: datetime) -> bool:
    """Whether some open task is to be looked at."""
    return bool(session.scalar(select(exists().where(Task.remind_at <= now, Task.status == "open"))))


@carries_out("remind", "督促を知らせる")
def _remind(errand: Errand) -> Finish:
    def finish(session: Session) -> None:
        reminders.look(session, now=errand.now)

    return finish


@carries_out("notice.mail", "急ぎの知らせをメールする")
def _mail_notice(errand: Errand) -> Finish | None:
    """One urgent notice at once; who has no address sees it in the application."""
    with errand.database.transaction(write=False) as session:
        row = session.execute(
            select(Notice, Staff, Case.number, Task.title, Task.status)
            .join(Staff, Staff.id == Notice.staff_id)
            .outerjoin(Case, Case.id == Notice.case_id)
            .outerjoin(Task, Task.id == Notice.task_id)
            .where(Notice.id == errand.particulars["notice"])
        ).one_or_none()
    if row is None or not row.Staff.mail or not row.Staff.active or not mail.is_used(errand.settings):
        return None
    if row.Notice.mailed_at is not None or row.Notice.seen_at is not None or row.status != "open":
        return None
    lines = [f"{row.Notice.words}。", f"{row.number}　{row.title}", *_link(errand, f"/tasks/{row.Notice.task_id}")]
    mail.send(errand.settings, [row.Staff.mail], subject=f"【つなぎ】急ぎ：{row.Notice.words}", lines=lines, key=errand.key)
    return _mailed([row.Notice.id], errand)


@carries_out("digest", "まとめのメールを用意する")
def _digest(errand: Errand) -> Finish:
    """One job for everybody who wants mail, so that one bad address holds up nobody else."""

    def finish(session: Session) -> None:
        day = today_of(errand.now)
        wanted = select(Staff.id).where(Staff.active, Staff.mail != "").order_by(Staff.id)
        unwilling = preferences.without(session, preferences.MAIL, "digest", "no")
        for staff_id in session.scalars(wanted).all() if mail.is_used(errand.settings) else ():
            if staff_id in unwilling:
                continue
            enqueue(session, "digest.mail", key=f"digest:{day}:{staff_id}", run_at=errand.now, staff=staff_id)

    return finish


@carries_out("digest.mail", "まとめのメールを送る")
def _mail_digest(errand: Errand) -> Finish | None:
    with errand.database.transaction(write=False) as session:
        staff = session.get(Staff, errand.particulars["staff"])
        if staff is None or not staff.active or not staff.mail:
            return None
        who = actor(session, staff, today=today_of(errand.now))
        fresh = notices.unmailed(session, staff.id)
        said = _summary(session, who, fresh, errand.now)
    if not said:
        return None
    lines = [*said, *_link(errand, "/")]
    mail.send(errand.settings, [staff.mail], subject="【つなぎ】きょうのまとめ", lines=lines, key=errand.key)
    return _mailed([told.notice.id for told in fresh], errand)


def _summary(session: Session, who: Actor, fresh: list[Told], now: datetime) -> list[str]:
    """Counts of the inbox, then the notices that no mail has carried; nothing at all when nothing waits."""
    counts = inbox(session, who, tab="mine", now=now, filters=Filters()).counts
    today = session.scalar(
        select(func.count()).select_from(Task)
        .where(Task.status == "open", Task.holder_id == who.staff_id, Task.due_at >= now, Task.due_at < _tomorrow(now))
    )  # fmt: skip
    if not (counts["mine"] or counts["unclaimed"] or counts["overdue"] or fresh):
        return []
    head = [
        f"{moments.write_date(today_of(now))}のまとめ",
        f"自分の用件 {counts['mine']}件（きょうが期限 {today}件）　係の未着手 {counts['unclaimed']}件　期限超過 {counts['overdue']}件",
    ]
    told = [f"・{one.number}　{one.title}：{one.notice.words}" for one in fresh[:LINES]]
    more = [f"ほかに{len(fresh) - LINES}件の知らせがあります。"] if len(fresh) > LINES else []
    return [*head, *([""] if told else []), *told, *more]


def _tomorrow(now: datetime) -> datetime:
    local = now.astimezone(JST)
    return datetime.combine(local.date(), datetime.max.time(), JST)


def _link(errand: Errand, path: str) -> list[str]:
    return ["", f"{errand.settings.address.rstrip('/')}{path}"] if errand.settings.address else []


def _mailed(notice_ids: list[int], errand: Errand) -> Finish:
    def finish(session: Session) -> None:
        for notice in session.scalars(select(Notice).where(Notice.id.in_(notice_ids))):
            notice.mailed_at = errand.now

    return finish


