"""Table D8 read word for word, slowly and on its own: what the engine may show, this must grant, too.

It walks the table's XML cell by cell, and the rows of the database one by one; it shares with the engine only the
rows' classes and the names of things.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import people
from engine.agencies import Actor, Seat
from engine.casebook import Case, Relation
from engine.records import Record
from engine.standing import (
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

TABLE = Path(__file__).parents[2] / "processes" / "tables" / "D8.dmn"
DMN = "{https://www.omg.org/spec/DMN/20191111/MODEL/}"
NAMES = ("yakuwari", "kakawari", "dankai", "konkyo", "doui", "rieki", "hitoku")


@cache
def lines() -> tuple[tuple[tuple[str, ...], int], ...]:
    """(cells, highest class) of every row, from the top."""
    found = []
    for rule in etree.parse(str(TABLE)).iter(f"{DMN}rule"):
        cells = tuple(one.findtext(f"{DMN}text") for one in rule.findall(f"{DMN}inputEntry"))
        said = [one.findtext(f"{DMN}text") for one in rule.findall(f"{DMN}outputEntry")][:5]
        found.append((cells, said.index("false") if "false" in said else 5))
    return tuple(found)


def reach(**asked: Any) -> int:
    """The first row whose cells all fit; none is nothing."""
    for cells, highest in lines():
        if all(fits(cell, asked[name]) for cell, name in zip(cells, NAMES, strict=True)):
            return highest
    return 0


def fits(cell: str, value: Any) -> bool:
    if cell == "-":
        return True
    if cell in ("true", "false"):
        return value is (cell == "true")
    return value in [part.strip().strip('"') for part in cell.split(",")]


class Reading:
    """One person before one case, at one moment."""

    def __init__(self, session: Session, actor: Actor, case: Case, now: datetime) -> None:
        self.session, self.actor, self.case, self.now = session, actor, case, now
        self.rows: dict[Any, list[Any]] = {}
        self.names = {person.id: said.name for person, said in people.of_case(session, case)}

    def exists(self) -> bool:
        """Whether even the case's existence may be known."""
        return self.level() > 0

    def level(self) -> int:
        """The class of what stands in no record: by relation, by consent only the basic facts of everybody."""
        best = 0
        for seat in self.actor.seats:
            for relation in self.relations(seat):
                best = max(best, self.ask(seat, relation, "なし", self.lost(seat.agency, None)))
                if self.agreed(seat.agency, None, ["基本"]):
                    best = max(best, min(2, self.ask(seat, relation, "なし", "有効")))
                for ground, cap in self.emergencies(seat):
                    best = max(best, min(cap, self.ask(seat, relation, ground, "なし")))
                for ground in self.footholds(seat):
                    best = max(best, min(1, self.ask(seat, relation, ground, "なし")))
        return min(4, best)

    def field(self, record: Record, level: int, item: str) -> bool:
        """Whether a field of this class, about this item, may be read in this record."""
        for seat in self.actor.seats:
            for relation in self.relations(seat):
                for ground, cap in self.grounds(seat, record):
                    if level <= min(cap, self.ask(seat, relation, ground, self.lost(seat.agency, record.about))):
                        return True
                    needed = [item] if item else {2: ["基本"], 3: ["相談内容"], 4: ["健康", "障がい"]}.get(level)
                    given = needed and self.agreed(seat.agency, record.about, needed)
                    if given and level <= min(cap, self.ask(seat, relation, ground, "有効")):
                        return True
        return False

    def ask(self, seat: Seat, relation: str, ground: str, consent: str) -> int:
        return reach(yakuwari=seat.role, kakawari=relation, dankai=self.stage(), konkyo=ground, doui=consent,
                     rieki=self.conflict(), hitoku=self.case.secret)  # fmt: skip

    def all(self, row: Any) -> list[Any]:
        if row not in self.rows:
            self.rows[row] = list(self.session.scalars(select(row)))
        return self.rows[row]

    def relations(self, seat: Seat) -> list[str]:
        kinds = sorted({one.kind for one in self.all(Relation)
                        if one.case_id == self.case.id and one.agency == seat.agency and one.until is None})  # fmt: skip
        asked = any(one.case_id == self.case.id and one.agency == seat.agency and one.status in ("open", "suspended")
                    and one.role in (seat.role, "kik", "") for one in self.all(Task))  # fmt: skip
        if asked and "紹介先" not in kinds:
            kinds.append("依頼")
        return kinds or ["なし"]

    def stage(self) -> str:
        kinds = {one.kind for one in self.all(Relation) if one.case_id == self.case.id and one.until is None}
        if self.case.status == "closed":
            assert self.case.closed_at
            return "終結30日" if self.now - self.case.closed_at < timedelta(days=30) else "終結後"
        if self.case.kind in ("会", "多", "気"):
            return {"会": "会議", "多": "多機関協働", "気": "受付前"}[self.case.kind]
        if "紹介先" in kinds:
            return "受理前"
        return "受理後" if "主担当" in kinds and "受付" not in kinds else "相談"

    def conflict(self) -> bool:
        return any(one.case_id == self.case.id and one.staff_id == self.actor.staff_id and one.lifted_at is None
                   for one in self.all(Interest))  # fmt: skip

    def grounds(self, seat: Seat, record: Record) -> Iterator[tuple[str, int]]:
        if record.compartment:
            if function := self.member(seat, record.compartment):
                yield {"A": "支援会議の構成員", "B": "重層的支援会議の構成員"}[function], 5
            return
        yield "なし", 4
        if record.agency == seat.agency:
            yield "自機関の記録", 4
        if any(one.record_id == (record.root_id or record.id) for one in self.grants(seat)):
            yield "提供された記録", 4
        if any(one.case_id == self.case.id and one.agency == seat.agency and (one.until is None or one.until > self.now)
               for one in self.all(Basis)):  # fmt: skip
            yield "同意に代わる根拠", 4
        yield from self.emergencies(seat)

    def grants(self, seat: Seat) -> list[Grant]:
        return [one for one in self.all(Grant) if one.case_id == self.case.id and one.agency == seat.agency
                and (one.until is None or one.until > self.now)]  # fmt: skip

    def member(self, seat: Seat, item: str) -> str:
        held = next((one for one in self.all(MeetingItem) if one.item == item and one.meeting_id == self.case.id), None)
        inside = any(one.item == item and one.agency == seat.agency and one.since <= self.now
                     and (one.until is None or one.until > self.now) for one in self.all(Compartment))  # fmt: skip
        told = any(one.staff_id == self.actor.staff_id and one.told_on <= self.now.date() for one in self.all(Secrecy))
        if held is None or not inside or self.case.kind != "会" or (held.function == "A" and not told):
            return ""
        return str(held.function)

    def emergencies(self, seat: Seat) -> Iterator[tuple[str, int]]:
        levels = [one.level for one in self.all(Override) if one.case_id == self.case.id and one.closed_at is None
                  and one.staff_id == self.actor.staff_id and one.opened_at <= self.now < one.until]  # fmt: skip
        if levels:
            yield "緊急閲覧", max(levels)
        if any(one.district == self.case.district and one.agency == seat.agency and one.ended_at is None
               and one.since <= self.now < one.until for one in self.all(DistrictView)):  # fmt: skip
            yield "地区の緊急閲覧", 2

    def footholds(self, seat: Seat) -> Iterator[str]:
        if self.grants(seat):
            yield "提供された記録"
        for one in self.all(MeetingItem):
            if function := self.member(seat, one.item):
                yield {"A": "支援会議の構成員", "B": "重層的支援会議の構成員"}[function]

    def agreed(self, agency: str, about: Iterable[int] | None, items: list[str]) -> bool:
        """Everybody whom the record concerns agreed to share every one of these items with the agency, today."""
        persons = self.persons(about)
        return bool(persons) and all(any(self.live(row, agency, one, item) for row in self.all(Consent))
                                     for one in persons for item in items)  # fmt: skip

    def lost(self, agency: str, about: Iterable[int] | None) -> str:
        """Why there is no (more) consent, the gravest answer of anybody concerned."""
        found = set()
        for one in self.persons(about):
            for place in (agency, None):
                rows = [row for row in self.all(Consent) if row.case_id == self.case.id and row.agency == place
                        and self.same(row.person_id, one) and row.since <= self.now]  # fmt: skip
                if any(self.state(row) == "有効" for row in rows):
                    continue
                told = [state for row in sorted(rows, key=lambda row: row.id) if (state := self.state(row)) != "なし"]
                if told:
                    found.add(told[-1])
                    break
        return next((state for state in ("撤回", "期限切れ", "拒否") if state in found), "なし")

    def live(self, row: Consent, agency: str, person: int, item: str) -> bool:
        return (row.case_id == self.case.id and row.agency == agency and row.item == item and row.since <= self.now
                and self.same(row.person_id, person) and self.state(row) == "有効")  # fmt: skip

    def state(self, row: Consent) -> str:
        if row.ended_at is not None and row.ended_at <= self.now:
            return row.ended_how if row.ended_how in ("撤回", "期限切れ") else "なし"
        if row.state in ("2", "3", "7"):
            return "期限切れ" if row.until is not None and row.until < self.now.date() else "有効"
        return {"4": "拒否", "5": "撤回", "6": "期限切れ"}.get(row.state, "なし")

    def persons(self, about: Iterable[int] | None) -> list[int]:
        if about is not None:
            return list(about)
        return list(self.names)

    def same(self, one: int | None, other: int) -> bool:
        return one == other or (one in self.names and self.names[one] == self.names.get(other))
