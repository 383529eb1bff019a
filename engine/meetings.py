"""Meeting items (案件): each with its function, its members and its sealed compartment; and what leaves it.

The function (支援会議 by 社会福祉法106条の6, or 重層的支援会議 with consent) belongs to the item,
is proposed by table D4 and decided by a person. What is learnt in an item stays in its
compartment. Only a promotion (昇格) lets something out: it names a ground and a person, the
agency that the information comes from agrees, and it stands in the journal.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from engine import alerts, consent, definitions, journal, records, runtime
from engine.access import TOWN, Sight
from engine.agencies import Actor, Membership, Seat, Staff
from engine.casebook import Case, Instance
from engine.db import vault_of
from engine.definitions import compiled
from engine.errors import Invalid, NotAllowed, NotFound
from engine.facts import same_people
from engine.held import Held
from engine.records import Record
from engine.standing import Compartment, MeetingItem, Promotion, Secrecy
from engine.tasks import Task
from forms.errors import AnswersRefused, Problem

#: Members keep an item's compartment for so long after its minutes are settled (handbook §4.2).
AFTER_SETTLING = timedelta(days=30)
PROMOTED, PROMOTED_IN = "F-K04", "P-B1"
SHORTEST = 5
BLOCKED = "同意が未確認の人だけの案件です。重層的支援会議では扱えません。同意をとるか、支援会議にしてください。"
#: C26 grounds on which something may leave a compartment; 02 (支援会議) keeps it inside.
GROUNDS = ("01", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who may open an item: from which agency, and when he or she was told of secrecy."""

    staff_id: int
    name: str
    agency: str
    told_on: date | None


def begin_item(held: Held, said: Mapping[str, Any]) -> None:
    """Add an item to a meeting with its members; B admits only agencies within the consents.

    Split items: where only some of a household consent, B concerns those and A the others.
    """
    item, function = str(said.get("item") or ""), str(said.get("function") or "A")
    case = held.session.get(Case, int(said.get("case") or 0))
    if not item or case is None:
        raise Invalid("会議の案件に、案件番号かケースがありません。図の meeting.item の引数を確かめてください。")
    invited = {TOWN, *(str(agency) for agency in said.get("agencies") or [])}
    given, open_ = consent.consenting(held.session, case, now=held.now)
    persons = given if function == "B" else (open_ or given)
    if function == "B":
        invited &= _admitted(held.session, case, persons, now=held.now)
    known = held.session.get(MeetingItem, item)
    if known is None:
        held.session.add(
            MeetingItem(
                item=item, case_id=case.id, meeting_id=held.case.id, function=function, persons=persons,
                proposed=_proposed(given, open_), decided_by=held.by.staff_id, decided_at=held.now,
            )
        )  # fmt: skip
    held.session.add_all([Compartment(item=item, agency=agency, since=held.now) for agency in sorted(invited)])
    line = journal.Line(
        action="案件を会議に加える", by=held.by, seat=held.seat, case_id=held.case.id, target=f"item:{item}",
        ground="社会福祉法106条の6" if function == "A" else "本人の同意",
        particulars={"function": function, "agencies": sorted(invited)},
    )  # fmt: skip
    journal.write(held.session, line, now=held.now, book=held.book)


def settle_item(held: Held, said: Mapping[str, Any]) -> None:
    """The minutes are settled: members keep the compartment for thirty days more."""
    item, until = str(said.get("item") or ""), held.now + AFTER_SETTLING
    held.session.execute(
        update(Compartment).where(Compartment.item == item, Compartment.until.is_(None)).values(until=until)
    )
    held.session.execute(update(MeetingItem).where(MeetingItem.item == item).values(settled_at=held.now))


def of_items(session: Session, items: Any, *, now: datetime) -> dict[str, list[str]]:
    """Item → agencies that a 重層的支援会議 of it may invite: receivers of consent, the lead and the town."""
    found: dict[str, list[str]] = {}
    for one in items or ():
        case = session.get(Case, int(one.get("caseId") or 0))
        if case is not None:
            given, _ = consent.consenting(session, case, now=now)
            found[str(one.get("item"))] = sorted(_admitted(session, case, given, now=now))
    return found


def ensure_decidable(session: Session, items: Any, answers: Mapping[str, Any], *, now: datetime) -> None:
    """Refuse a 重層的支援会議 for an item in which nobody has consented (handbook §4.3)."""
    chosen = list(answers.get("anken") or ())
    for place, one in enumerate(items or ()):
        row = chosen[place] if place < len(chosen) else {}
        case = session.get(Case, int(one.get("caseId") or 0))
        if (row.get("kinou") or one.get("kinou")) != "B" or case is None:
            continue
        given, _ = consent.consenting(session, case, now=now)
        if not given:
            path = f"anken.{place}.kinou" if place < len(chosen) else "anken"
            sentence = f"案件 {one.get('item')}：{BLOCKED}"
            raise AnswersRefused((Problem(path=path, label="機能", sentence=sentence),), {})


