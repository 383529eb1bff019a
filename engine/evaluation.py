"""Yearly evaluation (年次評価): targets by year, programme and indicator; figures counted from cases, never names.

Practice (訓) is counted nowhere. A year that was settled keeps its figures as they were then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from engine.agencies import Agency
from engine.calendar import JST, fiscal_year, fiscal_year_span
from engine.casebook import Case, Instance
from engine.db import Base, Moment
from engine.disasters import PRACTICE, SafetyRow
from engine.errors import Refused
from engine.tasks import Task

PROGRAMMES = {
    "1": "① 包括的相談支援", "2": "② 参加支援", "3": "③ 地域づくり", "4": "④ 多機関協働", "5": "⑤ アウトリーチ",
}  # fmt: skip
INDICATORS = {
    "K1": "相談受付件数", "K5": "つなぎ件数", "K9": "多機関協働の新規受理", "K10": "会議の回数", "K12": "プランの作成", "K16": "終結数",
    "K20": "アウトリーチの把握", "K21": "参加支援のマッチング", "K22": "地域づくりの取組", "K24": "緊急対応", "K27": "研修・連絡会",
}  # fmt: skip
#: An indicator that counts steps that were done, and one that counts processes that began.
DONE = {"K5": ("R-20",), "K9": ("B-20",), "K12": ("B-60",), "K21": ("D-50",), "K22": ("E-30",), "K27": ("H-30", "J-20")}
BEGUN = {"K10": ("P-B1",), "K20": ("P-C",)}
MASKED = "5未満"
SMALLEST = 5


class Target(Base):
    """One target (目標値): an indicator of a programme in a 年度; never empty."""

    __tablename__ = "evaluation_target"
    __table_args__ = (UniqueConstraint("year", "programme", "indicator"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(Integer)
    programme: Mapped[str] = mapped_column(String(4))
    indicator: Mapped[str] = mapped_column(String(8))
    value: Mapped[int]
    source: Mapped[str] = mapped_column(String(200))
    set_at: Mapped[datetime] = mapped_column(Moment)
    set_by: Mapped[int | None]


class Settled(Base):
    """The figures of a 年度 as they were when the year was settled (確定)."""

    __tablename__ = "evaluation_year"

    year: Mapped[int] = mapped_column(primary_key=True)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    settled_at: Mapped[datetime] = mapped_column(Moment)
    settled_by: Mapped[int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What was counted in a 年度: {indicator: {programme: number}}, and cases by stage, agency and reason of closing."""

    year: int
    indicators: Mapping[str, Mapping[str, int]]
    stages: Mapping[str, int]
    agencies: Mapping[str, int]
    reasons: Mapping[str, int]
    settled_at: datetime | None = None

    def total(self, indicator: str) -> int:
        """An indicator over all programmes."""
        return sum(self.indicators.get(indicator, {}).values())


def put_targets(session: Session, year: int, rows: Sequence[Mapping[str, Any]], *, by: int | None, now: datetime) -> None:
    """Set a year's targets; a row of the same programme and indicator is replaced. An empty one is refused."""
    for row in rows:
        value, source = row.get("value"), str(row.get("source") or "").strip()
        if not isinstance(value, int) or value < 1 or not source:
            raise Refused("目標の数（1以上）と根拠が空のものがあります。すべて書いてから登録してください。")
        if row.get("programme") not in PROGRAMMES or row.get("indicator") not in INDICATORS:
            raise Refused("目標の事業か指標が一覧にありません。選び直してください。")
        known = session.scalar(
            select(Target).where(
                Target.year == year, Target.programme == row["programme"], Target.indicator == row["indicator"]
            )
        )
        target = known or Target(year=year, programme=row["programme"], indicator=row["indicator"])
        target.value, target.source, target.set_at, target.set_by = value, source[:200], now, by
        session.add(target)
        session.flush()


def targets(session: Session, year: int) -> list[Target]:
    """The targets of a year, by programme and indicator."""
    return list(
        session.scalars(select(Target).where(Target.year == year).order_by(Target.programme, Target.indicator))
    )


def of_year(session: Session, year: int) -> Year:
    """The figures of a year: as settled, else counted now."""
    settled = session.get(Settled, year)
    if settled is None:
        return count(session, year)
    return Year(year=year, settled_at=settled.settled_at, **settled.figures)


def settle_year(session: Session, year: int, *, by: int | None, now: datetime) -> Settled:
    """Keep the figures of a year as they are now; a year is settled once."""
    known = session.get(Settled, year)
    if known is not None:
        return known
    found = count(session, year)
    settled = Settled(
        year=year, settled_at=now, settled_by=by,
        figures={
            "indicators": {key: dict(of) for key, of in found.indicators.items()}, "stages": dict(found.stages),
            "agencies": dict(found.agencies), "reasons": dict(found.reasons),
        },
    )  # fmt: skip
    session.add(settled)
    session.flush()
    return settled


