"""Bringing a taken message to its case: in one transaction with everything it sets off."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import cases, journal, records
from engine.agencies import CLOCK, Actor, Seat
from engine.casebook import Awaited, Case, Instance
from engine.db import vault_of
from engine.errors import Invalid, NotFound, NotOpen
from engine.jobs import enqueue
from engine.receipts import Receipt, Route
from webhooks import routes
from webhooks.events import Event
from webhooks.routes import Applied, Unfit

#: A message whose case does not exist yet is tried again after so long each, and given up by a person only.
AGAIN = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
KEEP = timedelta(days=400)


def arrive(session: Session, receipt_id: int, *, now: datetime) -> Receipt:
    """Open the case or send the message; a receipt that has arrived is left as it is, however often this is asked."""
    receipt = session.get(Receipt, receipt_id, with_for_update=True, populate_existing=True)
    if receipt is None:
        raise NotFound("その受け取りの記録はありません。")
    if receipt.status not in ("taken", "waiting"):
        return receipt
    event = _opened(session, receipt)
    route = routes.find(session, receipt.source, receipt.type)
    if route is None:
        raise Invalid(f"知らせ「{receipt.type}」の受け方が、届いてから取り除かれました。取り決めを直してから、やり直してください。")
    try:
        applied = routes.apply(session, route, event, now=now)
    except Unfit as unfit:
        lacks = "、".join(unfit.lacks)
        raise Invalid(f"知らせの項目（{lacks}）が、いまの受け方と合いません。取り決めか様式を直してから、やり直してください。") from None
    case = _opens(session, route, applied, now) if route.does == "open" else _sends(session, route, applied, now)
    if case is None:
        return _wait(session, receipt, now)
    receipt.status, receipt.case_id, receipt.arrived_at = "arrived", case.id, now
    receipt.sealed = receipt.data_key = None
    line = journal.Line(
        action="外部受信", by=CLOCK, case_id=case.id, target=f"receipt:{receipt.id}",
        particulars={"source": receipt.source, "type": receipt.type},
    )  # fmt: skip
    journal.write(session, line, now=now)
    return receipt


def withdraw(session: Session, receipt_id: int, *, reason: str, by: Actor, now: datetime) -> None:
    """Give up a message that found no case: its content is forgotten, that it came is not."""
    receipt = session.get(Receipt, receipt_id, with_for_update=True, populate_existing=True)
    if receipt is None or receipt.status != "waiting":
        raise NotOpen("その知らせは、もう待っていません。一覧を開き直してください。")
    if not reason.strip():
        raise Invalid("取り下げる理由が必要です。あとで分かるように、短く書いてください。")
    receipt.status, receipt.sealed, receipt.data_key = "withdrawn", None, None
    line = journal.Line(
        action="外部受信の取下げ", by=by, target=f"receipt:{receipt.id}", purpose=reason.strip()[:120]
    )
    journal.write(session, line, now=now)


def _opened(session: Session, receipt: Receipt) -> Event:
    plain = vault_of(session).open(receipt.sealed or b"", wrapped=receipt.data_key, about="receipt")
    return Event.opened(plain)


def _opens(session: Session, route: Route, applied: Applied, now: datetime) -> Case:
    case, instance = cases.receive(
        session, route.message, applied.payload, desk=route.desk, kind=route.kind, by=CLOCK, now=now
    )
    _record(session, route, applied, case, now, instance_id=instance.id)
    return case


def _sends(session: Session, route: Route, applied: Applied, now: datetime) -> Case | None:
    case = _meant(session, route, applied)
    if case is None:
        return None
    session.execute(select(Case.id).where(Case.id == case.id).with_for_update())
    _record(session, route, applied, case, now)
    cases.send(session, case.id, route.message, applied.payload, by=CLOCK, now=now, key=applied.key or None)
    return case


def _meant(session: Session, route: Route, applied: Applied) -> Case | None:
    if applied.case_number:
        return session.scalar(select(Case).where(Case.number == applied.case_number))
    return session.scalar(
        select(Case).join(Awaited, Awaited.case_id == Case.id).join(Instance, Instance.id == Awaited.instance_id)
        .where(Awaited.name == route.message, Awaited.correlation == applied.key, Instance.status == "running")
        .order_by(Awaited.id).limit(1)
    )  # fmt: skip


def _record(
    session: Session, route: Route, applied: Applied, case: Case, now: datetime, *, instance_id: int | None = None
) -> None:
    if applied.form is None:
        return
    record = records.write(
        session, case, form=applied.form, answers=applied.answers, version_id=applied.version_id, by=CLOCK,
        seat=Seat(agency=route.desk, role=""), now=now, title=route.label, instance_id=instance_id, source="取込",
    )  # fmt: skip
    session.flush()
    cases.note_people(session, case, applied.answers, record, now=now)


def _wait(session: Session, receipt: Receipt, now: datetime) -> Receipt:
    receipt.status = "waiting"
    receipt.expires_at = receipt.expires_at or now + KEEP
    receipt.tries += 1
    after = AGAIN[min(receipt.tries, len(AGAIN)) - 1]
    if now + after < receipt.expires_at:
        enqueue(
            session, "receipt", key=f"receipt:{receipt.id}:{receipt.tries}", run_at=now + after, receipt=receipt.id
        )
    return receipt
