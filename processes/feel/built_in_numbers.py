"""Numeric functions of FEEL (DMN 1.5, 10.3.4.5)."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)

from .declare import Library
from .errors import Fault
from .run import Run
from .values import NUMBERS, DaysTime, Value, YearsMonths

LIBRARY = Library()
declare = LIBRARY.declare

_SCALES = (-6111, 6176)
_WIDE = Context(prec=7000, Emin=-20000, Emax=20000)


def scaled(number: Decimal, scale: Decimal, rounding: str) -> Decimal:
    """The number with so many digits after the point (before it, if negative)."""
    places = int(scale)
    if not _SCALES[0] <= places <= _SCALES[1]:
        raise Fault(f"桁数は {_SCALES[0]} から {_SCALES[1]} までです")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= places:
        return number
    if number.adjusted() < -places - 1:
        number = Decimal((number.as_tuple().sign, (1,), -places - 2)) if number else number
    return NUMBERS.plus(number.quantize(Decimal((0, (1,), -places)), rounding=rounding, context=_WIDE))


@declare("decimal", "n: number", "scale: number", result="number")
def decimal(run: Run, n: Decimal, scale: Decimal) -> Value:
    return scaled(n, scale, ROUND_HALF_EVEN)


@declare("floor", "n: number", "scale: number?", result="number")
def floor(run: Run, n: Decimal, scale: Decimal = Decimal(0)) -> Value:
    return scaled(n, scale, ROUND_FLOOR)


@declare("ceiling", "n: number", "scale: number?", result="number")
def ceiling(run: Run, n: Decimal, scale: Decimal = Decimal(0)) -> Value:
    return scaled(n, scale, ROUND_CEILING)


@declare("round up", "n: number", "scale: number", result="number")
def round_up(run: Run, n: Decimal, scale: Decimal) -> Value:
    return scaled(n, scale, ROUND_UP)


@declare("round down", "n: number", "scale: number", result="number")
def round_down(run: Run, n: Decimal, scale: Decimal) -> Value:
    return scaled(n, scale, ROUND_DOWN)


@declare("round half up", "n: number", "scale: number", result="number")
def round_half_up(run: Run, n: Decimal, scale: Decimal) -> Value:
    return scaled(n, scale, ROUND_HALF_UP)


@declare("round half down", "n: number", "scale: number", result="number")
def round_half_down(run: Run, n: Decimal, scale: Decimal) -> Value:
    return scaled(n, scale, ROUND_HALF_DOWN)


@declare("abs", "n: amount", result="Any")
def absolute(run: Run, n: Value) -> Value:
    if isinstance(n, DaysTime):
        return DaysTime(abs(n.nanos))
    if isinstance(n, YearsMonths):
        return YearsMonths(abs(n.months))
    return NUMBERS.abs(n)


@declare("modulo", "dividend: number", "divisor: number", result="number")
def modulo(run: Run, dividend: Decimal, divisor: Decimal) -> Value:
    """`dividend - divisor * floor(dividend / divisor)`: the sign is the divisor's."""
    if divisor == 0:
        raise Fault("modulo を 0 では計算できません")
    rest = _WIDE.remainder(dividend, divisor)
    if rest and (rest < 0) != (divisor < 0):
        rest = _WIDE.add(rest, divisor)
    return NUMBERS.plus(rest)


@declare("sqrt", "number: number", result="number")
def square_root(run: Run, number: Decimal) -> Value:
    if number < 0:
        raise Fault("負の数の平方根はありません")
    return NUMBERS.sqrt(number)


@declare("log", "number: number", result="number")
def logarithm(run: Run, number: Decimal) -> Value:
    if number <= 0:
        raise Fault("対数は正の数にだけあります")
    return NUMBERS.ln(number)


@declare("exp", "number: number", result="number")
def exponential(run: Run, number: Decimal) -> Value:
    return NUMBERS.exp(number)


@declare("odd", "number: number", result="boolean")
def odd(run: Run, number: Decimal) -> Value:
    return abs(_WIDE.remainder(number, Decimal(2))) == 1


@declare("even", "number: number", result="boolean")
def even(run: Run, number: Decimal) -> Value:
    return _WIDE.remainder(number, Decimal(2)) == 0
