"""Taking what another system sends: checked, kept sealed, answered; brought to its case afterwards by a job.

The answer says exactly what is true when it is given: 202, the message and its receipt are
written; the same message again, the same answer; anything else, nothing is kept but that
something was refused, from whom, and why.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine import receipts
from engine.db import Database, vault_of
from engine.jobs import enqueue
from engine.receipts import NOBODY, Receipt, Source
from engine.settings import Settings
from webhooks import events, routes, signatures
from webhooks.events import Event, Unreadable

STATUS = {
    "unknown": 404, "oversized": 413, "unsigned": 401, "malformed": 400, "unmapped": 422, "unfit": 422, "altered": 409
}  # fmt: skip
SENTENCES = {
    "unknown": "この送り先はありません。", "oversized": "大きすぎます。分けて送ってください。",
    "unsigned": "署名がないか、合いません。秘密の値と時計を確かめてください。",
    "malformed": "知らせとして読めません。形を確かめてください。",
    "unmapped": "この種類の知らせは、受け方が決まっていません。町の担当に知らせてください。",
    "unfit": "知らせの中身が、受け方と合いません。", "altered": "同じ番号の知らせが、前と違う中身で届きました。",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the sender is told: an HTTP status, and an object for the body."""

    status: int
    said: Mapping[str, Any]


class _Refusal(Exception):
    def __init__(self, reason: str, *, lacks: Sequence[str] = (), source: str = "") -> None:
        super().__init__(reason)
        self.reason, self.lacks, self.source = reason, lacks, source


def take(
    database: Database, settings: Settings, source: str, headers: Mapping[str, str], body: bytes | None, *, now: datetime
) -> Answer:
    """Answer a request to a source's address; `body` is None where it was larger than `hook_limit`.

    `headers` by their names in small letters. Raises Refused where the town's own secret is missing.
    """
    return _answered(database, source, now, lambda: _requested(database, settings, source, headers, body, now))


def take_file(
    database: Database, settings: Settings, source: str, headers: Mapping[str, str], body: bytes, *, now: datetime
) -> Answer:
    """The same for a message that was carried over in a file: signed alike, and up to a month on its way."""
    return _answered(database, source, now, lambda: _carried(database, settings, source, headers, body, now))


def _requested(
    database: Database, settings: Settings, name: str, headers: Mapping[str, str], body: bytes | None, now: datetime
) -> Answer:
    source = _source(database, name)
    if body is None or len(body) > settings.hook_limit:
        raise _Refusal("oversized")
    secret = settings.secret(source.secret)
    if source.kind == "line":
        if not signatures.is_line(secret, headers.get("x-line-signature", ""), body):
            raise _Refusal("unsigned")
        return _keep_line(database, events.of_line(body, source=name), now)
    if not signatures.is_standard(secret, headers, body):
        raise _Refusal("unsigned")
    event = events.of_standard(body, message_id=headers["webhook-id"], source=name)
    return _keep(database, event, body, "http", now)


def _carried(
    database: Database, settings: Settings, name: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> Answer:
    source = _source(database, name)
    if len(body) > settings.hook_limit:
        raise _Refusal("oversized")
    if source.kind != "standard" or not signatures.is_carried(settings.secret(source.secret), headers, body, now=now):
        raise _Refusal("unsigned")
    return _keep(database, events.of_standard(body, message_id=headers["webhook-id"], source=name), body, "file", now)


def _source(database: Database, name: str) -> Source:
    with database.transaction(write=False) as session:
        source = session.get(Source, name)
    if source is None or not source.active:
        raise _Refusal("unknown", source=NOBODY if source is None else name)
    return source


def _answered(database: Database, source: str, now: datetime, work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except Unreadable:
        refusal = _Refusal("malformed")
    except _Refusal as refused:
        refusal = refused
    _note(database, refusal.source or source, refusal.reason, now)
    said = {"error": refusal.reason, "sentence": SENTENCES[refusal.reason]}
    return Answer(status=STATUS[refusal.reason], said=said | ({"fields": list(refusal.lacks)} if refusal.lacks else {}))


def _note(database: Database, source: str, reason: str, now: datetime) -> None:
    try:
        database.attempt(lambda session: receipts.note_refusal(session, source, reason, now=now))
    except IntegrityError:  # two first refusals of a day at one moment: the second finds the first's row
        database.attempt(lambda session: receipts.note_refusal(session, source, reason, now=now))


def _keep(database: Database, event: Event, body: bytes, way: str, now: datetime) -> Answer:
    receipt, repeated = _kept(database, event, hashlib.sha256(body).hexdigest(), way, now)
    return Answer(status=202, said={"status": "taken", "id": event.id, "receipt": receipt, "repeated": repeated})


def _keep_line(database: Database, listed: Sequence[Event], now: datetime) -> Answer:
    """LINE repeats a whole request until it is answered 200: what has no route is counted and passed over."""
    taken = 0
    for event in listed:
        try:
            _kept(database, event, event.id, "line", now)
            taken += 1
        except _Refusal as refused:
            _note(database, event.source, refused.reason, now)
    return Answer(status=200, said={"status": "taken", "events": taken})


def _kept(database: Database, event: Event, content: str, way: str, now: datetime) -> tuple[int, bool]:
    def keep(session: Session) -> tuple[int, bool]:
        return _written(session, event, content, way, now)

    try:
        return database.attempt(keep)
    except IntegrityError:  # the same message twice at one moment: the second is answered from the first
        return database.attempt(keep)


def _written(session: Session, event: Event, content: str, way: str, now: datetime) -> tuple[int, bool]:
    vault = vault_of(session)
    mark = vault.mark("receipt", content)
    known = receipts.find(session, event.source, event.id)
    if known is not None:
        if known.mark != mark:
            raise _Refusal("altered")
        return known.id, True
    route = routes.find(session, event.source, event.type)
    if route is None:
        raise _Refusal("unmapped")
    try:
        routes.apply(session, route, event, now=now)
    except routes.Unfit as unfit:
        raise _Refusal("unfit", lacks=unfit.lacks) from None
    key = vault.new_data_key()
    receipt = Receipt(
        source=event.source, message_id=event.id, type=event.type, way=way, taken_at=now, mark=mark, data_key=key,
        sealed=vault.seal(event.sealed(), wrapped=key, about="receipt"),
    )  # fmt: skip
    session.add(receipt)
    session.flush()
    enqueue(session, "receipt", key=f"receipt:{receipt.id}:0", run_at=now, receipt=receipt.id)
    return receipt.id, False


def as_json(answer: Answer) -> str:
    """The body of an answer."""
    return json.dumps(dict(answer.said), ensure_ascii=False)
