"""A random walk through the town: whoever has something to do does it, any way the form allows; time jumps."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import cases, definitions, tasks
from engine.agencies import Actor
from engine.casebook import Awaited, Case, Incident, Instance
from engine.jobs import Job
from engine.tasks import Task
from forms.answers import Context
from forms.errors import AnswersRefused
from forms.fields import Choice, Field
from forms.schema import Form
from tests.town import Town
from tsunagi.demo.answers import PLAIN, Voice, plausible

TRIES = 6
#: Agencies with a desk of their own (相談を受ける窓口): any of them may be chosen as the next one.
DESKS = ("hokatsu", "shogai_hokuei", "shogai_chubu", "rinks", "kosodate", "konkyu", "fukushi", "shakyo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whim(Voice):
    """Any of the choices, and now and then what need not be said."""

    rng: Random

    def choose(self, one: Field, choices: tuple[Choice, ...], other: Any) -> Any:
        """Any choice but `other`."""
        open_to = [choice.value for choice in choices if choice.value != other]
        return self.rng.choice(open_to) if open_to else None

    def tells(self, one: Field) -> bool:
        """Coded answers are what steers: half of those that are not required are given."""
        return one.kind in ("one", "many", "bool", "int", "number") and self.rng.random() < 0.5


@dataclass(slots=True, kw_only=True)
class Walk:
    """One walk; `trail` tells how it came here, for whoever reads a failure."""

    town: Town
    rng: Random
    trail: list[str] = field(default_factory=list)
    restart_every: int = 1

    def steps(self, count: int) -> None:
        """So many steps or until nothing more is to be done; after each, all is as it must be."""
        for number in range(count):
            open_tasks = self._open_tasks()
            if not open_tasks and not self._waits_for_time():
                break
            if not open_tasks or self.rng.random() < 0.2:
                self._jump()
            else:
                self._complete(self.rng.choice(open_tasks))
            if number % self.restart_every == 0:
                self.town.restarts()
            self.check()

    def check(self) -> None:
        """An open case waits for somebody or something, a finished one for nobody; nothing stood still."""
        with self.town.database.transaction(write=False) as session:
            wrong = [
                *_silent(session),
                *_still_asked(session),
                *_nobody_there(session, self.town),
                *_faults(session),
            ]
        assert not wrong, "\n".join([*wrong, "— how it came here —", *self.trail[-25:]])

    def _complete(self, task: Task) -> None:
        actor = self._somebody(task)
        for turn in range(TRIES):
            voice = Whim(rng=self.rng) if turn < TRIES - 1 else PLAIN
            try:
                self._try(task, actor, voice)
            except AnswersRefused:
                continue
            self.trail.append(f"{self.town.now:%m-%d %H:%M} {task.agency} {task.element} {task.title}")
            return
        raise AssertionError(f"no answers of {task.form} were accepted\n" + "\n".join(self.trail[-25:]))

    def _try(self, task: Task, actor: Actor, voice: Voice) -> None:
        context = self._context(task.agency)
        told: dict[str, Any] = {}

        def read(form: Form) -> dict[str, Any]:
            told.update(plausible(form, {}, context, voice))
            return told

        self.town.now += timedelta(minutes=self.rng.randint(1, 90))
        submission = f"walk-{task.id}-{len(self.trail)}"
        try:
            cases.attempt(
                self.town.database,
                lambda session: cases.complete(
                    session, task.id, read, by=actor, now=self.town.now, submission=submission
                ),
                now=self.town.now,
                task_id=task.id,
            )
        except AnswersRefused:
            raise
        except Exception as error:
            self.trail.append(f"✗ {task.agency} {task.element} {task.form} {told}")
            raise AssertionError(f"{error!r} ← {error.__cause__}\n" + "\n".join(self.trail[-25:])) from error

    def _jump(self) -> None:
        days = self.rng.choice([1, 1, 3, 8, 15, 40])
        self.town.waits(days=days)
        self.trail.append(f"{self.town.now:%m-%d %H:%M} … {days} days later")

    def _open_tasks(self) -> list[Task]:
        with self.town.database.transaction(write=False) as session:
            return list(session.scalars(select(Task).where(Task.status == "open").order_by(Task.id)))

    def _waits_for_time(self) -> bool:
        with self.town.database.transaction(write=False) as session:
            return (
                session.scalar(select(Instance.id).where(Instance.wake_at.is_not(None)).limit(1)) is not None
            )

    def _somebody(self, task: Task) -> Actor:
        with self.town.database.transaction(write=False) as session:
            did = set(
                session.scalars(
                    select(Task.done_by).where(Task.instance_id == task.instance_id, Task.done_by.is_not(None))
                )
            )
        # Where two people have to decide, whoever did not do anything yet comes first.
        able = [one for one in self.town.colleagues(task.agency, "") if tasks.seat_for(task, one) is not None]
        return next((one for one in able if one.staff_id not in did), self.town.staff(task.agency, task.role))

    def _context(self, agency: str) -> Context:
        with self.town.database.transaction(write=False) as session:
            whole = self.town._context(session, agency)
        desks = tuple(choice for choice in whole.choices["agency"] if choice.value in DESKS)
        return Context(
            now=self.town.now, choices={**whole.choices, "agency": desks, "agencies": desks}, me=whole.me
        )


def _silent(session: Session) -> Iterator[str]:
    """Running instances that wait neither for a task nor for a message, a moment or a job."""
    for instance in session.scalars(select(Instance).where(Instance.status == "running")):
        asked = session.scalar(
            select(Task.id).where(Task.instance_id == instance.id, Task.status == "open").limit(1)
        )
        told = session.scalar(select(Awaited.id).where(Awaited.instance_id == instance.id).limit(1))
        due = session.scalar(
            select(Job.id).where(Job.instance_id == instance.id, Job.status.in_(("due", "running"))).limit(1)
        )
        only_interrupt = told is not None and {name for name, _ in instance.awaits} <= {
            "case.interrupt",
            "intake.imported",
        }
        if asked is None and due is None and instance.wake_at is None and (told is None or only_interrupt):
            yield f"{instance.key} of case {instance.case_id} waits for nobody and nothing"
    for case in session.scalars(select(Case).where(Case.status == "open")):
        if (
            session.scalar(
                select(Instance.id).where(Instance.case_id == case.id, Instance.status == "running").limit(1)
            )
            is None
        ):
            yield f"case {case.number} is open, but nothing runs in it"


def _still_asked(session: Session) -> Iterator[str]:
    """What is over and yet stands in an inbox or waits for a moment."""
    over = select(Instance.id).where(Instance.status == "finished")
    for task in session.scalars(select(Task).where(Task.status == "open", Task.instance_id.in_(over))):
        yield f"{task.element} is open, but its process is over"
    for instance in session.scalars(
        select(Instance).where(Instance.status == "finished", Instance.wake_at.is_not(None))
    ):
        yield f"{instance.key} is over, but wakes at {instance.wake_at}"
    for case in session.scalars(select(Case).where(Case.status == "closed")):
        if (
            session.scalar(select(Task.id).where(Task.case_id == case.id, Task.status == "open").limit(1))
            is not None
        ):
            yield f"case {case.number} is closed, but somebody is asked"


def _nobody_there(session: Session, town: Town) -> Iterator[str]:
    for task in session.scalars(select(Task).where(Task.status == "open")):
        try:
            seated = town._staff(session, task.agency, task.role)
        except AssertionError:
            yield f"{task.element} waits at {task.agency} for a {task.role}, and nobody there is one"
            continue
        if tasks.seat_for(task, seated) is None:
            yield f"{task.element} waits at {task.agency} for a {task.role}, and nobody there may do it"


def _faults(session: Session) -> Iterator[str]:
    for incident in session.scalars(select(Incident)):
        yield f"incident at {incident.element}: {incident.sentence} ({incident.expression})"
    for job in session.scalars(select(Job).where(Job.status == "stopped")):
        yield f"job {job.key} stopped: {job.fault}"


def forget_compiled() -> None:
    """What a restart forgets."""
    definitions._ready.clear()
