"""What the emergency mode (緊急モード) does, each within the move that calls it: on, narrower, off; lists, answers, hand-over."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import cycle
from typing import Any

from sqlalchemy import func, select, update

from engine import journal, records
from engine.access import TOWN
from engine.assignment import TownDay, moment_of
from engine.bulk import Beginning, Order, open_many
from engine.calendar import Calendar
from engine.casebook import INVOLVED, Relation, next_number
from engine.db import JST, vault_of
from engine.disasters import NOT_FOUND, PRACTICE, Disaster, SafetyRow, ShortcutUse, fresh_tag, of_case
from engine.errors import Invalid
from engine.held import Held
from engine.jobs import enqueue
from engine.moves import effect
from engine.records import Attachment, Record, opened
from engine.roster import Household, read, told
from engine.tasks import Task
from forms.errors import AnswersRefused, Problem
from forms.fields import every

HOUSEHOLD, CONFIRM = "P-F2", "S-30"
LONGEST = timedelta(days=30)


@effect("emergency.on")
def _on(held: Held, said: Mapping[str, Any]) -> dict[str, Any]:
    """Begin the mode: it is in the register with its tag, and until it ends every day counts as a working day."""
    since, until = _moment(said.get("since")) or held.now, _moment(said.get("until"))
    if until is None or not held.now < until <= held.now + LONGEST:
        raise Invalid("緊急モードの予定終了は、今から30日以内にしてください。")
    event = str(said.get("event") or "")
    disaster = Disaster(
        tag=fresh_tag(held.session, event, since), event=event, name=_name(held), districts=list(said.get("districts") or []),
        shortcuts=list(said.get("shortcuts") or []), drill=bool(said.get("drill")), mode=True, case_id=held.case.id,
        since=min(since, held.now), until=until,
    )  # fmt: skip
    held.session.add(disaster)
    held.session.flush()
    held.case.event_tag = disaster.tag
    if disaster.drill:
        held.case.synthetic = True
    elif "期限の暦日化" in disaster.shortcuts:
        _count_every_day(held, disaster.tag, _day(held.now), _day(until))
    _note(held, "緊急モード発動", disaster, {"shortcuts": disaster.shortcuts, "until": until.isoformat()})
    return {"eventTag": disaster.tag}


@effect("emergency.narrow")
def _narrow(held: Held, said: Mapping[str, Any]) -> None:
    """Take shortcuts away; none is ever added without a new activation."""
    disaster = _disaster(held)
    kept = [one for one in disaster.shortcuts if one in (said.get("shortcuts") or [])]
    if "期限の暦日化" in disaster.shortcuts and "期限の暦日化" not in kept:
        _count_as_before(held, disaster.tag)
    disaster.shortcuts = kept
    _note(held, "緊急モード縮小", disaster, {"shortcuts": kept})


@effect("emergency.off")
def _off(held: Held, said: Mapping[str, Any]) -> dict[str, Any]:
    """End the mode: calendar and lists as before, the teams see nothing more, what was shortened is due in writing."""
    disaster = _disaster(held)
    if disaster.ended_at is None:
        disaster.ended_at = held.now
        _count_as_before(held, disaster.tag)
        _take_back(held, disaster)
        for case_id in sorted(set(held.session.scalars(select(ShortcutUse.case_id).where(ShortcutUse.disaster_id == disaster.id)))):
            _tell(held, case_id, "emergency.over", {"eventTag": disaster.tag}, disaster)
        _note(held, "緊急モード終了", disaster, {})
    return {"fumei": _unfound(held, disaster)}


@effect("safety.open")
def _open(held: Held, said: Mapping[str, Any]) -> None:
    """Make a case for every household of the lists handed in, each at the team of its district."""
    disaster, record = _disaster(held), _latest(held, "F-F02")
    answers = opened(held.session, record, held.case)
    grounds = _grounds(held, disaster, answers)
    teams = _teams(answers)
    households = _households(held, disaster, record, grounds, teams)
    known = set(held.session.scalars(select(SafetyRow.mark).where(SafetyRow.disaster_id == disaster.id)))
    fresh = [(mark, one) for mark, one in households if mark not in known]
    turns = {district: cycle(agencies) for district, agencies in teams.items()}
    chosen = [(mark, one, next(turns[one.district])) for mark, one in fresh]
    _open_households(held, disaster, chosen, grounds)
    _note(held, "安否確認の対象", disaster, {"households": len(chosen), "again": len(households) - len(chosen)})


@effect("safety.note")
def _answer(held: Held, said: Mapping[str, Any]) -> None:
    """Write the coded answer on the household's row; its version grows."""
    row = held.session.scalar(select(SafetyRow).where(SafetyRow.case_id == held.case.id).with_for_update())
    if row is not None:
        row.answer, row.lane = str(said.get("anpi") or ""), str(said.get("lane") or "")
        row.version, row.answered_at, row.answered_by = row.version + 1, held.now, held.by.staff_id


