"""One task: its form beside the case's facts, its draft, its completion."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, g, jsonify, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.utils import secure_filename
from werkzeug.wrappers import Response as Answer

from engine import access, agencies, cases, meetings, offers, proxies, records, tasks
from engine.access import Sight
from engine.casebook import Case, Instance
from engine.definitions import compiled
from engine.errors import AlreadyDone, Conflict, NotAllowed, NotOpen, NotYours
from engine.tasks import Task
from forms.answers import Context
from forms.errors import AnswersRefused, Problem
from forms.fields import every
from forms.schema import Form
from web import door, lists, paper, proxy
from web.door import signed_in

pages = Blueprint("tasks", __name__, url_prefix="/tasks")
Typed = dict[str, list[str]]
#: How many earlier records stand open beside a form.
BESIDE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A task laid out: what its page, its draft and its completion all need."""

    task: Task
    case: Case
    form: Form | None
    seen: Sight
    context: Context
    title: str
    instructions: str
    drops: bool
    own: bool


@pages.get("/<int:task_id>")
@signed_in
def page(task_id: int) -> str:
    """The task with its form, as far as it is filled in."""
    with door.writing() as session:
        desk = _desk(session, task_id)
        saved = records.draft(session, desk.case, task_id, by=door.actor())
        typed = saved[0] if saved else _begun(session, desk)
        return _render(session, desk, typed, saved_at=saved[1] if saved else None)


@pages.post("/<int:task_id>/draft")
@signed_in
def draft(task_id: int) -> Response | Answer:
    """Keep what is typed, whatever it is; also adds and removes rows and takes files in."""
    wish = request.form.get("_do", "save")
    with door.writing() as session:
        desk = _own_desk(session, task_id)
        typed = _changed(desk, wish, _with_files(session, desk, _typed()))
        kept = desk.form.draft(typed) if desk.form else {}
        at = records.save_draft(session, desk.case, task_id, kept, by=door.actor(), now=door.now())
    if request.headers.get("Accept") == "application/json":
        return jsonify(saved=f"{at:%H:%M}")
    return door.there("tasks.page", task_id=task_id, _anchor=_place_after(wish))


@pages.post("/<int:task_id>/completion")
@signed_in
def complete(task_id: int) -> Answer | tuple[str, int]:
    """Hand the form in: the step is done, or every problem is told and nothing typed is lost."""
    typed = _kept_files(task_id)
    told = proxy.typed() if proxy.asked() else None
    if told is not None and told.proxy is None:
        return _refused(task_id, typed, told.problems + _also_wrong(task_id, typed), told), 422
    try:
        moved = cases.attempt(
            door.database(),
            lambda session: cases.complete(
                session, task_id, lambda form: form.read(typed, context=_context(session, task_id)), by=door.actor(),
                now=door.now(), submission=request.form.get("_submission", ""), proxy=told.proxy if told else None,
            ),
            now=door.now(), task_id=task_id,
        )  # fmt: skip
    except AnswersRefused as refused:
        return _refused(task_id, typed, refused.problems, told), 422
    except NotYours as error:
        with door.writing() as session:
            access.note_refusal(session, door.actor(), target="tasks.complete", case_id=_case_of(session, task_id), now=door.now())
        return _too_late(task_id, typed, error), 403
    except (AlreadyDone, Conflict, NotOpen) as error:
        return _too_late(task_id, typed, error), 409
    return _onwards(moved.case.id, task_id)


@pages.post("/<int:task_id>/activities")
@signed_in
def begin_activity(task_id: int) -> Answer:
    """Start one of the activities that come up in no fixed order; its task opens, if it is one's own."""
    chosen, submission = request.form.get("activity", ""), request.form.get("_submission", "")
    opened = cases.attempt(
        door.database(),
        lambda session: offers.perform(session, task_id, chosen, by=door.actor(), now=door.now(), submission=submission),
        now=door.now(), task_id=task_id,
    )  # fmt: skip
    if opened is not None and tasks.seat_for(opened, door.actor()):
        return door.there("tasks.page", task_id=opened.id)
    return door.there("tasks.page", task_id=task_id, begun=1)


@pages.post("/<int:task_id>/claim")
@signed_in
def claim(task_id: int) -> Answer:
    """Take it in hand."""
    with door.writing() as session:
        tasks.claim(session, task_id, by=door.actor(), now=door.now())
    return door.there("tasks.page", task_id=task_id)


@pages.post("/<int:task_id>/release")
@signed_in
def release(task_id: int) -> Answer:
    """Put it back for colleagues; the draft stays with its writer."""
    with door.writing() as session:
        tasks.release(session, task_id, by=door.actor(), now=door.now())
    return door.there("inbox.page", tab="unclaimed")


