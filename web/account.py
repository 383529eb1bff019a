"""One's own account: password and open sessions."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from engine import notices, preferences, sessions
from engine.agencies import Staff, names, role_names
from engine.errors import Refused
from web import door
from web.door import signed_in
from web.security import COOKIE, set_session

pages = Blueprint("account", __name__, url_prefix="/account")


@pages.get("")
@signed_in
def page() -> str:
    """Who I am here, and where I am signed in."""
    with door.reading() as session:
        return render_template(
            "account.html", agencies=names(session), roles=role_names(session),
            sessions=sessions.open_sessions(session, door.staff().id), mail=session.get_one(Staff, door.staff().id).mail,
            digest=preferences.chosen(session, door.staff().id, preferences.MAIL).get("digest") != "no",
        )  # fmt: skip


@pages.get("/password")
@signed_in
def password() -> str:
    """Change the password."""
    return render_template("password.html", refusal="")


@pages.post("/password")
@signed_in
def change() -> Response | tuple[str, int]:
    """Give oneself a new password: other sessions end, this browser gets a new one."""
    old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
    try:
        token = _change(old, new, again)
    except Refused as error:
        return render_template("password.html", refusal=error.sentence), 422
    response = make_response(door.there("account.page"))
    return set_session(response, token)


@pages.post("/mail")
@signed_in
def set_mail() -> Response:
    """Where mail goes, and whether the morning's digest is wanted; urgent notices go wherever there is an address."""
    wants = {"digest": "yes" if "digest" in request.form else "no"}
    with door.writing() as session:
        notices.set_mail(session, session.get_one(Staff, door.staff().id), request.form.get("mail", ""))
        preferences.choose(session, door.staff().id, preferences.MAIL, wants)
    return door.there("account.page", kept=1)


@pages.post("/sessions/end")
@signed_in
def end_others() -> Response:
    """Sign out everywhere else."""
    with door.writing() as session:
        sessions.end_all(session, door.staff().id, now=door.now(), but=request.cookies.get(COOKIE))
    return door.there("account.page")


def _change(old: str, new: str, again: str) -> str:
    with door.writing() as session:
        staff = session.get_one(Staff, door.staff().id)
        if not sessions.check_password(staff, old):
            raise Refused("いまのパスワードが違います。確かめて、もう一度入れてください。")
        if new != again:
            raise Refused("新しいパスワードが2回で違います。同じものを2回入れてください。")
        sessions.set_password(session, staff, new, by=door.actor(), now=door.now())
        token, _ = sessions.sign_in(
            session,
            staff.login,
            new,
            browser=request.user_agent.string,
            settings=door.settings(),
            now=door.now(),
        )
        return token
