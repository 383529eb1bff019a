"""Agencies (機関), staff (職員) and who sits where, with validity dates (有効期間)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.db import JST, Base, Moment
from engine.errors import NotFound

#: The kind of an agency that is a team of a safety confirmation (班): nobody refers a case to it.
TEAM = "班"


class Agency(Base):
    """An agency with an inbox; one corporation may hold several (社協 has three)."""

    __tablename__ = "agency"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(40))
    section: Mapped[str] = mapped_column(String(60), default="")
    operation: Mapped[str] = mapped_column(String(20), default="")
    corporation: Mapped[str] = mapped_column(String(120), default="")
    programme: Mapped[str] = mapped_column(String(120), default="")
    tel: Mapped[str] = mapped_column(String(40), default="")
    mail: Mapped[str] = mapped_column(String(120), default="", server_default="")
    on_paper: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date] = mapped_column(default=date(2018, 4, 1))
    valid_until: Mapped[date | None]


class Role(Base):
    """A role (役割, handbook §3.2): what a lane may name."""

    __tablename__ = "role"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class Staff(Base):
    """A person with an account; `password_hash` is argon2's text."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    kana: Mapped[str] = mapped_column(String(80), default="")
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    active: Mapped[bool] = mapped_column(default=True)
    synthetic: Mapped[bool] = mapped_column(default=False)
    totp: Mapped[str | None] = mapped_column(String(200))
    mail: Mapped[str] = mapped_column(String(120), default="", server_default="")


class Membership(Base):
    """A seat: this person, at this agency, in this role, from … until … (both days included)."""

    __tablename__ = "membership"
    __table_args__ = (Index("membership_by_agency", "agency", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    agency: Mapped[str] = mapped_column(ForeignKey("agency.code"))
    role: Mapped[str] = mapped_column(ForeignKey("role.code"))
    valid_from: Mapped[date] = mapped_column(default=date(2018, 4, 1))
    valid_until: Mapped[date | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One valid membership."""

    agency: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts now, and from which seats; made by a door at login, never stored."""

    staff_id: int | None
    name: str
    seats: tuple[Seat, ...]

    @property
    def agencies(self) -> frozenset[str]:
        """Codes of the agencies this person belongs to today."""
        return frozenset(seat.agency for seat in self.seats)

    @property
    def roles(self) -> frozenset[str]:
        """Codes of the roles this person has today."""
        return frozenset(seat.role for seat in self.seats)

    def seat_for(self, agency: str, role: str) -> Seat | None:
        """The seat from which a task of this agency and role may be done; 支援関係機関 (kik) is any seat."""
        for seat in self.seats:
            if seat.agency == agency and (role in (seat.role, "kik", "")):
                return seat
        return None


CLOCK = Actor(staff_id=None, name="自動処理", seats=())


def actor(session: Session, staff: Staff, *, today: date) -> Actor:
    """Resolve the valid seats of a member of staff on a day."""
    rows = session.execute(
        select(Membership.agency, Membership.role).where(
            Membership.staff_id == staff.id, _valid(Membership, today)
        )
    )
    return Actor(staff_id=staff.id, name=staff.name, seats=tuple(Seat(agency=a, role=r) for a, r in rows))


def current(session: Session, *, today: date) -> list[Agency]:
    """All agencies valid on a day, in the order of their names."""
    return list(session.scalars(select(Agency).where(_valid(Agency, today)).order_by(Agency.name)))


def names(session: Session) -> dict[str, str]:
    """Code → name, of agencies past and present."""
    return dict(session.execute(select(Agency.code, Agency.name)).all())


def role_names(session: Session) -> dict[str, str]:
    """Code → name of every role."""
    return dict(session.execute(select(Role.code, Role.name)).all())


def members(session: Session, agency: str, *, today: date) -> list[Staff]:
    """Staff with a valid seat at an agency, by name."""
    return list(
        session.scalars(
            select(Staff)
            .join(Membership, Membership.staff_id == Staff.id)
            .where(Membership.agency == agency, Staff.active, _valid(Membership, today))
            .order_by(Staff.kana, Staff.id)
            .distinct()
        )
    )


def staff_names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Id → name for these members of staff."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    return dict(session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(wanted))).all())


def by_login(session: Session, login: str) -> Staff:
    """The account with this login name; refuses when there is none."""
    staff = session.scalar(select(Staff).where(Staff.login == login))
    if staff is None:
        raise NotFound("その利用者はいません。利用者名を確かめてください。")
    return staff


def today_of(now: datetime) -> date:
    """The day in Japan."""
    return now.astimezone(JST).date()


def _valid(row: type[Agency] | type[Membership], today: date):  # type: ignore[no-untyped-def]  # SQLAlchemy's column expressions are generic over the table
    return (row.valid_from <= today) & or_(row.valid_until.is_(None), row.valid_until >= today)
