"""The indicators K1–K27 of the yearly evaluation (handbook §5.3) as sentences: value, unit, and n; never a name.

What tasks, cases and rows tell is counted from them; what only an answer tells (was the goal reached?) is read
from the year's sealed records, kept in memory for the count alone.  Practice (訓) is counted nowhere, and a figure
without anything to count says so.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import mean, median
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, undefer

from engine.agencies import Membership
from engine.casebook import Case, Relation
from engine.disasters import PRACTICE, SafetyRow
from engine.evaluation import MASKED, SMALLEST, Year, of_year, shown, span
from engine.journal import Entry
from engine.records import Record, opened
from engine.registers import changed_codes
from engine.standing import Basis, Consent, MeetingItem, Override, Promotion
from engine.tasks import Task
from forms import codes

NAMES: Mapping[str, str] = {
    "K1": "相談受付件数", "K2": "制度の狭間・相談先不明の割合", "K3": "再相談の割合", "K4": "一次対応までの日数",
    "K5": "つなぎ件数・受理率", "K6": "つなぎの回答までの日数", "K7": "差戻し・辞退・再転送の割合", "K8": "つなぎから接触までの日数",
    "K9": "多機関協働の新規受理", "K10": "会議の回数・案件", "K11": "同意の取得率", "K12": "プランの作成", "K13": "支援決定の割合",
    "K14": "目標の達成率", "K15": "状態の変化（今と開始時の差）", "K16": "終結数", "K17": "終結から12か月以内の再開",
    "K18": "連携した機関の数", "K19": "滞留",
    "K20": "アウトリーチの把握・接触", "K21": "参加支援のマッチング・定着", "K22": "地域づくりの取組", "K23": "地区ごとの受付",
    "K24": "緊急対応・安否確認", "K25": "情報の統制", "K26": "職員の負荷", "K27": "研修・連絡会",
}  # fmt: skip
NOTHING = "該当なし"
YEAR = timedelta(days=365)
ACCEPTED, RETURNED, DECLINED, FORWARDED = ("1", "2"), "3", "4", "5"
CONSENTED = ("2", "3", "7")
#: What only an answer tells, by form.
READ = ("F-A01", "F-A02", "F-A04", "F-B10", "F-B13", "F-C05", "F-D07", "F-E04")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One indicator of a year in words; `n` is how many it rests on."""

    key: str
    value: str
    n: int

    @property
    def name(self) -> str:
        """What it is called."""
        return NAMES[self.key]

    @property
    def published(self) -> tuple[str, str]:
        """Value and n as they may go out of the house: resting on fewer than five, a value could tell of a person."""
        return (MASKED, MASKED) if 0 < self.n < SMALLEST else (self.value, f"{self.n:,}")


class _Said:
    """The latest answers of the year, by form."""

    def __init__(self, session: Session, since: datetime, until: datetime) -> None:
        self.by_form: dict[str, list[tuple[Case, dict[str, Any]]]] = {form: [] for form in READ}
        rows = session.execute(
            select(Record, Case).join(Case, Case.id == Record.case_id).options(undefer(Record.sealed))
            .where(Record.form.in_(READ), Record.latest, Record.at >= since, Record.at < until, Case.kind != PRACTICE)
        )  # fmt: skip
        for record, case in rows:
            self.by_form[record.form].append((case, opened(session, record, case)))

    def answers(self, form: str) -> list[dict[str, Any]]:
        """The answers to a form."""
        return [answers for _, answers in self.by_form[form]]

    def rows(self, form: str, column: str) -> Iterator[dict[str, Any]]:
        """Every row of a table that has this column, in the answers to a form."""
        for answers in self.answers(form):
            for value in answers.values():
                if isinstance(value, list):
                    yield from (row for row in value if isinstance(row, dict) and column in row)


def figures(session: Session, year: int, *, now: datetime) -> list[Figure]:
    """K1–K27 of a 年度, in their order."""
    since, until = span(year)
    counted, said = of_year(session, year), _Said(session, since, until)
    made: dict[str, tuple[str, int]] = {
        **_consultation(session, said, counted, since, until), **_sheets(session, said, counted, since, until),
        **_cooperation(session, said, counted, since, until), **_closing(session, counted, since, until),
        **_programmes(session, said, counted, since, until), **_house(session, since, until, now),
        "K27": _number(counted, "K27"),
    }  # fmt: skip
    return [Figure(key=key, value=made[key][0], n=made[key][1]) for key in NAMES]


