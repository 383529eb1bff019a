"""A case: its state, what happened, its records, where its processes stand, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, g, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import access, agencies, cases, journal, people, proxies, records, shortcuts
from engine.access import Sight
from engine.casebook import Case, Incident, Instance, Relation, relations
from engine.definitions import Process, compiled
from engine.errors import NotFound
from engine.journal import Entry
from engine.tasks import Task, seat_for
from web import deciding, diagram, door
from web.door import signed_in

pages = Blueprint("cases", __name__, url_prefix="/cases")
#: Looks at a case are for the data protection officer; the timeline tells what happened.
UNTOLD = ("閲覧", "添付を開く", "段階", "番号")
TOLD = {
    "開始": "手続きを始めた",
    "期日": "期日が来た",
    "受信": "ほかの手続きから知らせを受けた",
    "つなぐ": "つなぐシートを送った",
    "完了": "済ませた",
    "活動を始める": "活動を始めた",
    "代行入力": "ほかの人の答えを代わりに入力した",
}
TIMELINE = 200
ACTIONS: Mapping[str, Callable[..., Any]] = {
    "suspension": cases.suspend, "resumption": cases.resume, "withdrawal": cases.withdraw, "reopening": cases.reopen,
}  # fmt: skip


@pages.get("/<int:case_id>")
@signed_in
def page(case_id: int) -> str:
    """The case as far as this person may see it; one read in the journal."""
    g.case_id = case_id
    with door.writing() as session:
        case = cases.find_case(session, case_id)
        seen = access.open_case_page(session, door.actor(), case, purpose="ケース", now=door.now())
        return render_template(
            "case.html", case=case, seen=seen, done=request.args.get("done"),
            eased=shortcuts.offered(session, now=door.now()), **_told(session, case, seen),
        )


@pages.get("/<int:case_id>/diagrams/<int:instance_id>")
@signed_in
def drawing(case_id: int, instance_id: int) -> str:
    """One process of the case, drawn, with its outline beside it."""
    g.case_id = case_id
    with door.writing() as session:
        case = cases.find_case(session, case_id)
        seen = access.open_case_page(session, door.actor(), case, purpose="進み方の図", now=door.now())
        instance = _instance(session, seen, instance_id)
        return render_template(
            "diagram.html",
            case=case,
            instance=instance,
            drawn=_drawn(session, instance),
            name=_names(session)[instance.key],
        )


@pages.post("/<int:case_id>/<action>")
@signed_in
def act(case_id: int, action: str) -> Response | tuple[str, int]:
    """停止, 再開, 中断, 再相談."""
    g.case_id = case_id
    with door.writing() as session:
        case = cases.find_case(session, case_id)
        access.open_case_page(session, door.actor(), case, purpose="ケース", now=door.now())
    if action not in ACTIONS:
        return render_template(
            "refusal.html", title="見つかりません", sentence="受信箱から開き直してください。"
        ), 404
    reason = request.form.get("reason", "").strip()
    if action != "resumption" and not reason:
        return _asked_again(case, "理由を入力してください。あとから見た人が分かるように、短くて構いません。")
    said = {} if action == "resumption" else {"reason": reason}
    cases.attempt(
        door.database(),
        lambda session: ACTIONS[action](session, case_id, by=door.actor(), now=door.now(), **said),
        now=door.now(),
    )
    return door.there("cases.page", case_id=case_id)


def _asked_again(case: Case, sentence: str) -> tuple[str, int]:
    return render_template(
        "refusal.html", title="理由が必要です", sentence=sentence, back=f"/cases/{case.id}"
    ), 422


def _told(session: Session, case: Case, seen: Sight) -> dict[str, Any]:
    offices = agencies.names(session)
    common = {
        "agencies": offices, "relations": _involved(session, case, seen), "open_tasks": _open_tasks(session, case, seen),
        "directs": bool(door.actor().roles & door.MANAGERS or (case.lead and case.lead in door.actor().agencies)),
        "mine": lambda task: seat_for(task, door.actor()) is not None,
        "may_type": lambda task: proxies.seat_for(session, case, task, door.actor(), now=door.now()) is not None,
    }  # fmt: skip
    if seen.level < 2:
        return {
            **common,
            "timeline": (),
            "records": (),
            "files": (),
            "people": (),
            "instances": (),
            "incidents": (),
            "staff_names": {},
            "granted": _granted(session, case, seen),
            "drawn": None,
            "stage_of": _stage(common["open_tasks"]),
        }
    found = records.of_case(session, seen)
    timeline = _timeline(session, case)
    instances = list(
        session.scalars(select(Instance).where(Instance.case_id == case.id).order_by(Instance.id))
    )
    here = _standing(instances, _open_tasks(session, case, seen))
    names = _names(session)
    staff = agencies.staff_names(session, _staff_ids(common["open_tasks"], timeline, found))
    return {
        **common, "timeline": timeline, "records": list(reversed(found)), "granted": (), "staff_names": staff,
        "files": records.attachments(session, seen, case), "people": _people(session, case),
        "incidents": list(session.scalars(select(Incident).where(Incident.case_id == case.id, Incident.mended_at.is_(None)))),
        "instances": [(one, names.get(one.key, one.key)) for one in instances],
        "drawn": _drawn(session, here, near=True) if here else None, "drawn_of": here, "told": TOLD,
        "stage_of": _stage(common["open_tasks"]), "decisions": deciding.told(session, timeline, instances) if seen.level >= 3 else {},
        "words": _words(session, instances),
        "reasons": {entry.id: journal.reason_of(session, entry, case) for entry in timeline},
    }  # fmt: skip


def _granted(session: Session, case: Case, seen: Sight) -> Sequence[records.Record]:
    return records.of_case(session, seen)


def _standing(instances: list[Instance], open_tasks: Sequence[Task]) -> Instance | None:
    """The process to draw: where the next task lies, else the last that still runs."""
    running = [one for one in instances if one.status in ("running", "suspended")]
    with_task = [one for one in running if open_tasks and one.id == open_tasks[0].instance_id]
    return next(iter(with_task or reversed(running)), None)


def _people(session: Session, case: Case) -> list[tuple[people.Person, people.Particulars]]:
    """The people of a case, each once although several forms name them."""
    named = {
        (person.place, said.name, said.birth): (person, said)
        for person, said in people.of_case(session, case)
    }
    return list(named.values())


def _involved(session: Session, case: Case, seen: Sight) -> dict[str, list[Relation]]:
    """Agency → its relations to the case; who knows only that the case exists learns of no other agency."""
    found: dict[str, list[Relation]] = {}
    for relation in relations(session, case.id):
        if seen.level < 2 and relation.agency not in door.actor().agencies:
            continue
        found.setdefault(relation.agency, []).append(relation)
    return found


def _open_tasks(session: Session, case: Case, seen: Sight) -> list[Task]:
    waiting = select(Task).where(Task.case_id == case.id, Task.status.in_(("open", "suspended")))
    found = session.scalars(waiting.order_by(Task.due_at.is_(None), Task.due_at, Task.id))
    return [task for task in found if seen.level >= 2 or task.agency in door.actor().agencies]


def _stage(open_tasks: Any) -> str:
    return next((task.stage for task in open_tasks if task.stage), "")


def _timeline(session: Session, case: Case) -> list[Entry]:
    rows = session.scalars(
        select(Entry).where(Entry.case_id == case.id, Entry.action.not_in(UNTOLD), Entry.outcome == "行った")
        .order_by(Entry.id.desc()).limit(TIMELINE)
    )  # fmt: skip
    return list(rows)


def _staff_ids(open_tasks: Any, timeline: list[Entry], found: list[records.Record]) -> set[int]:
    ids = (
        {task.holder_id for task in open_tasks}
        | {entry.staff_id for entry in timeline}
        | {record.author_id for record in found}
    )
    return {one for one in ids if one}


def _words(session: Session, instances: list[Instance]) -> Mapping[str, str]:
    """Target of a journal line (`task:3`) → the step's title."""
    known = (
        session.execute(select(Task.id, Task.title).where(Task.case_id == instances[0].case_id))
        if instances
        else ()
    )
    return {f"task:{task_id}": title for task_id, title in known}


