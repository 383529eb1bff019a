"""What other systems are to be told: subscriptions by event type and agency, and each delivery.

Tables only: nothing fills or sends them yet (docs/map.md).

The event is the journal's line: it is written in the same transaction as the move, with or
without subscribers, so that a move never asks whether anybody listens. `Told` says how far
each case's book has been told on.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from engine.db import Base, Moment

#: Journal actions that are told, each under the type by which others subscribe to it; and as staff read it.
TYPES: Mapping[str, tuple[str, str]] = {
    "開始": ("tsunagi.process.started", "手続きが始まった"),
    "完了": ("tsunagi.task.completed", "用件が済んだ"),
    "期日": ("tsunagi.date.reached", "期日が来た"),
    "つなぐ": ("tsunagi.referral.sent", "つないだ"),
    "停止": ("tsunagi.case.suspended", "ケースを停止した"),
    "再開": ("tsunagi.case.resumed", "ケースを再開した"),
    "中断": ("tsunagi.case.interrupted", "ケースを中断した"),
    "再相談": ("tsunagi.case.reopened", "終結したケースを再び開けた"),
    "終結": ("tsunagi.case.closed", "ケースが終結した"),
}


class Subscription(Base):
    """Another system that is told of `types` in the cases of `agency`. `status`: active, stopped, gone (it said 410)."""

    __tablename__ = "hook_subscription"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(400))
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    types: Mapped[list[str]] = mapped_column(JSON, default=list)
    secret: Mapped[str] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(20), default="active")
    since: Mapped[datetime] = mapped_column(Moment)
    stopped_at: Mapped[datetime | None] = mapped_column(Moment)


class Told(Base):
    """How many lines of a case's book have been looked at for subscribers."""

    __tablename__ = "hook_told"

    book: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)


class Delivery(Base):
    """One event for one subscriber. `status`: due, done, failed, dropped; `answer` is the last HTTP status."""

    __tablename__ = "hook_delivery"
    __table_args__ = (
        UniqueConstraint("subscription_id", "event"),
        Index("delivery_by_status", "status", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("hook_subscription.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    event: Mapped[str] = mapped_column(String(80))
    type: Mapped[str] = mapped_column(String(60))
    occurred_at: Mapped[datetime] = mapped_column(Moment)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    status: Mapped[str] = mapped_column(String(20), default="due")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Moment)
    tried_at: Mapped[datetime | None] = mapped_column(Moment)
    answer: Mapped[int | None]
    fault: Mapped[str] = mapped_column(String(200), default="")