def needs(session: Session, year: int) -> list[tuple[str, dict[str, int]]]:
    """How often each need (課題 C06) was told at an intake of the year, by district (C18); most frequent first."""
    said = _Said(session, *span(year))
    counted: dict[str, Counter[str]] = {}
    for case, answers in said.by_form["F-A01"]:
        for need in answers.get("komari") or ():
            counted.setdefault(need, Counter())[case.district or "fumei"] += 1
    names = {choice.value: choice.label for choice in changed_codes(session, on=None).get("C06", codes.lists()["C06"])}
    ranked = sorted(counted.items(), key=lambda pair: (-sum(pair[1].values()), pair[0]))
    return [(names.get(need, need), dict(places)) for need, places in ranked]


def _consultation(session: Session, said: _Said, counted: Year, since: datetime, until: datetime) -> dict[str, tuple[str, int]]:
    intakes = said.answers("F-A01")
    between = {
        case.id for case, told in said.by_form["F-A01"] if "40" in (told.get("komari") or ()) or "99" in (told.get("zokusei") or ())
    }
    between |= {case.id for case, answers in said.by_form["F-A02"] if answers.get("hazama")}
    again = sum(1 for answers in intakes if answers.get("saisodan"))
    contacts = _done(session, ("A-30", "A-50", "R-60"), since, until)
    places = Counter(
        {district or "fumei": number for district, number in session.execute(
            select(Case.district, func.count()).where(Case.kind.in_(("相", "多")), Case.opened_at >= since, Case.opened_at < until)
            .group_by(Case.district))}
    )  # fmt: skip
    district = {choice.value: choice.label for choice in codes.lists()["C18"]}
    total = counted.total("K1")
    return {
        "K1": (f"実 {shown(total)}件、延べ接触 {shown(contacts)}回", total), "K2": _share(len(between), len(intakes)),
        "K3": _share(again, len(intakes)), "K4": _days(_until_first(session, "A-30", since, until)),
        "K23": ("、".join(f"{district.get(one, one)} {shown(places[one])}" for one in sorted(places)) or NOTHING, total),
    }  # fmt: skip


def _sheets(session: Session, said: _Said, counted: Year, since: datetime, until: datetime) -> dict[str, tuple[str, int]]:
    answers = Counter(str(one.get("kekka")) for one in said.answers("F-A04"))
    answered = sum(answers.values())
    accepted = sum(answers[one] for one in ACCEPTED)
    waited = [
        _moment(done) - created for created, done in session.execute(
            select(Task.created_at, Task.done_at).join(Case, Case.id == Task.case_id)
            .where(Task.element == "R-20", Task.status == "done", Task.done_at >= since, Task.done_at < until, Case.kind != PRACTICE))
    ]  # fmt: skip
    others = (("差戻し", RETURNED), ("辞退", DECLINED), ("再転送", FORWARDED))
    other = "、".join(f"{name} {_percent(answers[code], answered)}" for name, code in others)
    return {
        "K5": (f"{shown(counted.total('K5'))}件、受理 {_percent(accepted, answered)}" if answered else NOTHING, answered),
        "K6": _days(waited), "K7": (other if answered else NOTHING, answered),
        "K8": _days(_between(session, "R-10", "R-60", since, until)),
    }  # fmt: skip


