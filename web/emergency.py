"""The emergency mode (緊急モード): begun, watched, and for the teams one line a household, saved at once."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from engine import agencies, cases, disasters, shortcuts, sweeps
from engine.casebook import Case
from engine.disasters import Disaster
from engine.errors import NotAllowed, NotFound, Refused
from engine.sweeps import Home, Twice
from engine.tasks import Task
from forms import moments
from forms.answers import Context
from forms.errors import AnswersRefused
from forms.fields import every
from forms.schema import Form
from web import door, emergency_paper
from web.door import MANAGERS, only, signed_in

pages = Blueprint("emergency", __name__, url_prefix="/emergency")
PROCESS, START = "P-F", "M-SE"
#: What one line of the grid asks; the rest of the form is for the page of the household.
ASKED = ("anpi", "houhouAnpi", "juka", "hitsuyo", "basho", "saihou", "memo")
LARGEST_PACK = 2_000_000
Typed = dict[str, list[str]]


def register(app: Flask) -> None:
    """Let every page tell that an emergency mode holds."""
    app.context_processor(lambda: {"emergencies": _band})


@pages.get("")
@signed_in
def page() -> str:
    """The register of disasters, the modes that hold, and one's own teams."""
    with door.reading() as session:
        held = disasters.active(session, now=door.now())
        return render_template(
            "emergency/index.html", held=held, known=[one for one in disasters.register(session) if one not in held],
            teams={one.id: sweeps.teams_of(session, one, door.actor()) for one in held}, agencies=agencies.names(session),
            begins="kcho" in door.actor().roles, submission=uuid.uuid4().hex,
            followed=sweeps.followed(session) if door.actor().roles & {*MANAGERS, "ppo"} else [],
        )  # fmt: skip


@pages.post("")
@only("kcho")
def begin() -> Answer:
    """Open the mode's own case; its first task is the decision itself."""
    submission = f"emergency:{request.form.get('_submission', '')}"[:64]
    task_id = cases.attempt(door.database(), lambda session: _begin(session, submission), now=door.now())
    return door.there("tasks.page", task_id=task_id)


@pages.get("/<int:disaster_id>")
@signed_in
def progress(disaster_id: int) -> str:
    """How far the teams have come: numbers only; for those who coordinate also the shortcuts that were taken."""
    with door.reading() as session:
        disaster = _found(session, disaster_id)
        mine = sweeps.teams_of(session, disaster, door.actor())
        if not (mine or door.actor().roles & {*MANAGERS, "ppo"}):
            raise NotAllowed("この画面は、班の人と、推進員・課長・個人情報保護管理者が開けます。")
        uses = shortcuts.uses(session, disaster) if door.actor().roles & {*MANAGERS, "ppo"} else []
        numbers = dict(session.execute(select(Case.id, Case.number).where(Case.id.in_({use.case_id for use in uses}))).all())
        return render_template(
            "emergency/progress.html", disaster=disaster, figures=sweeps.figures(session, disaster), mine=mine, uses=uses,
            numbers=numbers, agencies=agencies.names(session), holds=disasters.holds(disaster, now=door.now()),
            staff_names=agencies.staff_names(session, [use.staff_id or 0 for use in uses]),
        )  # fmt: skip


@pages.get("/<int:disaster_id>/teams/<team>")
@signed_in
def grid(disaster_id: int, team: str) -> str:
    """The households of one's team, one line each."""
    with door.writing() as session:
        disaster, homes, form, names = _team(session, disaster_id, team, "安否確認の一覧")
        open_only = request.args.get("show") == "open"
        shown = [home for home in homes if not open_only or home.row.answer in ("", disasters.NOT_FOUND)]
        return render_template(
            "emergency/grid.html", disaster=disaster, team=team, team_name=names.get(team, team), homes=shown, all=len(homes),
            asked=_asked(form), labels=_labels(form), open_only=open_only, saved=request.args.get("saved", 0, int),
        )  # fmt: skip


