"""An instance under its case's lock, and what a move carries with it."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine import journal
from engine.agencies import Actor, Seat
from engine.assignment import calendar_of
from engine.calendar import Calendar
from engine.casebook import Case, Instance
from engine.definitions import Compiled
from engine.runtime import Message


@dataclass(slots=True, kw_only=True)
class Held:
    """An instance under its case's lock, with what a move needs; lives as long as the transaction."""

    session: Session
    case: Case
    instance: Instance
    compiled: Compiled
    book: journal.Book
    by: Actor
    seat: Seat | None
    now: datetime
    outbox: deque["Posted"]
    calendar: Calendar | None = None

    def days(self) -> Calendar:
        """The town's calendar, asked for once a move."""
        if self.calendar is None:
            self.calendar = calendar_of(self.session)
        return self.calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message on its way, and the case that it comes from; a signal names the instance that threw it."""

    message: Message
    case_id: int
    signalled_by: int | None = None
