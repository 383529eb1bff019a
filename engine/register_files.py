"""Registers out of and into files: what an export holds, what an import would do (下見), and doing it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy.orm import Session

from engine import registers
from engine.agencies import Actor, today_of
from engine.errors import Refused
from engine.registers import Listed, Wish
from forms import description, moments
from forms.answers import Context
from forms.errors import AnswersRefused
from forms.fields import Field
from forms.registers import Register
from forms.sheets import Row

CODE, FROM, UNTIL = "番号", "有効期間のはじめ", "有効期間のおわり"
SEPARATOR = "、"
TRUE = frozenset({"はい", "○", "〇", "1", "true", "TRUE", "有"})
Fate = Literal["new", "changed", "same", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What would become of one row of a file; `sentences` say what is wrong with it."""

    number: int
    fate: Fate
    code: str
    cells: Mapping[str, str]
    wish: Wish | None = None
    place: str = ""
    sentences: tuple[str, ...] = ()


def columns(register: Register) -> list[str]:
    """The heads of a register's columns in a file."""
    return [CODE, *(one.label for one in register.fields), FROM, UNTIL]


def export(session: Session, register: Register, *, now: datetime) -> list[list[str]]:
    """Every entry and period as texts, in the order of `columns`; what is read back is the same."""
    context = registers.reading_context(session, now=now)
    return [
        [one.code, *(_text(field, one, context) for field in register.fields), one.valid_from.isoformat(),
         one.valid_until.isoformat() if one.valid_until else ""]
        for one in registers.listed(session, register)
    ]  # fmt: skip


def preview(session: Session, register: Register, head: Sequence[str], rows: Sequence[Row], *, now: datetime) -> list[Line]:
    """What each row would do; nothing is changed.  Raises Refused where the file's columns are not the register's."""
    known = columns(register)
    if strange := [title for title in head if title and title not in known]:
        raise Refused(f"知らない列があります：{SEPARATOR.join(strange)}。列の名前は {SEPARATOR.join(known)} です。")
    if lacking := [one.label for one in register.fields if one.required and one.label not in head]:
        raise Refused(f"必要な列がありません：{SEPARATOR.join(lacking)}。「書き出す」のファイルと同じ列にしてください。")
    context = registers.context(session, register.form, now=now)
    present = {(one.code, one.valid_from): one for one in registers.listed(session, register)}
    return [_line(register, row, context, present) for row in rows]


def take(session: Session, register: Register, lines: Sequence[Line], *, by: Actor, now: datetime) -> tuple[str, list[Line]]:
    """Make the good rows true in one batch; returns its name, and the rows that were refused on the way."""
    batch, refused = uuid.uuid4().hex[:12], []
    for line in lines:
        if line.wish is None or line.fate == "same":
            continue
        try:
            with session.begin_nested():
                if line.place:
                    registers.change(session, register, line.place, line.wish, by=by, now=now, batch=batch)
                else:
                    registers.add(session, register, line.wish, by=by, now=now, batch=batch)
        except Refused as error:
            refused.append(Line(number=line.number, fate="wrong", code=line.code, cells=line.cells, sentences=(str(error),)))
    return batch, refused


def typed_cell(one: Field, cell: str, context: Context, wrong: list[str]) -> list[str]:
    """What a cell would be as typed in its field: choices by their words or codes; strange ones are told in `wrong`."""
    if not cell.strip():
        return []
    if one.kind == "bool":
        return ["on"] if cell.strip() in TRUE else []
    if one.kind not in ("one", "many"):
        return [cell]
    by_text = {choice.label: choice.value for choice in context.choices_of(one)}
    by_text |= {choice.value: choice.value for choice in context.choices_of(one)}
    several = cell.replace(",", SEPARATOR).split(SEPARATOR) if one.kind == "many" else [cell]
    parts = [part.strip() for part in several if part.strip()]
    for strange in [part for part in parts if part not in by_text]:
        wrong.append(f"「{one.label}」に「{strange}」という選択肢はありません。")
    return [by_text[part] for part in parts if part in by_text]


def _line(register: Register, row: Row, context: Context, present: Mapping[tuple[str, date], Listed]) -> Line:
    code = row.cells.get(CODE, "").strip()
    wrong: list[str] = []
    first = _day(row.cells.get(FROM, ""), FROM, wrong) or today_of(context.now)
    last = _day(row.cells.get(UNTIL, ""), UNTIL, wrong)
    raw = {one.key: typed_cell(one, row.cells.get(one.label, ""), context, wrong) for one in register.fields}
    try:
        answers = register.form.read({key: texts for key, texts in raw.items() if texts}, context=context)
    except AnswersRefused as error:
        wrong += [problem.sentence for problem in error.problems]
    if wrong:
        return Line(number=row.number, fate="wrong", code=code, cells=row.cells, sentences=tuple(wrong))
    wish = Wish(code=code, answers=answers, valid_from=first, valid_until=last)
    there = present.get((code, first))
    fate: Fate = "new" if there is None else "same" if (there.answers, there.valid_until) == (answers, last) else "changed"
    return Line(number=row.number, fate=fate, code=code, cells=row.cells, wish=wish, place=(there.place or there.code) if there else "")


def _day(text: str, title: str, wrong: list[str]) -> date | None:
    if not text.strip():
        return None
    try:
        return moments.read_date(text)
    except ValueError as error:
        wrong.append(f"「{title}」は{error}。")
        return None


def _text(one: Field, entry: Listed, context: Context) -> str:
    answer = entry.answers.get(one.key)
    if answer is None or answer == [] or answer is False or answer == "":
        return ""
    if answer is True:
        return "はい"
    if one.kind in ("one", "many"):
        labels = {choice.value: choice.label for choice in context.choices_of(one)}
        return SEPARATOR.join(labels.get(code, code) for code in ([answer] if one.kind == "one" else answer))
    return str(answer) if one.kind in ("date", "int", "number") else description.display(one, answer, context)