@pages.post("/rows/<int:row_id>")
@signed_in
def save(row_id: int) -> Answer | Response | tuple[str, int] | tuple[Response, int]:
    """Save one household; a second answer shows both, and nothing typed is lost."""
    typed = {name: request.form.getlist(name) for name in request.form if not name.startswith("_")}
    asks_json = request.headers.get("Accept") == "application/json"
    try:
        row = _saved(row_id, typed)
    except Twice as twice:
        with door.reading() as session:
            labels = _labels(sweeps.form(session))
        theirs = labels.get(twice.answer, twice.answer)
        if asks_json:
            return jsonify(sentence=twice.sentence, theirs=theirs, seen=twice.version), 409
        shown = render_template(
            "emergency/twice.html", row_id=row_id, twice=twice, theirs=theirs, typed=typed, words=_words(typed, labels)
        )
        return shown, 409
    except AnswersRefused as refused:
        sentences = [problem.sentence for problem in refused.problems]
        if asks_json:
            return jsonify(sentence="。".join(sentences)), 422
        return render_template("emergency/wrong.html", sentences=sentences), 422
    except Refused as error:
        if asks_json:
            return jsonify(sentence=error.sentence), 403
        raise
    if asks_json:
        return jsonify(answer=row.answer, lane=row.lane, seen=row.version, at=f"{door.now():%H:%M}", by=door.actor().name)
    return door.there("emergency.grid", disaster_id=row.disaster_id, team=row.team, saved=row.id, _anchor=f"row-{row.id}")


@pages.get("/<int:disaster_id>/teams/<team>/list.pdf")
@signed_in
def paper(disaster_id: int, team: str) -> Response:
    """The team's list on A4, to be carried along; journalled on every household."""
    with door.writing() as session:
        disaster, homes, form, names = _team(session, disaster_id, team, "安否確認の一覧を印刷")
        content = emergency_paper.listed(disaster, names.get(team, team), homes, _labels(form), by=door.actor(), now=door.now())
    headers = {"Content-Disposition": f"inline; filename=safety-{disaster.id}-{team}.pdf"}
    return Response(content, mimetype="application/pdf", headers=headers)


@pages.get("/<int:disaster_id>/teams/<team>/pack.html")
@signed_in
def pack(disaster_id: int, team: str) -> Response:
    """One file that works without a network: taken along, filled in, read back."""
    with door.writing() as session:
        disaster, homes, form, names = _team(session, disaster_id, team, "安否確認の持ち出し")
        rows = [_carried(home) for home in homes]
        text = render_template(
            "emergency/pack.html", disaster=disaster, team=team, team_name=names.get(team, team), asked=_asked(form),
            data=json.dumps({"disaster": disaster.id, "team": team, "made": door.now().isoformat(), "rows": rows}, ensure_ascii=False),
            made_by=door.actor().name,
        )  # fmt: skip
    # Saved as a file, never shown here: its own script runs on the device that carries it.
    return Response(
        text, mimetype="text/html", headers={"Content-Disposition": f"attachment; filename=safety-{disaster.id}-{team}.html"}
    )


@pages.post("/<int:disaster_id>/pack")
@signed_in
def unpack(disaster_id: int) -> str:
    """Read a pack back: every line is taken for itself, and lines that somebody answered meanwhile are shown with both."""
    told = _pack_of(request.files["pack"].read(LARGEST_PACK + 1) if "pack" in request.files else b"")
    if told.get("disaster") != disaster_id:
        raise NotFound("この緊急モードの持ち出しファイルではありません。ファイルを選び直してください。")
    taken, twice, wrong = 0, [], []
    with door.reading() as session:
        labels = _labels(sweeps.form(session))
    for said in told["rows"]:
        typed, row_id = _typed_of(said), int(said["row"])
        submission = f"pack-{row_id}-{said.get('at', '')}"[:64]
        try:
            _saved(row_id, typed, seen=int(said.get("seen", 0)), submission=submission, source="持ち出し")
            taken += 1
        except Twice as both:
            twice.append((row_id, both, labels.get(both.answer, both.answer), typed, _words(typed, labels)))
        except AnswersRefused as refused:
            wrong.append((row_id, "。".join(problem.sentence for problem in refused.problems)))
        except Refused as refused:
            wrong.append((row_id, refused.sentence))
    return render_template(
        "emergency/unpacked.html", disaster_id=disaster_id, team=str(told.get("team", "")), taken=taken, twice=twice, wrong=wrong
    )


