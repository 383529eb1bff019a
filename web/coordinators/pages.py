"""The blueprint, who may come in, and what every page of it needs."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.agencies import Staff
from engine.errors import Invalid
from processes.bpmn import DiagramError
from web import door
from web.refusals import refused
from web.security import POLICY

pages = Blueprint("coordinators", __name__, url_prefix="/processes")
coordinator = door.only("sui", "kcho")
#: The editors place their parts by style attributes; nothing else is wider than on the other pages.
EDITOR_POLICY = f"{POLICY}; style-src 'self' 'unsafe-inline'"


@pages.errorhandler(DiagramError)
def unreadable(error: DiagramError) -> tuple[str, int]:
    """A draft that is no diagram any more (saved from outside the editor): told, never a failure."""
    reasons = "".join(finding.message for finding in error.findings[:3])
    return refused(Invalid(f"下書きの図が読めません。{reasons} 手続きの一覧から開き、下書きを捨てるか、図を直してください。"))


def editor_page(template: str, **given: object) -> Response:
    """A page with an editor in it, under the editors' policy."""
    response = make_response(render_template(template, **given))
    response.headers["Content-Security-Policy"] = EDITOR_POLICY
    return response


def staff_names(session: Session) -> dict[int | None, str]:
    """Who published or saved; None is the set-up."""
    return {None: "初期設定", **{row.id: row.name for row in session.execute(select(Staff.id, Staff.name))}}
