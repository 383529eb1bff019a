"""The town as stories speak of it: staff open, complete, wait. A real database, a real worker."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import access, agencies, cases, definitions, records, registers
from engine.agencies import Actor, Agency, Membership, Staff
from engine.casebook import Case, Instance
from engine.db import JST, Database
from engine.tasks import Task
from forms.answers import Context
from forms.fields import Choice
from tsunagi.demo import town as seeding
from tsunagi.demo.answers import plausible
from worker import loop

MORNING = datetime(2026, 4, 3, 9, 0, tzinfo=JST)


def found(database: Database) -> None:
    """Agencies, staff and the shipped processes: a town before its first case."""
    with database.transaction() as session:
        seeding.seed(session, now=MORNING)


class Town:
    """Actors are named by agency and role; time is the town's own and moves only when told."""

    def __init__(self, database: Database, *, now: datetime = MORNING) -> None:
        self.database = database
        self.now = now
        self.submissions = itertools.count(1)
        with database.transaction(write=False) as session:
            self.names = {name: code for code, name in agencies.names(session).items()}
        self.case_id = 0

    def staff(self, agency: str, role: str = "") -> Actor:
        """Somebody with a seat at the agency (in a role, if told)."""
        with self.database.transaction(write=False) as session:
            return self._staff(session, self._code(agency), role)

    def opens(
        self,
        agency: str,
        *,
        process: str = "P-A",
        at: str | None = "A-SE1",
        facts: Mapping[str, Any] | None = None,
    ) -> int:
        """A consultation is taken in at an agency's desk; returns the case's id, which following steps mean."""
        code = self._code(agency)
        with self.database.transaction() as session:
            actor = self._staff(session, code, "")
            case, _ = cases.open_case(
                session, process, by=actor, desk=code, now=self.now, at=at, facts=facts, synthetic=True
            )
            self.case_id = case.id
        return self.case_id

    def completes(
        self, agency: str, step: str, *, submission: str = "", staff: str = "", **said: Any
    ) -> None:
        """An agency completes an open task of the case, named by its title, element id or form."""
        task = self.task(step, agency=self._code(agency))
        self.completes_as(
            self.staff(agency, task.role), step, agency=task.agency, submission=submission, **said
        )

    def completes_as(
        self,
        actor: Actor,
        step: str,
        *,
        agency: str | None = None,
        submission: str = "",
        files: Sequence[str] = (),
        **said: Any,
    ) -> None:
        """A certain person completes an open task of the case, with files handed in before."""
        task = self.task(step, agency=agency)
        with self.database.transaction(write=False) as session:
            known = self._context(session, task.agency)
        context = replace(known, files={one: f"{one}.csv" for one in files}) if files else known
        cases.attempt(
            self.database,
            lambda session: cases.complete(
                session,
                task.id,
                lambda form: plausible(form, said, context),
                by=actor,
                now=self.now,
                submission=submission or f"s{next(self.submissions)}",
            ),
            now=self.now,
            task_id=task.id,
        )

    def would_answer(self, agency: str, step: str, **said: Any) -> dict[str, Any]:
        """Answers that an agency could give to an open task, without giving them."""
        code = self._code(agency)
        task = self.task(step, agency=code)
        with self.database.transaction(write=False) as session:
            instance = session.get_one(Instance, task.instance_id)
            form = definitions.compiled(session, instance.version_id).forms[task.form]
            return plausible(form, said, self._context(session, code))

    def colleagues(self, agency: str, role: str) -> list[Actor]:
        """Everybody with this seat; without a role, everybody of the agency."""
        code, today = self._code(agency), self.now.date()
        with self.database.transaction(write=False) as session:
            known = [agencies.actor(session, staff, today=today) for staff in agencies.members(session, code, today=today)]
        return [actor for actor in known if not role or role in actor.roles]

    def sees(self, agency: str) -> list[str] | None:
        """Titles of the records that staff of an agency may open; None where the case itself stays shut."""
        with self.database.transaction(write=False) as session:
            case = session.get_one(Case, self.case_id)
            seen = access.sight(session, self._staff(session, self._code(agency), ""), case, now=self.now)
            return None if seen is None else [record.title for record in records.of_case(session, seen)]

    def waits(self, *, days: int = 0, hours: int = 0) -> None:
        """Time passes; the worker does what falls due on the way."""
        until = self.now + timedelta(days=days, hours=hours)
        while True:
            with self.database.transaction(write=False) as session:
                due = session.scalar(
                    select(Instance.wake_at)
                    .where(Instance.wake_at.is_not(None), Instance.wake_at <= until)
                    .order_by(Instance.wake_at)
                )
            if due is None:
                break
            self.now = max(self.now, due)
            loop.once(self.database, now=self.now)
        self.now = until
        loop.once(self.database, now=self.now)

    def restarts(self) -> None:
        """Every process of the town's server ends and starts anew: nothing may live in memory only."""
        definitions._ready.clear()
        self.database.pool.dispose()

    def task(self, step: str, *, agency: str | None = None) -> Task:
        """The open task of the case with this title, element id or form; says what is open when there is none."""
        found = [
            task
            for task in self.open_tasks()
            if step in (task.title, task.element, task.form) and agency in (None, task.agency)
        ]
        assert found, f"「{step}」({agency}) は開いていません。開いている用件: {self.open_steps()}"
        return found[0]

    def open_tasks(self, case_id: int | None = None) -> list[Task]:
        """Open tasks of the case, oldest first."""
        with self.database.transaction(write=False) as session:
            return list(
                session.scalars(
                    select(Task)
                    .where(Task.case_id == (case_id or self.case_id), Task.status == "open")
                    .order_by(Task.id)
                )
            )

    def open_steps(self, case_id: int | None = None) -> list[tuple[str, str]]:
        """(agency code, element id) of the open tasks, in the order of ids."""
        return sorted((task.agency, task.element) for task in self.open_tasks(case_id))

    def case(self, case_id: int | None = None) -> Case:
        """The case's row."""
        with self.database.transaction(write=False) as session:
            return session.get_one(Case, case_id or self.case_id)

    def _context(self, session: Session, code: str) -> Context:
        today = self.now.date()
        known = tuple(
            Choice(value=agency.code, label=agency.name)
            for agency in session.scalars(select(Agency).order_by(Agency.code))
        )
        people = tuple(
            Choice(value=str(staff.id), label=staff.name)
            for staff in agencies.members(session, code, today=today)
        )
        return Context(
            now=self.now,
            choices={**registers.names(session), "agency": known, "agencies": known, "staff": people},
            me={"agency": code},
        )

    def _code(self, agency: str) -> str:
        return self.names.get(agency, agency)

    def _staff(self, session: Session, code: str, role: str) -> Actor:
        query = (
            select(Staff)
            .join(Membership, Membership.staff_id == Staff.id)
            .where(Membership.agency == code)
            .order_by(Staff.id)
        )
        staff = session.scalar(query.where(Membership.role == role) if role not in ("", "kik") else query)
        assert staff is not None, f"{code} に {role} の職員がいません"
        return agencies.actor(session, staff, today=self.now.date())
