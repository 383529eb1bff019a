"""Cases (ケース): open, complete a task, fire a timer, receive; stop, go on, withdraw, reopen."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import String, cast, exists, literal, select, update
from sqlalchemy.orm import Session

from engine import (
    appraisal,
    definitions,
    effects,
    emergency,
    journal,
    people,
    proxies,
    records,
    runtime,
    tasks,
    written,
)
from engine.access import TOWN
from engine.agencies import CLOCK, Actor, Seat, today_of
from engine.casebook import LEAD, RECEPTION, Case, Incident, Instance, Relation
from engine.db import Database
from engine.definitions import Compiled
from engine.errors import Conflict, NotAllowed, NotFound, NotOpen, NotYours, Stopped
from engine.held import Held, Posted
from engine.moves import begin, deliver_all, ensure_running, held_from, hold, new_case, take
from engine.proxies import Proxy
from engine.runtime import Message, StepFailed
from engine.standing import Interest
from engine.tasks import Task
from forms.schema import Form

AD_HOC = "adHocSubProcess"
Result = TypeVar("Result")
Reading = Callable[[Form], Mapping[str, Any]]
assert emergency  # imported for what it registers, and so is the next
assert appraisal


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a completed task led to."""

    case: Case
    task: Task
    again: bool = False


def open_case(
    session: Session,
    key: str,
    *,
    by: Actor,
    desk: str,
    now: datetime,
    at: str | None = None,
    kind: str | None = None,
    facts: Mapping[str, Any] | None = None,
    synthetic: bool = False,
) -> tuple[Case, Instance]:
    """Open a case with a first instance of process `key` at an agency's desk (受付機関).

    The desk takes the case in and keeps it until another agency accepts it. Without `kind` the
    case is of the kind that the diagram says (`case` = `own:地`), else a consultation (相).
    """
    seat = next((seat for seat in by.seats if seat.agency == desk), None)
    if seat is None:
        raise NotYours("自分が所属する機関の窓口でだけ、相談を受け付けられます。")
    version = definitions.current(session, key)
    own = version.opens.removeprefix("own:") if version.opens.startswith("own:") else "相"
    case, book = new_case(session, kind or own, by=by, now=now, synthetic=synthetic)
    case.lead = desk
    session.add_all(
        [Relation(case_id=case.id, agency=desk, kind=relation, since=now) for relation in (RECEPTION, LEAD)]
    )
    instance = begin(
        session,
        case,
        book,
        version,
        variables={"desk": desk, "lead": desk, **(facts or {})},
        by=by,
        seat=seat,
        now=now,
        at=at,
    )
    return case, instance


def complete(
    session: Session,
    task_id: int,
    reading: Reading,
    *,
    by: Actor,
    now: datetime,
    submission: str,
    source: str = "画面",
    proxy: Proxy | None = None,
) -> Moved:
    """Complete a task: `reading` turns what was typed into answers, or refuses with every problem.

    With a `proxy` they are somebody else's answers, typed in for them (代行入力).
    The case is locked before anything else is looked at. The same `submission` twice is
    answered from the first time. Raises AlreadyDone (who, when), NotYours, NotOpen, Invalid.
    """
    task, held = hold_task(session, task_id, by=by, now=now)
    if task.status == "done" and task.submission == submission and task.done_by == by.staff_id:
        return Moved(case=held.case, task=task, again=True)
    tasks.ensure_open(session, task)
    held.seat = seat_of(task, by) if proxy is None else proxies.ensure(held, task)
    ensure_running(held)
    _ensure_another(held, task)
    _finish(held, task, reading, submission=submission, source=proxies.SOURCE if proxy else source)
    if proxy is not None:
        proxies.note(held, task, proxy)
    return Moved(case=held.case, task=task)


def fire(session: Session, instance_id: int, *, now: datetime) -> bool:
    """Let the due timers of an instance fire; False when none was due any more."""
    held = hold(session, instance_id, by=CLOCK, seat=None, now=now)
    if held.instance.status != "running":
        return False
    step = runtime.fire(held.compiled.definition, held.instance.state, now=now)
    if not step.done:
        held.instance.wake_at = min((timer.due for timer in step.timers), default=None)
        return False
    take(held, step, "期日", target=f"instance:{instance_id}")
    return True


def call_waits(session: Session, instance_id: int, token: str, *, lock: bool = False) -> bool:
    """Whether a process still waits for the outcome of this call; refuses (NotOpen) while its case is stopped."""
    instance = session.get(Instance, instance_id, with_for_update=True if lock else None, populate_existing=lock)
    if instance is None or instance.status not in ("running", "suspended"):
        return False
    if instance.status == "suspended":
        raise NotOpen("このケースは停止中です。再開すると進みます。")
    return runtime.waits_for(instance.state, token)


