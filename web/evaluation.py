"""The yearly evaluation (年次評価): figures of a 年度 beside its targets, and the committee's pack. Never a name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import typst
from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session

from engine import agencies, evaluation, indicators, registers
from engine.calendar import fiscal_year, fiscal_year_label
from engine.evaluation import INDICATORS, PROGRAMMES, Year
from forms import codes, moments, sheets
from forms.registers import registers as known
from web import door
from web.door import only
from web.printing import fonts

pages = Blueprint("evaluation", __name__, url_prefix="/evaluation")
ROLES = ("ver", "sui", "kcho")
FIRST = 2018


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The version of the plan (計画) that a year belongs to, as the register has it."""

    code: str
    name: str
    law: str
    parent: str
    chapter: str
    first: int
    last: int

    @property
    def period(self) -> str:
        """Its fiscal years in words."""
        return f"{self.first}年度から{self.last}年度まで"


@pages.get("")
@only(*ROLES)
def page() -> str:
    """The figures and targets of a year, or of a plan's whole period, by programme ①–⑤."""
    year = _year()
    with door.reading() as session:
        plans = _plans(session)
        plan = next((one for one in plans if one.code == request.args.get("plan")), None)
        found, goals, names = _found(session, year) if plan is None else _over(session, plan)
        label = fiscal_year_label(year) if plan is None else f"{plan.name} {plan.period}"
        return render_template(
            "evaluation.html", year=year, label=label, found=found, goals=goals, names=names, indicators=INDICATORS,
            programmes=PROGRAMMES, years=range(evaluation.this_year(door.now()), FIRST - 1, -1), label_of=fiscal_year_label,
            plans=plans, chosen=plan, of_plan=_plan_of(plans, year),
            figures=[] if plan else indicators.figures(session, year, now=door.now()),
        )  # fmt: skip


@pages.get("/chapter.html")
@only(*ROLES)
def chapter() -> Response:
    """The year's evaluation as a chapter of the parent plan (推進計画): a page of its own, without addresses or scripts."""
    year = _year()
    with door.reading() as session:
        found, goals, _ = _found(session, year)
        told = indicators.figures(session, year, now=door.now())
        text = render_template(
            "chapter.html", label=fiscal_year_label(year), plan=_plan_of(_plans(session), year), found=found, figures=told,
            rows=[_row(key, name, found, goals) for key, name in INDICATORS.items()], programmes=PROGRAMMES,
            town=door.settings().town_name,
        )  # fmt: skip
    headers = {"Content-Disposition": f"attachment; filename=chapter-{year}.html"}
    return Response(text, mimetype="text/html", headers=headers)


@pages.get("/needs.csv")
@only(*ROLES)
def needs() -> Response:
    """The needs (課題) told at intakes, by district: below five they are not told."""
    year = _year()
    places = [(choice.value, choice.label) for choice in codes.lists()["C18"]]
    with door.reading() as session:
        found = indicators.needs(session, year)
    rows = [[name, evaluation.shown(sum(by.values())), *(evaluation.shown(by.get(place, 0)) for place, _ in places)] for name, by in found]
    content = sheets.as_csv(["課題", "全体", *(label for _, label in places)], rows, encoding="utf-8-sig")
    headers = {"Content-Disposition": f"attachment; filename=needs-{year}.csv"}
    return Response(content, mimetype="text/csv", headers=headers)


@pages.get("/pack.pdf")
@only(*ROLES)
def pack() -> Response:
    """The committee's pack on A4: numbers below five are not told."""
    year = _year()
    with door.reading() as session:
        found, goals, names = _found(session, year)
        plan = _plan_of(_plans(session), year)
        told = indicators.figures(session, year, now=door.now())
    said = {
        "plan": f"{plan.name}（{plan.law}、{plan.period}）" if plan else "この年度の計画は、台帳にありません",
        "figures": [[one.key, one.name, *one.published] for one in told],
        "title": f"{fiscal_year_label(year)} 重層的支援体制整備事業 推進委員会資料", "town": door.settings().town_name,
        "state": "確定値" if found.settled_at else "途中の値", "printed": f"印刷 {moments.write_datetime(door.now())}",
        "programmes": list(PROGRAMMES.values()),
        "rows": [_row(key, name, found, goals) for key, name in INDICATORS.items()],
        "stages": _masked(found.stages), "reasons": _masked(found.reasons),
        "agencies": _masked({names.get(code, code or "未定"): number for code, number in found.agencies.items()}),
    }  # fmt: skip
    content = typst.compile(
        Path(__file__).with_name("print") / "committee.typ", format="pdf",
        sys_inputs={"paper": json.dumps(said, ensure_ascii=False)}, font_paths=[fonts()], ignore_system_fonts=True,
    )  # fmt: skip
    headers = {"Content-Disposition": f"inline; filename=evaluation-{year}.pdf"}
    return Response(content, mimetype="application/pdf", headers=headers)


