"""A refusal on a page: what happened, what to do, and that nothing typed is lost."""

from __future__ import annotations

from flask import Flask, g, render_template, request
from werkzeug.exceptions import HTTPException

from engine.access import note_refusal
from engine.casebook import Case
from engine.errors import (
    AlreadyDone,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    NotOpen,
    NotYours,
    Refused,
    Stopped,
)
from web.door import actor, now, writing

STATUS: dict[type[Refused], tuple[int, str]] = {
    NotFound: (404, "見つかりません"), NotAllowed: (403, "開けません"), NotYours: (403, "ほかの受信箱の用件です"),
    AlreadyDone: (409, "先に済んでいます"), NotOpen: (409, "いまはできません"), Conflict: (409, "ほかの人と重なりました"),
    Invalid: (422, "受け付けられません"), Stopped: (409, "手続きの図に支障があります"),
}  # fmt: skip
PAGES = {
    400: ("画面の有効期限が切れました", "前の画面に戻り、画面を開き直してから、もう一度操作してください。"),
    404: ("見つかりません", "住所（URL）が変わったか、まちがっています。受信箱から開き直してください。"),
    405: ("この操作はできません", "受信箱から開き直してください。"),
    413: (
        "添付が大きすぎます",
        "1回に送れる大きさを超えました。ファイルを小さくするか、分けて添付してください。入力は残っています。",
    ),
    500: (
        "うまくいきませんでした",
        "もう一度操作してください。下書きは残っています。続くときはシステム管理者に連絡してください。",
    ),
}


def register(app: Flask) -> None:
    """Show refusals and failures in the town's words."""
    app.register_error_handler(Refused, refused)
    app.register_error_handler(HTTPException, failed)
    app.register_error_handler(500, lambda error: _page(500, *PAGES[500]))


def refused(error: Refused) -> tuple[str, int]:
    """The page of a refusal; a refused try is noted in the journal, in a commit of its own."""
    status, title = STATUS.get(type(error), (400, "お断りします"))
    if g.get("actor") and (isinstance(error, NotAllowed | NotYours) or (isinstance(error, NotFound) and g.get("case_id"))):
        with writing() as session:
            case_id = g.get("case_id")
            known = case_id if case_id and session.get(Case, case_id) else None
            note_refusal(session, actor(), target=(request.endpoint or "")[:80], case_id=known, now=now())
    return _page(status, title, error.sentence)


def failed(error: HTTPException) -> tuple[str, int]:
    """The page of a failure of HTTP."""
    code = error.code or 500
    title, sentence = PAGES.get(code, ("うまくいきませんでした", "受信箱から開き直してください。"))
    return _page(code, title, sentence)


def _page(status: int, title: str, sentence: str) -> tuple[str, int]:
    return render_template("refusal.html", title=title, sentence=sentence), status
