"""「だれが私の記録を見たか」: who opened the case of a person, when, from which agency, on what ground."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import journal
from engine.agencies import Actor
from engine.casebook import Case
from engine.errors import NotAllowed, NotFound
from engine.journal import Entry
from engine.people import Person

#: Who keeps watch over personal information (個人情報保護管理者).
OFFICER = "ppo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """The answer: the case's number, whether refused tries are in it, and the lines, newest first."""

    person_id: int
    case: Case
    place: str
    lines: tuple[Entry, ...]


def of_person(session: Session, person_id: int, *, by: Actor, purpose: str, now: datetime) -> Readers:
    """Every look at the case in which this person stands, refused tries included; asking is itself a line."""
    require_officer(by)
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("その人はいません。番号か氏名でさがし直してください。")
    case = session.get_one(Case, person.case_id)
    seat = next(seat for seat in by.seats if seat.role == OFFICER)
    line = journal.Line(
        action="操作履歴の閲覧", by=by, seat=seat, case_id=case.id, target=f"person:{person_id}", purpose=purpose,
        ground="個人情報保護管理者",
    )  # fmt: skip
    journal.write(session, line, now=now)
    found = session.scalars(
        select(Entry).where(Entry.case_id == case.id, Entry.action.in_(journal.READS)).order_by(Entry.id.desc())
    )
    return Readers(person_id=person_id, case=case, place=person.place, lines=tuple(found))


def require_officer(by: Actor) -> None:
    """Only the officer reads what others read."""
    if OFFICER not in by.roles:
        raise NotAllowed("操作履歴を調べるのは個人情報保護管理者です。必要なときは総務課に連絡してください。")
