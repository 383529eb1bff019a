"""Who is there, what forms must carry, and what browsers must not do."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, g, request
from itsdangerous import BadData, URLSafeSerializer

from engine import sessions
from web.door import database, now, reading, settings, writing

COOKIE = "tsunagi"
#: Before signing in there is no session: the form of the door is bound to this cookie instead.
DOOR_COOKIE = "tsunagi-door"
CSRF = "_csrf"
STATIC_AGE = 3600
POLICY = "; ".join((
    "default-src 'self'", "img-src 'self' data:", "object-src 'none'", "base-uri 'none'", "form-action 'self'",
    "frame-ancestors 'none'",
))  # fmt: skip
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


View = TypeVar("View", bound=Callable[..., Any])
_FOR_SYSTEMS = "tsunagi_for_systems"


def for_systems(view: View) -> View:
    """A place where other systems call, not browsers: no cookie is looked at, and no form's word is asked for."""
    setattr(view, _FOR_SYSTEMS, True)
    return view


def register(app: Flask) -> None:
    """Hang the guards before and after every request."""
    app.before_request(_know)
    app.before_request(_refuse_forged)
    app.after_request(_seal)
    app.context_processor(lambda: {"csrf": csrf, "csrf_name": CSRF})


def csrf() -> str:
    """The word that a form of this browser must carry."""
    return _signer().dumps(_bound_to())


def set_session(response: Response, token: str) -> Response:
    """Hand the browser its session; no script can read it, no other site can send it along with a form."""
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="Lax", secure=settings().secure_cookie, path="/"
    )
    response.delete_cookie(DOOR_COOKIE)
    return response


def _know() -> None:
    g.staff = g.actor = None
    token = request.cookies.get(COOKIE, "")
    if not token or request.endpoint == "static" or _is_for_systems():
        return
    with reading() as session:
        found = sessions.who(session, token, settings=settings(), now=now())
        tired = found is not None and sessions.unseen(session, token, now=now())
    if tired:
        with writing() as session:
            found = sessions.who(session, token, settings=settings(), now=now())
    if found:
        g.staff, g.actor = found


def _refuse_forged() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS") or _is_for_systems():
        return
    sent = request.headers.get("X-CSRF") or request.form.get(CSRF, "")
    try:
        genuine = secrets.compare_digest(str(_signer().loads(sent)), _bound_to())
    except BadData:
        genuine = False
    if not genuine:
        abort(400, "forged")


def _is_for_systems() -> bool:
    return hasattr(current_app.view_functions.get(request.endpoint or ""), _FOR_SYSTEMS)


def _seal(response: Response) -> Response:
    if request.endpoint == "static":
        response.cache_control.public = True
        response.cache_control.max_age = STATIC_AGE
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    # A coordinator's editor sets a policy of its own, a little wider for styles.
    response.headers.setdefault("Content-Security-Policy", POLICY)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if "door" in g and COOKIE not in request.cookies:
        response.set_cookie(
            DOOR_COOKIE, g.door, httponly=True, samesite="Lax", secure=settings().secure_cookie
        )
    return response


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(database().vault.mark("web", "forms"), salt="csrf")


def _bound_to() -> str:
    token = request.cookies.get(COOKIE)
    if not token:
        if "door" not in g:
            g.door = request.cookies.get(DOOR_COOKIE) or secrets.token_urlsafe(16)
        token = str(g.door)
    return database().vault.mark("csrf", token)
