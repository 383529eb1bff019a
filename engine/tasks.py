"""Tasks: what waits in an agency's inbox (受信箱), and who has it in hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import journal
from engine.agencies import Actor, Membership, Seat, Staff, staff_names, today_of
from engine.casebook import Case, Instance
from engine.db import Base, Moment
from engine.errors import AlreadyDone, NotAllowed, NotFound, NotOpen, NotYours
from engine.standing import Interest

PAGE = 50
APART = "利益相反（親族・同一世帯など）の登録があるため、あなたはこのケースの用件を扱えません。ほかの職員に代わってもらってください。"


class Task(Base):
    """One step that a person has to do; `title` is a verb phrase, never a name.

    `remind_at` is when `engine.reminders` looks at it next, `reminded_at` when it last did.
    """

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("instance_id", "token"),
        Index("task_in_inbox", "status", "agency", "due_at"),
        Index("task_by_holder", "status", "holder_id", "due_at"),
        Index("task_by_case", "case_id", "status"),
        Index("task_by_reminder", "remind_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"))
    token: Mapped[str] = mapped_column(String(80))
    element: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(120), default="")
    form: Mapped[str] = mapped_column(String(40), default="")
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    role: Mapped[str] = mapped_column(String(20), default="")
    stage: Mapped[str] = mapped_column(String(40), default="")
    urgency: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(20), default="open")
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    held_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    without_due: Mapped[str] = mapped_column(String(120), default="")
    remind_at: Mapped[datetime | None] = mapped_column(Moment)
    reminded_at: Mapped[datetime | None] = mapped_column(Moment)
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    done_by: Mapped[int | None]
    submission: Mapped[str] = mapped_column(String(64), default="")
    record_id: Mapped[int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """A task as the inbox shows it: nothing of the matter but number, title and coded subject (class L1)."""

    task: Task
    case_number: str
    holder: str | None
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """One page; `counts` by tab; `after` leads to the next page, None at the end."""

    rows: tuple[InboxRow, ...]
    counts: dict[str, int]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the inbox is narrowed to; empty means all."""

    search: str = ""
    stage: str = ""
    agency: str = ""
    process: str = ""


def inbox(
    session: Session, actor: Actor, *, tab: str, now: datetime, filters: Filters = Filters(), after: str = ""
) -> InboxPage:
    """Tasks for the actor: `mine` 自分, `unclaimed` 係の未着手, `overdue` 期限超過, `all`. Due first."""
    mine = _for_actor(actor)
    narrowed = _narrow(filters)
    query = (
        select(Task, Case.number, Staff.name)
        .join(Case, Case.id == Task.case_id)
        .outerjoin(Staff, Staff.id == Task.holder_id)
        .where(Task.status == "open", mine, _tab(tab, actor, now), *narrowed)
        .order_by(Task.due_at.is_(None), Task.due_at, Task.id)
        .limit(PAGE + 1)
    )
    if after:
        query = query.where(_beyond(after))
    found = session.execute(query).all()
    rows = tuple(
        InboxRow(
            task=task,
            case_number=number,
            holder=holder,
            overdue=task.due_at is not None and task.due_at < now,
        )
        for task, number, holder in found[:PAGE]
    )
    return InboxPage(
        rows=rows,
        counts=_counts(session, actor, now),
        after=_cursor(rows[-1].task) if len(found) > PAGE else None,
    )


def chosen(session: Session, actor: Actor, task_ids: Sequence[int], *, now: datetime) -> list[InboxRow]:
    """These of the actor's open tasks, due first; others are left out."""
    found = session.execute(
        select(Task, Case.number, Staff.name)
        .join(Case, Case.id == Task.case_id)
        .outerjoin(Staff, Staff.id == Task.holder_id)
        .where(Task.status == "open", _for_actor(actor), Task.id.in_(list(task_ids)))
        .order_by(Task.due_at.is_(None), Task.due_at, Task.id)
    )
    return [
        InboxRow(task=task, case_number=number, holder=holder, overdue=task.due_at is not None and task.due_at < now)
        for task, number, holder in found
    ]


def held(session: Session, task_id: int) -> Task:
    """The task's row, locked."""
    task = session.get(Task, task_id, with_for_update=True, populate_existing=True)
    if task is None:
        raise NotFound("その用件はありません。受信箱から開き直してください。")
    return task


def claim(session: Session, task_id: int, *, by: Actor, now: datetime) -> Task:
    """Take a task in hand (担当する); refuses when somebody else has it."""
    task = held(session, task_id)
    seat = _mine(task, by)
    _ensure_impartial(session, task, by.staff_id)
    ensure_open(session, task)
    if task.holder_id not in (None, by.staff_id):
        raise NotYours(
            f"{staff_names(session, [task.holder_id])[task.holder_id]}さんが担当しています。代わるときは本人か管理者に頼んでください。"
        )
    task.holder_id, task.held_at = by.staff_id, now
    journal.write(
        session,
        journal.Line(
            action="担当する",
            by=by,
            seat=seat,
            case_id=task.case_id,
            target=f"task:{task.id}",
            stage=task.stage,
        ),
        now=now,
    )
    return task


def claim_many(session: Session, task_ids: Sequence[int], *, by: Actor, now: datetime) -> list[Task]:
    """Take several in hand at once; either all or, with a refusal, none."""
    return [claim(session, task_id, by=by, now=now) for task_id in sorted(task_ids)]


