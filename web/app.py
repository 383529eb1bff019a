"""The application factory: one blueprint an audience, one place for settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask

from engine.db import JST, Database
from engine.settings import Settings
from engine.vault import open_ring
from web import (
    account,
    admin,
    auth,
    beginnings,
    cases,
    consents,
    coordinators,
    emergency,
    evaluation,
    hooks,
    impartial,
    inbox,
    intake,
    items,
    journals,
    notes,
    overrides,
    past,
    printing,
    records,
    refusals,
    registers,
    reports,
    rhythm,
    search,
    security,
    shown,
    tasks,
    watching,
)
from web.door import CLOCK, DATABASE, SETTINGS

BLUEPRINTS = (
    auth,
    inbox,
    tasks,
    cases,
    notes,
    records,
    consents,
    items,
    impartial,
    overrides,
    search,
    intake,
    reports,
    printing,
    admin,
    account,
    journals,
    coordinators,
    past,
    registers,
    hooks,
    emergency,
    evaluation,
    beginnings,
    watching,
    rhythm,
)


def create_app(
    settings: Settings | None = None,
    *,
    database: Database | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Flask:
    """The WSGI application for a town; settings come from the environment unless given."""
    known = settings or Settings.from_env()
    app = Flask(__name__)
    app.extensions[SETTINGS] = known
    app.extensions[DATABASE] = database or Database(known.database_url, open_ring(known.keys))
    app.extensions[CLOCK] = clock or (lambda: datetime.now(JST))
    app.config.update(
        MAX_CONTENT_LENGTH=known.upload_limit, MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024, MAX_FORM_PARTS=5000
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    shown.register(app)
    overrides.register(app)
    app.context_processor(lambda: {"unread": rhythm.unread})
    security.register(app)
    emergency.register(app)
    refusals.register(app)
    for audience in BLUEPRINTS:
        app.register_blueprint(audience.pages)
    return app
