"""Unusual looks (ふだんと違う閲覧): a list for the officer to ask about, never a verdict."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import journal, kin, people
from engine.access import Grant
from engine.agencies import Actor, Staff
from engine.casebook import Case, Relation
from engine.db import JST
from engine.journal import Entry
from engine.readers import OFFICER, require_officer
from engine.tasks import Task

RELATIVE, HOUSEHOLD, SURNAME, STRANGER, BULK, NIGHT = (
    "親族のケース", "職員の世帯のケース", "同じ名字と住所", "関わりのないケース", "まとめて閲覧", "夜間の閲覧",
)  # fmt: skip
KINDS = (RELATIVE, HOUSEHOLD, SURNAME, STRANGER, BULK, NIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What counts as unusual: the night in hours of Japan (from 22 until 6), and so many cases a person and day."""

    since: datetime
    until: datetime
    night_from: int = 22
    night_until: int = 6
    bulk: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """One look, or (`times` > 1) several of the same member of staff, with the reason why it stands here."""

    kind: str
    entry: Entry
    times: int
    cases: int


def report(session: Session, watch: Watch, *, by: Actor, now: datetime) -> list[Unusual]:
    """All unusual looks of a span, by kind, newest first; asking is itself a line of the journal."""
    require_officer(by)
    seat = next(seat for seat in by.seats if seat.role == OFFICER)
    read = list(
        session.scalars(
            select(Entry)
            .where(Entry.action == journal.READ, Entry.outcome == journal.DONE, Entry.at >= watch.since,
                   Entry.at < watch.until, Entry.staff_id.is_not(None), Entry.case_id.is_not(None))
            .order_by(Entry.id.desc())
        )
    )  # fmt: skip
    found = [*_relatives(session, read), *_namesakes(session, read), *_strangers(session, read), *_bulk(read, watch), *_night(read, watch)]
    line = journal.Line(
        action="ふだんと違う閲覧の点検", by=by, seat=seat, particulars={"looks": len(read), "found": len(found)}
    )
    journal.write(session, line, now=now)
    return sorted(found, key=lambda one: KINDS.index(one.kind))


def _relatives(session: Session, read: Sequence[Entry]) -> list[Unusual]:
    related = kin.in_cases(session, {entry.case_id or 0 for entry in read})
    own = [entry for entry in read if entry.staff_id in related.get(entry.case_id or 0, ())]
    others = [entry for entry in read if related.get(entry.case_id or 0) and entry not in own]
    return [*_folded(RELATIVE, own), *_folded(HOUSEHOLD, others)]


def _namesakes(session: Session, read: Sequence[Entry]) -> list[Unusual]:
    """Same surname and same home as somebody of the case; the words stay inside this function."""
    homes = kin.at_home(session, {entry.staff_id or 0 for entry in read})
    watched = [entry for entry in read if entry.staff_id in homes]
    surnames = {
        staff_id: people.normalise(name.split()[0])
        for staff_id, name in session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(sorted(homes))))
        if name.split()
    }
    dwelling = {case_id: _dwellings(session, case_id) for case_id in {entry.case_id or 0 for entry in watched}}
    return _folded(
        SURNAME,
        [one for one in watched if (surnames.get(one.staff_id or 0), homes[one.staff_id or 0]) in dwelling[one.case_id or 0]],
    )


def _dwellings(session: Session, case_id: int) -> set[tuple[str, str]]:
    case = session.get_one(Case, case_id)
    if case.data_key is None:
        return set()
    known = [said for _, said in people.of_case(session, case) if said.name.split() and said.address]
    return {(people.normalise(said.name.split()[0]), dict(people.marks(session, said))["address"]) for said in known}


def _strangers(session: Session, read: Sequence[Entry]) -> list[Unusual]:
    ids = sorted({entry.case_id or 0 for entry in read})
    known: set[tuple[int, str]] = set()
    for table in (Relation, Task, Grant):
        known |= {(case, agency) for case, agency in session.execute(select(table.case_id, table.agency).where(table.case_id.in_(ids)))}
    return _folded(STRANGER, [entry for entry in read if (entry.case_id, entry.agency) not in known])


def _bulk(read: Sequence[Entry], watch: Watch) -> list[Unusual]:
    days: dict[tuple[int | None, object], list[Entry]] = defaultdict(list)
    for entry in read:
        days[entry.staff_id, entry.at.astimezone(JST).date()].append(entry)
    found = []
    for looks in days.values():
        cases = len({entry.case_id for entry in looks})
        if cases >= watch.bulk:
            found.append(Unusual(kind=BULK, entry=looks[0], times=len(looks), cases=cases))
    return found


def _night(read: Sequence[Entry], watch: Watch) -> list[Unusual]:
    def at_night(hour: int) -> bool:
        if watch.night_from <= watch.night_until:
            return watch.night_from <= hour < watch.night_until
        return hour >= watch.night_from or hour < watch.night_until

    return _folded(NIGHT, [entry for entry in read if at_night(entry.at.astimezone(JST).hour)])


def _folded(kind: str, entries: Iterable[Entry]) -> list[Unusual]:
    """One line a member of staff and case, with how often: a page read five times is one thing to ask about."""
    groups: dict[tuple[int | None, int | None], list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.staff_id, entry.case_id].append(entry)
    return [Unusual(kind=kind, entry=looks[0], times=len(looks), cases=1) for looks in groups.values()]
