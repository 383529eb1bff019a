"""Consent (同意): person × receiving agency × item × period, written from the forms on which it was given.

Each person consents alone; what one member of a household agreed to opens nothing of
another's. A row is never changed but for its end. Withdrawal ends sharing in the same
transaction, tells who received, and asks anew for the ground (handbook §2.6, 個人情報保護法
27条1項・69条2項1号).
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from engine import alerts, journal, people
from engine.access import TOWN
from engine.agencies import Actor, Seat
from engine.assignment import calendar_of
from engine.calendar import due
from engine.casebook import Awaited, Case, Instance
from engine.errors import Invalid, NotFound
from engine.facts import same_people, state_of
from engine.held import Held, Posted
from engine.moves import deliver_all
from engine.people import Particulars, Person
from engine.records import Record
from engine.runtime import Message
from engine.standing import GIVEN, Basis, Consent, Grant, MeetingItem

#: Renewal is asked for so long before the end.
RENEWAL = timedelta(days=30)
#: Business days within which the ground is decided anew (handbook §2.6).
REVIEW_DAYS = 5
BY_CONSENT = "01"
#: C26 grounds that may take a consent's place for an agency; 02 belongs to a meeting's item alone.
INSTEAD = frozenset({"03", "04", "05", "06", "11", "13", "14", "15"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Consent of one person towards one agency, as the page shows it; `state` in D8's words."""

    agency: str | None
    items: tuple[str, ...]
    state: str
    how: str
    proxy: str
    since: datetime
    until: date | None
    ended_at: datetime | None
    record_id: int | None
    soon: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPerson:
    """One person's consents: what holds now, and everything there was, newest first."""

    person: Person
    name: str
    state: str
    now: tuple[Line, ...]
    history: tuple[Line, ...]


def who_is_meant(held: Held, answers: Mapping[str, Any]) -> dict[str, Any]:
    """F-B05's answers with the person's id: somebody not yet registered is registered from the name."""
    if answers.get("person") or not answers.get("personName"):
        return dict(answers)
    known = Particulars(name=str(answers["personName"]))
    for person, said in people.of_case(held.session, held.case):
        if people.normalise(said.name) == people.normalise(known.name):
            return {**answers, "person": str(person.id)}
    person = people.note(
        held.session, held.case, known, place="世帯員", shielded=False, record_id=None, now=held.now
    )
    return {**answers, "person": str(person.id)}


def from_answer(held: Held, record: Record, answers: Mapping[str, Any]) -> None:
    """Write the rows of a completed F-B05; an answer takes the place of the earlier one of the same person."""
    person_id, state = _id(answers.get("person")), str(answers.get("kekka") or "")
    if person_id is None or not state:
        return
    ids = _alike(held.session, held.case, person_id)
    if state in GIVEN or state == "4":
        _end(held.session, held.case.id, ids, how="更新" if state in GIVEN else "拒否", now=held.now)
    if state == "4":
        _end_grants(held.session, held.case.id, None, now=held.now)
    common = {
        "case_id": held.case.id, "person_id": ids[0], "state": state, "how": str(answers.get("houhou") or ""),
        "proxy": str(answers.get("dairi") or ""), "witnessed": bool(answers.get("tachiai")), "record_id": record.id,
        "noted_by": held.by.staff_id, "since": held.now, "until": _day(answers.get("kigen")) if state in GIVEN else None,
        "ended_how": "",
    }  # fmt: skip
    if state in GIVEN:
        named = [(agency, item) for agency in answers.get("teikyosaki") or () for item in answers.get("koumoku") or ()]
    else:
        named = [(None, "")]
    if named:
        rows = [{**common, "agency": agency, "item": item} for agency, item in named]
        held.session.execute(insert(Consent), rows)


def from_assessment(held: Held, record: Record, answers: Mapping[str, Any]) -> None:
    """F-A02 tells where consent stands for the person concerned (C12); it opens nothing by itself."""
    state = str(answers.get("douiJoho") or "")
    first = select(Person.id).where(Person.case_id == held.case.id, Person.place == "本人").order_by(Person.id).limit(1)
    person_id = held.session.scalar(first) if state in ("1", "4", "5", "8") else None
    if person_id is not None:
        held.session.add(
            Consent(
                case_id=held.case.id, person_id=person_id, state=state, record_id=record.id,
                noted_by=held.by.staff_id, since=held.now,
            )
        )  # fmt: skip


