"""Reading a list of people to be found (名簿, CSV) into households: every wrong row is told, nothing is guessed.

Columns by their heading, in any order; UTF-8 or CP932. Rows of one household (世帯, else the same
address) become one; the first named is 本人.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.people import Particulars, normalise, tel_form

NEEDED = ("条件", "地区", "氏名", "住所")
KNOWN = (*NEEDED, "フリガナ", "生年月日", "電話", "支援事由", "配慮", "世帯", "支援措置", "合成")
YES = frozenset({"はい", "有", "あり", "1", "○", "true"})
MOST_ROWS = 5000
MOST_PROBLEMS = 30


@dataclass(slots=True, kw_only=True)
class Household:
    """One household of the list: its condition, district (C18 code) and people with 支援措置 or not."""

    key: str
    condition: str
    district: str
    people: list[tuple[Particulars, bool]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Households in the list's order, and what is wrong with it, a sentence a row."""

    households: Sequence[Household]
    problems: Sequence[str]


def read(content: bytes, *, conditions: Sequence[str], districts: Mapping[str, str], invented: bool) -> Roster:
    """Read a list; `districts` maps label and code to code, `conditions` are those with a ground.

    `invented`: the rows of a drill, each of which has to say that it is (合成).
    """
    text = _decoded(content)
    if text is None:
        return Roster(households=(), problems=("名簿の文字が読めません。UTF-8かShift_JIS（CP932）のCSVにしてください。",))
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in NEEDED if name not in (reader.fieldnames or [])]
    if missing:
        return Roster(households=(), problems=(f"名簿に列「{'、'.join(missing)}」がありません。1行目に列の名前を書いてください。",))
    found: dict[str, Household] = {}
    problems: list[str] = []
    for number, row in enumerate(reader, start=2):
        if number > MOST_ROWS + 1:
            problems.append(f"名簿は{MOST_ROWS}行までです。分けて読み込んでください。")
            break
        said = {name: (row.get(name) or "").strip() for name in KNOWN}
        if not any(said.values()):
            continue
        wrong = _wrong(said, conditions, districts, invented)
        if wrong:
            problems.append(f"{number}行目：{wrong}")
            continue
        _into(found, said, districts[said["地区"]])
    return Roster(households=tuple(found.values()), problems=tuple(problems))


def told(problems: Sequence[str]) -> str:
    """The problems as one text, not longer than a page."""
    more = len(problems) - MOST_PROBLEMS
    return "\n".join([*problems[:MOST_PROBLEMS], *([f"ほかに{more}件あります。"] if more > 0 else [])])


def _wrong(said: Mapping[str, str], conditions: Sequence[str], districts: Mapping[str, str], invented: bool) -> str:
    empty = [name for name in NEEDED if not said[name]]
    if empty:
        return f"「{'、'.join(empty)}」が空です。"
    if said["地区"] not in districts:
        return f"地区「{said['地区']}」の班が決まっていません。地区と班の表に足すか、名簿を直してください。"
    if said["条件"] not in conditions:
        return f"条件「{said['条件']}」の根拠が選ばれていません。対象の条件と根拠の表に足してください。"
    if invented and said["合成"] not in YES:
        return "訓練で使えるのは合成の名簿だけです。列「合成」が「はい」ではありません。"
    return ""


def _into(found: dict[str, Household], said: Mapping[str, str], district: str) -> None:
    key = normalise(said["世帯"]) or normalise(said["住所"])
    home = found.setdefault(key, Household(key=key, condition=said["条件"], district=district))
    person = Particulars(
        name=said["氏名"], kana=said["フリガナ"], birth=said["生年月日"], tel=said["電話"], address=said["住所"],
        reason=said["支援事由"], care=said["配慮"],
    )  # fmt: skip
    if not any(_same(person, other) for other, _ in home.people):
        home.people.append((person, said["支援措置"] in YES))


def _same(one: Particulars, other: Particulars) -> bool:
    return (normalise(one.name), tel_form(one.tel)) == (normalise(other.name), tel_form(other.tel))


def _decoded(content: bytes) -> str | None:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
