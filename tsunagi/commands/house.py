"""The town's database, opened as the settings say: what every command of the running system needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.db import Database


@contextmanager
def database(*, migrated: bool = True) -> "Iterator[Database]":
    """The database of the settings; refuses one whose schema is not the newest, if `migrated`."""
    from engine.db import Database
    from engine.settings import Settings
    from engine.vault import open_ring

    settings = Settings.from_env()
    opened = Database(settings.database_url, open_ring(settings.keys))
    try:
        if migrated:
            _require_newest(opened)
        yield opened
    finally:
        opened.close()


def now() -> datetime:
    """The machine's clock: a command is a door."""
    from engine.db import JST

    return datetime.now(JST)


def _require_newest(opened: "Database") -> None:
    from engine import migrations
    from engine.errors import Refused

    with opened.transaction(write=False) as session:
        if not migrations.is_usable(session):
            raise Refused("データベースの形が新しい版のものではありません。先に tsunagi migrate を実行してください。")
