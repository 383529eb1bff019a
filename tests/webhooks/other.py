"""Another system as tests speak of it: it signs and sends as Standard Webhooks and LINE say."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer
from werkzeug.test import TestResponse

from engine.agencies import CLOCK
from engine.db import Database
from engine.receipts import Receipt, Refusal
from engine.settings import Settings
from tests.town import Town
from web.app import create_app
from webhooks import routes
from webhooks.signatures import sign

SECRET = "whsec_" + base64.b64encode(b"a secret that is for tests only!").decode()
LINE_SECRET = "line's channel secret, for tests"
ROUTES: dict[str, Any] = {
    "sources": [
        {"name": "webform", "label": "町の相談フォーム", "kind": "standard", "secret": "webform", "active": True},
        {"name": "line", "label": "LINE相談", "kind": "line", "secret": "line", "active": True},
        {"name": "asleep", "label": "止めてあるもの", "kind": "standard", "secret": "webform"},
    ],
    "routes": [
        {
            "source": "webform", "type": "soudan.created", "label": "フォームの相談", "does": "open", "message": "intake.imported",
            "desk": "fukushi", "process": "P-A", "form": "F-A01", "facts": {"sashisemari": "data.urgent"}, "codes": ["01", "02"],
            "answers": {"keiro": '"19"', "gaiyo": "data.text", "sei": "data.sei", "uketsukeAt": "time", "snsMei": '"町の相談フォーム"'},
        },
        {
            "source": "line", "type": "line.message", "label": "LINEの相談", "does": "open", "message": "intake.imported",
            "desk": "fukushi", "process": "P-A", "form": "F-A01", "answers": {"keiro": '"07"', "gaiyo": "data.message.text"},
        },
        {
            "source": "webform", "type": "news.came", "label": "返事", "does": "send", "message": "news.came", "desk": "fukushi",
            "case_number": "subject", "facts": {"kekka": "data.kekka"}, "codes": ["1", "2"],
        },
    ],
}  # fmt: skip


def settings(database: Database, folder: Path, **more: Any) -> Settings:
    """The town's settings with the secrets of these systems."""
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    (secrets / "webform").write_text(SECRET + "\n")
    (secrets / "line").write_text(LINE_SECRET)
    return Settings(database_url=database.url, keys=Path("none"), secrets=secrets, **more)


class Sender:
    """A sender, and the town that it sends to."""

    def __init__(self, town: Town, folder: Path, *, held: Mapping[str, Any] = ROUTES, **more: Any) -> None:
        self.town, self.database = town, town.database
        self.settings = settings(town.database, folder, **more)
        with self.database.transaction() as session:
            routes.load(session, json.dumps(held), by=CLOCK, now=town.now)
        app = create_app(self.settings, database=self.database, clock=lambda: town.now)
        app.testing = True
        self.client = app.test_client()

    def sends(
        self, type: str = "soudan.created", *, source: str = "webform", id: str = "msg_1", clock: timedelta = timedelta(),
        secret: str = SECRET, signed: bytes | None = None, body: bytes | None = None, subject: str = "", **data: Any,
    ) -> TestResponse:  # fmt: skip
        """Send an event; `signed` are other bytes than were sent, `clock` how far the sender's clock is off."""
        sent = body if body is not None else cloud(type, subject=subject, **data)
        said = headers(id, signed or sent, at=datetime.now(UTC) + clock, secret=secret)
        return self.client.post(f"/hooks/in/{source}", data=sent, headers=said)

    def sends_line(self, *listed: Mapping[str, Any], secret: str = LINE_SECRET) -> TestResponse:
        body = json.dumps({"destination": "U0", "events": list(listed)}).encode()
        signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
        return self.client.post("/hooks/in/line", data=body, headers={"X-Line-Signature": signature})

    def receipts(self) -> list[Receipt]:
        with self.database.transaction(write=False) as session:
            return list(session.scalars(select(Receipt).options(undefer(Receipt.sealed)).order_by(Receipt.id)))

    def refusals(self) -> dict[tuple[str, str], int]:
        with self.database.transaction(write=False) as session:
            return {(row.source, row.reason): row.times for row in session.scalars(select(Refusal))}


def cloud(type: str, *, subject: str = "", **data: Any) -> bytes:
    """An event in CloudEvents' structured mode."""
    event = {"specversion": "1.0", "id": "e1", "source": "/form", "type": type, "time": "2026-04-03T08:30:00+09:00", "data": data}
    return json.dumps(event | ({"subject": subject} if subject else {}), ensure_ascii=False).encode()


def headers(id: str, body: bytes, *, at: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    """Standard Webhooks' headers. The library compares with the machine's clock, so signing does, too."""
    moment = at or datetime.now(UTC)
    return {
        "webhook-id": id, "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": sign(secret, id, moment, body)
    }  # fmt: skip


LONG_AGO = timedelta(minutes=6)
