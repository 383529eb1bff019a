"""The town's registers (台帳, master data): entries with validity dates, changed by coordinators, one by one or from a file.

An entry is called by register and code; the same code may have several periods that do not overlap (a programme
that changes its name).  Every change is kept with what was there before, so that a batch can be taken back.
Agencies live in their own table, where a code has one period; the code lists begin with those of the forms,
and an entry of the town's changes or adds one code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from engine import agencies, journal
from engine.agencies import Actor, Agency
from engine.db import Base, Moment, vault_of
from engine.errors import Conflict, NotAllowed, NotFound, Refused
from forms import codes
from forms.answers import Answers, Context
from forms.fields import Choice, Field, every
from forms.registers import Register, registers
from forms.schema import Form

BEGINNING = date(2018, 4, 1)
AGENCY, CODE = "agency", "code"
#: The teams of the emergency mode are agencies too, but nobody keeps them here.
TEAM = "班"
CHOSEN = ("programme", "resource", "district", "disaster", "body", "place", "contract", "plan")


class Entry(Base):
    """One period of one entry; `facts` or, where entries tell of persons, `sealed` with a key of its own."""

    __tablename__ = "register_entry"
    __table_args__ = (UniqueConstraint("register", "code", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    data_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class Change(Base):
    """What one change did; `before` empty: the entry is new.  Of a sealed entry only the period is kept here."""

    __tablename__ = "register_change"
    __table_args__ = (Index("change_by_entry", "register", "code"), Index("change_by_batch", "batch"))

    id: Mapped[int] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40))
    entry: Mapped[str] = mapped_column(String(60))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    sealed_before: Mapped[bytes | None] = mapped_column(LargeBinary)
    batch: Mapped[str] = mapped_column(String(40), default="")
    staff_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Moment)
    undone_at: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An entry as it is read; `place` tells its row apart (empty: a code that the forms bring along)."""

    place: str
    code: str
    answers: Answers
    valid_from: date
    valid_until: date | None

    def holds(self, on: date) -> bool:
        """Whether the entry is valid on a day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an entry is to be: the answers to its register's form, and its period."""

    code: str
    answers: Answers
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Entries that came or changed together."""

    name: str
    register: str
    staff_id: int | None
    at: datetime
    size: int
    undone_at: datetime | None


def register_for(key: str, by: Actor, *, change: bool = False) -> Register:
    """A register that somebody may read (or change); raises NotFound or NotAllowed."""
    found = registers().get(key)
    if found is None:
        raise NotFound("その台帳はありません。台帳の一覧から選び直してください。")
    if change and not by.roles & found.editors:
        raise NotAllowed(f"「{found.form.title}」の台帳は、あなたの役割では変えられません。推進員に連絡してください。")
    if found.readers and not by.roles & found.readers:
        raise NotAllowed(f"「{found.form.title}」の台帳は、あなたの役割では見られません。")
    return found


def listed(session: Session, register: Register, *, on: date | None = None) -> list[Listed]:
    """The entries by code and period: all, or those valid on a day."""
    found = _agencies(session) if register.key == AGENCY else _rows(session, register)
    if register.key == CODE:
        changed = {one.code for one in found}
        found = sorted([*(one for one in _shipped() if one.code not in changed), *found], key=lambda one: one.code)
    return [one for one in found if on is None or one.holds(on)]


def one_of(session: Session, register: Register, place: str) -> Listed:
    """One entry by its place (for a code of the forms: its code)."""
    found = next((one for one in listed(session, register) if place == (one.place or one.code)), None)
    if found is None:
        raise NotFound("その登録はありません。台帳の一覧から選び直してください。")
    return found


def add(session: Session, register: Register, wish: Wish, *, by: Actor, now: datetime, batch: str = "") -> str:
    """A new entry or a new period of one; returns its code (given out where the wish has none).

    Raises Refused where its period overlaps another of the same code.
    """
    code = wish.code or _code_of(register, wish.answers) or _next_code(session, register)
    wished = Wish(code=code, answers=wish.answers, valid_from=wish.valid_from, valid_until=wish.valid_until)
    _check(session, register, wished, besides="")
    place = _put_agency(session, wished, place="") if register.key == AGENCY else _put(session, register, wished, place="")
    _keep(session, register, code, place, None, by=by, now=now, batch=batch, action="台帳に追加")
    return code


def change(
    session: Session, register: Register, place: str, wish: Wish, *, by: Actor, now: datetime, batch: str = ""
) -> None:
    """Put an entry right, or end it by `valid_until`; what was there before is kept."""
    before = one_of(session, register, place)
    if not before.place:
        add(session, register, wish, by=by, now=now, batch=batch)
        return
    if before.code != wish.code:
        raise Refused("登録の番号は変えられません。番号を変えるときは、この登録を終えて、新しく登録してください。")
    _check(session, register, wish, besides=before.place)
    if register.key == AGENCY:
        _put_agency(session, wish, place=before.place)
    else:
        _put(session, register, wish, place=before.place)
    _keep(session, register, wish.code, before.place, before, by=by, now=now, batch=batch, action="台帳を変更")


def unconfirmed(session: Session, *, today: date) -> list[Listed]:
    """The local resources (地域資源) of today that nobody has confirmed for a year (最終確認日, INV-028)."""
    last = today - timedelta(days=365)
    return [
        one for one in listed(session, registers()["resource"], on=today)
        if not one.answers.get("kakuninBi") or date.fromisoformat(str(one.answers["kakuninBi"])) < last
    ]  # fmt: skip


def batches(session: Session, register: Register) -> list[Batch]:
    """What came from files, newest first."""
    rows = session.execute(
        select(Change.batch, Change.staff_id, func.min(Change.at), func.count(), func.max(Change.undone_at))
        .where(Change.register == register.key, Change.batch != "")
        .group_by(Change.batch, Change.staff_id)
        .order_by(func.min(Change.at).desc())
    )
    return [
        Batch(name=name, register=register.key, staff_id=staff, at=at, size=size, undone_at=undone)
        for name, staff, at, size, undone in rows
    ]


def undo(session: Session, register: Register, batch: str, *, by: Actor, now: datetime) -> int:
    """Take a whole batch back, last change first; returns how many.  Refused where somebody changed an entry since."""
    done = list(
        session.scalars(
            select(Change)
            .where(Change.register == register.key, Change.batch == batch, Change.undone_at.is_(None))
            .order_by(Change.id.desc())
        )
    )
    if not done or not batch:
        raise NotFound("取り消せる取込みがありません。すでに取り消されているかもしれません。")
    for one in done:
        _refuse_changed_since(session, register, one)
        _restore(session, register, one)
        one.undone_at = now
    line = journal.Line(action="台帳の取込みを取消", by=by, target=f"register:{register.key}", particulars={"batch": batch})
    journal.write(session, line, now=now)
    return len(done)


def choices(session: Session, fields: Iterable[Field], *, on: date) -> dict[str, tuple[Choice, ...]]:
    """For a form's fields that choose from registers: what may be chosen on a day, by source; one query at most."""
    wanted = {one.source for one in every(tuple(fields))} & set(CHOSEN)
    if not wanted:
        return {}
    made: dict[str, list[Choice]] = {key: [] for key in sorted(wanted)}
    rows = session.scalars(select(Entry).where(Entry.register.in_(sorted(wanted))).order_by(Entry.code))
    for row in rows:
        if row.valid_from <= on and (row.valid_until is None or on <= row.valid_until):
            made[row.register].append(Choice(value=row.code, label=str(row.facts.get(registers()[row.register].name, row.code))))
    return {key: tuple(found) for key, found in made.items()}


