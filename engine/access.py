"""On what ground may this person see this? The only way to a case's content.

Deny by default: table D8 is asked for every seat, relation and ground that there is, and what
any of them allows is open. The class of a field (L1 existence … L4 special care) says how far
a ground reaches; 会議限定 (L5) is no level but a compartment: only the members of a meeting
item open it. Nothing here reads content: `engine.records` does, through a Sight.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from engine import facts, journal, ruling
from engine.agencies import Actor, Seat
from engine.casebook import Case, Relation
from engine.errors import NotAllowed, NotFound
from engine.facts import NO_CONSENT, Facts, Post, Shared
from engine.ruling import Answer, Question
from engine.standing import Compartment, Grant, Interest
from engine.tasks import Task

__all__ = ["CLASSES", "TOWN", "Compartment", "Grant", "Reach", "Sight", "note_refusal", "open_case_page", "sight", "visible_cases"]

TOWN = "fukushi"
CLASSES = ("L1", "L2", "L3", "L4")
SHUT = "このケースは、あなたには開けません。理由：{why}。関わる必要があるときは、相談支援包括化推進員に連絡してください。"
UNKNOWN = "そのケースはないか、あなたには開けません。"
#: What a consent must name before it opens a field that names no item itself, by the field's class.
NEEDED: Mapping[int, frozenset[str]] = {
    1: frozenset(), 2: frozenset({"基本"}), 3: frozenset({"相談内容"}), 4: frozenset({"健康", "障がい"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far one person may read one record: up to class `plain`, and with consent up to `consented` in `items`."""

    plain: int
    consented: int
    items: frozenset[str]
    ground: str
    seat: Seat

    @property
    def opens(self) -> bool:
        """Whether anything of the record's content is open."""
        return self.plain >= 2 or (self.consented >= 2 and bool(self.items))

    def shows(self, level: int, item: str = "") -> bool:
        """Whether a field of this class, about this item (提供する項目; '' as its class says), is open."""
        if level <= self.plain:
            return True
        needed = frozenset({item}) if item else NEEDED.get(level)
        return level <= self.consented and needed is not None and needed <= self.items


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one person may see of one case now, and why.

    `level` is the highest class of what stands in no record (0 nothing, 1 existence, 2 who it
    is about …); `items` meeting items whose compartment is open; `restrained` that only an
    emergency override or an emergency mode opened it: watermark, no print, no export.
    """

    case_id: int
    level: int
    ground: str
    seat: Seat
    stage: str
    writes: bool
    restrained: bool
    items: frozenset[str]
    facts: Facts

    def reach(
        self, *, record_id: int, agency: str, compartment: str | None, about: Iterable[int] | None = None
    ) -> Reach:
        """How far this person may read one record; `about` the persons it concerns (None: the whole household)."""
        best = Reach(plain=0, consented=0, items=frozenset(), ground="", seat=self.seat)
        for post in self.facts.posts:
            for ground in self.facts.grounds(post, record_id, agency, compartment):
                shared = self.facts.shared(post.seat.agency, about)
                best = _better(best, _reach(self.facts, post, ground, shared))
        return best


def sight(session: Session, actor: Actor, case: Case, *, now: datetime) -> Sight | None:
    """Work out what the actor may see of a case; None when there is no ground at all."""
    known = facts.gather(session, actor, case, now=now)
    level, answer, post, restrained = _level(known)
    if level == 0:
        return None
    return Sight(
        case_id=case.id,
        level=level,
        ground=answer.ground,
        seat=post.seat,
        stage=known.stage,
        writes=any(has_to_do(one) for one in known.posts) and not restrained,
        restrained=restrained,
        items=frozenset(known.items),
        facts=known,
    )


def open_case_page(session: Session, actor: Actor, case: Case, *, purpose: str, now: datetime) -> Sight:
    """Sight of a case for reading, written to the journal as one read; refused tries are the door's to note."""
    seen = looked_at(session, actor, case, now=now)
    write_read(session, actor, seen, target=f"case:{case.id}", purpose=purpose, now=now)
    return seen


def looked_at(session: Session, actor: Actor, case: Case, *, now: datetime) -> Sight:
    """Sight of a case, or the refusal with its reason; a secret case is refused as if it were not there."""
    seen = sight(session, actor, case, now=now)
    if seen is not None:
        return seen
    if case.secret:
        raise NotFound(UNKNOWN)
    raise NotAllowed(SHUT.format(why=why_not(session, actor, case, now=now)))


def why_not(session: Session, actor: Actor, case: Case, *, now: datetime) -> str:
    """Why there is no ground, in the words of table D8."""
    known = facts.gather(session, actor, case, now=now)
    reasons = [known.ask(post, relation).ground for post in known.posts for relation in post.relations]
    return next(iter(reasons), "所属と役割の期間が過ぎているため")


