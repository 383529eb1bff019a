"""Table D8 (閲覧の許可) made ready to be asked: role × relation × stage × ground × consent × conflict of interest.

Pure: knows tables, no database. A question that no row answers, or whose answer cannot be
read, is answered with no.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from processes import dmn
from processes.findings import Finding

TABLE = "D8"
CLASSES = ("L1", "L2", "L3", "L4", "L5")
ROLES = ("uke", "ka", "sui", "kcho", "kik", "out", "san", "sc", "ver", "min", "ppo", "sys")
RELATIONS = ("主担当", "受付", "紹介元", "紹介先", "関与", "依頼", "なし")
STAGES = ("受付前", "相談", "受理前", "受理後", "多機関協働", "会議", "町の仕事", "終結30日", "終結後")
PLAIN, OWN, GRANTED = "なし", "自機関の記録", "提供された記録"
MEMBER = {"A": "支援会議の構成員", "B": "重層的支援会議の構成員"}
OVERRIDE, DISTRICT, INSTEAD = "緊急閲覧", "地区の緊急閲覧", "同意に代わる根拠"
GROUNDS = (PLAIN, OWN, GRANTED, *MEMBER.values(), OVERRIDE, DISTRICT, INSTEAD)
CONSENTS = ("有効", "なし", "拒否", "撤回", "期限切れ")
INPUTS = ("yakuwari", "kakawari", "dankai", "konkyo", "doui", "rieki", "hitoku")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to D8, in the table's own words."""

    role: str
    relation: str
    stage: str
    ground: str = PLAIN
    consent: str = "なし"
    conflict: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Up to which class (0 none … 5 会議限定), and on what ground or why not, in words.

    A class is open only when every lower one is.
    """

    reach: int
    ground: str


DENIED = Answer(reach=0, ground="閲覧の許可の表に当てはまる行がないため")


class Ruling:
    """One version of the table; every question is decided once and remembered.

    What stands in `wall` no table can open: a town's table may narrow it, not widen it.
    """

    def __init__(self, model: dmn.Model) -> None:
        self._model = model
        self._known: dict[Question, Answer] = {}

    def ask(self, question: Question) -> Answer:
        """What the table says, within the walls."""
        answer = self._known.get(question)
        if answer is None:
            said = _read(self._model.decide(TABLE, _inputs(question)).value)
            limit, why = wall(question)
            answer = said if said.reach <= limit else Answer(reach=limit, ground=why if limit == 0 else said.ground)
            self._known[question] = answer
        return answer

    def breaches(self, question: Question) -> bool:
        """Whether the table itself would open more than the walls allow."""
        return _read(self._model.decide(TABLE, _inputs(question)).value).reach > wall(question)[0]


def wall(question: Question) -> tuple[int, str]:
    """The most that may ever be open, and why: law and this system's promise, whatever a table says."""
    if question.conflict:
        return 0, "利益相反（親族・同一世帯など）があるため"
    if question.role == "sys":
        return 0, "システム管理者は内容を見ない"
    if question.ground in MEMBER.values():
        return 5, ""
    if question.secret and question.relation == "なし":
        return 0, "秘匿のケースのため"
    if question.relation == "紹介先" and question.ground == PLAIN and not question.stage.startswith("終結"):
        return 1, "紹介先（受理前）"
    return 4, ""


@lru_cache(maxsize=1)
def shipped() -> Ruling:
    """The table that comes with the application: in force until a town has published its own."""
    return Ruling(dmn.read(_shipped(), resolve=None))


@lru_cache(maxsize=32)
def problems(source: bytes) -> tuple[Finding, ...]:
    """Why a changed D8 may not be published: what the engine asks and reads must be there, and the walls must stand."""
    if source == _shipped():
        return ()
    try:
        model = dmn.read(source, resolve=None)
    except dmn.DmnError:
        return ()  # told by the checks of tables
    tables = [table for owner, table in model.tables if owner == TABLE]
    if not tables:
        return (_finding("判定表D8に「D8」という判定がありません。元の表から直してください。"),)
    names = {clause.expression.text for clause in tables[0].inputs}
    answers = {clause.name for clause in tables[0].outputs}
    missing = [name for name in INPUTS if name not in names] + [
        name for name in (*CLASSES, "konkyo") if name not in answers
    ]
    if missing:
        return (_finding(f"判定表D8に、列「{'、'.join(missing)}」がありません。列は消さず、行だけを直してください。"),)
    return tuple(_finding(sentence) for sentence in _breached(Ruling(model)))


def _breached(ruling: Ruling) -> list[str]:
    """Sentences for the walls that a table would break, each once."""
    return [
        sentence
        for sentence, questions in _probes().items()
        if any(ruling.breaches(question) for question in questions)
    ]


@lru_cache(maxsize=1)
def _probes() -> Mapping[str, tuple[Question, ...]]:
    def every(relations: tuple[str, ...], grounds: tuple[str, ...], **said: bool | str) -> tuple[Question, ...]:
        return tuple(
            Question(role=role, relation=relation, stage=stage, ground=ground, **said)  # type: ignore[arg-type]  # by name
            for role in ROLES for relation in relations for stage in STAGES for ground in grounds
        )  # fmt: skip

    outside = tuple(ground for ground in GROUNDS if ground not in MEMBER.values())
    return {
        "利益相反のある職員に見せる行があります。利益相反の行を一番上に戻してください。": every(
            ("主担当", "なし"), (PLAIN, OWN, MEMBER["A"]), conflict=True
        ),
        "会議限定（L5）を構成員でない人に見せるか、システム管理者に内容を見せる行があります。その行を元に戻してください。": every(
            ("主担当",), outside
        ),
        "受理前の紹介先に L2 以上を見せる行があります。シートで渡した分だけにしてください。": every(
            ("紹介先",), (PLAIN,), consent="有効"
        ),
        "秘匿のケースを、関わりのない人に見せる行があります。秘匿の行を戻してください。": every(
            ("なし",), (PLAIN, OWN), secret=True
        ),
    }


@lru_cache(maxsize=1)
def _shipped() -> bytes:
    return files("processes").joinpath("tables").joinpath(f"{TABLE}.dmn").read_bytes()


def _inputs(question: Question) -> Mapping[str, Any]:
    return {
        "yakuwari": question.role,
        "kakawari": question.relation,
        "dankai": question.stage,
        "konkyo": question.ground,
        "doui": question.consent,
        "rieki": question.conflict,
        "hitoku": question.secret,
    }


def _read(value: Any) -> Answer:
    if not isinstance(value, Mapping):
        return DENIED
    reach = 0
    for name in CLASSES:
        if value.get(name) is not True:
            break
        reach += 1
    return Answer(reach=reach, ground=str(value.get("konkyo") or DENIED.ground)[:120])


def _finding(sentence: str) -> Finding:
    return Finding(rule="house-access", element=TABLE, line=1, message=sentence, severity="error")