def answer_call(
    session: Session,
    instance_id: int,
    token: str,
    result: Mapping[str, Any],
    *,
    now: datetime,
    by: Actor = CLOCK,
) -> None:
    """Give the outcome of an outgoing call back to the diagram that waits for it."""
    held = hold(session, instance_id, by=by, seat=None, now=now)
    ensure_running(held)
    take(
        held,
        runtime.complete(held.compiled.definition, held.instance.state, token, result, now=now),
        "応答",
        target=f"instance:{instance_id}",
    )


def send(
    session: Session,
    case_id: int,
    name: str,
    payload: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    key: str | None = None,
) -> None:
    """Send a message to a case: to who awaits it, else to the process that it starts, else it is kept."""
    session.execute(select(Case.id).where(Case.id == case_id).with_for_update())
    outbox = deque([Posted(message=Message(name=name, key=key, payload=dict(payload)), case_id=case_id)])
    deliver_all(session, outbox, by=by, now=now)


def start(
    session: Session,
    case_id: int,
    key: str,
    *,
    facts: Mapping[str, Any],
    by: Actor,
    seat: Seat | None,
    now: datetime,
    at: str | None = None,
) -> Instance:
    """Start a further process in a case."""
    case = find_case(session, case_id, lock=True)
    book = journal.open_book(session, f"case:{case.id}")
    known = {"urgency": case.urgency, "lead": case.lead}
    return begin(
        session,
        case,
        book,
        definitions.current(session, key),
        variables={**known, **facts},
        by=by,
        seat=seat,
        now=now,
        at=at,
    )


def suspend(session: Session, case_id: int, *, reason: str, by: Actor, now: datetime) -> Case:
    """Stop a case for a while (停止): its tasks and timers rest until it goes on."""
    case = _managed(session, case_id, by, expected="open", otherwise="進行中のケースだけを停止できます。")
    case.status, case.moved_at = "suspended", now
    for instance in _instances(session, case_id, "running"):
        instance.status, instance.wake_at = "suspended", None
    session.execute(
        update(Task).where(Task.case_id == case_id, Task.status == "open").values(status="suspended")
    )
    _note(session, case, "停止", by, now, reason)
    return case


def resume(session: Session, case_id: int, *, by: Actor, now: datetime) -> Case:
    """Let a stopped case go on (再開); timers that came due meanwhile fire at the next tick."""
    case = _managed(
        session, case_id, by, expected="suspended", otherwise="停止中のケースだけを再開できます。"
    )
    case.status, case.moved_at = "open", now
    for instance in _instances(session, case_id, "suspended"):
        # Asked at the next tick: a timer that was on its way when the case stopped is not lost.
        instance.status, instance.wake_at = "running", now
    session.execute(
        update(Task).where(Task.case_id == case_id, Task.status == "suspended").values(status="open", remind_at=now)
    )
    _note(session, case, "再開", by, now, "")
    return case


def withdraw(session: Session, case_id: int, *, reason: str, by: Actor, now: datetime) -> Case:
    """取下げ・死亡・転出・重複統合: interrupts every process of the case, each by its own diagram."""
    case = _managed(session, case_id, by, expected="open", otherwise="進行中のケースだけを中断できます。")
    _note(session, case, "中断", by, now, reason)
    for instance in _instances(session, case_id, "running"):
        if any(name == "case.interrupt" for name, _ in instance.awaits):
            held = hold(session, instance.id, by=by, seat=None, now=now)
            message = Message(name="case.interrupt", key=None, payload={})  # why, in words, stands in the journal
            take(
                held,
                runtime.deliver(held.compiled.definition, held.instance.state, message, now=now),
                "中断",
                target=f"instance:{instance.id}",
            )
    return case


def receive(
    session: Session,
    name: str,
    payload: Mapping[str, Any],
    *,
    desk: str,
    kind: str,
    by: Actor,
    now: datetime,
) -> tuple[Case, Instance]:
    """Open a case by a message from outside, at an agency's desk: the process that the message starts begins."""
    version = definitions.started_by(session, name)
    if version is None:
        raise NotFound(f"知らせ「{name}」で始まる手続きが公開されていません。進行管理の担当に知らせてください。")
    case, book = new_case(session, kind, by=by, now=now)
    case.lead = desk
    session.add_all(
        [Relation(case_id=case.id, agency=desk, kind=relation, since=now) for relation in (RECEPTION, LEAD)]
    )
    message = Message(name=name, key=None, payload=dict(payload))
    instance = begin(
        session, case, book, version, variables={"desk": desk, "lead": desk}, message=message, by=by, seat=None, now=now
    )
    return case, instance


