"""Playing the courses through the engine, in the order of time: what staff do, and what falls due on the way."""

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import agencies, cases, registers, runtime, tasks
from engine.agencies import Actor, Agency, Membership, Staff
from engine.assignment import calendar_of
from engine.calendar import Calendar
from engine.casebook import Instance
from engine.db import Database
from engine.definitions import compiled
from engine.tasks import Task
from forms.answers import Context
from forms.fields import Choice
from forms.schema import Form
from tsunagi.demo import pace, replies, replies_together
from tsunagi.demo.answers import plausible
from tsunagi.demo.course import Course
from tsunagi.demo.words import Speech

SEED = "tsunagi-2026"
assert replies_together  # imported for what it registers
BATCH = 40
ITEM_STEPS = frozenset({"K-20", "K-50", "K-60", "K-70"})
Progress = Callable[[str], None]
Variable = Callable[[str], object]


@dataclass(order=True, slots=True)
class _Planned:
    at: datetime
    order: int
    course: Course | None = field(compare=False, default=None)
    task_id: int = field(compare=False, default=0)


class Play:
    """One filling of the town, from the first course's opening to `until`."""

    def __init__(
        self, database: Database, courses: Sequence[Course], *, until: datetime, progress: Progress
    ) -> None:
        self.database = database
        self.until = until
        self.progress = progress
        self.courses: dict[int, Course] = {}
        self.turns: Counter[tuple[int, str]] = Counter()
        self.queue: list[_Planned] = []
        self.orders = 0
        self.last_task = 0
        self.moves = 0
        for course in courses:
            self._plan(course.opened_at, course=course)
        with database.transaction(write=False) as session:
            self.calendar: Calendar = calendar_of(session)
            self.choices = _choices(session)
            self.seats = _seats(session)

    def run(self) -> None:
        """Everything that happens until then, in transactions of a few moves each."""
        while self.queue or self._due_at():
            with self.database.transaction() as session:
                for _ in range(BATCH):
                    if not self._next(session):
                        return

    def claim(self) -> None:
        """Some of the open tasks are in somebody's hands by now, the first ones of each seat above all."""
        with self.database.transaction() as session:
            for task in session.scalars(select(Task).where(Task.status == "open").order_by(Task.id)).all():
                rng = Random(f"{SEED}/claim/{task.id}")
                if task.holder_id is None and rng.random() < 0.6:
                    at = min(task.created_at + timedelta(minutes=rng.randint(15, 300)), self.until)
                    tasks.claim(session, task.id, by=self._actor(task, rng), now=at)

    def last_at(self, agency: str) -> Actor:
        """The agency's last member of staff, who from now on does nothing more here."""
        there = [actor for at, _, actor in self.seats if at == agency]
        self.seats = [seat for seat in self.seats if seat[2] != there[-1]]
        return there[-1]

    def _next(self, session: Session) -> bool:
        """The next thing that happens: a timer that falls due, or what somebody planned to do."""
        planned = self.queue[0] if self.queue else None
        if self._fire(session, planned.at if planned else self.until):
            return True
        if planned is None or planned.at > self.until:
            return False
        heapq.heappop(self.queue)
        if planned.course:
            self._open(session, planned.course, planned.at)
        else:
            self._do(session, planned.task_id, planned.at)
        self._look(session, planned.at)
        return True

    def _fire(self, session: Session, before: datetime) -> bool:
        limit = min(before, self.until)
        due = session.execute(
            select(Instance.id, Instance.wake_at)
            .where(Instance.wake_at <= limit, Instance.status == "running")
            .order_by(Instance.wake_at, Instance.id)
            .limit(1)
        ).one_or_none()
        if due is None or due.wake_at is None:
            return False
        cases.fire(session, due.id, now=due.wake_at)
        self.moves += 1
        self._look(session, due.wake_at)
        return True

    def _open(self, session: Session, course: Course, now: datetime) -> None:
        rng = Random(f"{SEED}/{course.key}/open")
        by = self._at_desk(course.desk, "", rng)
        case, _ = cases.open_case(
            session,
            course.process,
            by=by,
            desk=course.desk,
            now=now,
            at=course.start,
            facts=course.facts,
            synthetic=True,
        )
        self.courses[case.id] = course

    def _do(self, session: Session, task_id: int, now: datetime) -> None:
        task = session.get(Task, task_id)
        if task is None or task.status != "open":
            return
        instance = session.get_one(Instance, task.instance_id)
        variable = _reader(session, instance, task.token, now)
        about, course = self._about(task, variable)
        turn = self.turns[about, task.element]
        self.turns[about, task.element] += 1
        rng = Random(f"{SEED}/{course.key if course else about}/{task.element}/{turn}/answer")
        by = self._actor(task, rng)
        scene = replies.Scene(
            about=course, element=task.element, agency=task.agency, turn=turn, now=now, rng=rng, me=str(by.staff_id),
            variable=variable, calendar=self.calendar,
        )  # fmt: skip
        context = Context(
            now=now,
            choices={**self.choices, "staff": self._colleagues(task.agency)},
            me={"agency": task.agency},
        )

        def read(form: Form) -> dict[str, object]:
            said = replies.answers(form.key, scene)
            return plausible(
                form, said, context, Speech(form=form.key, theme=scene.theme, person=scene.person, rng=rng)
            )

        cases.complete(session, task_id, read, by=by, now=now, submission=f"demo-{task_id}")
        self.moves += 1
        if self.moves % 500 == 0:
            self.progress(f"{now:%Y年%-m月%-d日}まで進みました（{self.moves:,}回の手続き）")

    def _look(self, session: Session, now: datetime) -> None:
        """Plan what will be done about tasks that are new."""
        session.flush()
        for task in session.scalars(select(Task).where(Task.id > self.last_task).order_by(Task.id)).all():
            self.last_task = task.id
            if task.status == "open":
                self._schedule(session, task, now)

    def _schedule(self, session: Session, task: Task, now: datetime) -> None:
        instance = session.get_one(Instance, task.instance_id)
        about, course = self._about(task, _reader(session, instance, task.token, now))
        turn = self.turns[about, task.element]
        if course and course.leaves(task.element, turn):
            return
        rng = Random(f"{SEED}/{course.key if course else about}/{task.element}/{turn}/{task.agency}/when")
        fixed = course.at.get(task.element) if course else None
        if fixed is not None:
            at = max(fixed, now + timedelta(minutes=3))
        else:
            at = pace.office(
                now + pace.delay(task.element, rng, course.pace if course else 1.0), self.calendar, rng
            )
            if task.due_at and at > task.due_at:
                at = max(task.due_at - timedelta(minutes=rng.randint(20, 200)), now + timedelta(minutes=4))
        self._plan(at, task_id=task.id)

    def _plan(self, at: datetime, *, course: Course | None = None, task_id: int = 0) -> None:
        self.orders += 1
        heapq.heappush(self.queue, _Planned(at=at, order=self.orders, course=course, task_id=task_id))

    def _due_at(self) -> bool:
        with self.database.transaction(write=False) as session:
            return (
                session.scalar(
                    select(Instance.id)
                    .where(Instance.wake_at <= self.until, Instance.status == "running")
                    .limit(1)
                )
                is not None
            )

    def _about(self, task: Task, variable: Variable) -> tuple[int, Course | None]:
        """The case that a task is about, and its course: a meeting's task is about its item's case."""
        case_id = task.case_id
        if case_id not in self.courses:
            place = "item.caseId" if task.element in ITEM_STEPS else "items[1].caseId"
            found = variable(place)
            case_id = int(found) if isinstance(found, int | float) else case_id
        return case_id, self.courses.get(case_id)

    def _actor(self, task: Task, rng: Random) -> Actor:
        if task.holder_id is not None:
            return next(actor for _, _, actor in self.seats if actor.staff_id == task.holder_id)
        return self._at_desk(task.agency, task.role, rng, case_id=task.case_id)

    def _at_desk(self, agency: str, role: str, rng: Random, case_id: int = 0) -> Actor:
        there = [actor for at, seat, actor in self.seats if at == agency and role in ("", "kik", seat)]
        if not there:
            raise LookupError(f"no staff at {agency} as {role}")
        # The first of each desk is whom a visitor of the demo signs in as: that inbox is not empty.
        return there[0] if rng.random() < 0.4 else there[case_id % len(there)]

    def _colleagues(self, agency: str) -> tuple[Choice, ...]:
        return tuple(
            Choice(value=str(actor.staff_id), label=actor.name) for at, _, actor in self.seats if at == agency
        )


def _reader(session: Session, instance: Instance, token: str, now: datetime) -> Variable:
    """Reads an expression where a task waits."""
    definition, state = compiled(session, instance.version_id).definition, instance.state
    return lambda expression: runtime.read(definition, state, token, expression, now=now)


def _choices(session: Session) -> dict[str, tuple[Choice, ...]]:
    known = tuple(
        Choice(value=a.code, label=a.name) for a in session.scalars(select(Agency).order_by(Agency.code))
    )
    return {**registers.names(session), "agency": known, "agencies": known}


def _seats(session: Session) -> list[tuple[str, str, Actor]]:
    rows = session.execute(
        select(Staff, Membership)
        .join(Membership, Membership.staff_id == Staff.id)
        .order_by(Membership.agency, Staff.id)
    )
    return [
        (seat.agency, seat.role, agencies.actor(session, staff, today=seat.valid_from))
        for staff, seat in rows.all()
    ]
