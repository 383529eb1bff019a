"""Reminders (督促) by convention: every open task with a due date is reminded of by the same few steps.

Nothing of it is drawn or planned ahead as rows of their own: a task's row says when to look at
it next (`remind_at`, like an instance's `wake_at`). To look is to tell what has come due by the
steps that coordinators can change, and to note when to look again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import journal, notices
from engine.agencies import Actor, Membership, Staff, today_of
from engine.assignment import END_OF_DAY, calendar_of
from engine.calendar import Calendar
from engine.casebook import Case, Relation
from engine.db import JST, Base
from engine.errors import Invalid, NotFound
from engine.jobs import enqueue
from engine.tasks import Task

OFFICE_OPENS = time(8, 30)
BATCH = 200
MOST_DAYS = 60
ARRIVED = "急ぎの用件が届きました"


class Step(Base):
    """One step of reminding: when, and who is told. Exactly one of `percent` (of the term) and `days` is given;
    `days` are business days past the due date, 0 the due date itself."""

    __tablename__ = "reminder_step"

    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    percent: Mapped[int | None]
    days: Mapped[int | None]
    to_holder: Mapped[bool] = mapped_column(default=True)
    to_agency: Mapped[bool] = mapped_column(default=False)
    to_sui: Mapped[bool] = mapped_column(default=False)
    to_kcho: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)

    @property
    def words(self) -> str:
        """What the notice says."""
        if self.percent is not None:
            return f"期限までの日数の{self.percent}%が過ぎました"
        return "今日が期限です" if not self.days else f"期限を{self.days}営業日過ぎました"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a coordinator sets for one step."""

    number: int
    to_holder: bool
    to_agency: bool
    to_sui: bool
    to_kcho: bool
    active: bool


def steps(session: Session) -> list[Step]:
    """All steps in the order in which they come."""
    rows = session.scalars(select(Step)).all()
    return sorted(rows, key=lambda step: (step.days is not None, step.days or 0, step.percent or 0))


def change(session: Session, wanted: dict[str, Wanted], *, by: Actor, now: datetime) -> None:
    """Change the steps; every open task is looked at anew by them."""
    known = {step.key: step for step in session.scalars(select(Step).with_for_update())}
    for key, one in wanted.items():
        if key not in known:
            raise NotFound("その督促の段はありません。画面を開き直してください。")
        step = known[key]
        _set_number(step, one.number)
        step.to_holder, step.to_agency, step.to_sui, step.to_kcho = one.to_holder, one.to_agency, one.to_sui, one.to_kcho
        step.active = one.active
    line = journal.Line(
        action="督促の設定", by=by, target="reminders",
        particulars={key: [one.number, one.to_holder, one.to_agency, one.to_sui, one.to_kcho, one.active] for key, one in wanted.items()},
    )  # fmt: skip
    journal.write(session, line, now=now, book=journal.open_book(session, "house"))
    session.execute(update(Task).where(Task.status == "open", Task.due_at.is_not(None)).values(remind_at=now))


def look(session: Session, *, now: datetime) -> int:
    """Look at the tasks whose time to look has come; returns how many were looked at (a batch at most)."""
    waiting = session.execute(
        select(Task, Case.secret)
        .join(Case, Case.id == Task.case_id)
        .where(Task.remind_at <= now, Task.status == "open")
        .order_by(Task.remind_at)
        .limit(BATCH)
        .with_for_update(of=Task, skip_locked=True)
    ).all()
    if waiting:
        round_ = _Round(session, now)
        for task, secret in waiting:
            round_.look(task, secret)
    return len(waiting)


def moments(task: Task, step: Step, calendar: Calendar) -> datetime | None:
    """When a step comes for a task: the due date and the days after it in the morning, when the office opens."""
    if task.due_at is None:
        return None
    if step.percent is not None:
        return task.created_at + (task.due_at - task.created_at) * step.percent / 100
    due = task.due_at.astimezone(JST)
    if not step.days and due.time() != END_OF_DAY:
        return due
    return datetime.combine(calendar.add_business_days(due.date(), step.days or 0), OFFICE_OPENS, JST)


