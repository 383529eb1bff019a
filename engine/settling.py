"""A step becomes rows: tasks, messages awaited, the next timer, and the end of a case."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from engine.agencies import Membership, today_of
from engine.assignment import place
from engine.casebook import Awaited, Case, Incident, Instance, Unheard
from engine.held import Held, Posted
from engine.runtime import Message, Step, Waiting
from engine.tasks import Task

SIGNAL = "signal:"
#: What processes hear that end with their case.
CLOSED = "case.closed"


def settle(held: Held, step: Step, finished_task: Task | None) -> None:
    """Make the rows say what the step says: state, tasks, messages awaited, next timer, the case's end."""
    instance, case = held.instance, held.case
    instance.state = step.state
    _settle_tasks(held, [*step.waiting, *(offer.place for offer in step.offers)], finished_task)
    _settle_awaits(held, step)
    instance.wake_at = min((timer.due for timer in step.timers), default=None)
    if step.finished:
        instance.status, instance.finished_at, instance.wake_at = "finished", held.now, None
    if step.error is not None:
        _note_uncaught(held, step.error)
    urgency = step.variables.get("urgency")
    if isinstance(urgency, int | float) and not isinstance(urgency, bool):
        case.urgency = int(urgency)
    case.moved_at = held.now
    if step.finished:
        held.session.flush()
        close_if_over(held)


def _note_uncaught(held: Held, code: str) -> None:
    """An error that nothing in the diagram caught ended the run: the case stays open, and a manager sees why."""
    held.instance.status = "failed"
    held.session.add(
        Incident(
            case_id=held.case.id, instance_id=held.instance.id, element=held.instance.key, expression="",
            sentence=f"誤り「{code[:80]}」を受け止めるところが図になく、手続きが終わりました。",
            noted_at=held.now,
        )
    )  # fmt: skip


def _settle_tasks(held: Held, waiting: Sequence[Waiting], finished_task: Task | None) -> None:
    tokens = [task.token for task in waiting]
    known = set(held.instance.waiting)
    gone = sorted(known - set(tokens) - ({finished_task.token} if finished_task else set()))
    if gone:
        held.session.execute(
            update(Task)
            .where(Task.instance_id == held.instance.id, Task.token.in_(gone), Task.status == "open")
            .values(status="cancelled", done_at=held.now, remind_at=None)
        )
    fresh = [task for task in waiting if task.token not in known]
    if fresh:
        rows = [task_row(held, task) for task in fresh]
        _open_to_somebody(held, rows)
        held.session.execute(insert(Task), rows)
    held.instance.waiting = tokens


def task_row(held: Held, waiting: Waiting) -> dict[str, Any]:
    """The columns of a waiting task's row."""
    where = place(
        held.compiled, waiting, held.case, held.days(), state=held.instance.state, now=held.now
    )
    return {
        "case_id": held.case.id,
        "instance_id": held.instance.id,
        "token": waiting.token,
        "element": waiting.element,
        "title": where.title,
        "subject": where.subject,
        "form": where.form,
        "agency": where.agency,
        "role": where.role,
        "stage": where.stage,
        "urgency": _urgency(waiting, held.case),
        "status": "open",
        "created_at": held.now,
        "due_at": where.due_at,
        "without_due": where.without_due,
        # Looked at as soon as the worker comes round; which steps follow is for `engine.reminders` to say.
        "remind_at": held.now if where.due_at or _urgency(waiting, held.case) == 1 else None,
        "submission": "",
    }


def _urgency(waiting: Waiting, case: Case) -> int | None:
    said = waiting.scope.get("urgency")
    return int(said) if isinstance(said, int | float) else case.urgency


def _open_to_somebody(held: Held, rows: list[dict[str, Any]]) -> None:
    """Where an agency has nobody in the role that a lane names, anybody there may do it: no task waits for no one."""
    named = [row for row in rows if row["role"] not in ("kik", "")]
    if not named:
        return
    seated = select(Membership.agency, Membership.role).where(
        Membership.agency.in_(sorted({row["agency"] for row in named})),
        or_(Membership.valid_until.is_(None), Membership.valid_until >= today_of(held.now)),
    )
    known = {(agency, role) for agency, role in held.session.execute(seated.distinct())}
    for row in named:
        if (row["agency"], row["role"]) not in known:
            row["role"] = "kik"


def _settle_awaits(held: Held, step: Step) -> None:
    wanted = sorted(
        [[awaited.name, awaited.key or ""] for awaited in step.awaited] + [[SIGNAL + name, ""] for name in step.listens]
    )
    if step.finished:
        wanted = []
    known = [list(pair) for pair in held.instance.awaits]
    if wanted == known:
        return
    held.session.execute(delete(Awaited).where(Awaited.instance_id == held.instance.id))
    if wanted:
        held.session.execute(
            insert(Awaited),
            [
                {"instance_id": held.instance.id, "case_id": held.case.id, "name": name, "correlation": key}
                for name, key in wanted
            ],
        )
    held.instance.awaits = wanted  # type: ignore[assignment]  # JSON column: list of pairs
    fresh = [pair for pair in wanted if pair not in known]
    if fresh:
        _recall(held, fresh)


def _recall(held: Held, fresh: Sequence[Sequence[str]]) -> None:
    """Messages that came too early are tried again as soon as somebody listens."""
    names = sorted({pair[0] for pair in fresh})
    keys = sorted({pair[1] for pair in fresh if pair[1]})
    rows = held.session.scalars(
        select(Unheard)
        .where(Unheard.name.in_(names), (Unheard.case_id == held.case.id) | Unheard.correlation.in_(keys))
        .order_by(Unheard.id)
    ).all()
    for row in rows:
        held.outbox.append(
            Posted(
                message=Message(name=row.name, key=row.correlation or None, payload=row.payload),
                case_id=row.case_id,
            )
        )
        held.session.delete(row)


def close_if_over(held: Held) -> None:
    """Close the case when nothing runs in it any more; while messages are on their way, they may start something.

    What listens for the signal `case.closed` (consent, which waits for its renewal) goes along with a case and does
    not keep it open: when only such processes are left, they are told, and end by their own diagram.
    """
    if held.outbox or held.case.status != "open":
        return
    still = held.session.execute(
        select(Instance.id, Instance.awaits).where(
            Instance.case_id == held.case.id, Instance.status != "finished"
        )
    ).all()
    if not still:
        held.case.status, held.case.closed_at = "closed", held.now
    elif all([SIGNAL + CLOSED, ""] in [list(pair) for pair in awaits] for _, awaits in still):
        closing = Message(name=CLOSED, key=None, payload={})
        held.outbox.append(Posted(message=closing, case_id=held.case.id, signalled_by=held.instance.id))