def _instance(session: Session, seen: Sight, instance_id: int) -> Instance:
    instance = session.get(Instance, instance_id)
    if instance is None or instance.case_id != seen.case_id or seen.level < 2:
        raise NotFound("その図はないか、あなたには開けません。")
    return instance


def _drawn(session: Session, instance: Instance, *, near: bool = False) -> list[diagram.Drawing]:
    """The main diagram and those called ones in which the case has been or stands; near: the last that it stands in."""
    steps = session.execute(select(Task.element, Task.status).where(Task.instance_id == instance.id)).all()
    done = frozenset(element for element, state in steps if state == "done")
    version = compiled(session, instance.version_id)
    resting = (
        diagram.resting(version.definition, instance, now=door.now())
        if instance.status == "running"
        else frozenset()
    )
    active = resting | frozenset(element for element, state in steps if state in ("open", "suspended"))
    sources = {version.bundle.name: version.bundle.main, **version.bundle.called}
    drawn = [
        diagram.draw(source, name=name, done=done, active=active, near=near)
        for name, source in sources.items()
        if name == version.bundle.name or diagram.holds(source, name, done | active)
    ]
    return [next((one for one in reversed(drawn) if one.active), drawn[0])] if near else drawn


def _names(session: Session) -> dict[str, str]:
    return {row.key: row.name for row in session.execute(select(Process.key, Process.name))}
