"""The move: how an instance takes a step. One transaction; all of it or nothing.

The case's row is locked before anything is read, so that two moves of a case never
overlap. The runtime works out the step; here it becomes rows: tasks, timers, messages
awaited and sent, effects, journal.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, literal, select
from sqlalchemy.orm import Session

from engine import journal, runtime
from engine.agencies import Actor, Seat
from engine.casebook import Awaited, Case, Instance, Unheard, next_number
from engine.db import vault_of
from engine.definitions import Version, compiled, started_by
from engine.errors import Invalid, NotFound, NotOpen
from engine.held import Held, Posted
from engine.jobs import enqueue
from engine.operators import REGISTRY
from engine.runtime import Call, Decided, Message, Passed, Step
from engine.settling import SIGNAL, close_if_over, settle
from engine.tasks import Task

MOST_CROSSINGS = 100
KEEP_UNHEARD = timedelta(days=400)


@dataclass(slots=True, kw_only=True)
class Gathered:
    """What happened over the one or more steps of a move."""

    done: list[Passed] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)


Effect = Callable[[Held, Mapping[str, Any]], Any]
EFFECTS: dict[str, Effect] = {}


def effect(name: str) -> Callable[[Effect], Effect]:
    """Register what carries out an operator."""

    def register(carry_out: Effect) -> Effect:
        EFFECTS[name] = carry_out
        return carry_out

    return register


def hold(
    session: Session,
    instance_id: int,
    *,
    by: Actor,
    seat: Seat | None,
    now: datetime,
    outbox: deque[Posted] | None = None,
) -> Held:
    """Lock an instance (its case's row first) and read what a move needs, in one statement."""
    row = session.execute(
        select(Instance, Case, journal.Book)
        .join(Case, Case.id == Instance.case_id)
        .join(journal.Book, journal.Book.name == literal("case:") + cast(Case.id, String))
        .where(Instance.id == instance_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound("その手続きはありません。")
    return held_from(session, *row, by=by, seat=seat, now=now, outbox=outbox)


def held_from(
    session: Session,
    instance: Instance,
    case: Case,
    book: journal.Book,
    *,
    by: Actor,
    seat: Seat | None,
    now: datetime,
    outbox: deque[Posted] | None = None,
) -> Held:
    """The same from rows that the caller has locked already."""
    return Held(
        session=session,
        case=case,
        instance=instance,
        compiled=compiled(session, instance.version_id),
        book=book,
        by=by,
        seat=seat,
        now=now,
        outbox=deque() if outbox is None else outbox,
    )


def new_case(
    session: Session, kind: str, *, by: Actor, now: datetime, synthetic: bool = False
) -> tuple[Case, journal.Book]:
    """A fresh case with its number, its data key and its book."""
    case = Case(
        number=next_number(session, kind, today=now.date()),
        kind=kind,
        opened_at=now,
        moved_at=now,
        data_key=vault_of(session).new_data_key(),
        synthetic=synthetic,
    )
    session.add(case)
    session.flush()
    return case, journal.open_book(session, f"case:{case.id}")


def begin(
    session: Session, case: Case, book: journal.Book, version: Version, *, variables: Mapping[str, Any],
    by: Actor, seat: Seat | None, now: datetime, at: str | None = None, message: Message | None = None,
    outbox: deque[Posted] | None = None,
) -> Instance:  # fmt: skip
    """Start an instance of a version in a case that the caller holds, and take its first step.

    With an `outbox` the caller lets what is sent arrive; without one it arrives here.
    """
    ready = compiled(session, version.id)
    facts = {"caseId": case.id, "caseNumber": case.number, **variables}
    step = runtime.start(ready.definition, facts, at=at, message=message, now=now)
    instance = Instance(
        case_id=case.id,
        version_id=version.id,
        key=version.key,
        state=step.state,
        started_at=now,
        waiting=[],
        awaits=[],
    )
    session.add(instance)
    session.flush()
    held = held_from(session, instance, case, book, by=by, seat=seat, now=now, outbox=outbox)
    take(held, step, "開始", target=f"instance:{instance.id}", deliver_outbox=outbox is None)
    return instance


def take(
    held: Held,
    step: Step,
    action: str,
    *,
    target: str,
    stage: str = "",
    ground: str = "",
    finished_task: Task | None = None,
    deliver_outbox: bool = True,
    said: Mapping[str, Any] | None = None,
) -> None:
    """Write a step down (`said`: further particulars); then let what it sent arrive, unless the caller delivers."""
    gathered = Gathered()
    step = _carry_out(held, step, gathered)
    settle(held, step, finished_task)
    line = journal.Line(
        action=action,
        by=held.by,
        seat=held.seat,
        case_id=held.case.id,
        target=target,
        stage=stage,
        ground=ground,
        particulars={**_particulars(held, gathered), **(said or {})},
    )
    journal.write(held.session, line, now=held.now, book=held.book)
    if deliver_outbox and held.outbox:
        deliver_all(held.session, held.outbox, by=held.by, now=held.now)
        if step.finished:
            held.session.flush()
            close_if_over(held)


def deliver_all(session: Session, outbox: deque[Posted], *, by: Actor, now: datetime) -> None:
    """Let every message on its way arrive; what they cause to be sent arrives too."""
    crossings = 0
    ended: list[Held] = []
    while outbox:
        crossings += 1
        if crossings > MOST_CROSSINGS:
            raise Invalid("手続きどうしが互いに知らせ続けて終わりません。図のメッセージを確かめてください。")
        moved = _arrive(session, outbox.popleft(), outbox, by=by, now=now)
        if moved is not None and moved.instance.status == "finished":
            ended.append(moved)
    for held in ended:
        session.flush()
        close_if_over(held)


def _arrive(session: Session, posted: Posted, outbox: deque[Posted], *, by: Actor, now: datetime) -> Held | None:
    """Bring one message to who awaits it, or let it start a process, or keep it; gives what it moved."""
    session.flush()
    message = posted.message
    if posted.signalled_by is not None:
        _spread(session, posted, outbox, by=by, now=now)
        return None
    listener = _listener(session, posted)
    if listener is not None:
        held = hold(session, listener, by=by, seat=None, now=now, outbox=outbox)
        step = runtime.deliver(held.compiled.definition, held.instance.state, message, now=now)
        take(held, step, "受信", target=f"message:{message.name}", deliver_outbox=False)
        return held
    version = started_by(session, message.name)
    if version is None:
        session.add(
            Unheard(
                case_id=posted.case_id,
                name=message.name,
                correlation=message.key or "",
                payload=dict(message.payload),
                came_at=now,
                expires_at=now + KEEP_UNHEARD,
            )
        )
        return None
    _start_by_message(session, version, posted, outbox, by=by, now=now)
    return None


def _spread(session: Session, posted: Posted, outbox: deque[Posted], *, by: Actor, now: datetime) -> None:
    """A signal reaches every other process of the case that listens for it (within its own, the runtime saw to it)."""
    listeners = session.scalars(
        select(Awaited.instance_id)
        .join(Instance, Instance.id == Awaited.instance_id)
        .where(
            Awaited.name == SIGNAL + posted.message.name, Awaited.case_id == posted.case_id,
            Instance.status == "running", Instance.id != posted.signalled_by,
        )
        .distinct().order_by(Awaited.instance_id)
    ).all()  # fmt: skip
    for listener in listeners:
        held = hold(session, listener, by=by, seat=None, now=now, outbox=outbox)
        signal = posted.message
        step = runtime.signal(held.compiled.definition, held.instance.state, signal.name, signal.payload, now=now)
        take(held, step, "受信", target=f"signal:{signal.name}", deliver_outbox=False)


def _start_by_message(
    session: Session, version: Version, posted: Posted, outbox: deque[Posted], *, by: Actor, now: datetime
) -> None:
    if version.opens.startswith("own:"):
        invented = session.get_one(Case, posted.case_id).synthetic
        case, book = new_case(session, version.opens.removeprefix("own:"), by=by, now=now, synthetic=invented)
    else:
        case = session.get_one(Case, posted.case_id, with_for_update=True)
        book = journal.open_book(session, f"case:{case.id}")
    inherited = {"urgency": case.urgency, "lead": case.lead}
    begin(
        session,
        case,
        book,
        version,
        variables=inherited,
        message=posted.message,
        outbox=outbox,
        by=by,
        seat=None,
        now=now,
    )


def _listener(session: Session, posted: Posted) -> int | None:
    """The instance that waits for this message: by its key anywhere, else without key in the same case."""
    query = (
        select(Awaited.instance_id)
        .join(Instance, Instance.id == Awaited.instance_id)
        .where(Awaited.name == posted.message.name, Instance.status == "running")
        .order_by(Awaited.id)
        .limit(1)
    )
    if posted.message.key:
        found = session.scalar(query.where(Awaited.correlation == posted.message.key))
        if found is not None:
            return found
    return session.scalar(query.where(Awaited.correlation == "", Awaited.case_id == posted.case_id))


def _carry_out(held: Held, step: Step, gathered: Gathered) -> Step:
    """Do the step's effects in order; computed answers go straight back into the diagram."""
    _gather(held, step, gathered)
    pending = deque(step.calls)
    while pending:
        call = pending.popleft()
        operator = REGISTRY.get(call.operator)
        if operator is None or operator.outside:
            _hand_over(held, call)
            continue
        gathered.effects.append(call.operator)
        result = EFFECTS[call.operator](held, call.parameters)
        if operator.answers:
            step = runtime.complete(held.compiled.definition, step.state, call.token, result, now=held.now)
            _gather(held, step, gathered)
            pending.extend(step.calls)
    return step


def _gather(held: Held, step: Step, gathered: Gathered) -> None:
    held.outbox.extend(Posted(message=message, case_id=held.case.id) for message in step.sent)
    held.outbox.extend(
        Posted(message=signal, case_id=held.case.id, signalled_by=held.instance.id) for signal in step.signals
    )
    gathered.done.extend(step.done)
    gathered.decided.extend(step.decided)


def _hand_over(held: Held, call: Call) -> None:
    """What reaches outside is a job of the operator's own kind; the token waits for its result."""
    enqueue(
        held.session,
        call.operator,
        key=f"call:{held.instance.id}:{call.token}",
        run_at=held.now,
        case_id=held.case.id,
        instance_id=held.instance.id,
        token=call.token,
        element=call.element,
        parameters=dict(call.parameters),
    )


def _particulars(held: Held, gathered: Gathered) -> dict[str, Any]:
    said: dict[str, Any] = {
        "instance": held.instance.id,
        "passed": [[passed.element, passed.outcome] for passed in gathered.done],
    }
    if gathered.decided:
        said["decided"] = [
            {"element": d.element, "decision": d.decision, "rows": _rows(d)} for d in gathered.decided
        ]
    if gathered.effects:
        said["effects"] = gathered.effects
    return said


def _rows(decided: Decided) -> list[list[Any]]:
    """[decision, table, row from 1] of every row that gave a value: enough to tell it in words later."""
    return [[one.decision, one.table, number] for one in decided.matched for _, number in one.taken]


def ensure_running(held: Held) -> None:
    """Refuse a move of an instance that stands or is over."""
    if held.instance.status == "suspended":
        raise NotOpen("このケースは停止中です。再開してから進めてください。")
    if held.instance.status != "running":
        raise NotOpen("この手続きは終わっています。")
