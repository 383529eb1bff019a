"""Finding households: the rows of a team, an answer saved at once, and what two people say of the same household.

Only members of a row's own team open it, and only while the mode holds; each opening is journalled on the
case it concerns. Addresses and telephones under 支援措置 stay masked on every list.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import cases, journal, people, registers
from engine.agencies import Actor, staff_names
from engine.casebook import Case
from engine.definitions import compiled, current
from engine.disasters import NOT_FOUND, Disaster, SafetyRow, holds
from engine.errors import Conflict, NotAllowed, NotFound
from engine.journal import Book
from engine.people import Particulars, Person
from engine.tasks import Task
from forms.schema import Form

HOUSEHOLD, CONFIRM, FORM = "P-F2", "S-30", "F-F03"
MASKED = "（伏せています。推進員に確かめてください）"
Reading = Callable[[Form], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A row as its team sees it; `others` are further people of the household."""

    row: SafetyRow
    number: str
    person: Particulars
    others: tuple[Particulars, ...]
    shielded: bool
    by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How far a team (or all of them, team empty) has come."""

    team: str
    households: int
    confirmed: int
    unknown: int
    urgent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A disaster and the cases that came of it."""

    tag: str
    name: str
    going_on: int
    closed: int


class Twice(Conflict):
    """Somebody else answered for this household first: who, when, what; the second answer is not lost."""

    def __init__(self, row: SafetyRow, *, by_name: str) -> None:
        at = row.answered_at
        super().__init__(
            f"{by_name}さんが{at:%H:%M}に、この世帯の安否を先に入れました。両方を見くらべて、残す方を選んでください。"
        )
        self.by_name = by_name
        self.answer = row.answer
        self.version = row.version
        self.at = at


def teams_of(session: Session, disaster: Disaster, actor: Actor) -> list[str]:
    """The teams of this disaster to which the actor belongs."""
    known = session.scalars(select(SafetyRow.team).where(SafetyRow.disaster_id == disaster.id).distinct())
    return sorted(set(known) & actor.agencies)


def homes(
    session: Session, disaster: Disaster, team: str, *, by: Actor, now: datetime, action: str = "安否確認の一覧"
) -> list[Home]:
    """The households of one team in the order of its list, journalled on each of them."""
    _ensure_ground(disaster, team, by, now)
    found = session.execute(
        select(SafetyRow, Case)
        .join(Case, Case.id == SafetyRow.case_id)
        .where(SafetyRow.disaster_id == disaster.id, SafetyRow.team == team)
        .order_by(SafetyRow.place)
    ).all()
    told = people.of_cases(session, [case for _, case in found])
    names = staff_names(session, [row.answered_by or 0 for row, _ in found])
    _journal(session, [(row, case) for row, case in found], disaster, team, by, now, action)
    return [_home(row, case, told.get(case.id, []), names) for row, case in found]


def find(session: Session, row_id: int, *, by: Actor, now: datetime) -> tuple[SafetyRow, Disaster]:
    """One row, for a member of its team."""
    row = session.get(SafetyRow, row_id)
    if row is None:
        raise NotFound("その世帯は一覧にありません。一覧を開き直してください。")
    disaster = session.get_one(Disaster, row.disaster_id)
    _ensure_ground(disaster, row.team, by, now)
    return row, disaster


def form(session: Session) -> Form:
    """The form of a safety confirmation, as new households have it."""
    return compiled(session, current(session, HOUSEHOLD).id).forms[FORM]


def answer(
    session: Session,
    row_id: int,
    reading: Reading,
    *,
    seen: int,
    by: Actor,
    now: datetime,
    submission: str,
    source: str = "一括入力",
) -> SafetyRow:
    """Save what was found out about one household.

    `seen` is the row's version that the writer had before the eyes. Raises Twice when somebody
    answered since; handing the same in with the newer version then adds a second answer.
    """
    row, _ = find(session, row_id, by=by, now=now)
    case = cases.find_case(session, row.case_id, lock=True)
    session.refresh(row)
    done = session.scalar(select(Task.id).where(Task.case_id == case.id, Task.submission == submission))
    if done is not None:
        return row
    if row.version != seen:
        raise Twice(row, by_name=staff_names(session, [row.answered_by or 0]).get(row.answered_by or 0, "自動処理"))
    task = _open_task(session, case.id)
    if task is None:
        _again(session, case, row, by=by, now=now)
        task = _open_task(session, case.id)
    assert task is not None
    cases.complete(session, task.id, reading, by=by, now=now, submission=submission, source=source)
    session.flush()
    session.refresh(row)
    return row