def reopen(session: Session, case_id: int, *, reason: str, by: Actor, now: datetime) -> Case:
    """Take a closed case up again (再開): its lead agency consults anew, with all that is known."""
    case = _managed(session, case_id, by, expected="closed", otherwise="終結したケースだけを再び開けます。")
    case.status, case.closed_at, case.closed_reason = "open", None, ""
    _note(session, case, "再相談", by, now, reason)
    desk = case.lead or TOWN
    start(session, case_id, "P-A", facts={"desk": desk, "lead": desk}, by=by, seat=None, now=now, at="A-SE1")
    return case


def find_case(session: Session, case_id: int, *, lock: bool = False) -> Case:
    """A case by its id; whether it may be seen is for `engine.access` to say."""
    case = session.get(Case, case_id, with_for_update=True if lock else None, populate_existing=lock)
    if case is None:
        raise NotFound("そのケースはないか、あなたには開けません。")
    return case


def attempt(
    database: Database,
    work: Callable[[Session], Result],
    *,
    now: datetime,
    task_id: int | None = None,
    instance_id: int | None = None,
) -> Result:
    """Run a move at a door: a failure inside the diagram becomes an incident, noted in a transaction of its own."""
    try:
        return database.attempt(work)
    except StepFailed as failed:
        with database.transaction() as session:
            note_incident(session, failed, task_id=task_id, instance_id=instance_id, now=now)
        raise Stopped(
            "手続きの図に支障があり、進められませんでした。書いた内容は残っています。進行管理の担当に知らせました。"
        ) from failed


def note_incident(
    session: Session,
    failed: StepFailed,
    *,
    task_id: int | None,
    instance_id: int | None,
    now: datetime,
    job_id: int | None = None,
) -> None:
    """Write an incident (支障) that a manager sees; the same one is not written twice while it is open."""
    task = session.get(Task, task_id) if task_id else None
    instance = session.get(Instance, task.instance_id if task else instance_id)
    if instance is None:
        return
    known = session.scalar(
        select(Incident.id).where(
            Incident.instance_id == instance.id,
            Incident.element == failed.element,
            Incident.mended_at.is_(None),
        )
    )
    if known is None:
        session.add(
            Incident(
                case_id=instance.case_id,
                instance_id=instance.id,
                task_id=task_id,
                job_id=job_id,
                element=failed.element,
                expression=(failed.expression or "")[:400],
                sentence=failed.reason_ja[:400],
                noted_at=now,
            )
        )
        line = journal.Line(
            action="支障",
            by=CLOCK,
            case_id=instance.case_id,
            target=f"instance:{instance.id}",
            outcome="失敗",
            particulars={"element": failed.element},
        )
        journal.write(session, line, now=now)


def mend(session: Session, incident_id: int, *, how: str, by: Actor, now: datetime) -> Incident:
    """Mark an incident as mended; the words of how are sealed with the case, in its journal."""
    incident = session.get(Incident, incident_id, with_for_update=True)
    if incident is None or incident.mended_at is not None:
        raise NotOpen("その支障はないか、もう片づいています。")
    incident.mended_at, incident.mended_by, incident.mended_how = now, by.staff_id, "片づけた" if incident.case_id else how[:200]
    line = journal.Line(
        action="支障の解消", by=by, case_id=incident.case_id, target=f"incident:{incident.id}", reason=how[:200]
    )
    journal.write(session, line, now=now)
    return incident


