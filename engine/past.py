"""Cases from before the system (過去のケース): taken in from a file, found by name, and opened again like any other.

The town began in 平成30年度 (the plan, 第2章1).  A closed one is a record without a process; an open one begins the
consultation at its agency's desk with what is known, so that it waits for somebody.  What was written before stands
in the intake's form (F-A01) with its original day; the journal tells when it was taken in.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import agencies, cases, definitions, journal, people, records, registers, tasks
from engine.agencies import Actor, Seat
from engine.casebook import LEAD, RECEPTION, Case, Relation
from engine.db import JST
from engine.definitions import compiled
from engine.errors import Refused
from engine.moves import new_case
from engine.register_files import typed_cell
from engine.tasks import Task
from forms import codes, moments
from forms.answers import Answers, Context
from forms.errors import AnswersRefused
from forms.fields import Choice, Field, every
from forms.schema import Form
from forms.sheets import Row

PROCESS, START, INTAKE = "P-A", "A-SE1", "F-A01"
SOURCE = "過去の記録"
NUMBER, DAY, DESK, CLOSED, REASON = "以前の番号", "受付した日", "受付した機関", "終結した日", "終結の理由"
#: The channel of a row that names none: その他 (C01).
OTHER = "99"
#: Columns beside these five, by the names of the intake's fields.
FIELDS = ("keiro", "gaiyo", "komari", "known", "sei", "mei", "seiKana", "meiKana", "sex", "birth", "addr", "chiku", "tel1", "shien")


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    """What one row becomes; `sentences` say why it cannot be taken in."""

    number: int
    earlier: str
    desk: str = ""
    opened: date | None = None
    closed: date | None = None
    reason: str = ""
    answers: Answers | None = None
    sentences: tuple[str, ...] = ()


def columns(session: Session) -> list[str]:
    """The heads of the file's columns."""
    by_key = {one.key: one.label for one in _inputs(_form(session))}
    return [NUMBER, DAY, DESK, CLOSED, REASON, *(by_key[key] for key in FIELDS)]


def preview(session: Session, head: Sequence[str], rows: Sequence[Row], *, by: Actor, now: datetime) -> list[PastCase]:
    """What each row would become; nothing is changed.  Raises Refused where the columns are not these."""
    if strange := [title for title in head if title and title not in columns(session)]:
        raise Refused(f"知らない列があります：{'、'.join(strange)}。列の名前は {'、'.join(columns(session))} です。")
    if lacking := [title for title in (DAY, DESK) if title not in head]:
        raise Refused(f"必要な列がありません：{'、'.join(lacking)}。")
    form, desks = _form(session), _desks(session)
    context = _context(session, by, now)
    known = _known(session)
    return [_past(form, row, context, desks, known) for row in rows]


def take(session: Session, past: Sequence[PastCase], *, by: Actor, now: datetime, synthetic: bool = False) -> list[Case]:
    """Take the readable rows in, each as one case; returns the cases.  Only 推進員 and 課長 may."""
    if not by.roles & {"sui", "kcho"}:
        raise Refused("過去のケースを取り込めるのは、福祉課の推進員と課長です。")
    batch = uuid.uuid4().hex[:12]
    return [
        _closed(session, one, by, now, batch, synthetic) if one.closed else _open(session, one, by, now, batch, synthetic)
        for one in past
        if one.answers is not None
    ]


def _past(form: Form, row: Row, context: Context, desks: Mapping[str, str], known: set[str]) -> PastCase:
    wrong: list[str] = []
    earlier = row.cells.get(NUMBER, "")
    if earlier and earlier in known:
        wrong.append(f"以前の番号「{earlier}」は、もう取り込まれています。")
    opened = _day(row, DAY, wrong)
    closed = _day(row, CLOSED, wrong) if row.cells.get(CLOSED) else None
    desk = desks.get(row.cells.get(DESK, ""), "")
    if not desk:
        wrong.append(f"「{DESK}」の「{row.cells.get(DESK, '')}」という機関はありません。台帳の機関の名称を書いてください。")
    if opened and opened > context.now.date() or closed and (closed > context.now.date() or opened and closed < opened):
        wrong.append("受付した日・終結した日の順が正しくありません。先の日付は書けません。")
    reasons = {choice.label: choice.value for choice in codes.lists()["C16"]}
    reason = reasons.get(row.cells.get(REASON, ""), row.cells.get(REASON, ""))
    if closed and reason not in reasons.values():
        wrong.append(f"「{REASON}」は {'、'.join(reasons)} のどれかにしてください。")
    answers = None if opened is None else _answers(form, row, context, opened, earlier, wrong)
    if wrong:
        return PastCase(number=row.number, earlier=earlier, sentences=tuple(wrong))
    return PastCase(number=row.number, earlier=earlier, desk=desk, opened=opened, closed=closed, reason=reason, answers=answers)


