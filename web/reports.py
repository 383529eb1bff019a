"""For managers: which cases stand still, and what the diagrams could not do."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer

from engine import agencies, cases, journal, stuck
from engine import incidents as deciding
from engine.agencies import today_of
from engine.casebook import Case, Incident
from engine.stuck import LEVELS, SIGNS, Report
from forms import moments, sheets
from web import door
from web.door import only, signed_in

pages = Blueprint("reports", __name__, url_prefix="/reports")
FILTERS = ("agency", "stage", "level")
HEAD = (
    "程度", "ケース番号", "目印", "地区", "段階", "いつから", "滞留日数", "期限超過（営業日）", "担当機関", "担当者", "緊急度", "理由",
    "次の一手",
)  # fmt: skip
#: So many fit what a section chief can read; the rest is reached by filters and as CSV.
SHOWN = 200
ENCODINGS = {"utf-8": "utf-8-sig", "cp932": "cp932"}


@pages.get("/stuck")
@signed_in
def standing() -> str:
    """滞留一覧: the case's number and never a name; since when, at whose door, why, what next."""
    found, chosen = _asked()
    with door.reading() as session:
        found = replace(found, rows=(*stuck.flagged(session, found.rows[:SHOWN]), *found.rows[SHOWN:]))
    return render_template(
        "stuck.html", found=found, chosen=chosen, levels=LEVELS, signs=SIGNS, agencies=dict(_doors(found)), shown=SHOWN
    )


@pages.get("/stuck.csv")
@signed_in
def standing_csv() -> Response:
    """The same list for a spreadsheet; exporting is journalled."""
    found, _ = _asked()
    with door.writing() as session:
        line = journal.Line(
            action="書き出し", by=door.actor(), target="滞留一覧", particulars={"rows": len(found.rows)}
        )
        journal.write(session, line, now=door.now())
        rows = stuck.flagged(session, found.rows)
    content = sheets.as_csv(
        HEAD,
        (_cells(row) for row in rows),
        encoding=ENCODINGS.get(request.args.get("encoding", ""), "utf-8-sig"),
    )
    name = f"R{door.now().year - 2018}-jusou-tairyu_{today_of(door.now()):%Y%m%d}.csv"
    return Response(
        content, mimetype="text/csv", headers={"Content-Disposition": f"attachment; filename={name}"}
    )


@pages.get("/incidents")
@only("sui", "kcho", "sys")
def incidents() -> str:
    """支障: moves that could not be made, and what became of them."""
    with door.reading() as session:
        rows = session.execute(
            select(Incident, Case.number).outerjoin(Case, Case.id == Incident.case_id)
            .order_by(Incident.mended_at.is_not(None), Incident.noted_at.desc()).limit(200)
        ).all()  # fmt: skip
        return render_template(
            "incidents.html",
            rows=rows,
            staff_names=agencies.staff_names(session, [i.mended_by or 0 for i, _ in rows]),
        )


@pages.post("/incidents/<int:incident_id>/mending")
@only("sui", "kcho", "sys")
def mend(incident_id: int) -> Answer:
    """Say how it was put right."""
    with door.writing() as session:
        cases.mend(
            session, incident_id, how=request.form.get("how", "").strip(), by=door.actor(), now=door.now()
        )
    return door.there("reports.incidents")


@pages.post("/incidents/<int:incident_id>/retry")
@only("sui", "kcho", "sys")
def retry(incident_id: int) -> Answer:
    """Let it be tried again at once."""
    with door.writing() as session:
        deciding.retry(session, incident_id, by=door.actor(), now=door.now())
    return door.there("reports.incidents")


@pages.post("/incidents/<int:incident_id>/skipping")
@only("sui", "kcho", "sys")
def skip(incident_id: int) -> Answer:
    """Leave a job undone, with the reason; the process goes on."""
    with door.writing() as session:
        deciding.skip(session, incident_id, reason=request.form.get("how", ""), by=door.actor(), now=door.now())
    return door.there("reports.incidents")


def _asked() -> tuple[Report, dict[str, str]]:
    chosen = {name: request.args.get(name, "") for name in FILTERS}
    with door.writing() as session:
        return stuck.report(session, door.actor(), now=door.now(), **chosen), chosen


def _doors(found: Report) -> list[tuple[str, str]]:
    return sorted({(row.agency, row.agency_name) for row in found.rows}, key=lambda pair: pair[1])


def _cells(row: stuck.StuckRow) -> tuple[object, ...]:
    return (
        row.level, row.number, "／".join(row.flags), row.district, row.stage, moments.write_short(row.since.date()), row.days, row.overdue,
        row.agency_name, row.holder, row.urgency, "／".join(row.reasons), row.next_step,
    )  # fmt: skip
