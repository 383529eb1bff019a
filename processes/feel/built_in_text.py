"""Text functions of FEEL (DMN 1.5, 10.3.4.3).  Positions count letters (code points) from 1."""

from __future__ import annotations

from decimal import Decimal

from . import pattern
from .declare import Library
from .errors import Fault
from .run import Run
from .values import Value

LIBRARY = Library()
declare = LIBRARY.declare


@declare("substring", "string: string", "start position: number", "length: number?", result="string")
def substring(run: Run, string: str, start: Decimal, length: Decimal | None = None) -> Value:
    if abs(start) < 1 or abs(start) >= len(string) + 1:
        raise Fault(f"substring の開始位置 {start:.6g} は文字列の外です")
    begin = int(start)
    if length is not None and length < 1:
        raise Fault("substring の長さは 1 以上です")
    first = begin - 1 if begin > 0 else len(string) + begin
    return (
        string[first:] if length is None else string[first : first + int(min(length, Decimal(len(string))))]
    )


@declare("string length", "string: string", result="number")
def string_length(run: Run, string: str) -> Value:
    return Decimal(len(string))


@declare("upper case", "string: string", result="string")
def upper_case(run: Run, string: str) -> Value:
    return string.upper()


@declare("lower case", "string: string", result="string")
def lower_case(run: Run, string: str) -> Value:
    return string.lower()


@declare("substring before", "string: string", "match: string", result="string")
def substring_before(run: Run, string: str, match: str) -> Value:
    before, found, _ = string.partition(match) if match else ("", "", "")
    return before if found else ""


@declare("substring after", "string: string", "match: string", result="string")
def substring_after(run: Run, string: str, match: str) -> Value:
    return string.partition(match)[2] if match else string


@declare("contains", "string: string", "match: string", result="boolean")
def contains(run: Run, string: str, match: str) -> Value:
    return match in string


@declare("starts with", "string: string", "match: string", result="boolean")
def starts_with(run: Run, string: str, match: str) -> Value:
    return string.startswith(match)


@declare("ends with", "string: string", "match: string", result="boolean")
def ends_with(run: Run, string: str, match: str) -> Value:
    return string.endswith(match)


@declare("matches", "input: string", "pattern: string", "flags: string?~", result="boolean")
def matches(run: Run, text: str, expression: str, flags: str | None = None) -> Value:
    return pattern.read(expression, flags or "").search(text, 0, run) is not None


@declare(
    "replace", "input: string", "pattern: string", "replacement: string", "flags: string?~", result="string"
)
def replace(run: Run, text: str, expression: str, replacement: str, flags: str | None = None) -> Value:
    return run.text(pattern.replace(pattern.read(expression, flags or ""), text, replacement, run))


@declare("split", "string: string", "delimiter: string", result="list")
def split(run: Run, string: str, delimiter: str) -> Value:
    return pattern.split(pattern.read(delimiter, ""), string, run)


@declare("string join", "list: list", "delimiter: string?~", result="string")
def string_join(run: Run, items: list[Value], delimiter: str | None = None) -> Value:
    run.spend(len(items))
    if any(item is not None and type(item) is not str for item in items):
        raise Fault("string join は文字列のリストだけをつなぎます")
    parts = [item for item in items if item is not None]
    run.spend(sum(map(len, parts)) // 50 + len(delimiter or "") * len(parts) // 50)
    return run.text((delimiter or "").join(parts))
