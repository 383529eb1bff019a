"""People and households: sealed; found again by keyed hashes of normalised names, births and telephones."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import journal
from engine.agencies import Actor
from engine.casebook import Case
from engine.db import Base, Moment, vault_of

VARIANTS = str.maketrans(
    {
        "髙": "高",
        "﨑": "崎",
        "濵": "浜",
        "濱": "浜",
        "邊": "辺",
        "邉": "辺",
        "齋": "斎",
        "齊": "斉",
        "澤": "沢",
        "嶋": "島",
        "德": "徳",
        "國": "国",
        "廣": "広",
        "櫻": "桜",
        "惠": "恵",
        "眞": "真",
    }
)
PLAIN = ("name", "kana", "birth", "tel", "address", "reason", "care")
LATER = frozenset({"reason", "care"})
KANA = str.maketrans({"ヂ": "ジ", "ヅ": "ズ", "ヴ": "ブ", "ー": "", "・": "", " ": "", "　": ""})


class Person(Base):
    """One person of a case; everything that tells who it is lies in `sealed`."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    record_id: Mapped[int | None]
    place: Mapped[str] = mapped_column(String(20), default="本人")
    shielded: Mapped[bool] = mapped_column(default=False)
    noted_at: Mapped[datetime] = mapped_column(Moment)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Trace(Base):
    """A blind index: the keyed hash of one normalised feature of a person."""

    __tablename__ = "person_trace"
    __table_args__ = (Index("trace_by_mark", "kind", "mark"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    case_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    mark: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What is known of a person; empty text is: not known."""

    name: str = ""
    kana: str = ""
    birth: str = ""
    tel: str = ""
    address: str = ""
    #: Why help may be needed (支援を要する事由) and what to heed (配慮), from the register for evacuation.
    reason: str = ""
    care: str = ""


def note(
    session: Session,
    case: Case,
    known: Particulars,
    *,
    place: str,
    shielded: bool,
    record_id: int | None,
    now: datetime,
) -> Person:
    """Add a person to a case, with the traces by which he or she is found again."""
    return note_many(session, [(case, known, shielded, place)], record_id=record_id, now=now)[0]


def note_many(
    session: Session,
    told: Sequence[tuple[Case, Particulars, bool, str]],
    *,
    record_id: int | None = None,
    now: datetime,
) -> list[Person]:
    """Add people to cases: (case, particulars, shielded, place) each, with the traces by which they are found again."""
    persons = [
        Person(
            case_id=case.id,
            record_id=record_id,
            place=place,
            shielded=shielded,
            noted_at=now,
            sealed=vault_of(session).seal(
                json.dumps(_plain(known), ensure_ascii=False).encode(),
                wrapped=case.data_key or b"",
                about=f"person:{case.id}",
            ),
        )
        for case, known, shielded, place in told
    ]
    session.add_all(persons)
    session.flush()
    traces = [
        {"person_id": person.id, "case_id": case.id, "kind": kind, "mark": mark}
        for person, (case, known, _, _) in zip(persons, told, strict=True)
        for kind, mark in marks(session, known)
    ]
    if traces:
        session.execute(insert(Trace), traces)
    return persons


def of_case(session: Session, case: Case) -> list[tuple[Person, Particulars]]:
    """The people of a case; the caller has seen to the ground (class L2)."""
    rows = session.scalars(select(Person).where(Person.case_id == case.id).order_by(Person.id))
    return [(person, _open(session, person, case)) for person in rows]


def of_cases(session: Session, cases: Sequence[Case]) -> dict[int, list[tuple[Person, Particulars]]]:
    """The people of many cases, by case; the caller has seen to the ground."""
    by_id = {case.id: case for case in cases}
    found: dict[int, list[tuple[Person, Particulars]]] = {}
    for person in session.scalars(select(Person).where(Person.case_id.in_(sorted(by_id))).order_by(Person.id)):
        found.setdefault(person.case_id, []).append((person, _open(session, person, by_id[person.case_id])))
    return found


def is_shielded(session: Session, case_id: int) -> bool:
    """Whether somebody of the case is under DV等支援措置: where they live is then kept from view."""
    query = select(Person.id).where(Person.case_id == case_id, Person.shielded).limit(1)
    return session.scalar(query) is not None


def alike(session: Session, known: Particulars, *, but: int | None = None) -> list[int]:
    """Ids of cases with a person who is probably the same: two features agree, or name and kana do not contradict."""
    traces = _traces(known)
    found: dict[tuple[int, int], set[str]] = {}
    for kind, text in traces:
        for person_id, case_id in session.execute(
            select(Trace.person_id, Trace.case_id).where(
                Trace.kind == kind, Trace.mark == _mark(session, kind, text)
            )
        ):
            found.setdefault((person_id, case_id), set()).add(kind)
    enough = {
        case_id
        for (_, case_id), kinds in found.items()
        if len(kinds) >= min(2, len(traces)) and not kinds <= SHARED
    }
    return sorted(enough - {but})


def search(session: Session, text: str, *, by: Actor, now: datetime) -> list[int]:
    """Ids of cases in which somebody bears this name, kana, birth date or telephone; journalled without the words."""
    cleaned = normalise(text)
    marks = [(kind, _mark(session, kind, form(text))) for kind, form in FORMS.items() if cleaned]
    found: set[int] = set()
    for kind, mark in marks:
        found.update(session.scalars(select(Trace.case_id).where(Trace.kind == kind, Trace.mark == mark)))
    line = journal.Line(action="氏名などで検索", by=by, particulars={"found": len(found)})
    journal.write(session, line, now=now)
    return sorted(found)


def bearing(session: Session, text: str) -> set[int]:
    """Ids of the people who bear this name, kana, birth date, telephone or address: for who has just searched."""
    found: set[int] = set()
    for kind, form in FORMS.items():
        if formed := form(text):
            same = (Trace.kind == kind) & (Trace.mark == _mark(session, kind, formed))
            found.update(session.scalars(select(Trace.person_id).where(same)))
    return found


def marks(session: Session, known: Particulars) -> list[tuple[str, str]]:
    """(kind, keyed hash) of every feature that is known: what a blind index stores."""
    return [(kind, _mark(session, kind, text)) for kind, text in _traces(known)]


def mark_of(session: Session, kind: str, text: str) -> str:
    """The keyed hash of one feature: what a blind index is asked for."""
    return _mark(session, kind, FORMS[kind](text))


def normalise(text: str) -> str:
    """Fold widths, variant characters and spaces: 髙橋　花子 and 高橋花子 are found alike."""
    return "".join(unicodedata.normalize("NFKC", text).translate(VARIANTS).split())


def kana_form(text: str) -> str:
    """Fold kana: hiragana to katakana, ヂ to ジ, no long mark."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in folded).translate(KANA)


def tel_form(text: str) -> str:
    """Digits only."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isdigit())


def address_form(text: str) -> str:
    """One spelling of an address: digits for 丁目・番地・号, without prefecture and district (県, 郡)."""
    folded = normalise(text).translate(str.maketrans("一二三四五六七八九", "123456789"))
    folded = re.sub(r"^(?:〒?\d{3}-?\d{4})?(?:鳥取県)?(?:東伯郡)?", "", folded)
    folded = re.sub(r"[‐‑‒–—―−－ー]|丁目|番地の?|番|の", "-", folded.replace("大字", "").replace("号", ""))
    return re.sub(r"-+", "-", folded).strip("-")


FORMS = {"name": normalise, "kana": kana_form, "birth": normalise, "tel": tel_form, "address": address_form}
#: A feature that a whole household shares: alone, or two of them, they tell nobody apart.
SHARED = frozenset({"tel", "address"})


def _traces(known: Particulars) -> list[tuple[str, str]]:
    formed = ((kind, form(getattr(known, kind))) for kind, form in FORMS.items())
    return [(kind, text) for kind, text in formed if text]


def _mark(session: Session, kind: str, text: str) -> str:
    return vault_of(session).mark(f"person.{kind}", text)


def _plain(known: Particulars) -> Mapping[str, str]:
    return {name: getattr(known, name) for name in PLAIN if getattr(known, name) or name not in LATER}


def _open(session: Session, person: Person, case: Case) -> Particulars:
    plain: dict[str, Any] = json.loads(
        vault_of(session).open(person.sealed, wrapped=case.data_key, about=f"person:{case.id}")
    )
    return Particulars(**plain)


def from_answers(answers: Mapping[str, Any]) -> Iterable[tuple[str, Particulars, bool]]:
    """(place, particulars, shielded) of the people named in a consultation form (F-A01): 本人 and 世帯員."""
    named = answers.get("target")
    said = named if isinstance(named, Mapping) else answers
    target = _particulars(said)
    if target != Particulars():
        yield "本人", target, bool(said.get("shien"))
    for row in answers.get("others") or []:
        other = _particulars(row)
        if other != Particulars():
            yield "世帯員", other, bool(row.get("shien"))


def _particulars(said: Mapping[str, Any]) -> Particulars:
    def text(*keys: str) -> str:
        return " ".join(str(said[key]).strip() for key in keys if said.get(key))

    return Particulars(
        name=text("sei", "mei"),
        kana=text("seiKana", "meiKana"),
        birth=text("birth"),
        tel=text("tel1"),
        address=text("addr"),
    )
