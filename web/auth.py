"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from engine import sessions
from engine.errors import NotAllowed
from web import door
from web.security import COOKIE, set_session

pages = Blueprint("auth", __name__)


@pages.get("/sign-in")
def sign_in() -> str | Answer:
    """The door."""
    return render_template("sign_in.html", back=_inside(request.args.get("back", "")), refusal="", login="")


@pages.post("/sign-in")
def enter() -> Answer | tuple[str, int]:
    """Check name and password; a wrong try is counted, whatever the answer."""
    login, back = request.form.get("login", "").strip(), _inside(request.form.get("back", ""))
    refusal = ""
    with door.writing() as session:
        try:
            token, _ = sessions.sign_in(
                session, login, request.form.get("password", ""), browser=request.user_agent.string,
                settings=door.settings(), now=door.now(),
            )  # fmt: skip
        except NotAllowed as error:
            refusal = error.sentence
    if refusal:
        return render_template("sign_in.html", back=back, refusal=refusal, login=login), 401
    return set_session(_go(back or url_for("inbox.page")), token)


@pages.post("/sign-out")
def sign_out() -> Answer:
    """End this session."""
    if token := request.cookies.get(COOKIE):
        with door.writing() as session:
            found = sessions.who(session, token, settings=door.settings(), now=door.now())
            if found:
                sessions.sign_out(session, token, by=found[1], now=door.now())
    response = _go(url_for("auth.sign_in"))
    response.delete_cookie(COOKIE)
    return response


def _inside(back: str) -> str:
    # Only a path of our own: never another site's address.
    return back if back.startswith("/") and not back.startswith(("//", "/\\")) else ""


def _go(place: str) -> Response:
    return make_response(redirect(place, 303))