class _Round:
    """One look at many tasks: steps, calendar and seats are read once."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self.steps = [step for step in steps(session) if step.active]
        self.calendar = calendar_of(session)
        self.seats = _seats(session, now)

    def look(self, task: Task, secret: bool) -> None:
        if task.urgency == 1 and task.reminded_at is None:
            self._tell(task, "arrived", ARRIVED, _those_at(self.seats, task))
        planned = [(at, step) for step in self.steps if (at := moments(task, step, self.calendar)) is not None]
        since = task.reminded_at or task.created_at
        passed = [(at, step) for at, step in planned if since < at <= self.now]
        if passed:
            # After a long stand-still only the last step is told: one notice, no flood.
            step = max(passed, key=lambda pair: pair[0])[1]
            self._tell(task, step.key, step.words, self._people(task, secret, [step for _, step in passed]))
        task.reminded_at = self.now
        task.remind_at = min((at for at, _ in planned if at > self.now), default=None)

    def _tell(self, task: Task, about: str, words: str, people: Iterable[int]) -> None:
        urgent = task.urgency == 1
        given = notices.give(
            self.session, people, about=f"{about}:{task.id}", words=words, now=self.now, case_id=task.case_id,
            task_id=task.id, urgent=urgent,
        )  # fmt: skip
        if urgent:
            for notice in given:
                enqueue(self.session, "notice.mail", key=f"notice.mail:{notice.id}", run_at=self.now, notice=notice.id)

    def _people(self, task: Task, secret: bool, passed: Sequence[Step]) -> set[int]:
        there = _those_at(self.seats, task)
        present = {staff_id for staff_id, _, _ in self.seats}
        found: set[int] = set()
        for step in passed:
            if step.to_holder:
                found |= {task.holder_id} if task.holder_id in present else there
            if step.to_agency:
                found |= there
            for wanted, role in ((step.to_sui, "sui"), (step.to_kcho, "kcho")):
                if wanted:
                    found |= self._in_role(task, role, secret)
        return found

    def _in_role(self, task: Task, role: str, secret: bool) -> set[int]:
        """Everybody with this role; of a 秘匿 case only those whose agency has to do with it."""
        if not secret:
            return {staff_id for staff_id, _, held in self.seats if held == role}
        related = set(
            self.session.scalars(select(Relation.agency).where(Relation.case_id == task.case_id, Relation.until.is_(None)))
        ) | {task.agency}
        return {staff_id for staff_id, agency, held in self.seats if held == role and agency in related}


def _those_at(seats: Sequence[tuple[int, str, str]], task: Task) -> set[int]:
    """Who may do a task: its agency's people in its role, all of the agency if it has nobody in that role."""
    there = [(staff_id, role) for staff_id, agency, role in seats if agency == task.agency]
    fitting = {staff_id for staff_id, role in there if task.role in (role, "kik", "")}
    return fitting or {staff_id for staff_id, _ in there}


def _seats(session: Session, now: datetime) -> list[tuple[int, str, str]]:
    today = today_of(now)
    rows = session.execute(
        select(Membership.staff_id, Membership.agency, Membership.role)
        .join(Staff, Staff.id == Membership.staff_id)
        .where(
            Staff.active, Membership.valid_from <= today,
            Membership.valid_until.is_(None) | (Membership.valid_until >= today),
        )
    )  # fmt: skip
    return [(staff_id, agency, role) for staff_id, agency, role in rows]


def _set_number(step: Step, number: int) -> None:
    if step.percent is not None:
        if not 1 <= number <= 99:
            raise Invalid(f"「{step.label}」は1〜99の%で入れてください（いまは{number}）。")
        step.percent = number
    elif step.days:
        if not 1 <= number <= MOST_DAYS:
            raise Invalid(f"「{step.label}」は1〜{MOST_DAYS}営業日で入れてください（いまは{number}）。")
        step.days = number


