"""The journal (操作履歴): who did or read what, when, on what ground. Append-only.

Entries stand in books: one for each case (`case:12`), one for each member of staff
(`staff:7`, what concerns no single case), and `house`. Within a book every entry carries
a keyed hash over itself and its predecessor, so that a row altered, removed or inserted
is found; heads exported elsewhere prove it even against the keeper of the database.
The database itself refuses to change or delete a line (triggers, revision 0005).

What a person typed as a reason is sealed with the case's key: the journal in a stolen
file tells ids and codes only, and a case that was disposed of keeps its lines without words.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from engine.agencies import Actor, Seat
from engine.casebook import Case
from engine.db import Base, Moment, vault_of
from engine.errors import Refused

GENESIS = "0" * 64
#: What opens a person's matter to somebody; each page is one line 閲覧.
READ, PRINTED, OPENED_FILE = "閲覧", "印刷", "添付を開く"
READS = (READ, PRINTED, OPENED_FILE)
DONE, REFUSED = "行った", "お断り"
#: The ground of a write that names no other: the task or case lies with the writer's own agency.
OWN_WORK, BY_CLOCK = "所属機関の用件", "自動処理"
#: Understood by both databases; waits while another transaction is making the same book.
NEW_BOOK = text("INSERT INTO journal_book (name, length, head) VALUES (:name, 0, :head) ON CONFLICT (name) DO NOTHING")


class Book(Base):
    """The head of one chain."""

    __tablename__ = "journal_book"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    length: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(String(64), default=GENESIS)


class Entry(Base):
    """One line of the journal; never updated, never deleted. `particulars` holds ids and codes only."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("book", "number"),
        Index("journal_by_staff", "staff_id", "at"),
        Index("journal_by_case", "case_id", "action"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[str] = mapped_column(ForeignKey("journal_book.name"))
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(Moment)
    staff_id: Mapped[int | None]
    agency: Mapped[str] = mapped_column(String(40), default="")
    role: Mapped[str] = mapped_column(String(20), default="")
    action: Mapped[str] = mapped_column(String(40))
    case_id: Mapped[int | None]
    target: Mapped[str] = mapped_column(String(80), default="")
    stage: Mapped[str] = mapped_column(String(40), default="")
    ground: Mapped[str] = mapped_column(String(120), default="")
    purpose: Mapped[str] = mapped_column(String(120), default="")
    outcome: Mapped[str] = mapped_column(String(20), default="行った")
    particulars: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a writer wants to say; the journal adds number, time and hash.

    `reason` is typed by a person and therefore sealed; everything else holds ids and codes.
    """

    action: str
    by: Actor
    case_id: int | None = None
    target: str = ""
    stage: str = ""
    ground: str = ""
    purpose: str = ""
    outcome: str = "行った"
    seat: Seat | None = None
    reason: str = ""
    particulars: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A place where the chain does not hold."""

    book: str
    number: int
    sentence: str


def open_book(session: Session, name: str) -> Book:
    """Hold a book's head (row lock), making the book where it is new; of two who make it at once, one waits."""
    book = session.get(Book, name, with_for_update=True, populate_existing=True)
    if book is None:
        session.execute(NEW_BOOK, {"name": name, "head": GENESIS})
        book = session.get_one(Book, name, with_for_update=True, populate_existing=True)
    return book


def write(session: Session, *lines: Line, now: datetime, book: Book | None = None) -> None:
    """Append lines to one book, in order: the given one, else the first line's case's or writer's."""
    held = book if book is not None else open_book(session, book_of(lines[0]))
    for line in lines:
        entry = _entry(session, line, held, now)
        entry.hash = vault_of(session).mark("journal", f"{held.head}\n{_canonical(entry)}")
        held.length, held.head = entry.number, entry.hash
        session.add(entry)


def book_of(line: Line) -> str:
    """The name of the book in which a line belongs."""
    if line.case_id is not None:
        return f"case:{line.case_id}"
    return "house" if line.by.staff_id is None else f"staff:{line.by.staff_id}"


def reason_of(session: Session, entry: Entry, case: Case | None) -> str:
    """The reason that was typed with a line; empty where there is none, or where its key was erased."""
    sealed = (entry.particulars or {}).get("reason")
    if not isinstance(sealed, str) or case is None or case.data_key is None or case.id != entry.case_id:
        return ""
    plain = vault_of(session).open(base64.b64decode(sealed), wrapped=case.data_key, about=f"reason:{case.id}")
    return plain.decode()


def heads(session: Session) -> list[dict[str, Any]]:
    """The head of every book: export these regularly to another place."""
    return [
        {"book": b.name, "length": b.length, "head": b.head}
        for b in session.scalars(select(Book).order_by(Book.name))
    ]


def export(session: Session, file: Path) -> int:
    """Write the head of every book to a file, whole or not at all; returns how many there are."""
    found = heads(session)
    lines = ",\n".join(json.dumps(head, ensure_ascii=False) for head in found)
    beside = file.with_name(f".{file.name}")
    beside.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    beside.replace(file)
    return len(found)


def exported(file: Path) -> list[dict[str, Any]]:
    """The heads that `export` wrote; refuses another kind of file."""
    try:
        read = json.loads(file.read_text("utf-8"))
        return [{"book": str(row["book"]), "length": int(row["length"]), "head": str(row["head"])} for row in read]
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused(
            f"「{file.name}」は書き出した控えではありません。tsunagi verify-journal --export で書き出したファイルを渡してください。"
        ) from None


def verify(session: Session, exported: list[dict[str, Any]] | None = None) -> list[Broken]:
    """Walk every chain; with an earlier export of heads also find a chain rewritten or cut since."""
    known = {row["book"]: (int(row["length"]), str(row["head"])) for row in exported or []}
    broken: list[Broken] = []
    for book in session.scalars(select(Book).order_by(Book.name)):
        broken += _walk(session, book, known.pop(book.name, None))
    broken += [
        Broken(book=name, number=0, sentence="書き出したときにあった帳がありません。") for name in known
    ]
    strays = select(Entry.book).where(Entry.book.not_in(select(Book.name))).distinct()
    broken += [Broken(book=name, number=0, sentence="帳のない行があります。") for name in session.scalars(strays)]
    return broken


def _walk(session: Session, book: Book, known: tuple[int, str] | None) -> list[Broken]:
    head, number, broken = GENESIS, 0, []
    for entry in session.scalars(
        select(Entry).where(Entry.book == book.name).order_by(Entry.number).execution_options(yield_per=500)
    ):
        number += 1
        if entry.number != number:
            broken.append(Broken(book=book.name, number=number, sentence="行が抜けています。"))
            number = entry.number
        head = vault_of(session).mark("journal", f"{head}\n{_canonical(entry)}")
        if entry.hash != head:
            broken.append(
                Broken(
                    book=book.name, number=number, sentence="行が書き換えられているか、差し込まれています。"
                )
            )
            head = entry.hash
        if known and known[0] == number and known[1] != head:
            broken.append(Broken(book=book.name, number=number, sentence="書き出した控えと違います。"))
    if (number, head) != (book.length, book.head):
        broken.append(Broken(book=book.name, number=number, sentence="最後の行が、帳の控えと合いません。"))
    if known and known[0] > number:
        broken.append(Broken(book=book.name, number=number, sentence="書き出したときより行が減っています。"))
    return broken


def _entry(session: Session, line: Line, book: Book, now: datetime) -> Entry:
    seat = line.seat or (line.by.seats[0] if line.by.seats else None)
    return Entry(
        book=book.name,
        number=book.length + 1,
        at=now.replace(microsecond=0),
        staff_id=line.by.staff_id,
        agency=seat.agency if seat else "",
        role=seat.role if seat else "",
        action=line.action,
        case_id=line.case_id,
        target=line.target,
        stage=line.stage,
        ground=line.ground or _ground(line),
        purpose=line.purpose,
        outcome=line.outcome,
        particulars=_particulars(session, line),
    )


def _ground(line: Line) -> str:
    if line.case_id is None or line.outcome != DONE:
        return ""
    return OWN_WORK if line.by.staff_id is not None else BY_CLOCK


def _particulars(session: Session, line: Line) -> dict[str, Any]:
    told = dict(line.particulars or {})
    if terminal := session.info.get("terminal"):
        told["terminal"] = terminal
    case = session.get(Case, line.case_id) if line.reason and line.case_id else None
    if case is not None and case.data_key:
        plain, about = line.reason.encode(), f"reason:{case.id}"
        told["reason"] = base64.b64encode(vault_of(session).seal(plain, wrapped=case.data_key, about=about)).decode()
    return told


def _canonical(entry: Entry) -> str:
    at = entry.at.astimezone(UTC).isoformat()
    return json.dumps(
        [
            entry.book,
            entry.number,
            at,
            entry.staff_id,
            entry.agency,
            entry.role,
            entry.action,
            entry.case_id,
            entry.target,
            entry.stage,
            entry.ground,
            entry.purpose,
            entry.outcome,
            entry.particulars,
        ],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
