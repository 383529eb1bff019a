"""Processes without personal data (地域づくり, 年次評価, 研修, 周知): no name, telephone, address or case number gets in.

A diagram says so of itself (`personal` = `none`). What is written there is looked through before it is kept:
forms of address, numbers, and every name that some case knows, found by its blind index. The human check of
匿名化 stays: this catches what slipped, it does not prove that nothing did.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.definitions import compiled
from engine.people import Trace, mark_of, normalise
from forms.errors import AnswersRefused, Problem
from forms.fields import Field
from forms.schema import Form

WRITTEN = frozenset({"text", "long", "kana", "tel", "zip"})
ADDRESSED = re.compile(r"([一-龠々ァ-ヶー]{1,8})(?:さん|くん|ちゃん|様(?![一-龠々])|氏(?![名一-龠々]))")
#: People in general, and words that only look like a form of address.
NOBODY = re.compile(
    r"(?:皆|母|父|兄|姉|弟|妹|息子|娘|孫|祖母|祖父|奥|旦那|夫|妻|親|子|客|患者|利用者|参加者|住民|町民|相談者|当事者|対象者|業者|事業者|"
    r"職員|担当者|大家|医者|看護師|保健師|保護者|高齢者|若者|学生|生徒|児童|隣|近所|多|同|模|仕|異|一|両|有|左|各|彼)$"
)
TELLING = (
    (re.compile(r"0\d{1,4}-\d{1,4}-\d{3,4}|0\d{9,10}"), "電話番号"),
    (re.compile(r"R\d+-[一-龠]-\d+"), "ケース番号"),
    (re.compile(r"\d+番地"), "住所"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "メールアドレス"),
    (re.compile(r"生年月日|[年月日]生まれ"), "生年月日"),
)
RUN = re.compile(r"[一-龠々ァ-ヶー]{3,}")
SHORTEST, LONGEST = 3, 8
CHUNK = 400


def ensure(session: Session, version_id: int, form: Form, answers: Mapping[str, Any]) -> None:
    """Refuse (AnswersRefused, a problem for each field) what tells of a person, where the process takes no personal data."""
    if compiled(session, version_id).definition.main.process.properties.get("personal") != "none":
        return
    problems = tuple(
        Problem(
            path=path, label=one.label,
            sentence=f"「{one.label}」に{what}が入っているようです。この手続きには個人が分かることを書けません。消してから記録してください。",
        )
        for one, path, text in _texts(form.fields, answers, "")
        for what in found(session, text)
    )  # fmt: skip
    if problems:
        raise AnswersRefused(problems, {})


def found(session: Session, text: str) -> list[str]:
    """What in a text tells of a person: 氏名, 電話番号 …; empty when nothing was found."""
    plain = unicodedata.normalize("NFKC", text)
    named = any(not NOBODY.search(hit.group(1)) for hit in ADDRESSED.finditer(plain)) or _known(session, plain)
    return [*(["氏名"] if named else []), *(what for pattern, what in TELLING if pattern.search(plain))]


def _known(session: Session, text: str) -> bool:
    """Whether some run of characters is the whole name of somebody that a case knows."""
    pieces = sorted(
        {
            run[start : start + size]
            for run in RUN.findall(normalise(text))
            for size in range(SHORTEST, LONGEST + 1)
            for start in range(len(run) - size + 1)
        }
    )
    for start in range(0, len(pieces), CHUNK):
        marks = [mark_of(session, "name", piece) for piece in pieces[start : start + CHUNK]]
        if session.scalar(select(Trace.id).where(Trace.kind == "name", Trace.mark.in_(marks)).limit(1)) is not None:
            return True
    return False


def _texts(fields: Iterable[Field], answers: Mapping[str, Any], prefix: str) -> Iterable[tuple[Field, str, str]]:
    for one in fields:
        said = answers.get(one.key) if one.key else answers
        path = f"{prefix}{one.key}"
        if one.kind == "group":
            yield from _texts(one.children, said or {}, f"{path}." if one.key else prefix)
        elif one.kind == "table":
            for number, row in enumerate(said or []):
                yield from _texts(one.children, row, f"{path}.{number}.")
        elif one.kind in WRITTEN and isinstance(said, str) and said:
            yield one, path, said
