"""What table D8 is asked about one person and one case: relations, stage, grants, consents, items, conflicts.

Gathered from rows in one go, then asked without the database for every record of the case.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import kin, people, ruling
from engine.agencies import Actor, Seat, today_of
from engine.casebook import LEAD, RECEIVER, RECEPTION, Case, Relation, relations
from engine.definitions import Process, compiled
from engine.ruling import Answer, Question, Ruling
from engine.standing import (
    GIVEN,
    STATES,
    Basis,
    Compartment,
    Consent,
    DistrictView,
    Grant,
    Interest,
    MeetingItem,
    Override,
    Secrecy,
)
from engine.tasks import Task

#: The process whose published version carries the table in force.
HOME = "P-A"
#: A closed case stays readable for so long to those who had to do with it (handbook B-180).
AFTER_CLOSURE = timedelta(days=30)
STAGE_OF_KIND = {"会": "会議", "多": "多機関協働", "気": "受付前"}
#: Kinds of cases that are no person's matter: evaluation, training, publicity, contracts, resources.
OF_THE_TOWN = frozenset({"評", "研", "広", "庁", "契", "資", "地", "災"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One seat and how its agency stands to the case now."""

    seat: Seat
    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What consents give an agency for a record: items that everybody concerned agreed to; the state of the rest."""

    items: frozenset[str]
    state: str


NOBODY = Post(seat=Seat(agency="", role=""), relations=())
NO_CONSENT = Shared(items=frozenset(), state="なし")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that D8's questions about one person and one case are made of."""

    table: Ruling
    posts: tuple[Post, ...]
    stage: str
    secret: bool
    conflict: bool
    granted: Mapping[str, frozenset[int]]
    items: Mapping[str, tuple[str, frozenset[str]]]
    here: bool
    given: Mapping[tuple[int, str], frozenset[str]]
    gone: Mapping[tuple[int, str], str]
    same: Mapping[int, int]
    instead: frozenset[str]
    override: int
    district: Mapping[str, int]

    def ask(self, post: Post, relation: str, *, ground: str = ruling.PLAIN, consent: str = "なし") -> Answer:
        """Table D8's answer for a seat in a relation."""
        return self.table.ask(
            Question(
                role=post.seat.role,
                relation=relation,
                stage=self.stage,
                ground=ground,
                consent=consent,
                conflict=self.conflict,
                secret=self.secret,
            )
        )

    def grounds(self, post: Post, record_id: int, agency: str, compartment: str | None) -> Iterator[str]:
        """The grounds that a seat has for one record; for a compartment only membership."""
        if compartment:
            function, members = self.items.get(compartment, ("", frozenset()))
            if post.seat.agency in members:
                yield ruling.MEMBER[function]
            return
        yield ruling.PLAIN
        if agency == post.seat.agency:
            yield ruling.OWN
        if record_id in self.granted.get(post.seat.agency, ()):
            yield ruling.GRANTED
        if post.seat.agency in self.instead:
            yield ruling.INSTEAD
        yield from (ground for ground, _ in self.emergencies(post))

    def emergencies(self, post: Post) -> Iterator[tuple[str, int]]:
        """Emergency grounds and the class up to which each was opened."""
        if self.override:
            yield ruling.OVERRIDE, self.override
        if post.seat.agency in self.district:
            yield ruling.DISTRICT, self.district[post.seat.agency]

    def footholds(self, post: Post) -> Iterator[str]:
        """Grounds by which a seat knows at least that the case exists: a record granted, an item here."""
        if self.granted.get(post.seat.agency):
            yield ruling.GRANTED
        if self.here:
            for function, members in self.items.values():
                if post.seat.agency in members:
                    yield ruling.MEMBER[function]

    def shared(self, agency: str, about: Iterable[int] | None) -> Shared:
        """What the persons concerned have agreed to share with an agency: only what all of them have."""
        persons = set(self.same.values()) if about is None else {self.same.get(one, one) for one in about}
        if not persons or not (self.given or self.gone):
            return NO_CONSENT
        items = frozenset.intersection(*(self.given.get((one, agency), frozenset()) for one in persons))
        states = {self.gone.get((one, agency)) or self.gone.get((one, "")) for one in persons}
        worst = next((state for state in ("撤回", "期限切れ", "拒否") if state in states), "なし")
        return Shared(items=items, state=worst)