def hold_task(session: Session, task_id: int, *, by: Actor, now: datetime) -> tuple[Task, Held]:
    """A task with its instance, under the lock of its case; one statement."""
    apart = exists().where(
        Interest.case_id == Task.case_id, Interest.staff_id == by.staff_id, Interest.lifted_at.is_(None)
    )
    row = session.execute(
        select(Task, Instance, Case, journal.Book, apart.correlate(Task))
        .join(Instance, Instance.id == Task.instance_id)
        .join(Case, Case.id == Task.case_id)
        .join(journal.Book, journal.Book.name == literal("case:") + cast(Case.id, String))
        .where(Task.id == task_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound("その用件はありません。受信箱から開き直してください。")
    task, instance, case, book, conflict = row
    if conflict:
        raise NotAllowed(tasks.APART)
    return task, held_from(session, instance, case, book, by=by, seat=None, now=now)


def seat_of(task: Task, by: Actor) -> Seat:
    """The seat from which somebody may do this task now; refuses who has none, and what a colleague has in hand."""
    seat = tasks.seat_for(task, by)
    if seat is None:
        raise NotYours("この用件は、あなたの機関の受信箱にありません。")
    if task.holder_id not in (None, by.staff_id):
        raise Conflict(
            "ほかの人が担当している用件です。書いた内容は残っています。担当の人に確かめてください。"
        )
    return seat


def _ensure_another(held: Held, task: Task) -> None:
    """A task that names another one (not-by) is for somebody else than who did that: two people decide."""
    named = held.compiled.node(task.element).properties.get("not-by", "")
    if not named:
        return
    did = select(Task.id).where(
        Task.instance_id == held.instance.id, Task.element.in_([part.strip() for part in named.split(",")]),
        Task.status == "done", Task.done_by == held.by.staff_id,
    )  # fmt: skip
    if held.session.scalar(did.limit(1)) is not None:
        raise NotYours("2人で確かめる用件です。前の用件をした人とは別の人が行ってください。書いた内容は残っています。")


def _finish(held: Held, task: Task, reading: Reading, *, submission: str, source: str) -> None:
    form = held.compiled.forms.get(task.form)
    answers: Mapping[str, Any] = reading(form) if form else {}
    added: Mapping[str, Any] = {}
    if form:
        answers, added = written.before(held, task, form, answers)
    person = written.person_of(held, task, form) if form else None
    by_hand = held.compiled.node(task.element).kind == AD_HOC
    step = (runtime.conclude if by_hand else runtime.complete)(
        held.compiled.definition,
        held.instance.state,
        task.token,
        {**coded(held.compiled, form, answers, now=held.now), **added},
        now=held.now,
    )
    task.status, task.done_at, task.done_by, task.submission = "done", held.now, held.by.staff_id, submission
    task.remind_at = None
    if form:
        record = _record(held, task, form, answers, source)
        held.session.flush()
        task.record_id = record.id
        records.drop_draft(held.session, task.id, by=held.by)
        note_people(held.session, held.case, answers, record, now=held.now)
        effects.note_facts(held, form, answers)
        records.keep_files(held.session, task, record, form)
        written.after(held, task, form, record, answers, person)
    take(held, step, "完了", target=f"task:{task.id}", stage=task.stage, finished_task=task)


def note_people(
    session: Session, case: Case, answers: Mapping[str, Any], record: records.Record, *, now: datetime
) -> None:
    """Note the people whom a record names, so that they are found again."""
    for where, known, shielded in people.from_answers(answers):
        people.note(session, case, known, place=where, shielded=shielded, record_id=record.id, now=now)


def _record(held: Held, task: Task, form: Form, answers: Mapping[str, Any], source: str) -> records.Record:
    node = held.compiled.node(task.element)

    def read(text: str) -> Any:
        """What a property says in FEEL, which sees the answers."""
        return runtime.read(
            held.compiled.definition, held.instance.state, task.token, text, now=held.now,
            answers=form.coded(dict(answers), on=today_of(held.now)),
        )  # fmt: skip

    level = node.properties.get("class", "")
    compartment = read(node.properties.get("compartment", ""))
    return records.write(
        held.session,
        held.case,
        form=form,
        answers=answers,
        version_id=held.instance.version_id,
        by=held.by,
        seat=held.seat if held.seat and held.seat.agency == task.agency else Seat(agency=task.agency, role=task.role),
        now=held.now,
        title=task.title,
        element=task.element,
        instance_id=held.instance.id,
        task_id=task.id,
        raised=records.LEVELS.get(str(read(level) if level.startswith("=") else level), 0),
        source=source,
        compartment=compartment,
        about=written.about(held, form, answers, compartment),
    )


def coded(compiled: Compiled, form: Form | None, answers: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """What may enter the run's variables: coded fields that some expression of this version reads."""
    if form is None:
        return {}
    return {key: value for key, value in form.coded(dict(answers), on=today_of(now)).items() if key in compiled.definition.reads}


def _managed(session: Session, case_id: int, by: Actor, *, expected: str, otherwise: str) -> Case:
    case = find_case(session, case_id, lock=True)
    if not (by.roles & {"sui", "kcho"} or (case.lead and case.lead in by.agencies)):
        raise NotAllowed("これは主担当の機関か、福祉課の推進員・課長ができます。")
    if case.status != expected:
        raise NotOpen(otherwise)
    return case


def _instances(session: Session, case_id: int, status: str) -> list[Instance]:
    return list(
        session.scalars(
            select(Instance)
            .where(Instance.case_id == case_id, Instance.status == status)
            .order_by(Instance.id)
        )
    )


def _note(session: Session, case: Case, action: str, by: Actor, now: datetime, reason: str) -> None:
    journal.write(
        session,
        journal.Line(action=action, by=by, case_id=case.id, target=f"case:{case.id}", reason=reason),
        now=now,
    )