def release(session: Session, task_id: int, *, by: Actor, now: datetime) -> Task:
    """Put a task back for colleagues (戻す)."""
    task = held(session, task_id)
    seat = _mine(task, by)
    ensure_open(session, task)
    if task.holder_id != by.staff_id and not by.roles & {"kcho", "sui"}:
        raise NotYours("担当している人だけが戻せます。")
    task.holder_id, task.held_at = None, None
    journal.write(
        session,
        journal.Line(
            action="戻す", by=by, seat=seat, case_id=task.case_id, target=f"task:{task.id}", stage=task.stage
        ),
        now=now,
    )
    return task


def delegate(session: Session, task_id: int, to: int, *, by: Actor, now: datetime) -> Task:
    """Hand a task to a colleague with a seat at the same agency (代理)."""
    task = held(session, task_id)
    seat = _mine(task, by)
    ensure_open(session, task)
    if not _sits(session, to, task, now):
        raise NotYours("その人はこの用件の機関に所属していません。所属する人を選んでください。")
    _ensure_impartial(session, task, by.staff_id)
    if session.scalar(_apart(to).where(Interest.case_id == task.case_id)) is not None:
        raise NotAllowed("その人には利益相反の登録があります。ほかの人を選んでください。")
    task.holder_id, task.held_at = to, now
    line = journal.Line(
        action="代理",
        by=by,
        seat=seat,
        case_id=task.case_id,
        target=f"task:{task.id}",
        stage=task.stage,
        particulars={"to": to},
    )
    journal.write(session, line, now=now)
    return task


def ensure_open(session: Session, task: Task) -> None:
    """Refuse when the task is over: says who did it and when."""
    if task.status == "done":
        by = staff_names(session, [task.done_by] if task.done_by else []).get(task.done_by or 0, "自動処理")
        at = task.done_at or task.created_at
        raise AlreadyDone(
            f"{by}さんが{at:%H:%M}に先に済ませました。書いた内容は下に残っています。", by_name=by, at=at
        )
    if task.status == "suspended":
        raise NotOpen("このケースは停止中です。再開してから進めてください。書いた内容は残っています。")
    if task.status != "open":
        raise NotOpen("この用件は、ケースの進み方が変わったため不要になりました。書いた内容は残っています。")


def seat_for(task: Task, actor: Actor) -> Seat | None:
    """The seat from which the actor may do this task, or None."""
    return actor.seat_for(task.agency, task.role)


def _mine(task: Task, by: Actor) -> Seat:
    seat = seat_for(task, by)
    if seat is None:
        raise NotYours("この用件は、あなたの機関の受信箱にありません。")
    return seat


def _for_actor(actor: Actor) -> ColumnElement[bool]:
    by_role: dict[str, set[str]] = {}
    for seat in actor.seats:
        by_role.setdefault(seat.agency, set()).add(seat.role)
    places = [
        and_(Task.agency == agency, Task.role.in_(sorted(roles | {"kik", ""})))
        for agency, roles in sorted(by_role.items())
    ]
    if not places:
        return Task.id == -1
    return and_(or_(*places), Task.case_id.not_in(_apart(actor.staff_id)))


def _apart(staff_id: int | None):  # type: ignore[no-untyped-def]  # a SQL sub-query
    """Cases with which this member of staff has nothing to do (利益相反)."""
    return select(Interest.case_id).where(Interest.staff_id == staff_id, Interest.lifted_at.is_(None))


def _ensure_impartial(session: Session, task: Task, staff_id: int | None) -> None:
    if session.scalar(_apart(staff_id).where(Interest.case_id == task.case_id)) is not None:
        raise NotAllowed(APART)


def _tab(tab: str, actor: Actor, now: datetime) -> ColumnElement[bool]:
    if tab == "mine":
        return Task.holder_id == actor.staff_id
    if tab == "unclaimed":
        return Task.holder_id.is_(None)
    if tab == "overdue":
        return Task.due_at < now
    return Task.id > 0


def _narrow(filters: Filters) -> list[ColumnElement[bool]]:
    narrowed: list[ColumnElement[bool]] = []
    if filters.search:
        like = f"%{filters.search.strip()}%"
        narrowed.append(or_(Case.number.ilike(like), Task.title.ilike(like), Task.subject.ilike(like)))
    if filters.stage:
        narrowed.append(Task.stage == filters.stage)
    if filters.agency:
        narrowed.append(Task.agency == filters.agency)
    if filters.process:
        narrowed.append(Task.instance_id.in_(select(Instance.id).where(Instance.key == filters.process)))
    return narrowed


def _beyond(after: str) -> ColumnElement[bool]:
    due, _, task_id = after.partition("_")
    if not task_id.isdigit():
        return Task.id > 0
    if due == "none":
        return and_(Task.due_at.is_(None), Task.id > int(task_id))
    at = datetime.fromisoformat(due)
    return or_(Task.due_at > at, Task.due_at.is_(None), and_(Task.due_at == at, Task.id > int(task_id)))


def _cursor(task: Task) -> str:
    return f"{task.due_at.isoformat() if task.due_at else 'none'}_{task.id}"


def _counts(session: Session, actor: Actor, now: datetime) -> dict[str, int]:
    mine = _for_actor(actor)
    row = session.execute(
        select(
            func.count().filter(Task.holder_id == actor.staff_id),
            func.count().filter(Task.holder_id.is_(None)),
            func.count().filter(Task.due_at < now),
            func.count(),
        )
        .select_from(Task)
        .where(Task.status == "open", mine)
    ).one()
    return {"mine": row[0], "unclaimed": row[1], "overdue": row[2], "all": row[3]}


def _sits(session: Session, staff_id: int, task: Task, now: datetime) -> bool:
    today = today_of(now)
    return (
        session.scalar(
            select(Membership.id).where(
                Membership.staff_id == staff_id,
                Membership.agency == task.agency,
                Membership.valid_from <= today,
                or_(Membership.valid_until.is_(None), Membership.valid_until >= today),
            )
        )
        is not None
    )
