"""Taking in cases from before the system: look first, then take the readable rows."""

from __future__ import annotations

import base64
import binascii

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from engine import past
from engine.errors import Refused
from forms import sheets
from web import door
from web.door import only

pages = Blueprint("past", __name__, url_prefix="/past-cases")


@pages.get("")
@only("sui", "kcho")
def page() -> str:
    """Where the file is chosen."""
    with door.reading() as session:
        return _page(session)


@pages.post("")
@only("sui", "kcho")
def look() -> str | tuple[str, int]:
    """What every row would become; nothing is changed yet."""
    given = request.files.get("file")
    source = given.read() if given else b""
    kind = "xlsx" if given and (given.filename or "").lower().endswith(".xlsx") else "csv"
    with door.reading() as session:
        try:
            if not source:
                raise Refused("ファイルが選ばれていません。CSV か Excel（.xlsx）のファイルを選んでください。")
            looked = _looked(session, source, kind)
        except (sheets.SheetError, Refused) as error:
            return _page(session, refusal=str(error)), 422
        return _page(session, looked=looked, content=base64.b64encode(source).decode(), kind=kind)


@pages.post("/rows")
@only("sui", "kcho")
def take() -> str | tuple[str, int]:
    """Take the readable rows in."""
    with door.writing() as session:
        try:
            source = base64.b64decode(request.form.get("content", ""), validate=True)
            looked = _looked(session, source, request.form.get("kind", "csv"))
        except (sheets.SheetError, Refused, binascii.Error) as error:
            return _page(session, refusal=f"ファイルを読み直せませんでした。もう一度選んでください。{error}"), 422
        taken = past.take(session, looked, by=door.actor(), now=door.now(), synthetic=door.staff().synthetic)
        return _page(session, taken=taken, left=[one for one in looked if one.sentences])


def _looked(session: Session, source: bytes, kind: str) -> list[past.PastCase]:
    head, rows = sheets.read(source, name=f"file.{kind}")
    return past.preview(session, head, rows, by=door.actor(), now=door.now())


def _page(session: Session, **more: object) -> str:
    told = {"looked": None, "content": "", "kind": "", "refusal": "", "taken": None, "left": (), **more}
    return render_template("registers/past.html", columns=past.columns(session), **told)