@effect("safety.handover")
def _hand_over(held: Held, said: Mapping[str, Any]) -> None:
    """Whoever was not found goes on where it was decided; each household in a move of its own."""
    disaster = _disaster(held)
    waiting = held.session.scalars(
        select(SafetyRow.case_id).where(SafetyRow.disaster_id == disaster.id, SafetyRow.answer.in_(("", NOT_FOUND)))
    ).all()
    for case_id in waiting:
        _tell(held, case_id, "safety.over", {"saki": said.get("to")}, disaster)
    _note(held, "安否確認の引継ぎ", disaster, {"households": len(waiting), "to": said.get("to")})


@effect("case.event")
def _mark(held: Held, said: Mapping[str, Any]) -> None:
    """Mark a case with the disaster that it came of, and number it as what it goes on as (相)."""
    held.case.event_tag = str(said.get("tag") or held.case.event_tag)
    kind = str(said.get("kind") or "")
    if kind and held.case.kind != kind:
        line = journal.Line(action="番号", by=held.by, seat=held.seat, case_id=held.case.id, target=held.case.number)
        journal.write(held.session, line, now=held.now, book=held.book)
        held.case.kind, held.case.number = kind, next_number(held.session, kind, today=_day(held.now))


def _grounds(held: Held, disaster: Disaster, answers: Mapping[str, Any]) -> dict[str, str]:
    """Condition → ground; table D15K says which ground lets a list of this condition be used in this disaster."""
    table, grounds = held.compiled.tables["D15"], {}
    for number, row in enumerate(answers.get("jokenHyo") or []):
        facts = {
            "kunren": disaster.drill, "event": disaster.event, "joken": row.get("joken"), "saigaiKonkyo": row.get("saigaiKonkyo"),
        }  # fmt: skip
        if table.decide("D15K", facts, now=held.now).value != "可":
            raise _refused(
                f"jokenHyo.{number}.saigaiKonkyo", "根拠",
                f"「{row.get('joken')}」の名簿は、この根拠では使えません。"
                "災害対策基本法（12）は自然災害の避難行動要支援者名簿だけです。根拠を選び直してください。",
            )  # fmt: skip
        grounds[str(row["joken"])] = str(row["saigaiKonkyo"])
    return grounds


def _teams(answers: Mapping[str, Any]) -> dict[str, list[str]]:
    teams: dict[str, list[str]] = {}
    for row in answers.get("hanHyo") or []:
        if row["han"] not in teams.setdefault(str(row["hanChiku"]), []):
            teams[str(row["hanChiku"])].append(str(row["han"]))
    return teams


def _households(
    held: Held, disaster: Disaster, record: Record, grounds: Mapping[str, str], teams: Mapping[str, Any]
) -> list[tuple[str, Household]]:
    """The households of every list, each once by its mark; refuses with every wrong row of every list."""
    labels = _district_labels(held)
    districts = {name: code for name, code in labels.items() if code in teams}
    vault, found, problems = vault_of(held.session), dict[str, Household](), list[str]()
    for file in held.session.scalars(select(Attachment).where(Attachment.record_id == record.id).order_by(Attachment.id)):
        content = vault.open(file.sealed, wrapped=held.case.data_key, about=f"file:{held.case.id}")
        roster = read(content, conditions=tuple(grounds), districts=districts, invented=disaster.drill)
        problems += roster.problems
        for one in roster.households:
            found.setdefault(vault.mark("safety.household", one.key), one)
    if problems:
        raise _refused("meibo", "名簿", told(problems))
    return list(found.items())


