"""Tables as CSV for the town's spreadsheets: UTF-8 with a mark, or CP932; nothing in a cell is ever a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")
UNKNOWN = "〓"


def write(head: Sequence[str], rows: Iterable[Sequence[object]], *, encoding: str) -> bytes:
    """The file's bytes, lines ended by CRLF.  `encoding`: utf-8-sig or cp932 (what it cannot write becomes 〓)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    if encoding == "cp932":
        return "".join(c if _writable(c) else UNKNOWN for c in text.getvalue()).encode("cp932")
    return text.getvalue().encode("utf-8-sig")


def guarded(cell: object) -> str:
    """A cell's text, with an apostrophe before what a spreadsheet would take for a formula."""
    told = "" if cell is None else str(cell)
    return f"'{told}" if told.startswith(FORMULA) else told


def _writable(character: str) -> bool:
    try:
        character.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