@pages.post("/<int:task_id>/delegation")
@signed_in
def delegate(task_id: int) -> Answer:
    """Hand it to a colleague."""
    with door.writing() as session:
        tasks.delegate(session, task_id, request.form.get("to", 0, int), by=door.actor(), now=door.now())
    return door.there("tasks.page", task_id=task_id)


def _onwards(case_id: int, task_id: int) -> Answer:
    """To the case; to the inbox for who was asked for this one task only and has no ground to see it any more."""
    with door.reading() as session:
        seen = access.sight(session, door.actor(), cases.find_case(session, case_id), now=door.now())
    if seen is None:
        return door.there("inbox.page", finished=task_id)
    return door.there("cases.page", case_id=case_id, done=task_id)


def _desk(session: Session, task_id: int) -> Desk:
    task, case = _found(session, task_id)
    other = proxy.asked() or tasks.seat_for(task, door.actor()) is None
    purpose = proxies.SOURCE if other else "用件"
    seen = access.open_case_page(session, door.actor(), case, purpose=purpose, now=door.now())
    return _laid_out(session, task, case, seen)


def _own_desk(session: Session, task_id: int) -> Desk:
    task, case = _found(session, task_id)
    tasks.ensure_open(session, task)
    seen = access.sight(session, door.actor(), case, now=door.now())
    if seen is None:
        raise NotAllowed("このケースは、あなたの機関では開けません。")
    return _laid_out(session, task, case, seen)


def _found(session: Session, task_id: int) -> tuple[Task, Case]:
    task = session.get(Task, task_id)
    g.case_id = task.case_id if task else None
    case = session.get(Case, task.case_id) if task else None
    if task is None or case is None or proxies.seat_for(session, case, task, door.actor(), now=door.now()) is None:
        raise NotYours("この用件は、あなたの機関の受信箱にありません。受信箱から開き直してください。")
    return task, case


def _laid_out(session: Session, task: Task, case: Case, seen: Sight) -> Desk:
    version = compiled(session, session.get_one(Instance, task.instance_id).version_id)
    form = version.forms.get(task.form)
    node = version.node(task.element)
    context = (
        lists.asking(session, task, form, case, by=door.actor(), seen=seen, now=door.now())
        if form
        else Context(now=door.now())
    )
    return Desk(
        task=task, case=case, form=form, seen=seen, context=context, title=task.title,
        instructions=node.instructions, drops=node.cancel_remaining,
        own=tasks.seat_for(task, door.actor()) is not None,
    )  # fmt: skip


def _context(session: Session, task_id: int) -> Context:
    return _own_desk(session, task_id).context


def _begun(session: Session, desk: Desk) -> Typed:
    """A blank page begins with what is known: computed values and earlier records that this task names."""
    if desk.form is None:
        return {}
    node = compiled(session, session.get_one(Instance, desk.task.instance_id).version_id).node(desk.task.element)
    wanted = tuple(key.strip() for key in node.properties.get("prefill", "").split(",") if key.strip())
    earlier = [
        (record.form, records.read(session, desk.seen, record, desk.case).answers)
        for record in reversed(records.of_case(session, desk.seen)) if record.form in wanted
    ]  # fmt: skip
    return desk.form.prefill(earlier, context=desk.context)


def _typed() -> Typed:
    return {name: request.form.getlist(name) for name in request.form if not name.startswith("_")}


def _with_files(session: Session, desk: Desk, typed: Typed) -> Typed:
    """Files are stored at once, so that a refused form does not lose them; their ids stand where answers stand."""
    named = (
        {one.path: one for one in every(desk.form.fields) if one.kind in ("file", "files")}
        if desk.form
        else {}
    )
    for name, file in request.files.items(multi=True):
        field = named.get(name.removesuffix(".new"))
        content = file.read() if field and file.filename else b""
        if field is None or not content:
            continue
        seat = tasks.seat_for(desk.task, door.actor()) or desk.seen.seat
        stored = records.attach(
            session, desk.case, name=_file_name(file.filename or ""), media_type=file.mimetype or "application/octet-stream",
            content=content, by=door.actor(), seat=seat, now=door.now(), task_id=desk.task.id, field=field.path,
            level=records.LEVELS[field.class_] if field.class_ != "L5" else 4,
            compartment=meetings.compartment_of(session, desk.task, now=door.now()),
        )  # fmt: skip
        typed.setdefault(field.path, []).append(str(stored.id))
    return typed


