"""The rows that give sight of a case or take it: grants, consents, meeting items, conflicts of interest, overrides.

Only rows and what is asked of them; `engine.access` judges by them, and the modules that
write them (consent, meetings, override) stand above it.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from engine.db import Base, Moment

#: C12 states that let share, and the words of table D8 for the others.
GIVEN = ("2", "3", "7")
STATES = {"4": "拒否", "5": "撤回", "6": "期限切れ"}


class Grant(Base):
    """A record shown to an agency beyond its relation: a つなぐシート and what it grants (提供記録)."""

    __tablename__ = "record_grant"
    __table_args__ = (Index("grant_by_agency", "case_id", "agency"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    ground: Mapped[str] = mapped_column(String(40))
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)


class Compartment(Base):
    """A member of a meeting item's sealed compartment: agency, from … until …."""

    __tablename__ = "compartment_member"
    __table_args__ = (Index("compartment_by_agency", "agency", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(String(80))
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)


class MeetingItem(Base):
    """An item (案件) of a meeting: whose matter, which function, whom it concerns. The function belongs to the item.

    `function` A is 支援会議 (社会福祉法106条の6), B 重層的支援会議 with consent; `proposed` is
    what table D4 said, `persons` ids of those concerned.
    """

    __tablename__ = "meeting_item"

    item: Mapped[str] = mapped_column(String(80), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    function: Mapped[str] = mapped_column(String(1))
    proposed: Mapped[str] = mapped_column(String(20), default="")
    persons: Mapped[list[int]] = mapped_column(JSON, default=list)
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)


class Secrecy(Base):
    """A member of staff was told of the duty of secrecy (社会福祉法106条の6第5項); it binds after the membership, too."""

    __tablename__ = "secrecy_told"
    __table_args__ = (UniqueConstraint("staff_id", "told_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    told_on: Mapped[date]
    noted_by: Mapped[int | None]
    noted_at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[date | None]


class Promotion(Base):
    """Something leaves a compartment (昇格): asked with a ground, agreed by the source agency, then an ordinary record.

    `sealed` holds the words until the source has agreed; `record_id` is the ordinary record made of them.
    """

    __tablename__ = "promotion"

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(String(80), index=True)
    from_record: Mapped[int] = mapped_column(ForeignKey("record.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    source: Mapped[str] = mapped_column(ForeignKey("agency.code"), index=True)
    ground: Mapped[str] = mapped_column(String(2))
    asked_by: Mapped[int]
    asked_for: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    agreed_by: Mapped[int | None]
    agreed_at: Mapped[datetime | None] = mapped_column(Moment)
    refused_at: Mapped[datetime | None] = mapped_column(Moment)
    record_id: Mapped[int | None]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Consent(Base):
    """A person's answer: one row for each person × receiving agency × item × period; `state` is C12's code.

    A refusal or an answer still open has no agency and no item. `until` is the last day;
    rows are never changed but for their end.
    """

    __tablename__ = "consent"
    __table_args__ = (Index("consent_by_case", "case_id", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    agency: Mapped[str | None] = mapped_column(ForeignKey("agency.code"))
    item: Mapped[str] = mapped_column(String(20), default="")
    state: Mapped[str] = mapped_column(String(1))
    how: Mapped[str] = mapped_column(String(10), default="")
    proxy: Mapped[str] = mapped_column(String(40), default="")
    witnessed: Mapped[bool] = mapped_column(default=False)
    record_id: Mapped[int | None]
    noted_by: Mapped[int | None]
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[date | None]
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_how: Mapped[str] = mapped_column(String(10), default="")


class Basis(Base):
    """Another ground than consent (C26), decided for an agency when a consent had gone (F-B23)."""

    __tablename__ = "sharing_basis"
    __table_args__ = (Index("basis_by_case", "case_id", "agency"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    ground: Mapped[str] = mapped_column(String(2))
    record_id: Mapped[int | None]
    decided_by: Mapped[int | None]
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)


class Interest(Base):
    """Interest of interest (利益相反): this member of staff has nothing to do with this case while it stands."""

    __tablename__ = "conflict_of_interest"
    __table_args__ = (Index("conflict_by_staff", "staff_id", "lifted_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str] = mapped_column(String(20))
    declared_by: Mapped[int | None]
    declared_at: Mapped[datetime] = mapped_column(Moment)
    lifted_by: Mapped[int | None]
    lifted_at: Mapped[datetime | None] = mapped_column(Moment)


class Override(Base):
    """緊急閲覧 (F-X01): one person opens one case at once, for a reason, up to a class, until a moment."""

    __tablename__ = "override_view"
    __table_args__ = (Index("override_by_staff", "staff_id", "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    agency: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(2))
    without_consent: Mapped[str] = mapped_column(String(20))
    level: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    review_by: Mapped[datetime] = mapped_column(Moment)
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment)
    reviewed_by: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(10), default="")
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_review: Mapped[bytes | None] = mapped_column(LargeBinary)


class DistrictView(Base):
    """In emergency mode: an agency may read the cases of a district up to a class (L2), from … until …."""

    __tablename__ = "district_view"
    __table_args__ = (Index("district_view_by_agency", "agency", "until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(String(40))
    district: Mapped[str] = mapped_column(String(40))
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    level: Mapped[int] = mapped_column(default=2)
    decided_by: Mapped[int | None]
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class Alert(Base):
    """Something that a role at an agency has to know (お知らせ): a kind and ids, never a typed word."""

    __tablename__ = "alert"
    __table_args__ = (Index("alert_by_agency", "agency", "done_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    role: Mapped[str] = mapped_column(String(20), default="")
    kind: Mapped[str] = mapped_column(String(40))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    target: Mapped[str] = mapped_column(String(80), default="")
    particulars: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    done_by: Mapped[int | None]