@pages.get("/figures.csv")
@only(*ROLES)
def table() -> Response:
    """The same numbers for publication as CSV: below five they are not told."""
    year = _year()
    with door.reading() as session:
        found, goals, _ = _found(session, year)
    head = ["指標", "名前", *PROGRAMMES.values(), "全体", "目標"]
    rows = [_row(key, name, found, goals) for key, name in INDICATORS.items()]
    told = [[row["key"], row["name"], *row["numbers"], row["total"], row["goal"]] for row in rows]
    content = sheets.as_csv(head, told, encoding="utf-8-sig")
    headers = {"Content-Disposition": f"attachment; filename=evaluation-{year}.csv"}
    return Response(content, mimetype="text/csv", headers=headers)


def _found(session: Session, year: int) -> tuple[Year, dict[tuple[str, str], int], dict[str, str]]:
    goals = {(one.indicator, one.programme): one.value for one in evaluation.targets(session, year)}
    return evaluation.of_year(session, year), goals, agencies.names(session)


def _over(session: Session, plan: Plan) -> tuple[Year, dict[tuple[str, str], int], dict[str, str]]:
    years = range(plan.first, min(plan.last, evaluation.this_year(door.now())) + 1)
    found = [_found(session, year) for year in years]
    goals: Counter[tuple[str, str]] = Counter()
    for _, of_year, _ in found:
        goals.update(of_year)
    numbers = {key: _sum(year.indicators.get(key, {}) for year, _, _ in found) for key in INDICATORS}
    last = found[-1][0] if found else Year(year=plan.first, indicators={}, stages={}, agencies={}, reasons={})
    total = Year(
        year=plan.first, indicators=numbers, stages=last.stages, agencies=_sum(year.agencies for year, _, _ in found),
        reasons=_sum(year.reasons for year, _, _ in found),
    )  # fmt: skip
    return total, dict(goals), agencies.names(session)


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)


def _plans(session: Session) -> list[Plan]:
    made = []
    for one in registers.listed(session, known()["plan"]):
        told = one.answers
        first, last = (fiscal_year(date.fromisoformat(str(told[key]))) for key in ("kikanFrom", "kikanTo"))
        made.append(Plan(
            code=one.code, name=f"{told['meisho']} 第{told['han']}版", law=str(told["hourei"] or ""), parent=str(told["oya"] or ""),
            chapter=str(told["oyaBubun"] or ""), first=first, last=last,
        ))  # fmt: skip
    return made


def _plan_of(plans: list[Plan], year: int) -> Plan | None:
    return next((one for one in reversed(plans) if one.first <= year <= one.last), None)


def _row(key: str, name: str, found: Year, goals: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    numbers = found.indicators.get(key, {})
    goal = sum(value for (indicator, _), value in goals.items() if indicator == key)
    return {
        "key": key, "name": name, "numbers": [evaluation.shown(numbers.get(programme, 0)) for programme in PROGRAMMES],
        "total": evaluation.shown(found.total(key)), "goal": f"{goal:,}" if goal else "—",
    }  # fmt: skip


def _masked(numbers: Mapping[str, int]) -> list[list[str]]:
    return [[name, evaluation.shown(number)] for name, number in sorted(numbers.items())]


def _year() -> int:
    now = evaluation.this_year(door.now())
    asked = request.args.get("year", now, int)
    return asked if FIRST <= asked <= now else now
