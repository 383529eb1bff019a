"""The values of FEEL (DMN 1.5, 10.3.2): plain, frozen, and independent of the machine's clock and calendar range.

A FEEL value is one of: None, bool, str, Decimal (34 digits), list, dict (text keys), Date, Time, DateTime,
YearsMonths, DaysTime, Range, Function.  Years run from -999,999,999 to 999,999,999 and seconds to the
nanosecond, which the standard library's types cannot carry; hence our own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, DivisionByZero, InvalidOperation, Overflow
from typing import Any, TypeAlias

Value: TypeAlias = Any

#: Arithmetic of FEEL numbers: IEEE 754-2008 decimal128, half-even (10.3.2.3.1).
NUMBERS = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)

NANOS = 1_000_000_000
DAY_NANOS = 86_400 * NANOS
YEAR_LIMIT = 999_999_999


@dataclass(frozen=True, slots=True)
class Date:
    """A day of the proleptic Gregorian calendar."""

    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day; `offset` in seconds east of UTC, or `zone` an IANA name, or neither (local time)."""

    hour: int
    minute: int
    second: int
    nano: int = 0
    offset: int | None = None
    zone: str | None = None

    @property
    def local_nanos(self) -> int:
        """Nanoseconds since local midnight."""
        return ((self.hour * 60 + self.minute) * 60 + self.second) * NANOS + self.nano


@dataclass(frozen=True, slots=True)
class DateTime:
    """A day and a time of that day."""

    date: Date
    time: Time


@dataclass(frozen=True, slots=True, order=True)
class YearsMonths:
    """A years and months duration, in months (may be negative)."""

    months: int


@dataclass(frozen=True, slots=True, order=True)
class DaysTime:
    """A days and time duration, in nanoseconds (may be negative)."""

    nanos: int


@dataclass(frozen=True, slots=True)
class Range:
    """An interval; an end with `bounded_…` False is open to infinity (written `< 10` or `>= 5`)."""

    start: Value
    end: Value
    start_included: bool = True
    end_included: bool = True
    bounded_below: bool = True
    bounded_above: bool = True


@dataclass(frozen=True, slots=True)
class Parameter:
    """A formal parameter: `accepts` is a FEEL type (processes.feel.types)."""

    name: str
    accepts: Any
    optional: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Overload:
    """One signature of a function; the last parameter of a variadic one takes all further arguments as a list."""

    parameters: tuple[Parameter, ...]
    body: Callable[..., Value]
    variadic: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function value: built in, written in FEEL, or a decision model's knowledge or service."""

    name: str
    overloads: tuple[Overload, ...]
    result: Any = None
    user_defined: bool = field(default=False)