def write_read(
    session: Session,
    actor: Actor,
    seen: Sight,
    *,
    target: str,
    purpose: str,
    now: datetime,
    reach: Reach | None = None,
) -> None:
    """One line of the journal for one page read: who, from which seat, at which stage, on what ground, what for."""
    line = journal.Line(
        action="閲覧",
        by=actor,
        seat=reach.seat if reach else seen.seat,
        case_id=seen.case_id,
        target=target,
        stage=seen.stage,
        ground=reach.ground if reach else seen.ground,
        purpose=purpose,
        particulars={"level": max(reach.plain, reach.consented) if reach else seen.level},
    )
    journal.write(session, line, now=now)


def note_refusal(session: Session, actor: Actor, *, target: str, case_id: int | None, now: datetime) -> None:
    """Journal a refused try; the door calls it in a transaction of its own."""
    line = journal.Line(action="閲覧", by=actor, case_id=case_id, target=target, outcome="お断り")
    journal.write(session, line, now=now)


def visible_cases(session: Session, actor: Actor) -> Iterable[ColumnElement[bool]]:
    """SQL conditions under which an open case may appear in a list for this person (its number, nothing more)."""
    table = facts.ruling_in_force(session)
    ways: list[ColumnElement[bool]] = []
    for seat in actor.seats:
        kinds = [kind for kind in ruling.RELATIONS if _known_throughout(table, seat, kind)]
        if ruling.PLAIN in kinds:
            ways.append(Case.secret.is_(False))
        ways.append(Case.id.in_(_related(seat, kinds)))
    if not ways:
        return (Case.id.is_(None),)
    return (or_(*ways), Case.id.not_in(conflicted(actor)))


def conflicted(actor: Actor):  # type: ignore[no-untyped-def]  # a SQL sub-query
    """The cases with which this member of staff has nothing to do (利益相反)."""
    return select(Interest.case_id).where(Interest.staff_id == actor.staff_id, Interest.lifted_at.is_(None))


def _level(known: Facts) -> tuple[int, Answer, Post, bool]:
    """The class of what stands in no record, its answer and seat, and whether only an emergency gave it."""
    best: tuple[int, Answer, Post, bool] = (0, ruling.DENIED, facts.NOBODY, False)
    for post in known.posts:
        for relation in post.relations:
            shared = known.shared(post.seat.agency, None)
            plain = known.ask(post, relation, consent=shared.state)
            best = max(best, (plain.reach, plain, post, False), key=_first)
            if "基本" in shared.items:
                given = known.ask(post, relation, consent="有効")
                best = max(best, (min(2, given.reach), given, post, False), key=_first)
            for ground, cap in known.emergencies(post):
                opened = known.ask(post, relation, ground=ground)
                best = max(best, (min(cap, opened.reach), opened, post, True), key=_first)
            for ground in known.footholds(post):
                best = max(best, (min(1, (told := known.ask(post, relation, ground=ground)).reach), told, post, False), key=_first)
    return (min(4, best[0]), *best[1:])


def _first(found: tuple[int, Answer, Post, bool]) -> int:
    return found[0]


def _reach(known: Facts, post: Post, ground: str, shared: Shared) -> Reach:
    plain, consented, best = 0, 0, ruling.DENIED
    cap = dict(known.emergencies(post)).get(ground, 5)
    for relation in post.relations:
        answer = known.ask(post, relation, ground=ground, consent=shared.state)
        if min(cap, answer.reach) > plain:
            plain, best = min(cap, answer.reach), answer
        if shared.items:
            given = known.ask(post, relation, ground=ground, consent="有効")
            if min(cap, given.reach) > max(plain, consented):
                consented, best = min(cap, given.reach), given
    return Reach(plain=plain, consented=consented, items=shared.items, ground=best.ground, seat=post.seat)


def _better(one: Reach, other: Reach) -> Reach:
    """Both together; the wider one's ground stands in the journal."""
    wider = other if max(other.plain, other.consented) > max(one.plain, one.consented) else one
    items, consented = one.items, one.consented
    if other.consented > max(other.plain, consented) or not items:
        items, consented = other.items, other.consented
    return Reach(
        plain=max(one.plain, other.plain), consented=consented, items=items, ground=wider.ground, seat=wider.seat
    )


def has_to_do(post: Post) -> bool:
    """Whether a seat's agency works on the case, and may write its own records in it."""
    return bool({"主担当", "受付", "紹介元", "関与", "依頼"} & set(post.relations))


def _known_throughout(table: ruling.Ruling, seat: Seat, relation: str) -> bool:
    """Whether D8 lets this seat know of an open case at every stage; a list cannot ask for each case."""
    return all(
        table.ask(Question(role=seat.role, relation=relation, stage=stage)).reach >= 1
        for stage in ruling.STAGES
        if not stage.startswith("終結")
    )


def _related(seat: Seat, kinds: list[str]):  # type: ignore[no-untyped-def]  # a SQL sub-query
    held = select(Relation.case_id).where(
        Relation.agency == seat.agency, Relation.until.is_(None), Relation.kind.in_(kinds)
    )
    if "依頼" not in kinds:
        return held
    mine = and_(Task.agency == seat.agency, Task.role.in_((seat.role, "kik", "")), Task.status == "open")
    return held.union(select(Task.case_id).where(mine))


assert NO_CONSENT.state in ruling.CONSENTS
