"""Values as text: what `string(from)` gives (DMN 1.5, 10.3.4.1)."""

from __future__ import annotations

from decimal import Decimal

from . import calendar
from .errors import Fault
from .run import Run
from .scanner import WORD
from .values import Date, DateTime, DaysTime, Function, Range, Time, Value, YearsMonths

_DEPTH = 40


def write_value(value: Value, run: Run) -> str:
    """The value as a text a person reads: a text itself, an ISO date, `[1, "a"]`, `{key: 1}`."""
    return value if type(value) is str else _nested(value, run, 0)


def write_number(number: Decimal) -> str:
    """Digits without an exponent and without idle zeros."""
    if number == 0:
        return "0"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _nested(value: Value, run: Run, depth: int) -> str:
    run.spend(1)
    if depth > _DEPTH:
        raise Fault("値の入れ子が深すぎて文字列にできません")
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is Decimal:
        return run.text(write_number(value))
    if type(value) is str:
        return run.text(_quoted(value))
    if type(value) is list:
        return run.text("[" + ", ".join(_nested(item, run, depth + 1) for item in value) + "]")
    if type(value) is dict:
        entries = (f"{_key(key)}: {_nested(item, run, depth + 1)}" for key, item in value.items())
        return run.text("{" + ", ".join(entries) + "}")
    if type(value) is Range:
        return _range(value, run, depth)
    if isinstance(value, (Date, Time, DateTime, DaysTime, YearsMonths)):
        return calendar.write(value) if depth == 0 else f'@"{calendar.write(value)}"'
    if type(value) is Function:
        raise Fault("関数は文字列にできません")
    raise Fault("この値は文字列にできません")


def _range(value: Range, run: Run, depth: int) -> str:
    if not value.bounded_below:
        return f"{'<=' if value.end_included else '<'} {_nested(value.end, run, depth + 1)}"
    if not value.bounded_above:
        return f"{'>=' if value.start_included else '>'} {_nested(value.start, run, depth + 1)}"
    start, end = _nested(value.start, run, depth + 1), _nested(value.end, run, depth + 1)
    return f"{'[' if value.start_included else '('}{start}..{end}{']' if value.end_included else ')'}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _key(key: str) -> str:
    return key if all(WORD.fullmatch(word) for word in key.split(" ")) else _quoted(key)
