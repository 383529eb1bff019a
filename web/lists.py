"""What a form may offer for choosing, and the names by which codes are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import agencies, people, records, registers, runtime
from engine.access import Sight
from engine.agencies import Actor, Seat, Staff
from engine.casebook import Case, Instance
from engine.definitions import compiled
from engine.tasks import Task
from forms.answers import Context
from forms.fields import Choice, every
from forms.schema import Form

#: Forms whose agencies are the teams of a safety confirmation, not the offices.
FOR_TEAMS = frozenset({"F-F02"})


def asking(
    session: Session, task: Task, form: Form, case: Case, *, by: Actor, seen: Sight | None, now: datetime
) -> Context:
    """What the page of a task knows: agencies of today, colleagues, the people of the case, its own attachments."""
    today = agencies.today_of(now)
    teams = form.key in FOR_TEAMS
    offices = tuple(
        Choice(value=one.code, label=one.name)
        for one in agencies.current(session, today=today)
        if (one.kind == agencies.TEAM) == teams
    )
    colleagues = tuple(
        Choice(value=str(one.id), label=one.name)
        for one in agencies.members(session, task.agency, today=today)
    )
    choices = {
        "agency": offices,
        "staff": colleagues,
        **registers.choices(session, form.fields, on=today),
        **_of_case(session, case, seen),
    }
    me = {"agency": task.agency, "staff": str(by.staff_id), "name": by.name}
    return Context(
        now=now,
        choices=choices,
        codes=registers.changed_codes(session, on=today),
        me=me,
        facts=facts(session, task, form, now=now),
        files=own_files(session, task, case),
    )


def noting(session: Session, case: Case, seat: Seat, *, by: Actor, now: datetime) -> Context:
    """What the page of a note knows: agencies of today and colleagues of the writer's seat."""
    today = agencies.today_of(now)
    offices = tuple(
        Choice(value=one.code, label=one.name)
        for one in agencies.current(session, today=today)
        if one.kind != agencies.TEAM
    )
    colleagues = tuple(Choice(value=str(one.id), label=one.name) for one in agencies.members(session, seat.agency, today=today))
    me = {"agency": seat.agency, "staff": str(by.staff_id), "name": by.name}
    choices = {"agency": offices, "staff": colleagues, **_of_case(session, case, None)}
    return Context(now=now, choices=choices, codes=registers.changed_codes(session, on=today), me=me)


def telling(session: Session, case: Case, seen: Sight, *, now: datetime) -> Context:
    """What reading a record knows: every agency and member of staff that ever was, the people and files of the case."""
    offices = tuple(Choice(value=code, label=name) for code, name in agencies.names(session).items())
    everyone = tuple(
        Choice(value=str(one), label=name) for one, name in session.execute(select(Staff.id, Staff.name))
    )
    files = {str(file.id): name for file, name in records.attachments(session, seen, case)}
    choices = {"agency": offices, "staff": everyone, **registers.names(session), **_of_case(session, case, seen)}
    return Context(now=now, choices=choices, codes=registers.changed_codes(session, on=None), files=files)


def facts(session: Session, task: Task, form: Form, *, now: datetime) -> Mapping[str, Any]:
    """The variables of the running process that this form's own expressions ask for (`facts.urgency`), and no others."""
    expressions = [
        c.expression for one in every(form.fields) for c in (one.hide, one.required_if, one.compute) if c
    ]
    expressions += [rule.when.expression for rule in form.rules]
    wanted = {path.split(".")[1] for one in expressions for path in one.paths if path.startswith("facts.")}
    if not wanted or task.status != "open":
        return {}
    instance = session.get_one(Instance, task.instance_id)
    definition = compiled(session, instance.version_id).definition
    return {
        name: runtime.read(definition, instance.state, task.token, name, now=now) for name in sorted(wanted)
    }


def own_files(session: Session, task: Task, case: Case) -> Mapping[str, str]:
    """Attachments already handed in with this task, by id."""
    return {str(file.id): name for file, name in records.of_task(session, case, task.id)}


def _of_case(session: Session, case: Case, seen: Sight | None) -> Mapping[str, tuple[Choice, ...]]:
    own = (Choice(value=case.number, label=case.number),)
    if seen is None or seen.level < 2:
        return {"case": own, "household": own, "person": ()}
    known = people.of_case(session, case)
    named = tuple(
        Choice(value=str(person.id), label=f"{said.name or '（氏名不明）'}（{person.place}）")
        for person, said in known
    )
    return {"case": own, "household": own, "person": named}
