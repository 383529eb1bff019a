"""Days as the town office counts them: 営業日, 年度, due moments (期限).

Closed are Saturdays and Sundays, national holidays (国民の祝日に関する法律 第3条, with
substitute and citizens' holidays), 12月29日–1月3日 (地方自治法 第4条の2 第2項) and what the
town's own calendar says. In an emergency (緊急モード) every day counts.
"""

import functools
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import jpholiday

from forms.moments import era_year

JST = ZoneInfo("Asia/Tokyo")
DAY_ENDS = time(23, 59, 59)
# Longer than any run of closed days a town could mean; a longer one is a mistake in its calendar.
LONGEST_CLOSURE = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The town's calendar: its own closed and opened days, and whether all days count.

    `open` wins over everything that closes a day, `closed` over an ordinary weekday.
    """

    closed: frozenset[date] = frozenset()
    open: frozenset[date] = frozenset()
    all_days: bool = False

    def is_business_day(self, day: date) -> bool:
        """Whether the office works on `day`."""
        if self.all_days or day in self.open:
            return True
        return (
            day not in self.closed
            and day.weekday() < 5
            and not _year_end(day)
            and day not in _holidays(day.year)
        )

    def add_business_days(self, day: date, count: int) -> date:
        """The `count`-th business day after `day`, which itself is not counted; before it if negative.

        0 gives `day`, or the next business day when `day` is closed. Raises ValueError
        when the calendar leaves no business day for a year.
        """
        if count == 0:
            return day if self.is_business_day(day) else self._next(day, 1)
        step = 1 if count > 0 else -1
        for _ in range(abs(count)):
            day = self._next(day, step)
        return day

    def business_days_between(self, since: date, until: date) -> int:
        """How many business days lie after `since` up to and with `until`; negative if `until` is earlier."""
        if until < since:
            return -self.business_days_between(until, since)
        days = (since + timedelta(days=n) for n in range(1, (until - since).days + 1))
        return sum(self.is_business_day(day) for day in days)

    def _next(self, day: date, step: int) -> date:
        for _ in range(LONGEST_CLOSURE):
            day += timedelta(days=step)
            if self.is_business_day(day):
                return day
        raise ValueError(f"the calendar has no business day within a year of {day.isoformat()}")


class Unit(StrEnum):
    """In what a term (期間) is counted."""

    HOURS = "hours"
    DAYS = "days"
    BUSINESS_DAYS = "business days"


def due(now: datetime, amount: int, unit: Unit = Unit.BUSINESS_DAYS, *, calendar: Calendar) -> datetime:
    """The moment by which something started at `now` is to be done.

    Hours run through the night. Days end at 23:59:59 Japanese time; the first day is not
    counted (民法 第140条). Raises ValueError when `now` has no zone or `amount` is negative.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    if amount < 0:
        raise ValueError(f"a term is not negative, but was {amount}")
    if unit is Unit.HOURS:
        return (now + timedelta(hours=amount)).astimezone(JST)
    today = now.astimezone(JST).date()
    last = today + timedelta(days=amount) if unit is Unit.DAYS else calendar.add_business_days(today, amount)
    return datetime.combine(last, DAY_ENDS, JST)


def fiscal_year(day: date) -> int:
    """The 年度 of `day` by the year in which it began on 1 April (地方自治法 第208条)."""
    return day.year if day.month >= 4 else day.year - 1


def fiscal_year_label(year: int) -> str:
    """`令和7年度(2025年度)`; named after the era of its first day of April, as offices do from 令和2年度 on."""
    return f"{era_year(date(year, 4, 1))}度({year}年度)"


def fiscal_year_span(year: int) -> tuple[date, date]:
    """First and last day of a 年度: 1 April and 31 March."""
    return date(year, 4, 1), date(year + 1, 3, 31)


def fiscal_quarter(day: date) -> int:
    """The quarter of the 年度: 1 for April to June … 4 for January to March."""
    return (day.month - 4) % 12 // 3 + 1


def age(birth: date, on: date) -> int:
    """満年齢 on a day as people say it: complete on the birthday.

    In law a year is complete when the day before ends (年齢計算ニ関する法律), which matters
    only where a rule counts to the end of a day, as schooling does for births on 1 April.
    """
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def _year_end(day: date) -> bool:
    return (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)


@functools.cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holiday.date for holiday in jpholiday.JPHoliday().year_holidays(year))