def told_of_secrecy(session: Session, staff_id: int, *, on: date, by: Actor, now: datetime) -> None:
    """Keep the day on which a member of staff was told of secrecy; told twice on one day is once."""
    known = session.scalar(
        select(Secrecy.id).where(
            Secrecy.staff_id == staff_id, or_(Secrecy.until.is_(None), Secrecy.until >= on), Secrecy.told_on <= on
        )
    )
    if known is None:
        session.add(Secrecy(staff_id=staff_id, told_on=on, noted_by=by.staff_id, noted_at=now))
        line = journal.Line(action="守秘義務の説明", by=by, target=f"staff:{staff_id}", particulars={"on": on.isoformat()})
        journal.write(session, line, now=now, book=journal.open_book(session, "house"))


def function_of(session: Session, record: Record) -> str:
    """A or B where a record belongs to a meeting's item, else nothing."""
    item = session.get(MeetingItem, record.compartment) if record.compartment else None
    return item.function if item else ""


def compartment_of(session: Session, task: Task, *, now: datetime) -> str | None:
    """The compartment in which what is handed in with an open task belongs."""
    instance = session.get_one(Instance, task.instance_id)
    ready = compiled(session, instance.version_id)
    said = ready.node(task.element).properties.get("compartment", "")
    if not said or task.status != "open":
        return None
    found = runtime.read(ready.definition, instance.state, task.token, said.removeprefix("="), now=now)
    return str(found) if found else None


def in_meeting(session: Session, seen: Sight) -> list[tuple[MeetingItem, list[Member]]]:
    """The items of a meeting whose compartment this sight opens, each with its members."""
    rows = session.scalars(
        select(MeetingItem).where(MeetingItem.meeting_id == seen.case_id).order_by(MeetingItem.item)
    )
    return [(row, members(session, row.item)) for row in rows if row.item in seen.items]


def members(session: Session, item: str) -> list[Member]:
    """Staff of the agencies that belong to an item, with the day on which each was told of secrecy."""
    rows = session.execute(
        select(Staff.id, Staff.name, Membership.agency, Secrecy.told_on)
        .join(Membership, Membership.staff_id == Staff.id)
        .join(Compartment, Compartment.agency == Membership.agency)
        .outerjoin(Secrecy, Secrecy.staff_id == Staff.id)
        .where(Compartment.item == item, Staff.active)
        .order_by(Membership.agency, Staff.id)
        .distinct()
    )
    found = {staff_id: Member(staff_id=staff_id, name=name, agency=agency, told_on=on) for staff_id, name, agency, on in rows}
    return list(found.values())


def ask_promotion(
    session: Session, seen: Sight, record: Record, *, words: str, source: str, ground: str, by: Actor, seat: Seat, now: datetime
) -> Promotion:  # fmt: skip
    """Ask that something leave a compartment; where the asker's own agency is the source, it leaves at once."""
    item = session.get(MeetingItem, record.compartment or "")
    if item is None or item.item not in seen.items:
        raise NotAllowed("会議限定の情報を移せるのは、その案件の構成員だけです。")
    if ground not in GROUNDS:
        raise Invalid("移す根拠を選んでください。支援会議（02）は、移す根拠になりません。")
    if ground == "01" and not _all_consent(session, item, now=now):
        raise Invalid("同意を根拠にするには、対象の人の有効な同意が必要です。同意の記録を確かめてください。")
    if len(words.strip()) < SHORTEST:
        raise Invalid(f"移す内容を{SHORTEST}文字以上で書いてください。必要な分だけを書きます。")
    case = session.get_one(Case, item.case_id)
    meeting = session.get_one(Case, item.meeting_id)
    asked = Promotion(
        item=item.item, from_record=record.id, case_id=case.id, source=source, ground=ground, asked_by=by.staff_id or 0,
        asked_for=seat.agency, asked_at=now, sealed=_seal(session, meeting, words.strip()),
    )  # fmt: skip
    session.add(asked)
    session.flush()
    _note(session, "会議限定の昇格を求める", asked, by, seat, now)
    if source in by.agencies:
        _carry_out(session, asked, by=by, now=now)
    else:
        alerts.add(session, "昇格の同意", agency=source, case_id=meeting.id, target=f"promotion:{asked.id}", now=now)
    return asked