def figures(session: Session, disaster: Disaster) -> list[Figures]:
    """By team, and all together first: numbers only."""
    counted = session.execute(
        select(SafetyRow.team, SafetyRow.answer, SafetyRow.lane, func.count())
        .where(SafetyRow.disaster_id == disaster.id)
        .group_by(SafetyRow.team, SafetyRow.answer, SafetyRow.lane)
    ).all()
    teams = sorted({team for team, *_ in counted})
    return [_summed(team, [row for row in counted if team in ("", row[0])]) for team in ("", *teams)]


def followed(session: Session) -> list[Followed]:
    """Every disaster that cases came of: how many still go on (INV-113); numbers only, practice is not counted."""
    rows = session.execute(
        select(Case.event_tag, Case.status, func.count())
        .where(Case.event_tag != "", Case.kind.in_(("相", "多")))
        .group_by(Case.event_tag, Case.status)
        .order_by(Case.event_tag)
    )
    names = {one.tag: one.name or one.tag for one in session.scalars(select(Disaster))}
    names |= {one.value: one.label for one in registers.names(session)["disaster"]}
    counted: dict[str, dict[str, int]] = {}
    for tag, status, number in rows:
        counted.setdefault(tag, {})[status] = number
    return [
        Followed(tag=tag, name=names.get(tag, tag), going_on=sum(by.values()) - by.get("closed", 0), closed=by.get("closed", 0))
        for tag, by in counted.items()
    ]


def _summed(team: str, counted: Sequence[Any]) -> Figures:
    def total(wanted: Callable[[str, str], bool]) -> int:
        return sum(count for _, said, lane, count in counted if wanted(said, lane))

    return Figures(
        team=team,
        households=total(lambda said, lane: True),
        confirmed=total(lambda said, lane: said not in ("", NOT_FOUND)),
        unknown=total(lambda said, lane: said == NOT_FOUND),
        urgent=total(lambda said, lane: lane == "緊急支援"),
    )


def _ensure_ground(disaster: Disaster, team: str, by: Actor, now: datetime) -> None:
    if team not in by.agencies:
        raise NotAllowed("この班の一覧は、班の人だけが開けます。")
    if not holds(disaster, now=now):
        raise NotAllowed("緊急モードが終わっているため、安否確認の一覧は開けません。必要なときは推進員に連絡してください。")


def _open_task(session: Session, case_id: int) -> Task | None:
    return session.scalar(
        select(Task).where(Task.case_id == case_id, Task.element == CONFIRM, Task.status == "open").limit(1)
    )


def _again(session: Session, case: Case, row: SafetyRow, *, by: Actor, now: datetime) -> None:
    """A second answer about a household that counted as found: the confirmation begins anew in its case."""
    if case.status == "closed":
        case.status, case.closed_at, case.closed_reason = "open", None, ""
    disaster = session.get_one(Disaster, row.disaster_id)
    facts = {"han": row.team, "eventTag": disaster.tag, "kunren": disaster.drill, "urgency": 2}
    cases.start(session, case.id, HOUSEHOLD, facts=facts, by=by, seat=by.seat_for(row.team, "kik"), now=now)
    session.flush()


def _home(row: SafetyRow, case: Case, told: Sequence[tuple[Person, Particulars]], names: Mapping[int, str]) -> Home:
    shielded = any(person.shielded for person, _ in told)
    known = [_masked(said) if shielded else said for _, said in told]
    return Home(
        row=row, number=case.number, person=known[0] if known else Particulars(name="（氏名不明）"), others=tuple(known[1:]),
        shielded=shielded, by_name=names.get(row.answered_by or 0, ""),
    )  # fmt: skip


def _masked(said: Particulars) -> Particulars:
    return Particulars(
        name=said.name, kana=said.kana, birth=said.birth, tel=MASKED, address=MASKED, reason=said.reason, care=said.care
    )


def _journal(
    session: Session,
    found: Sequence[tuple[SafetyRow, Case]],
    disaster: Disaster,
    team: str,
    by: Actor,
    now: datetime,
    action: str,
) -> None:
    """One line in the book of every case shown; the books are locked in the order of their names."""
    books = {
        book.name: book
        for book in session.scalars(
            select(Book)
            .where(Book.name.in_([f"case:{case.id}" for _, case in found]))
            .order_by(Book.name)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    for row, case in found:
        line = journal.Line(
            action=action, by=by, seat=by.seat_for(team, "kik"), case_id=case.id, target=f"disaster:{disaster.id}",
            ground=f"安否確認（根拠{row.ground}）",
        )  # fmt: skip
        journal.write(session, line, now=now, book=books[f"case:{case.id}"])