@pages.post("/cases/<int:case_id>/shortcuts")
@signed_in
def shorten(case_id: int) -> Answer:
    """Take a shortcut in a case: what has to be written down later is asked for later."""
    with door.writing() as session:
        shortcuts.take(session, case_id, request.form.get("shortcut", ""), by=door.actor(), now=door.now())
    return door.there("cases.page", case_id=case_id, noted=1)


def _begin(session: Session, submission: str) -> int:
    desk = next(seat.agency for seat in door.actor().seats if seat.role == "kcho")
    same = session.scalar(select(Task.id).where(Task.submission == submission, Task.holder_id == door.actor().staff_id))
    if same is not None:
        return same
    case, _ = cases.open_case(session, PROCESS, by=door.actor(), desk=desk, now=door.now(), at=START)
    session.flush()
    first = session.scalars(select(Task).where(Task.case_id == case.id, Task.status == "open")).one()
    first.holder_id, first.held_at, first.submission = door.actor().staff_id, door.now(), submission
    return first.id


def _saved(row_id: int, typed: Typed, *, seen: int | None = None, submission: str = "", source: str = "一括入力") -> Any:
    typed.setdefault("houhouAnpi", ["訪問"])
    typed.setdefault("at", [f"{moments.write_short(door.now().date())} {moments.write_time(door.now())}"])
    version = seen if seen is not None else request.form.get("_seen", 0, int)
    return cases.attempt(
        door.database(),
        lambda session: sweeps.answer(
            session, row_id, lambda form: form.read(typed, context=Context(now=door.now())), seen=version, by=door.actor(),
            now=door.now(), submission=(submission or request.form.get("_submission") or uuid.uuid4().hex)[:64], source=source,
        ),
        now=door.now(),
    )  # fmt: skip


def _team(session: Session, disaster_id: int, team: str, action: str) -> tuple[Disaster, list[Home], Form, dict[str, str]]:
    disaster = _found(session, disaster_id)
    homes = sweeps.homes(session, disaster, team, by=door.actor(), now=door.now(), action=action)
    return disaster, homes, sweeps.form(session), agencies.names(session)


def _found(session: Session, disaster_id: int) -> Disaster:
    disaster = session.get(Disaster, disaster_id)
    if disaster is None:
        raise NotFound("その災害は台帳にありません。緊急モードの画面から開き直してください。")
    return disaster


def _asked(form: Form) -> dict[str, Any]:
    return {one.key: one for one in every(form.fields) if one.key in ASKED}


def _labels(form: Form) -> dict[str, str]:
    return {choice.value: choice.label for choice in _asked(form)["anpi"].choices}


def _words(typed: Mapping[str, list[str]], labels: Mapping[str, str]) -> str:
    return "・".join(labels.get(text, text) for name in ASKED for text in typed.get(name, []) if text and name != "houhouAnpi")


def _carried(home: Home) -> dict[str, Any]:
    said = home.person
    return {
        "row": home.row.id, "seen": home.row.version, "place": home.row.place, "number": home.number, "name": said.name, "kana": said.kana,
        "address": said.address, "tel": said.tel, "reason": said.reason, "care": said.care,
        "others": [other.name for other in home.others], "anpi": home.row.answer,
    }  # fmt: skip


def _pack_of(content: bytes) -> dict[str, Any]:
    """The JSON that a pack wrote; also out of a pack that was saved whole as a page."""
    text = content.decode("utf-8-sig", "replace")
    inside = re.search(r'<script type="application/json" id="answers">(.*?)</script>', text, re.S)
    try:
        told = json.loads(inside.group(1) if inside else text)
        if len(content) > LARGEST_PACK or not isinstance(told.get("rows"), list):
            raise ValueError
        for said in told["rows"]:
            int(said["row"]), int(said.get("seen", 0))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotFound("持ち出しファイルとして読めません。「書き出す」で作ったファイルを選んでください。") from error
    found: dict[str, Any] = told
    return found


def _typed_of(said: Mapping[str, Any]) -> Typed:
    typed: Typed = {}
    for name in (*ASKED, "at"):
        value = said.get(name)
        texts = [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []
        if texts:
            typed[name] = [text[:1000] for text in texts[:20]]
    return typed


def _band() -> list[Disaster]:
    with door.reading() as session:
        return disasters.active(session, now=door.now())