def _cooperation(session: Session, said: _Said, counted: Year, since: datetime, until: datetime) -> dict[str, tuple[str, int]]:
    functions = Counter(session.scalars(
        select(MeetingItem.function).join(Case, Case.id == MeetingItem.meeting_id)
        .where(Case.opened_at >= since, Case.opened_at < until, Case.kind != PRACTICE)))  # fmt: skip
    states = session.execute(
        select(Consent.person_id, func.max(Consent.state)).join(Case, Case.id == Consent.case_id)
        .where(Consent.since >= since, Consent.since < until, Consent.state.in_(("1", *CONSENTED, "4")), Case.kind != PRACTICE)
        .group_by(Consent.case_id, Consent.person_id)).all()  # fmt: skip
    decisions = Counter(str(one.get("kettei")) for one in said.answers("F-B10"))
    reached = [{"達成": 1.0, "一部": 0.5}.get(str(row["tassei"]), 0.0) for row in said.rows("F-B13", "tassei")]
    changes = [(row["hajime"], row["ima"]) for row in said.rows("F-B13", "ima") if "hajime" in row]
    moved = [float(now) - float(then) for then, now in changes if then is not None and now is not None]
    held = f"会議 {shown(counted.total('K10'))}回、支援会議の案件 {shown(functions['A'])}、重層的支援会議の案件 {shown(functions['B'])}"
    share = _percent(counted.total("K9"), counted.total("K1"))
    return {
        "K9": (f"{shown(counted.total('K9'))}件（受付の {share}）", counted.total("K9")),
        "K10": (held, sum(functions.values())),
        "K11": _share(sum(1 for _, state in states if state in CONSENTED), len(states)), "K12": _number(counted, "K12"),
        "K13": _share(decisions["決定"], sum(decisions.values())),
        "K14": (f"{mean(reached) * 100:.0f} %" if reached else NOTHING, len(reached)),
        "K15": (f"平均 {mean(moved):+.1f}" if moved else NOTHING, len(moved)),
    }  # fmt: skip


def _closing(session: Session, counted: Year, since: datetime, until: datetime) -> dict[str, tuple[str, int]]:
    closed = session.scalars(select(Case.id).where(Case.kind.in_(("相", "多")), Case.closed_at >= since, Case.closed_at < until)).all()
    linked = session.execute(
        select(Relation.case_id, func.count(func.distinct(Relation.agency))).where(Relation.case_id.in_(closed)).group_by(Relation.case_id)
    ).all() if closed else []  # fmt: skip
    before, after = aliased(Case), aliased(Case)
    ends = session.execute(
        select(before.closed_at, after.opened_at).join(after, after.earlier_id == before.id)
        .where(after.opened_at >= since, after.opened_at < until)
    )  # fmt: skip
    back = sum(1 for end, again in ends if end is not None and again - end <= YEAR)
    return {
        "K16": _number(counted, "K16"), "K17": (f"{shown(back)}件", back),
        "K18": (f"1ケース平均 {mean(number for _, number in linked):.1f}機関" if linked else NOTHING, len(linked)),
    }  # fmt: skip


def _programmes(session: Session, said: _Said, counted: Year, since: datetime, until: datetime) -> dict[str, tuple[str, int]]:
    contacts, ways = said.answers("F-C05"), {choice.value: choice.label for choice in codes.lists()["C20"]}
    by_way = Counter(ways.get(str(one.get("shudan")), "その他") for one in contacts)
    stays = Counter(str(one.get("keizoku")) for one in said.answers("F-D07"))
    guests = sum(int(row["ninzuE"]) for row in said.rows("F-E04", "ninzuE") if row.get("ninzuE"))
    found = session.execute(
        select(func.count(), func.count(SafetyRow.answered_at)).select_from(SafetyRow).join(Case, Case.id == SafetyRow.case_id)
        .where(Case.kind != PRACTICE, Case.opened_at >= since, Case.opened_at < until)).one()  # fmt: skip
    staying = f"続いている {_percent(stays['継続'], sum(stays.values()))}"
    told = "、".join(f"{way} {shown(number)}" for way, number in by_way.most_common()) or "接触なし"
    return {
        "K20": (f"把握 {shown(counted.total('K20'))}件、{told}", len(contacts)),
        "K21": (f"マッチング {shown(counted.total('K21'))}件、{staying}", sum(stays.values())),
        "K22": (f"取組 {shown(counted.total('K22'))}件、参加 延べ{shown(guests)}人", counted.total("K22")),
        "K24": (f"緊急支援 {shown(counted.total('K24'))}件、安否確認 {_percent(found[1], found[0])}", found[0]),
    }  # fmt: skip


