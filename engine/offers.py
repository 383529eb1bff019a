"""Work as it comes up (随時の活動, BPMN's ad-hoc sub-process): its task offers activities, started by hand, in any
order and again, until its condition holds or somebody says that it is over (`cases.complete`)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import runtime, tasks
from engine.agencies import Actor
from engine.casebook import Instance
from engine.cases import AD_HOC, hold_task, seat_of
from engine.definitions import compiled
from engine.errors import NotOpen
from engine.journal import Entry
from engine.moves import ensure_running, take
from engine.tasks import Task

STARTED = "活動を始める"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What may be started now; `open` counts how often it is under way, `done` how often it was done here."""

    element: str
    name: str
    open: int
    done: int


def offered(session: Session, task: Task, *, now: datetime) -> tuple[Activity, ...] | None:
    """The activities that an ad-hoc task offers now (none while a sequential one is busy); None for any other task."""
    instance = session.get_one(Instance, task.instance_id)
    version = compiled(session, instance.version_id)
    if version.node(task.element).kind != AD_HOC or task.status != "open":
        return None
    step = runtime.describe(version.definition, instance.state, now=now)
    elements = next((one.activities for one in step.offers if one.token == task.token), ())
    states = session.execute(
        select(Task.element, Task.status).where(
            Task.instance_id == instance.id, Task.element.in_(elements), Task.created_at >= task.created_at
        )
    ).all()
    return tuple(
        Activity(
            element=element, name=version.node(element).name or element,
            open=states.count((element, "open")), done=states.count((element, "done")),
        )
        for element in elements
    )  # fmt: skip


def perform(
    session: Session, task_id: int, element: str, *, by: Actor, now: datetime, submission: str
) -> Task | None:
    """Start an activity that the ad-hoc task offers; the task that this opened, None if it was done at once.

    The same `submission` twice starts it once. Raises AlreadyDone, NotYours, NotOpen, Conflict.
    """
    task, held = hold_task(session, task_id, by=by, now=now)
    if _was_started(session, task, submission):
        return _newest(session, task, element)
    tasks.ensure_open(session, task)
    held.seat = seat_of(task, by)
    ensure_running(held)
    if held.compiled.node(task.element).kind != AD_HOC:
        raise NotOpen("随時の活動を始められる用件のはずですが、そうではありません。受信箱から開き直してください。")
    step = runtime.perform(held.compiled.definition, held.instance.state, task.token, element, now=now)
    take(
        held, step, STARTED, target=f"task:{task.id}", stage=task.stage,
        said={"element": element, "submission": submission},
    )  # fmt: skip
    session.flush()
    return _newest(session, task, element)


def _was_started(session: Session, task: Task, submission: str) -> bool:
    said = session.scalars(
        select(Entry.particulars).where(
            Entry.case_id == task.case_id, Entry.action == STARTED, Entry.target == f"task:{task.id}"
        )
    )
    return any(one.get("submission") == submission for one in said)


def _newest(session: Session, task: Task, element: str) -> Task | None:
    found = select(Task).where(Task.instance_id == task.instance_id, Task.element == element, Task.status == "open")
    return session.scalars(found.order_by(Task.id.desc())).first()