def _open_households(
    held: Held, disaster: Disaster, chosen: Sequence[tuple[str, Household, str]], grounds: Mapping[str, str]
) -> None:
    if not chosen:
        return
    order = Order(
        key=HOUSEHOLD, kind=PRACTICE if disaster.drill else "安", lead=TOWN, event_tag=disaster.tag,
        synthetic=disaster.drill or held.case.synthetic, ground="安否確認の名簿",
    )  # fmt: skip
    beginnings = [
        Beginning(
            facts={"han": team, "eventTag": disaster.tag, "kunren": disaster.drill, "urgency": 2},
            people=one.people, relations={team: INVOLVED}, district=one.district,
        )
        for _, one, team in chosen
    ]  # fmt: skip
    cases = open_many(held.session, order, beginnings, by=held.by, seat=held.seat, now=held.now)
    place = held.session.scalar(select(func.count()).select_from(SafetyRow).where(SafetyRow.disaster_id == disaster.id)) or 0
    held.session.add_all(
        SafetyRow(
            disaster_id=disaster.id, case_id=case.id, team=team, place=place + number, district=one.district,
            condition=one.condition, ground=grounds[one.condition], mark=mark,
        )
        for number, (case, (mark, one, team)) in enumerate(zip(cases, chosen, strict=True), start=1)
    )  # fmt: skip


def _district_labels(held: Held) -> dict[str, str]:
    column = next(one for one in every(held.compiled.forms["F-F02"].fields) if one.key == "hanChiku")
    return {name: choice.value for choice in column.choices for name in (choice.label, choice.value)}


def _take_back(held: Held, disaster: Disaster) -> None:
    """What the teams still had in hand goes to the 推進員, and their standing towards the households ends."""
    mine = select(SafetyRow.case_id).where(SafetyRow.disaster_id == disaster.id)
    held.session.execute(
        update(Relation)
        .where(Relation.case_id.in_(mine), Relation.kind == INVOLVED, Relation.until.is_(None))
        .values(until=held.now)
    )
    held.session.execute(
        update(Task)
        .where(Task.case_id.in_(mine), Task.element == CONFIRM, Task.status == "open")
        .values(agency=TOWN, role="sui", holder_id=None, held_at=None)
    )


def _tell(held: Held, case_id: int, name: str, payload: Mapping[str, Any], disaster: Disaster) -> None:
    """A message for another case, as a job of its own: a thousand cases are not locked at once."""
    enqueue(
        held.session, "tell", key=f"tell:{disaster.id}:{name}:{case_id}", run_at=held.now, case_id=case_id,
        name=name, payload=dict(payload),
    )  # fmt: skip


def _count_every_day(held: Held, tag: str, first: date, last: date) -> None:
    for day in _days(first, last):
        known = held.session.get(TownDay, day)
        if known is not None and known.kind == "休":
            known.kind, known.note = "開", f"{tag}/{known.note}"[:80]
        elif known is None and not Calendar().is_business_day(day):
            held.session.add(TownDay(day=day, kind="開", note=tag))
    held.session.flush()
    held.calendar = None


def _count_as_before(held: Held, tag: str) -> None:
    """Days still to come are again what they were before the mode."""
    for day in held.session.scalars(select(TownDay).where(TownDay.day > _day(held.now), TownDay.note.startswith(tag))):
        if "/" in day.note:
            day.kind, day.note = "休", day.note.split("/", 1)[1]
        else:
            held.session.delete(day)
    held.session.flush()
    held.calendar = None


def _unfound(held: Held, disaster: Disaster) -> int:
    return (
        held.session.scalar(
            select(func.count())
            .select_from(SafetyRow)
            .where(SafetyRow.disaster_id == disaster.id, SafetyRow.answer.in_(("", NOT_FOUND)))
        )
        or 0
    )


def _disaster(held: Held) -> Disaster:
    disaster = of_case(held.session, held.case.id)
    if disaster is None:
        raise Invalid("このケースは緊急モードのケースではありません。図の操作を確かめてください。")
    return disaster


def _latest(held: Held, form: str) -> Record:
    return held.session.scalars(
        select(Record)
        .where(Record.instance_id == held.instance.id, Record.form == form, Record.latest)
        .order_by(Record.id.desc())
        .limit(1)
    ).one()


def _name(held: Held) -> str:
    return str(records.opened(held.session, _latest(held, "F-F01"), held.case).get("eventMei") or "")[:80]


def _note(held: Held, action: str, disaster: Disaster, particulars: Mapping[str, Any]) -> None:
    line = journal.Line(
        action=action, by=held.by, seat=held.seat, case_id=held.case.id, target=f"disaster:{disaster.id}", particulars=particulars
    )
    journal.write(held.session, line, now=held.now, book=held.book)


def _refused(path: str, label: str, sentence: str) -> AnswersRefused:
    return AnswersRefused((Problem(path=path, label=label, sentence=sentence),), {})


def _moment(value: Any) -> datetime | None:
    text = value.get("@") if isinstance(value, Mapping) else value
    if isinstance(text, datetime):
        return text
    return moment_of(str(text)) if text else None


def _day(moment: datetime) -> date:
    return moment.astimezone(JST).date()


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))