def gather(session: Session, actor: Actor, case: Case, *, now: datetime) -> Facts:
    """Ask the rows, once."""
    held = relations(session, case.id)
    agencies = sorted(actor.agencies)
    given, gone, same = _consents(session, case, agencies, now)
    items, here = _items(session, actor, case, now)
    return Facts(
        table=ruling_in_force(session),
        posts=_posts(session, actor, case, held),
        stage=stage_of(case, held, now=now),
        secret=case.secret,
        conflict=_conflict(session, actor, case),
        granted=_granted(session, case, agencies, now),
        items=items,
        here=here,
        given=given,
        gone=gone,
        same=same,
        instead=_instead(session, case, agencies, now),
        override=_override(session, actor, case, now),
        district=_district(session, case, agencies, now),
    )


def ruling_in_force(session: Session) -> Ruling:
    """The table of the current version of P-A; before there is one, the shipped table."""
    current = session.scalar(select(Process.current_id).where(Process.key == HOME))
    if current is None:
        return ruling.shipped()
    model = compiled(session, current).tables.get(ruling.TABLE)
    if model is None:
        return ruling.shipped()
    known = _rulings.get(id(model))
    if known is None:
        known = _rulings[id(model)] = Ruling(model)
    return known


# A compiled version lives as long as the process and is never changed: its model's identity is its name.
_rulings: dict[int, Ruling] = {}


def stage_of(case: Case, held: list[Relation], *, now: datetime) -> str:
    """The stage (段階) in D8's words."""
    if case.status == "closed":
        recent = case.closed_at is not None and case.closed_at + AFTER_CLOSURE > now
        return "終結30日" if recent else "終結後"
    if case.kind in OF_THE_TOWN:
        return "町の仕事"
    if case.kind in STAGE_OF_KIND:
        return STAGE_OF_KIND[case.kind]
    kinds = {relation.kind for relation in held}
    if RECEIVER in kinds:
        return "受理前"
    return "受理後" if LEAD in kinds and RECEPTION not in kinds else "相談"


def same_people(session: Session, case: Case) -> dict[int, int]:
    """Id of every person row of a case → id of the first row that means the same person.

    Several forms name the same people; the same name with no contradicting birth date is one.
    """
    first: list[tuple[str, str, int]] = []
    same: dict[int, int] = {}
    for person, said in people.of_case(session, case):
        name = people.normalise(said.name)
        alike = (one for known, birth, one in first if name and known == name and _agree(birth, said.birth))
        same[person.id] = next(alike, person.id)
        if same[person.id] == person.id:
            first.append((name, said.birth, person.id))
    return same


def _agree(one: str, other: str) -> bool:
    return not one or not other or one == other


def _posts(session: Session, actor: Actor, case: Case, held: list[Relation]) -> tuple[Post, ...]:
    asked = session.execute(
        select(Task.agency, Task.role)
        .where(Task.case_id == case.id, Task.status.in_(("open", "suspended")), Task.agency.in_(sorted(actor.agencies)))
        .distinct()
    ).all()
    posts = []
    for seat in actor.seats:
        kinds = {relation.kind for relation in held if relation.agency == seat.agency}
        has_task = any(agency == seat.agency and role in (seat.role, "kik", "") for agency, role in asked)
        # Before acceptance a receiving agency has its task, but no more than the sheet.
        if has_task and RECEIVER not in kinds:
            kinds.add("依頼")
        posts.append(Post(seat=seat, relations=tuple(sorted(kinds)) or (ruling.PLAIN,)))
    return tuple(posts)


def _conflict(session: Session, actor: Actor, case: Case) -> bool:
    """Declared for this case, or because a declared relative (親族の届出) stands in it."""
    declared = select(Interest.id).where(
        Interest.case_id == case.id, Interest.staff_id == actor.staff_id, Interest.lifted_at.is_(None)
    )
    if session.scalar(declared.limit(1)) is not None:
        return True
    return actor.staff_id in kin.in_cases(session, [case.id]).get(case.id, set())


def _granted(session: Session, case: Case, agencies: list[str], now: datetime) -> Mapping[str, frozenset[int]]:
    rows = session.execute(
        select(Grant.agency, Grant.record_id).where(
            Grant.case_id == case.id, Grant.agency.in_(agencies), or_(Grant.until.is_(None), Grant.until > now)
        )
    )
    found: dict[str, set[int]] = {}
    for agency, record_id in rows:
        found.setdefault(agency, set()).add(record_id)
    return {agency: frozenset(ids) for agency, ids in found.items()}


