"""What the engine's operators do, each within the move that calls it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from engine import journal, meetings
from engine.agencies import Agency
from engine.assignment import after_row, before_row, end_of
from engine.casebook import INVOLVED, LEAD, RECEIVER, RELATIONS, SENDER, Relation, next_number
from engine.db import JST
from engine.errors import Invalid
from engine.held import Held
from engine.moves import effect
from engine.records import Record, opened
from engine.standing import Grant
from forms.fields import every
from forms.schema import Form

#: How a receiving agency answers a sheet.
ANSWER = "F-A04"
#: The field of a referral's forms that names the agency meant.
ADDRESSEE = {"F-A03": "to", "F-A05": "saisoSaki"}
UNKNOWN = "fumei"


@effect("case.number")
def _number(held: Held, said: Mapping[str, Any]) -> None:
    """Give the case a number of another kind (多 …) when it becomes one; the old stays in the journal."""
    kind = str(said.get("kind", ""))
    if held.case.kind != kind and kind:
        line = journal.Line(
            action="番号", by=held.by, seat=held.seat, case_id=held.case.id, target=held.case.number
        )
        journal.write(held.session, line, now=held.now, book=held.book)
        held.case.kind, held.case.number = (
            kind,
            next_number(held.session, kind, today=held.now.astimezone(JST).date()),
        )


@effect("case.lead")
def _lead(held: Held, said: Mapping[str, Any]) -> None:
    agency = _agency(held, said, "agency")
    held.case.lead = agency
    _end(held, LEAD, None)
    _relate(held, agency, LEAD)


@effect("case.relate")
def _relate_as(held: Held, said: Mapping[str, Any]) -> None:
    kind = str(said.get("relation", INVOLVED))
    if kind not in RELATIONS:
        raise Invalid(f"関わり「{kind}」はありません。{'・'.join(RELATIONS)}のどれかにしてください。")
    _relate(held, _agency(held, said, "agency"), kind)


@effect("case.unrelate")
def _unrelate(held: Held, said: Mapping[str, Any]) -> None:
    _end(held, str(said.get("relation", INVOLVED)), _agency(held, said, "agency"))


@effect("case.urgency")
def _urgency(held: Held, said: Mapping[str, Any]) -> None:
    if isinstance(said.get("urgency"), int | float):
        held.case.urgency = int(said["urgency"])


@effect("case.stage")
def _stage(held: Held, said: Mapping[str, Any]) -> None:
    line = journal.Line(
        action="段階", by=held.by, seat=held.seat, case_id=held.case.id, stage=str(said.get("stage", ""))
    )
    journal.write(held.session, line, now=held.now, book=held.book)


@effect("case.close")
def _close(held: Held, said: Mapping[str, Any]) -> None:
    held.case.closed_reason = str(said.get("reason") or "")


@effect("referral.send")
def _send(held: Held, said: Mapping[str, Any]) -> None:
    """The sheet reaches the receiving agency: L1 and what the sheet grants, nothing else (提供記録)."""
    src, dst = _agency(held, said, "src"), _agency(held, said, "dst")
    _relate(held, src, SENDER)
    _relate(held, dst, RECEIVER)
    sheets = _sheets_for(held, dst)
    held_already = set(
        held.session.scalars(
            select(Grant.record_id).where(
                Grant.case_id == held.case.id, Grant.agency == dst, Grant.until.is_(None)
            )
        )
    )
    for sheet in sheets:
        if sheet not in held_already:
            held.session.add(
                Grant(
                    case_id=held.case.id,
                    record_id=sheet,
                    agency=dst,
                    ground=str(said.get("basis") or ""),
                    since=held.now,
                )
            )
    line = journal.Line(
        action="つなぐ",
        by=held.by,
        seat=held.seat,
        case_id=held.case.id,
        target=f"agency:{dst}",
        ground=str(said.get("basis") or ""),
        particulars={"records": list(sheets)},
    )
    journal.write(held.session, line, now=held.now, book=held.book)


def _sheets_for(held: Held, dst: str) -> list[int]:
    """The sheet written to this agency, else (sent on, or named) the newest of this process; and its additions.

    Sheets to other agencies stay with those: each grants its own items on its own ground.
    """
    written = held.session.scalars(
        select(Record)
        .where(Record.instance_id == held.instance.id, Record.form.in_(tuple(ADDRESSEE)), Record.latest)
        .order_by(Record.id.desc())
    ).all()
    sheets = [record for record in written if record.form == "F-A03"]
    meant = [sheet for sheet in sheets if _addressee(held, sheet) == dst] or sheets
    if not meant:
        return []
    additions = [
        record
        for record in written
        if record.form == "F-A05" and record.id > meant[0].id and _addressee(held, record) in (dst, None)
    ]
    return [record.root_id or record.id for record in (meant[0], *additions)]


def _addressee(held: Held, record: Record) -> str | None:
    said: str | None = opened(held.session, record, held.case).get(ADDRESSEE[record.form])
    return said


@effect("referral.accept")
def _accept(held: Held, said: Mapping[str, Any]) -> None:
    """担当 moves at 受理: the receiver leads, the sender stays involved; jointly, both stay."""
    dst = _agency(held, said, "dst")
    src = said.get("src")
    _end(held, RECEIVER, dst)
    _show_answer(held, src)
    if said.get("joint") and held.case.lead:
        _relate(held, dst, INVOLVED)
        return
    held.case.lead = dst
    _end(held, LEAD, None)
    _relate(held, dst, LEAD)
    if isinstance(src, str) and src and src != dst:
        _end(held, "受付", src)
        _end(held, SENDER, src)
        _relate(held, src, INVOLVED)


@effect("referral.decline")
def _decline(held: Held, said: Mapping[str, Any]) -> None:
    """The declining agency loses its sight of the sheet at once; the sender reads the answer."""
    dst = _agency(held, said, "dst")
    _show_answer(held, said.get("src") or held.case.lead)
    _end(held, RECEIVER, dst)
    held.session.execute(
        update(Grant)
        .where(Grant.case_id == held.case.id, Grant.agency == dst, Grant.until.is_(None))
        .values(until=held.now)
    )


def _show_answer(held: Held, src: Any) -> None:
    """The sender reads the answer to its sheet (返信), whatever else it may see."""
    newest = (
        select(Record.id)
        .where(Record.instance_id == held.instance.id, Record.form == ANSWER, Record.latest)
        .order_by(Record.id.desc())
        .limit(1)
    )
    answer = held.session.scalar(newest)
    if isinstance(src, str) and src and answer is not None:
        held.session.add(
            Grant(case_id=held.case.id, record_id=answer, agency=src, ground="返信", since=held.now)
        )


@effect("meeting.item")
def _item(held: Held, said: Mapping[str, Any]) -> None:
    """Open the item's compartment to the agencies invited to it, as its function allows."""
    meetings.begin_item(held, said)