def _answers(form: Form, row: Row, context: Context, opened: date, earlier: str, wrong: list[str]) -> Answers | None:
    typed: dict[str, list[str]] = {
        "uketsukeAt": [opened.isoformat()], "uketsukeAt.time": ["09:00"], "uketsukeSha": [str(context.me["staff"])],
        "keiro": [OTHER], "okureRiyu": [f"以前の記録から取り込み（以前の番号 {earlier or 'なし'}）"],
    }  # fmt: skip
    for one in _inputs(form):
        if one.key in FIELDS and row.cells.get(one.label):
            typed[one.key] = typed_cell(one, row.cells[one.label], context, wrong)
    typed["gaiyo"] = [f"（以前の記録から取り込み）{typed.get('gaiyo', ['内容の記載なし'])[0]}"]
    if "known" not in typed:
        typed["known"] = [_named(form, bool(typed.get("sei") and typed.get("mei")))]
    try:
        return form.read(typed, context=context)
    except AnswersRefused as refused:
        wrong += [problem.sentence for problem in refused.problems]
        return None


def _named(form: Form, known: bool) -> str:
    choices = next(one.choices for one in _inputs(form) if one.key == "known")
    return choices[0].value if known else choices[-1].value


def _open(session: Session, one: PastCase, by: Actor, now: datetime, batch: str, synthetic: bool) -> Case:
    desk = Actor(staff_id=by.staff_id, name=by.name, seats=(Seat(agency=one.desk, role="uke"),))
    case, _ = cases.open_case(session, PROCESS, by=desk, desk=one.desk, now=now, at=START, synthetic=synthetic)
    session.flush()
    first = session.scalars(select(Task).where(Task.case_id == case.id, Task.status == "open").order_by(Task.id)).one()
    tasks.claim(session, first.id, by=desk, now=now)
    answers = one.answers or {}
    cases.complete(session, first.id, lambda form: answers, by=desk, now=now, submission=f"past:{batch}:{one.number}", source=SOURCE)
    return _dated(session, case, one, by, now)


def _closed(session: Session, one: PastCase, by: Actor, now: datetime, batch: str, synthetic: bool) -> Case:
    version = definitions.current(session, PROCESS)
    form = compiled(session, version.id).forms[INTAKE]
    case, _ = new_case(session, "相", by=by, now=now, synthetic=synthetic)
    case.lead, case.status, case.closed_reason = one.desk, "closed", one.reason
    session.add_all(Relation(case_id=case.id, agency=one.desk, kind=kind, since=now) for kind in (RECEPTION, LEAD))
    seat = Seat(agency=one.desk, role="uke")
    records.write(
        session, case, form=form, answers=one.answers or {}, version_id=version.id, by=by, seat=seat, now=now, title="以前の記録",
        source=SOURCE,
    )  # fmt: skip
    session.flush()
    for where, known, shielded in people.from_answers(one.answers or {}):
        people.note(session, case, known, place=where, shielded=shielded, record_id=None, now=now)
    return _dated(session, case, one, by, now)


def _dated(session: Session, case: Case, one: PastCase, by: Actor, now: datetime) -> Case:
    assert one.opened is not None
    case.opened_at = datetime.combine(one.opened, time(9), JST)
    if one.closed:
        case.closed_at = case.moved_at = datetime.combine(one.closed, time(17), JST)
    line = journal.Line(
        action="過去のケースの取込み", by=by, case_id=case.id, target=f"case:{case.id}", particulars={"earlier": one.earlier[:40]}
    )
    journal.write(session, line, now=now)
    return case


def _day(row: Row, title: str, wrong: list[str]) -> date | None:
    try:
        return moments.read_date(row.cells.get(title, ""))
    except ValueError as error:
        wrong.append(f"「{title}」は{error}。")
        return None


def _form(session: Session) -> Form:
    return compiled(session, definitions.current(session, PROCESS).id).forms[INTAKE]


def _inputs(form: Form) -> list[Field]:
    return [one for one in every(form.fields) if one.asks and "." not in one.path]


def _context(session: Session, by: Actor, now: datetime) -> Context:
    told = registers.reading_context(session, now=now)
    # Who took the call then is not known here: whoever takes the file in answers for the record.
    me = (Choice(value=str(by.staff_id), label=by.name),)
    return Context(now=now, choices={**told.choices, "staff": me}, codes=told.codes, me={"staff": str(by.staff_id)})


def _desks(session: Session) -> dict[str, str]:
    names = agencies.names(session)
    return {**{code: code for code in names}, **{name: code for code, name in names.items()}}


def _known(session: Session) -> set[str]:
    lines = session.scalars(select(journal.Entry.particulars).where(journal.Entry.action == "過去のケースの取込み"))
    return {str(said.get("earlier")) for said in lines if said.get("earlier")}