def from_withdrawal(held: Held, answers: Mapping[str, Any], person: Any) -> None:
    """F-X03 may name agencies and items beyond what was ended when the wish came: those end, too."""
    person_id = _id(person)
    if person_id is None:
        return
    items = None if "すべて" in (answers.get("hani") or ()) else list(answers.get("hani") or ())
    ids = _alike(held.session, held.case, person_id)
    agencies = list(answers.get("teikyosaki") or ()) or None
    gone = _end(held.session, held.case.id, ids, how="撤回", now=held.now, agencies=agencies, items=items)
    if gone:
        _end_grants(held.session, held.case.id, gone, now=held.now)


def from_review(held: Held, record: Record, answers: Mapping[str, Any]) -> None:
    """F-B23: a new ground lets the agencies that lost a consent go on, item by item as decided."""
    grounds = [
        str(row["konkyo"])
        for row in answers.get("kakuanken") or ()
        if row.get("tsuzuke") == "新しい根拠で続ける" and row.get("konkyo") in INSTEAD
    ]
    if not grounds:
        return
    lost = set(
        held.session.scalars(
            select(Consent.agency).where(
                Consent.case_id == held.case.id,
                Consent.agency.is_not(None),
                or_(Consent.ended_how == "撤回", Consent.until < held.now.date()),
            )
        )
    )
    held.session.add_all(
        [
            Basis(
                case_id=held.case.id, agency=agency, ground=grounds[0], record_id=record.id,
                decided_by=held.by.staff_id, since=held.now,
            )
            for agency in sorted(filter(None, lost))
        ]
    )  # fmt: skip


def withdraw(
    session: Session,
    case: Case,
    person_id: int,
    *,
    by: Actor,
    seat: Seat,
    now: datetime,
    agencies: Iterable[str] = (),
    items: Iterable[str] = (),
) -> list[str]:
    """A person withdraws (撤回), wholly or for some agencies or items: sharing ends now. Gives the agencies to tell.

    The case is locked first. What was lawfully shared is not recalled, but who received is told to
    stop using it; meeting items of the person go back to 支援会議 (D4); the ground is asked anew.
    """
    session.execute(select(Case.id).where(Case.id == case.id).with_for_update())
    person = session.get(Person, person_id)
    if person is None or person.case_id != case.id:
        raise NotFound("その人は、このケースにいません。")
    ids = _alike(session, case, person_id)
    wanted, named = list(agencies) or None, list(items) or None
    gone = _end(session, case.id, ids, how="撤回", now=now, agencies=wanted, items=named)
    if not gone:
        raise Invalid("撤回できる同意がありません。機関と項目を確かめてください。")
    _end_grants(session, case.id, gone, now=now)
    whole = wanted is None and named is None
    if whole:
        _back_to_support_meeting(session, case, ids, by=by, now=now)
    line = journal.Line(
        action="同意の撤回", by=by, seat=seat, case_id=case.id, target=f"person:{ids[0]}",
        particulars={"agencies": gone, "items": named or "すべて"},
    )  # fmt: skip
    journal.write(session, line, now=now)
    _tell(session, case, gone, now=now)
    if whole:
        _send(session, case, ids, by=by, now=now)
    return gone


def of_case(session: Session, case: Case, *, now: datetime) -> list[OfPerson]:
    """Every person of a case with consents; the caller has seen to the ground (class L2)."""
    same = same_people(session, case)
    rows = list(session.scalars(select(Consent).where(Consent.case_id == case.id).order_by(Consent.id)))
    found = []
    for person, said in people.of_case(session, case):
        if same[person.id] != person.id:
            continue
        own = [row for row in rows if row.person_id is not None and same.get(row.person_id) == person.id]
        lines = _lines(own, now=now)
        live = tuple(line for line in lines if line.state == "有効" and line.agency)
        found.append(
            OfPerson(
                person=person,
                name=said.name,
                state=_state(lines),
                now=live,
                history=tuple(sorted(lines, key=lambda line: line.since, reverse=True)),
            )
        )
    return found


def receivers(session: Session, case: Case, persons: Iterable[int], *, now: datetime) -> frozenset[str]:
    """Agencies to which all these persons have agreed (to any item)."""
    wanted = set(persons)
    same = same_people(session, case)
    by_person: dict[int, set[str]] = {one: set() for one in wanted}
    for row in session.scalars(select(Consent).where(Consent.case_id == case.id, Consent.agency.is_not(None))):
        one = same.get(row.person_id or 0)
        if one in by_person and row.agency and state_of(row, now=now) == "有効":
            by_person[one].add(row.agency)
    return frozenset(set.intersection(*by_person.values())) if by_person else frozenset()


def consenting(session: Session, case: Case, *, now: datetime) -> tuple[list[int], list[int]]:
    """(persons with a valid consent, persons without) of a case."""
    told = of_case(session, case, now=now)
    return [one.person.id for one in told if one.now], [one.person.id for one in told if not one.now]