def _house(session: Session, since: datetime, until: datetime, now: datetime) -> dict[str, tuple[str, int]]:
    opened_at = session.scalars(select(Case.opened_at).where(Case.kind.in_(("相", "多")), Case.status == "open")).all()
    ages = [(now - at).days for at in opened_at]
    tasks = session.execute(
        select(Task.agency, Task.due_at).join(Case, Case.id == Task.case_id).where(Task.status == "open", Case.kind != PRACTICE)
    ).all()  # fmt: skip
    late = sum(1 for _, due in tasks if due is not None and due < now)
    staff = session.scalar(select(func.count(func.distinct(Membership.staff_id)))) or 0
    views = _count(session, Override.opened_at, since, until)
    beyond = _count(session, Basis.since, since, until)
    moved = _count(session, Promotion.asked_at, since, until)
    refused = session.scalar(
        select(func.count()).select_from(Entry).where(Entry.outcome == "お断り", Entry.at >= since, Entry.at < until)) or 0  # fmt: skip
    told = (("緊急閲覧", views), ("根拠による提供", beyond), ("会議限定からの移し", moved), ("断った閲覧", refused))
    old = sum(1 for age in ages if age > 90)
    load = f"1人あたり用件 {len(tasks) / max(staff, 1):.1f}、期限超過 {_percent(late, len(tasks))}"
    return {
        "K19": (f"続いているケースの中央値 {median(ages):.0f}日、90日超 {shown(old)}件" if ages else NOTHING, len(ages)),
        "K25": ("、".join(f"{name} {shown(number)}" for name, number in told), sum(number for _, number in told)),
        "K26": (load if tasks else NOTHING, len(tasks)),
    }  # fmt: skip


def _count(session: Session, moment: Any, since: datetime, until: datetime) -> int:
    return session.scalar(select(func.count()).where(moment >= since, moment < until)) or 0


def _done(session: Session, elements: Sequence[str], since: datetime, until: datetime) -> int:
    return session.scalar(
        select(func.count()).select_from(Task).join(Case, Case.id == Task.case_id)
        .where(Task.element.in_(elements), Task.status == "done", Task.done_at >= since, Task.done_at < until, Case.kind != PRACTICE)
    ) or 0  # fmt: skip


def _until_first(session: Session, element: str, since: datetime, until: datetime) -> Iterator[timedelta]:
    rows = session.execute(
        select(Case.opened_at, func.min(Task.done_at)).join(Task, Task.case_id == Case.id)
        .where(Task.element == element, Task.status == "done", Case.opened_at >= since, Case.opened_at < until, Case.kind != PRACTICE)
        .group_by(Case.id, Case.opened_at))  # fmt: skip
    return (_moment(done) - begun for begun, done in rows)


def _between(session: Session, sent: str, met: str, since: datetime, until: datetime) -> Iterator[timedelta]:
    rows = session.execute(
        select(Task.instance_id, Task.element, func.min(Task.done_at)).join(Case, Case.id == Task.case_id)
        .where(Task.element.in_((sent, met)), Task.status == "done", Case.opened_at >= since, Case.opened_at < until, Case.kind != PRACTICE)
        .group_by(Task.instance_id, Task.element))  # fmt: skip
    found: dict[int, dict[str, datetime]] = {}
    for instance, element, at in rows:
        found.setdefault(instance, {})[element] = _moment(at)
    return (one[met] - one[sent] for one in found.values() if sent in one and met in one)


def _moment(at: Any) -> datetime:
    assert isinstance(at, datetime)
    return at


def _days(spans: Iterable[timedelta]) -> tuple[str, int]:
    days = sorted(one.total_seconds() / 86_400 for one in spans)
    if not days:
        return NOTHING, 0
    return f"中央値 {median(days):.1f}日、9割が {days[ceil(len(days) * 0.9) - 1]:.1f}日以内", len(days)


def _number(counted: Year, key: str) -> tuple[str, int]:
    return f"{shown(counted.total(key))}件", counted.total(key)


def _share(part: int, whole: int) -> tuple[str, int]:
    return (_percent(part, whole) if whole else NOTHING), whole


def _percent(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.0f} %" if whole else NOTHING
