"""Many cases of one process at once (一括): a few statements for all of them instead of a dozen for each.

Each household still gets what a single one gets: its number, its data key, its journal, its instance, its task.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from engine import journal, people, runtime
from engine.agencies import Actor, Seat
from engine.casebook import LEAD, Awaited, Case, Instance, Relation, next_numbers
from engine.db import JST, vault_of
from engine.definitions import Compiled, compiled, current
from engine.errors import Invalid
from engine.held import Held
from engine.journal import GENESIS, Book
from engine.people import Particulars
from engine.runtime import Step
from engine.settling import task_row
from engine.tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What one of the cases begins with: variables of its run, its people (the first is 本人), its agencies."""

    facts: Mapping[str, Any]
    people: Sequence[tuple[Particulars, bool]]
    relations: Mapping[str, str]
    district: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is the same for all of them."""

    key: str
    kind: str
    lead: str
    event_tag: str
    synthetic: bool
    ground: str


def open_many(
    session: Session, order: Order, beginnings: Sequence[Beginning], *, by: Actor, seat: Seat | None, now: datetime
) -> list[Case]:
    """Open a case with a first instance of `order.key` for each beginning, in their order.

    Refuses (Invalid) a diagram whose first step does more than wait: that would need a move of its own.
    """
    version = current(session, order.key)
    ready = compiled(session, version.id)
    cases = _cases(session, order, beginnings, now)
    books = [Book(name=f"case:{case.id}", length=0, head=GENESIS) for case in cases]
    session.add_all(books)
    session.execute(insert(Relation), [
        {"case_id": case.id, "agency": agency, "kind": kind, "since": now}
        for case, one in zip(cases, beginnings, strict=True)
        for agency, kind in {order.lead: LEAD, **one.relations}.items()
    ])  # fmt: skip
    steps = [_first_step(ready, order, case, one.facts, now) for case, one in zip(cases, beginnings, strict=True)]
    instances = [_instance(case, version.id, order.key, step, now) for case, step in zip(cases, steps, strict=True)]
    session.add_all(instances)
    session.flush()
    _tasks(session, ready, cases, instances, steps, books, by=by, now=now)
    _awaits(session, instances)
    _people(session, cases, beginnings, now)
    for case, book in zip(cases, books, strict=True):
        line = journal.Line(action="開始", by=by, seat=seat, case_id=case.id, target=f"process:{order.key}", ground=order.ground)
        journal.write(session, line, now=now, book=book)
    session.flush()
    return cases


def _cases(session: Session, order: Order, beginnings: Sequence[Beginning], now: datetime) -> list[Case]:
    vault = vault_of(session)
    numbers = next_numbers(session, order.kind, len(beginnings), today=now.astimezone(JST).date())
    cases = [
        Case(
            number=number, kind=order.kind, opened_at=now, moved_at=now, data_key=vault.new_data_key(), lead=order.lead,
            district=one.district, event_tag=order.event_tag, synthetic=order.synthetic,
        )
        for number, one in zip(numbers, beginnings, strict=True)
    ]  # fmt: skip
    session.add_all(cases)
    session.flush()
    return cases


def _first_step(ready: Compiled, order: Order, case: Case, facts: Mapping[str, Any], now: datetime) -> Step:
    known = {"caseId": case.id, "caseNumber": case.number, "lead": order.lead, **facts}
    step = runtime.start(ready.definition, known, now=now)
    if step.calls or step.sent or step.signals or step.finished:
        raise Invalid(f"手続き「{order.key}」は、まとめて始められません。最初に人が行う用件を置いてください。")
    return step


def _instance(case: Case, version_id: int, key: str, step: Step, now: datetime) -> Instance:
    awaits = [[one.name, one.key or ""] for one in step.awaited]
    return Instance(
        case_id=case.id, version_id=version_id, key=key, state=step.state, started_at=now,
        waiting=[task.token for task in step.waiting], awaits=sorted(awaits),
        wake_at=min((timer.due for timer in step.timers), default=None),
    )  # fmt: skip


def _tasks(
    session: Session, ready: Compiled, cases: Sequence[Case], instances: Sequence[Instance], steps: Sequence[Step],
    books: Sequence[Book], *, by: Actor, now: datetime,
) -> None:  # fmt: skip
    rows = []
    calendar = None
    for case, instance, step, book in zip(cases, instances, steps, books, strict=True):
        held = Held(
            session=session, case=case, instance=instance, compiled=ready, book=book, by=by, seat=None, now=now,
            outbox=deque(), calendar=calendar,
        )  # fmt: skip
        calendar = held.days()
        rows += [task_row(held, waiting) for waiting in step.waiting]
    if rows:
        session.execute(insert(Task), rows)


def _awaits(session: Session, instances: Sequence[Instance]) -> None:
    rows = [
        {"instance_id": instance.id, "case_id": instance.case_id, "name": name, "correlation": key}
        for instance in instances
        for name, key in instance.awaits
    ]
    if rows:
        session.execute(insert(Awaited), rows)


def _people(session: Session, cases: Sequence[Case], beginnings: Sequence[Beginning], now: datetime) -> None:
    told = [
        (case, known, shielded, "世帯員" if turn else "本人")
        for case, one in zip(cases, beginnings, strict=True)
        for turn, (known, shielded) in enumerate(one.people)
    ]
    people.note_many(session, told, now=now)