def _file_name(given: str) -> str:
    # Names of the town are Japanese: only what paths and headers could misread is taken out.
    return (
        "".join(c for c in given.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())[:120]
        or secure_filename(given)
        or "添付"
    )


def _kept_files(task_id: int) -> Typed:
    typed = _typed()
    if any(file.filename for file in request.files.values()):
        with door.writing() as session:
            desk = _own_desk(session, task_id)
            typed = _with_files(session, desk, typed)
            records.save_draft(
                session,
                desk.case,
                task_id,
                desk.form.draft(typed) if desk.form else {},
                by=door.actor(),
                now=door.now(),
            )
    return typed


def _changed(desk: Desk, wish: str, typed: Typed) -> Typed:
    verb, _, place = wish.partition(":")
    if verb == "add" and desk.form:
        return paper.more(typed, place, every(desk.form.fields))
    if verb == "remove":
        return paper.less(typed, place)
    if verb == "drop":
        name, _, file = place.rpartition("=")
        return {**typed, name: [one for one in typed.get(name, []) if one != file]}
    return typed


def _place_after(wish: str) -> str | None:
    verb, _, place = wish.partition(":")
    if verb in ("add", "drop"):
        return paper.identify(place.partition("=")[0])
    return paper.identify(place.rpartition(".")[0]) if verb == "remove" else None


def _also_wrong(task_id: int, typed: Typed) -> tuple[Problem, ...]:
    """Problems of the form itself, to be told together with those above it."""
    with door.reading() as session:
        desk = _own_desk(session, task_id)
        try:
            if desk.form:
                desk.form.read(typed, context=desk.context)
        except AnswersRefused as refused:
            return refused.problems
    return ()


def _refused(task_id: int, typed: Typed, problems: tuple[Problem, ...], told: proxy.Told | None) -> str:
    with door.writing() as session:
        desk = _own_desk(session, task_id)
        at = records.save_draft(
            session,
            desk.case,
            task_id,
            desk.form.draft(typed) if desk.form else {},
            by=door.actor(),
            now=door.now(),
        )
        return _render(session, desk, typed, saved_at=at, problems=problems, told=told)


def _too_late(task_id: int, typed: Typed, error: AlreadyDone | Conflict | NotOpen | NotYours) -> str:
    """Somebody else was first: who and when, and every word that was typed, to copy."""
    with door.reading() as session:
        task = session.get(Task, task_id)
        form = (
            compiled(session, session.get_one(Instance, task.instance_id).version_id).forms.get(task.form)
            if task
            else None
        )
        return render_template("too_late.html", task=task, sentence=error.sentence, words=_words(form, typed))


def _case_of(session: Session, task_id: int) -> int | None:
    task = session.get(Task, task_id)
    return task.case_id if task else None


def _words(form: Form | None, typed: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    labels = {one.path: one.label for one in every(form.fields) if one.asks} if form else {}
    found = []
    for name, texts in typed.items():
        label = labels.get(".".join(part for part in name.split(".") if not part.isdecimal()))
        if label and any(text.strip() for text in texts):
            found.append((label, "、".join(texts)))
    return found


def _render(
    session: Session, desk: Desk, typed: Typed, *, saved_at: Any = None, problems: tuple[Problem, ...] = (),
    told: proxy.Told | None = None,
) -> str:  # fmt: skip
    parts: tuple[paper.Part, ...] = ()
    if desk.form:
        shown = desk.form.shown(typed, context=desk.context)
        parts = paper.page(desk.form, typed, shown, desk.context, problems)
    telling = lists.telling(session, desk.case, desk.seen, now=door.now())
    earlier = [
        records.read(session, desk.seen, record, desk.case)
        for record in records.of_case(session, desk.seen)[-BESIDE:]
    ]
    return render_template(
        "task.html", desk=desk, task=desk.task, case=desk.case, parts=parts, problems=problems, saved_at=saved_at,
        submission=request.form.get("_submission") or uuid.uuid4().hex, identify=paper.identify,
        earlier=[(read, read.form.describe(read.answers, context=telling)) for read in reversed(earlier)],
        staff_names=agencies.staff_names(session, [desk.task.holder_id or 0, *(read.record.author_id or 0 for read in earlier)]),
        agencies=agencies.names(session), colleagues=agencies.members(session, desk.task.agency, today=agencies.today_of(door.now())),
        here=url_for("tasks.page", task_id=desk.task.id),
        told=told or (proxy.blank() if proxy.asked() or not desk.own else None), ways=proxies.WAYS,
        offered=offers.offered(session, desk.task, now=door.now()),
    )  # fmt: skip