def count(session: Session, year: int) -> Year:
    """Count a year from the cases; each number belongs to the programme of the agency that did it."""
    since, until = span(year)
    programme_of = _programmes(session)
    indicators: dict[str, dict[str, int]] = {"K1": {}, "K16": {}, "K24": {}}
    agencies: dict[str, int] = {}
    for lead, number in session.execute(
        select(Case.lead, func.count())
        .where(Case.kind.in_(("相", "多")), Case.opened_at >= since, Case.opened_at < until)
        .group_by(Case.lead)
    ):
        _add(indicators["K1"], programme_of.get(lead or "", ""), number)
        agencies[lead or ""] = number
    reasons: dict[str, int] = {}
    for lead, reason, number in session.execute(
        select(Case.lead, Case.closed_reason, func.count())
        .where(Case.kind.in_(("相", "多")), Case.closed_at >= since, Case.closed_at < until)
        .group_by(Case.lead, Case.closed_reason)
    ):
        _add(indicators["K16"], programme_of.get(lead or "", ""), number)
        _add(reasons, reason or "記載なし", number)
    indicators |= _steps(session, since, until, programme_of) | _processes(session, since, until, programme_of)
    found = session.scalar(
        select(func.count()).select_from(SafetyRow).join(Case, Case.id == SafetyRow.case_id)
        .where(Case.kind != PRACTICE, SafetyRow.lane == "緊急支援", SafetyRow.answered_at >= since, SafetyRow.answered_at < until)
    )  # fmt: skip
    _add(indicators["K24"], "4", found or 0)
    return Year(year=year, indicators=indicators, stages=_stages(session), agencies=agencies, reasons=reasons)


def shown(number: int) -> str:
    """A number as it may be published: below five it could tell of a person."""
    return MASKED if 0 < number < SMALLEST else f"{number:,}"


def this_year(now: datetime) -> int:
    """The 年度 of a moment."""
    return fiscal_year(now.astimezone(JST).date())


def _steps(
    session: Session, since: datetime, until: datetime, programme_of: Mapping[str, str]
) -> dict[str, dict[str, int]]:
    rows = session.execute(
        select(Task.element, Task.agency, func.count())
        .join(Case, Case.id == Task.case_id)
        .where(
            Task.status == "done", Task.done_at >= since, Task.done_at < until, Case.kind != PRACTICE,
            Task.element.in_([element for elements in DONE.values() for element in elements]),
        )
        .group_by(Task.element, Task.agency)
    ).all()  # fmt: skip
    made: dict[str, dict[str, int]] = {key: {} for key in DONE}
    for element, agency, number in rows:
        for key, elements in DONE.items():
            if element in elements:
                _add(made[key], programme_of.get(agency, ""), number)
    return made


def _processes(
    session: Session, since: datetime, until: datetime, programme_of: Mapping[str, str]
) -> dict[str, dict[str, int]]:
    made: dict[str, dict[str, int]] = {key: {} for key in BEGUN}
    for key, processes in BEGUN.items():
        for lead, number in session.execute(
            select(Case.lead, func.count())
            .join(Instance, Instance.case_id == Case.id)
            .where(Instance.key.in_(processes), Instance.started_at >= since, Instance.started_at < until, Case.kind != PRACTICE)
            .group_by(Case.lead)
        ):
            _add(made[key], programme_of.get(lead or "", "4"), number)
    return made


def _stages(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(Task.stage, func.count(func.distinct(Task.case_id)))
        .join(Case, Case.id == Task.case_id)
        .where(Task.status == "open", Task.stage != "", Case.kind.in_(("相", "多")))
        .group_by(Task.stage)
        .order_by(Task.stage)
    )
    return {str(stage): int(number) for stage, number in rows}


def _programmes(session: Session) -> dict[str, str]:
    """Agency → number of its programme (①–⑤), from the register of agencies."""
    circled = {"①": "1", "②": "2", "③": "3", "④": "4", "⑤": "5"}
    return {code: circled.get(told[:1], "") for code, told in session.execute(select(Agency.code, Agency.programme))}


def span(year: int) -> tuple[datetime, datetime]:
    """From when until before when a 年度 lasts."""
    first, _ = fiscal_year_span(year)
    after, _ = fiscal_year_span(year + 1)
    return datetime(first.year, first.month, first.day, tzinfo=JST), datetime(after.year, after.month, after.day, tzinfo=JST)


def _add(into: dict[str, int], key: str, number: int) -> None:
    into[key] = into.get(key, 0) + number
