"""What every page asks of its door: the moment, the database, who is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast

from flask import current_app, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine.access import Sight
from engine.agencies import Actor, Staff
from engine.db import Database
from engine.errors import NotAllowed
from engine.settings import Settings

SETTINGS, DATABASE, CLOCK = "tsunagi.settings", "tsunagi.database", "tsunagi.clock"
EXPIRED = (
    "時間がたったため、いったん出ました。ここで入り直してから、ブラウザーの「戻る」で前の画面に戻ってください。入力は残っています。"
)
MANAGERS = frozenset({"sui", "kcho"})
Page = TypeVar("Page", bound=Callable[..., Any])


def settings() -> Settings:
    """The town's settings."""
    return cast(Settings, current_app.extensions[SETTINGS])


def database() -> Database:
    """The town's database."""
    return cast(Database, current_app.extensions[DATABASE])


def now() -> datetime:
    """The moment of this request, the same all through it."""
    if "now" not in g:
        g.now = current_app.extensions[CLOCK]()
    return cast(datetime, g.now)


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction that may write (reading a case writes to the journal, with the terminal's address)."""
    with database().transaction() as session:
        session.info["terminal"] = request.remote_addr or ""
        yield session


def reading() -> AbstractContextManager[Session]:
    """One transaction that only reads."""
    return database().transaction(write=False)


def staff() -> Staff:
    """The member of staff who is signed in."""
    return cast(Staff, g.staff)


def actor() -> Actor:
    """Who acts, with today's seats."""
    return cast(Actor, g.actor)


def signed_in(page: Page) -> Page:
    """Only for who is signed in; others go to the door and come back."""

    @wraps(page)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if g.get("actor") is None and request.method == "POST":
            return render_template("sign_in.html", back="", login="", refusal=EXPIRED), 401
        if g.get("actor") is None:
            back = request.full_path.rstrip("?") if request.method == "GET" else ""
            return redirect(url_for("auth.sign_in", back=back or None), 303)
        if g.staff.must_change and request.endpoint not in ("account.password", "account.change", "auth.sign_out"):
            return redirect(url_for("account.password"), 303)
        return page(*args, **kwargs)

    return cast(Page, guarded)


def only(*roles: str) -> Callable[[Page], Page]:
    """Only for these roles."""

    def guard(page: Page) -> Page:
        @wraps(page)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not actor().roles.intersection(roles):
                raise NotAllowed(
                    "この画面は、あなたの役割では開けません。必要なときはシステム管理者に連絡してください。"
                )
            return page(*args, **kwargs)

        return cast(Page, signed_in(guarded))

    return guard


def ensure_free(seen: Sight) -> None:
    """Refuse what takes content out of the screen where only an emergency opened it."""
    if seen.restrained:
        raise NotAllowed("緊急閲覧では、印刷・書き出し・添付の保存はできません。画面で見てください。")


def there(endpoint: str, **values: Any) -> Response:
    """After a POST: to the page that shows its outcome."""
    return redirect(url_for(endpoint, **values), 303)
