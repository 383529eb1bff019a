"""What a member of staff last chose on a page (filters of the inbox), kept for the next time; never a typed word."""

from collections.abc import Mapping

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import JSON

from engine.db import Base

#: The page of mail: `digest` is yes or no.
MAIL = "mail"
#: The page of the inbox: its filters, but never what was searched for.
INBOX = "inbox"


class Preference(Base):
    """One page's choices of one member of staff."""

    __tablename__ = "staff_preference"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    page: Mapped[str] = mapped_column(String(40), primary_key=True)
    chosen: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)


def chosen(session: Session, staff_id: int, page: str) -> Mapping[str, str]:
    """What was chosen last; empty if nothing was."""
    kept = session.get(Preference, (staff_id, page))
    return dict(kept.chosen) if kept else {}


def without(session: Session, page: str, name: str, value: str) -> set[int]:
    """Who chose this value of this name on a page."""
    kept = session.scalars(select(Preference).where(Preference.page == page))
    return {one.staff_id for one in kept if one.chosen.get(name) == value}


def choose(session: Session, staff_id: int, page: str, told: Mapping[str, str]) -> None:
    """Keep the choices of a page."""
    kept = session.get(Preference, (staff_id, page))
    if kept is None:
        session.add(Preference(staff_id=staff_id, page=page, chosen=dict(told)))
    else:
        kept.chosen = dict(told)