def names(session: Session) -> dict[str, tuple[Choice, ...]]:
    """For reading what was once chosen: every entry that ever was, by source, the newest name of each."""
    made: dict[str, dict[str, str]] = {key: {} for key in CHOSEN}
    for row in session.scalars(select(Entry).where(Entry.register.in_(CHOSEN)).order_by(Entry.valid_from)):
        made[row.register][row.code] = str(row.facts.get(registers()[row.register].name, row.code))
    return {key: tuple(Choice(value=code, label=name) for code, name in found.items()) for key, found in made.items()}


def changed_codes(session: Session, *, on: date | None) -> dict[str, tuple[Choice, ...]]:
    """The code lists that the town changed: as they may be chosen on a day, or (no day) with all that ever was."""
    own: dict[str, dict[str, Listed]] = {}
    for one in _rows(session, registers()[CODE]):
        own.setdefault(str(one.answers["list"]), {})[str(one.answers["value"])] = one
    return {name: tuple(_merged(codes.lists()[name], mine, on)) for name, mine in own.items()}


def context(session: Session, form: Form, *, now: datetime) -> Context:
    """What the page of a register's form knows: agencies of today and the registers it chooses from."""
    today = agencies.today_of(now)
    offices = tuple(Choice(value=one.code, label=one.name) for one in agencies.current(session, today=today))
    return Context(now=now, choices={"agency": offices, **choices(session, form.fields, on=today)}, codes=changed_codes(session, on=today))


