"""The yearly evaluation (年次評価): figures of a 年度 beside its targets, and the committee's pack. Never a name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst
from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session

from engine import agencies, evaluation
from engine.calendar import fiscal_year_label
from engine.evaluation import INDICATORS, PROGRAMMES, Year
from forms import moments, sheets
from web import door
from web.door import only
from web.printing import fonts

pages = Blueprint("evaluation", __name__, url_prefix="/evaluation")
ROLES = ("ver", "sui", "kcho")
FIRST = 2018


@pages.get("")
@only(*ROLES)
def page() -> str:
    """A year's figures and targets, by programme ①–⑤."""
    year = _year()
    with door.reading() as session:
        found, goals, names = _found(session, year)
        return render_template(
            "evaluation.html", year=year, label=fiscal_year_label(year), found=found, goals=goals, names=names, indicators=INDICATORS,
            programmes=PROGRAMMES, years=range(evaluation.this_year(door.now()), FIRST - 1, -1), label_of=fiscal_year_label,
        )  # fmt: skip


@pages.get("/pack.pdf")
@only(*ROLES)
def pack() -> Response:
    """The committee's pack on A4: numbers below five are not told."""
    year = _year()
    with door.reading() as session:
        found, goals, names = _found(session, year)
    said = {
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