def _lines(rows: list[Consent], *, now: datetime) -> list[Line]:
    grouped: dict[tuple[Any, ...], list[Consent]] = {}
    for row in rows:
        key = (row.agency, row.record_id, row.since, row.ended_at, row.state, row.ended_how)
        grouped.setdefault(key, []).append(row)
    return [
        Line(
            agency=group[0].agency,
            items=tuple(row.item for row in group if row.item),
            state=_told(group[0], now=now),
            how=group[0].how,
            proxy=group[0].proxy,
            since=group[0].since,
            until=group[0].until,
            ended_at=group[0].ended_at,
            record_id=group[0].record_id,
            soon=group[0].until is not None and group[0].until - RENEWAL <= now.date(),
        )
        for group in grouped.values()
    ]


def _told(row: Consent, *, now: datetime) -> str:
    state = state_of(row, now=now)
    if state != "なし":
        return state
    return row.ended_how or {"1": "働きかけ中", "8": "判断困難"}.get(row.state, "未確認")


def _state(lines: list[Line]) -> str:
    if any(line.state == "有効" for line in lines):
        return "有効"
    return lines[-1].state if lines else "未確認"


def _end(
    session: Session, case_id: int, ids: list[int], *, how: str, now: datetime,
    agencies: list[str] | None = None, items: list[str] | None = None,
) -> list[str]:  # fmt: skip
    """End live rows; gives the agencies that lost something."""
    live = [Consent.case_id == case_id, Consent.person_id.in_(ids), Consent.ended_at.is_(None)]
    if agencies is not None:
        live.append(Consent.agency.in_(agencies))
    if items is not None:
        live.append(Consent.item.in_(items))
    lost = session.scalars(
        update(Consent).where(*live).values(ended_at=now, ended_how=how).returning(Consent.agency)
    ).all()
    return sorted({agency for agency in lost if agency})


def _end_grants(session: Session, case_id: int, agencies: list[str] | None, *, now: datetime) -> None:
    ending = update(Grant).where(Grant.case_id == case_id, Grant.ground == BY_CONSENT, Grant.until.is_(None))
    session.execute((ending if agencies is None else ending.where(Grant.agency.in_(agencies))).values(until=now))


def _back_to_support_meeting(session: Session, case: Case, ids: list[int], *, by: Actor, now: datetime) -> None:
    items = session.scalars(
        select(MeetingItem).where(
            MeetingItem.case_id == case.id, MeetingItem.function == "B", MeetingItem.settled_at.is_(None)
        )
    ).all()
    for item in items:
        if set(item.persons) & set(ids):
            item.function, item.decided_at, item.decided_by = "A", now, by.staff_id
            line = journal.Line(
                action="案件の機能の変更", by=by, case_id=case.id, target=f"item:{item.item}",
                particulars={"from": "B", "to": "A", "because": "撤回"},
            )  # fmt: skip
            journal.write(session, line, now=now)


def _tell(session: Session, case: Case, agencies: list[str], *, now: datetime) -> None:
    by = due(now, REVIEW_DAYS, calendar=calendar_of(session))
    for agency in agencies:
        alerts.add(session, "同意の撤回", agency=agency, case_id=case.id, target=f"case:{case.id}", now=now)
    alerts.add(
        session, "根拠の見直し", agency=TOWN, role="sui", case_id=case.id, target=f"case:{case.id}", due_at=by, now=now
    )


def _send(session: Session, case: Case, ids: list[int], *, by: Actor, now: datetime) -> None:
    """To the consent's own process if it still listens; else to whoever asks for the state of consent."""
    session.flush()
    keys = [str(one) for one in ids]
    awaited = session.execute(
        select(Awaited.correlation)
        .join(Instance, Instance.id == Awaited.instance_id)
        .where(
            Awaited.name == "consent.withdraw", Awaited.case_id == case.id, Awaited.correlation.in_(keys),
            Instance.status == "running",
        )
    ).scalars().all()  # fmt: skip
    if awaited:
        messages = [Message(name="consent.withdraw", key=key, payload={}) for key in sorted(set(awaited))]
    else:
        gone = {"caseId": case.id, "person": keys[0], "state": "5"}
        messages = [Message(name="consent.changed", key=None, payload=gone)]
    deliver_all(session, deque(Posted(message=one, case_id=case.id) for one in messages), by=by, now=now)


def _alike(session: Session, case: Case, person_id: int) -> list[int]:
    """Ids of all rows that mean the same person, the first one first."""
    same = same_people(session, case)
    first = same.get(person_id, person_id)
    return [first, *(one for one, of in same.items() if of == first and one != first)]


def _id(value: Any) -> int | None:
    return int(value) if str(value or "").isdecimal() else None


def _day(value: Any) -> date | None:
    return date.fromisoformat(str(value)[:10]) if value else None