def reading_context(session: Session, *, now: datetime) -> Context:
    """What telling entries in words knows: every name that ever was."""
    offices = tuple(Choice(value=code, label=name) for code, name in agencies.names(session).items())
    return Context(now=now, choices={"agency": offices, **names(session)}, codes=changed_codes(session, on=None))


def _merged(shipped: Sequence[Choice], own: Mapping[str, Listed], on: date | None) -> Iterable[Choice]:
    known = {choice.value for choice in shipped}
    added = [Choice(value=value, label="") for value in own if value not in known]
    for choice in [*shipped, *added]:
        mine = own.get(choice.value)
        if mine is None:
            yield choice
        elif on is None or mine.holds(on):
            yield Choice(value=choice.value, label=str(mine.answers["label"]))


def _shipped() -> list[Listed]:
    return [
        Listed(place="", code=f"{name}-{choice.value}", answers={"list": name, "value": choice.value, "label": choice.label, "note": None},
               valid_from=BEGINNING, valid_until=None)
        for name, choices_ in codes.lists().items() for choice in choices_
    ]  # fmt: skip


def _rows(session: Session, register: Register) -> list[Listed]:
    rows = session.scalars(select(Entry).where(Entry.register == register.key).order_by(Entry.code, Entry.valid_from))
    return [
        Listed(place=str(row.id), code=row.code, answers=_open(session, register, row),
               valid_from=row.valid_from, valid_until=row.valid_until)
        for row in rows
    ]  # fmt: skip


def _agencies(session: Session) -> list[Listed]:
    fields = [one.key for one in registers()[AGENCY].fields]
    return [
        Listed(place=one.code, code=one.code, answers={key: None if getattr(one, key) == "" else getattr(one, key) for key in fields},
               valid_from=one.valid_from, valid_until=one.valid_until)
        for one in session.scalars(select(Agency).where(Agency.kind != TEAM).order_by(Agency.code))
    ]  # fmt: skip


def _check(session: Session, register: Register, wish: Wish, *, besides: str) -> None:
    if wish.valid_until is not None and wish.valid_until < wish.valid_from:
        raise Refused("有効期間のおわりが、はじめより前です。おわりを、はじめの日以後にしてください。")
    if register.key == CODE and wish.code != _code_of(register, wish.answers):
        raise Refused("コードの番号は「C05-26」のように、コード表とコードをつないだものです。")
    if len(wish.code) > 40 or not wish.code.replace("-", "").replace("_", "").isalnum():
        raise Refused(f"番号「{wish.code}」は使えません。文字と数字（とハイフン）で40字までにしてください。")
    if register.key == AGENCY and not wish.code.isascii():
        raise Refused(f"機関の番号「{wish.code}」は使えません。図が読む名前なので、半角の英数字にしてください。")
    for other in _of_code(session, register, wish.code):
        if other.place != besides and _overlap(other, wish, register):
            until = other.valid_until.isoformat() if other.valid_until else "期限なし"
            raise Refused(
                f"番号「{wish.code}」は、{other.valid_from.isoformat()}から{until}までの登録があります。"
                "前の登録の有効期間を先に終えるか、その登録を直してください。"
            )


def _of_code(session: Session, register: Register, code: str) -> list[Listed]:
    if register.key == AGENCY:
        row = session.get(Agency, code)
        return [] if row is None else [Listed(place=code, code=code, answers={}, valid_from=row.valid_from, valid_until=row.valid_until)]
    rows = session.scalars(select(Entry).where(Entry.register == register.key, Entry.code == code))
    return [
        Listed(place=str(row.id), code=code, answers={}, valid_from=row.valid_from, valid_until=row.valid_until) for row in rows
    ]


def _overlap(other: Listed, wish: Wish, register: Register) -> bool:
    if register.key == AGENCY:
        return True
    return other.valid_from <= (wish.valid_until or date.max) and wish.valid_from <= (other.valid_until or date.max)