@effect("meeting.close")
def _close_item(held: Held, said: Mapping[str, Any]) -> None:
    """Members keep the compartment for thirty days after the minutes are settled."""
    meetings.settle_item(held, said)


@effect("person.candidates")
def _candidates(held: Held, said: Mapping[str, Any]) -> None:
    """Probable duplicates are looked up when the page is read; the journal notes that it was asked."""


@effect("calendar.due")
def _due(held: Held, said: Mapping[str, Any]) -> Any:
    """Business days from now: so many (`days`), or as many as a row of D5 (`row`) says."""
    row = said.get("row")
    if row:
        return _moment(after_row(held.compiled, str(row), _urgency_of(held, said), held.days(), now=held.now))
    days = int(said.get("days") or 0)
    return _moment(end_of(held.days().add_business_days(held.now.astimezone(JST).date(), days)))


@effect("calendar.before")
def _before(held: Held, said: Mapping[str, Any]) -> Any:
    """The morning of the day that lies a D5 row's business days before a date; nothing without a date."""
    text = said.get("date")
    text = text.get("@") if isinstance(text, Mapping) else text
    if not text:
        return None
    day = date.fromisoformat(str(text)[:10])
    row = str(said.get("row") or "")
    return _moment(before_row(held.compiled, row, _urgency_of(held, said), day, held.days(), now=held.now))


def _urgency_of(held: Held, said: Mapping[str, Any]) -> Any:
    return said.get("urgency") or held.case.urgency or 3


def _moment(at: datetime) -> dict[str, str]:
    return {"@": at.isoformat()}


def note_facts(held: Held, form: Form, answers: Mapping[str, Any]) -> None:
    """What a form says of the case itself goes to the case's row: fields with the property `fact`.

    `district` is the 地区 (C18), `event` the disaster that the matter comes from (C23). What is not
    answered, or answered with 不明, leaves what is known.
    """
    for one in every(form.fields):
        value = answers.get(one.key) if one.fact else None
        if not isinstance(value, str) or not value or value == UNKNOWN:
            continue
        if one.fact == "district":
            held.case.district = value
        else:
            held.case.event_tag = value


def _agency(held: Held, said: Mapping[str, Any], name: str) -> str:
    agency = said.get(name)
    if not isinstance(agency, str) or held.session.get(Agency, agency) is None:
        raise Invalid(f"機関「{agency}」は登録されていません。様式の機関欄を確かめてください。")
    return agency


def _relate(held: Held, agency: str, kind: str) -> None:
    known = held.session.scalar(
        select(Relation.id).where(
            Relation.case_id == held.case.id,
            Relation.agency == agency,
            Relation.kind == kind,
            Relation.until.is_(None),
        )
    )
    if known is None:
        held.session.add(Relation(case_id=held.case.id, agency=agency, kind=kind, since=held.now))


def _end(held: Held, kind: str, agency: str | None) -> None:
    ending = update(Relation).where(
        Relation.case_id == held.case.id, Relation.kind == kind, Relation.until.is_(None)
    )
    held.session.execute(
        (ending if agency is None else ending.where(Relation.agency == agency)).values(until=held.now)
    )