def _items(
    session: Session, actor: Actor, case: Case, now: datetime
) -> tuple[Mapping[str, tuple[str, frozenset[str]]], bool]:
    """Items of this meeting whose compartment is open: function and member agencies; whether there is one here."""
    if case.kind != "会":
        return {}, False
    rows = session.execute(
        select(MeetingItem.item, MeetingItem.function, Compartment.agency)
        .join(Compartment, Compartment.item == MeetingItem.item)
        .where(
            MeetingItem.meeting_id == case.id,
            Compartment.agency.in_(sorted(actor.agencies)),
            Compartment.since <= now,
            or_(Compartment.until.is_(None), Compartment.until > now),
        )
    ).all()
    told = _told(session, actor, today_of(now)) if any(function == "A" for _, function, _ in rows) else False
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for item, function, agency in rows:
        if function == "B" or told:
            known = found.get(item, (function, frozenset[str]()))[1]
            found[item] = (function, known | {agency})
    return found, bool(rows)


def _told(session: Session, actor: Actor, today: date) -> bool:
    """Whether this member of staff was told of secrecy: without, a 支援会議's compartment stays shut."""
    said = select(Secrecy.id).where(
        Secrecy.staff_id == actor.staff_id,
        Secrecy.told_on <= today,
        or_(Secrecy.until.is_(None), Secrecy.until >= today),
    )
    return session.scalar(said.limit(1)) is not None


def _consents(
    session: Session, case: Case, agencies: list[str], now: datetime
) -> tuple[Mapping[tuple[int, str], frozenset[str]], Mapping[tuple[int, str], str], Mapping[int, int]]:
    """(person, agency) → items agreed to now; → why not (any more), agency '' where a person refused all; who is who."""
    rows = session.scalars(
        select(Consent)
        .where(Consent.case_id == case.id, or_(Consent.agency.in_(agencies), Consent.agency.is_(None)))
        .order_by(Consent.id)
    ).all()
    same = same_people(session, case) if rows else {}
    given: dict[tuple[int, str], set[str]] = {}
    gone: dict[tuple[int, str], str] = {}
    for row in rows:
        if row.person_id is None or row.since > now:
            continue
        key = (same.get(row.person_id, row.person_id), row.agency or "")
        state = state_of(row, now=now)
        if state == "有効":
            given.setdefault(key, set()).add(row.item)
            gone.pop(key, None)
        elif state != "なし":
            gone[key] = state
    live = {key: frozenset(items) for key, items in given.items()}
    return live, {key: state for key, state in gone.items() if key not in live}, same


def state_of(row: Consent, *, now: datetime) -> str:
    """A consent row in D8's words: 有効, 撤回, 期限切れ, 拒否, or なし where another answer took its place."""
    if row.ended_at is not None and row.ended_at <= now:
        return row.ended_how if row.ended_how in ("撤回", "期限切れ") else "なし"
    if row.state not in GIVEN:
        return STATES.get(row.state, "なし")
    return "有効" if row.until is None or row.until >= today_of(now) else "期限切れ"


def _instead(session: Session, case: Case, agencies: list[str], now: datetime) -> frozenset[str]:
    return frozenset(
        session.scalars(
            select(Basis.agency).where(
                Basis.case_id == case.id, Basis.agency.in_(agencies), or_(Basis.until.is_(None), Basis.until > now)
            )
        )
    )


def _override(session: Session, actor: Actor, case: Case, now: datetime) -> int:
    levels = session.scalars(
        select(Override.level).where(
            Override.case_id == case.id,
            Override.staff_id == actor.staff_id,
            Override.opened_at <= now,
            Override.until > now,
            Override.closed_at.is_(None),
        )
    )
    return max(levels, default=0)


def _district(session: Session, case: Case, agencies: list[str], now: datetime) -> Mapping[str, int]:
    if not case.district:
        return {}
    rows = session.execute(
        select(DistrictView.agency, DistrictView.level).where(
            DistrictView.district == case.district,
            DistrictView.agency.in_(agencies),
            DistrictView.since <= now,
            DistrictView.until > now,
            DistrictView.ended_at.is_(None),
        )
    )
    return {agency: min(2, level) for agency, level in rows}