def _put(session: Session, register: Register, wish: Wish, *, place: str) -> str:
    row = session.get_one(Entry, int(place)) if place else Entry(register=register.key, code=wish.code)
    row.valid_from, row.valid_until = wish.valid_from, wish.valid_until
    if register.sealed:
        vault = vault_of(session)
        row.facts, row.data_key = {}, row.data_key or vault.new_data_key()
        plain = json.dumps(wish.answers, ensure_ascii=False).encode()
        row.sealed = vault.seal(plain, wrapped=row.data_key, about=f"register:{register.key}:{wish.code}")
    else:
        row.facts = dict(wish.answers)
    session.add(row)
    session.flush()
    return str(row.id)


def _put_agency(session: Session, wish: Wish, *, place: str) -> str:
    row = session.get_one(Agency, place) if place else Agency(code=wish.code)
    for key, answer in wish.answers.items():
        setattr(row, key, answer if answer is not None else False if key == "on_paper" else "")
    row.valid_from, row.valid_until = wish.valid_from, wish.valid_until
    session.add(row)
    session.flush()
    return row.code


def _open(session: Session, register: Register, row: Entry) -> Answers:
    if row.sealed is None:
        return dict(row.facts)
    plain = vault_of(session).open(row.sealed, wrapped=row.data_key, about=f"register:{register.key}:{row.code}")
    told: Answers = json.loads(plain)
    return told


def _code_of(register: Register, answers: Answers) -> str:
    return f"{answers.get('list')}-{answers.get('value')}" if register.key == CODE else ""


def _next_code(session: Session, register: Register) -> str:
    if register.key == AGENCY:
        raise Refused("機関の番号がありません。図が読む名前になるので、半角の英数字で付けてください。")
    given = session.scalars(select(Entry.code).where(Entry.register == register.key, Entry.code.startswith(register.prefix)))
    numbers = [int(code.removeprefix(register.prefix)) for code in given if code.removeprefix(register.prefix).isdecimal()]
    return f"{register.prefix}{max(numbers, default=0) + 1:04d}"


def _keep(
    session: Session, register: Register, code: str, place: str, before: Listed | None, *, by: Actor, now: datetime, batch: str, action: str
) -> None:
    told: dict[str, Any] | None = None
    sealed = None
    if before is not None:
        last = before.valid_until.isoformat() if before.valid_until else None
        told = {"from": before.valid_from.isoformat(), "until": last}
        if register.sealed:
            row = session.get_one(Entry, int(place))
            assert row.data_key is not None
            plain = json.dumps(before.answers, ensure_ascii=False).encode()
            sealed = vault_of(session).seal(plain, wrapped=row.data_key, about=f"register:{register.key}:{code}")
        else:
            told["answers"] = dict(before.answers)
    session.add(
        Change(register=register.key, code=code, entry=place, before=told, sealed_before=sealed, batch=batch,
               staff_id=by.staff_id, at=now)
    )  # fmt: skip
    session.flush()
    line = journal.Line(action=action, by=by, target=f"register:{register.key}", particulars={"code": code})
    journal.write(session, line, now=now)


def _refuse_changed_since(session: Session, register: Register, done: Change) -> None:
    later = session.scalar(
        select(Change.id).where(
            Change.register == register.key, Change.entry == done.entry, Change.id > done.id, Change.undone_at.is_(None)
        )
    )
    if later is not None:
        raise Conflict(f"番号「{done.code}」は、取り込んだあとに変えられています。先にその登録を確かめ、1件ずつ直してください。")


def _restore(session: Session, register: Register, done: Change) -> None:
    if done.before is None:
        _take_out(session, register, done)
        return
    row = session.get_one(Agency, done.entry) if register.key == AGENCY else session.get_one(Entry, int(done.entry))
    row.valid_from = date.fromisoformat(done.before["from"])
    row.valid_until = date.fromisoformat(done.before["until"]) if done.before["until"] else None
    if isinstance(row, Agency):
        for key, answer in done.before["answers"].items():
            setattr(row, key, answer)
    elif done.sealed_before is not None:
        row.sealed = done.sealed_before
    else:
        row.facts = done.before["answers"]
    session.flush()


def _take_out(session: Session, register: Register, done: Change) -> None:
    if register.key != AGENCY:
        session.delete(session.get_one(Entry, int(done.entry)))
    else:
        _take_out_agency(session, done)
    session.flush()


def _take_out_agency(session: Session, done: Change) -> None:
    try:
        with session.begin_nested():
            session.delete(session.get_one(Agency, done.entry))
    except IntegrityError as error:
        raise Conflict(
            f"機関「{done.code}」は、もう使われています。取り消さずに、有効期間のおわりを入れてください。"
        ) from error