def answer_promotion(session: Session, promotion_id: int, *, agrees: bool, by: Actor, now: datetime) -> Promotion:
    """The source agency agrees, and the words become an ordinary record; or refuses, and they stay inside."""
    asked = session.get(Promotion, promotion_id, with_for_update=True)
    if asked is None or asked.source not in by.agencies:
        raise NotFound("その求めはないか、あなたの機関あてではありません。")
    if asked.agreed_at or asked.refused_at:
        raise Invalid("この求めには、もう答えています。")
    if agrees:
        _carry_out(session, asked, by=by, now=now)
    else:
        asked.refused_at, asked.agreed_by = now, by.staff_id
        seat = next((seat for seat in by.seats if seat.agency == asked.source), by.seats[0])
        _note(session, "会議限定の昇格を断る", asked, by, seat, now)
    alerts.settle(session, f"promotion:{asked.id}", by=by, now=now)
    return asked


def promotions(session: Session, seen: Sight, case: Case) -> list[tuple[Promotion, str]]:
    """What was asked to leave the open compartments of a meeting, with its words."""
    rows = session.scalars(select(Promotion).where(Promotion.item.in_(sorted(seen.items))).order_by(Promotion.id))
    return [(row, _words(session, case, row)) for row in rows]


def _carry_out(session: Session, asked: Promotion, *, by: Actor, now: datetime) -> None:
    item = session.get_one(MeetingItem, asked.item)
    case, meeting = session.get_one(Case, item.case_id), session.get_one(Case, item.meeting_id)
    version = definitions.current(session, PROMOTED_IN)
    form = compiled(session, version.id).forms.get(PROMOTED)
    if form is None:
        raise Invalid(f"公開中の会議の手続きに様式{PROMOTED}がありません。手続きを公開し直してください。")
    answers = {
        "anken": item.item, "dedokoro": asked.source, "konkyo": asked.ground,
        "douiBi": now.date().isoformat(), "joho": _words(session, meeting, asked),
    }  # fmt: skip
    asker = session.get_one(Staff, asked.asked_by)
    record = records.write(
        session, case, form=form, answers=answers, version_id=version.id, now=now, title="会議限定から移した情報",
        by=Actor(staff_id=asker.id, name=asker.name, seats=()), seat=Seat(agency=asked.asked_for, role="sui"),
        about=list(item.persons) or None,
    )  # fmt: skip
    session.flush()
    asked.agreed_by, asked.agreed_at, asked.record_id = by.staff_id, now, record.id
    seat = next((seat for seat in by.seats if seat.agency == asked.source), by.seats[0])
    _note(session, "会議限定の昇格", asked, by, seat, now)
    line = journal.Line(
        action="会議限定の昇格", by=by, seat=seat, case_id=case.id, target=f"record:{record.id}",
        ground=f"C26:{asked.ground}", particulars={"item": asked.item, "asked_by": asked.asked_by, "source": asked.source},
    )  # fmt: skip
    journal.write(session, line, now=now)


def _admitted(session: Session, case: Case, persons: list[int], *, now: datetime) -> set[str]:
    return {TOWN, *([case.lead] if case.lead else []), *consent.receivers(session, case, persons, now=now)}


def _all_consent(session: Session, item: MeetingItem, *, now: datetime) -> bool:
    case = session.get_one(Case, item.case_id)
    same = same_people(session, case)
    given, _ = consent.consenting(session, case, now=now)
    return bool(item.persons) and {same.get(one, one) for one in item.persons} <= set(given)


def _proposed(given: list[int], open_: list[int]) -> str:
    """What table D4 says of consent: all → B, some → split, none → A."""
    if not given:
        return "A"
    return "分割" if open_ else "B"


def _note(session: Session, action: str, asked: Promotion, by: Actor, seat: Seat, now: datetime) -> None:
    meeting_id = session.get_one(MeetingItem, asked.item).meeting_id
    line = journal.Line(
        action=action, by=by, seat=seat, case_id=meeting_id, target=f"promotion:{asked.id}",
        ground=f"C26:{asked.ground}", particulars={"from": asked.from_record, "source": asked.source, "to": asked.record_id},
    )  # fmt: skip
    journal.write(session, line, now=now)


def _seal(session: Session, meeting: Case, words: str) -> bytes:
    plain = json.dumps({"words": words}, ensure_ascii=False).encode()
    return vault_of(session).seal(plain, wrapped=meeting.data_key or b"", about=f"promotion:{meeting.id}")


def _words(session: Session, meeting: Case, asked: Promotion) -> str:
    plain = vault_of(session).open(asked.sealed, wrapped=meeting.data_key, about=f"promotion:{meeting.id}")
    return str(json.loads(plain)["words"])


