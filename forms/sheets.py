"""Tables out of and into files that an office works with: CSV (UTF-8 or CP932) and Excel (.xlsx)."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import openpyxl
import xlsxwriter

SIZE = 5 * 1024 * 1024
UNPACKED = 60 * 1024 * 1024
ROWS = 20_000
COLUMNS = 200
FORMULA = ("=", "+", "-", "@", "\t", "\r")
UNKNOWN = "〓"


class SheetError(Exception):
    """The file is no table that can be read; the message says what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row below the head: its number in the file (the head is 1), and its texts by column."""

    number: int
    cells: dict[str, str]


def read(source: bytes, *, name: str) -> tuple[tuple[str, ...], list[Row]]:
    """Head and rows of a .csv or .xlsx file; raises SheetError.  Rows without any text are left out."""
    if len(source) > SIZE:
        raise SheetError(f"ファイルが大きすぎます。{SIZE // 1024 // 1024}MBまでに分けてください。")
    lines = _workbook(source) if name.lower().endswith(".xlsx") else _csv(source)
    if not lines or not any(lines[0]):
        raise SheetError("1行目に列の名前がありません。書き出したファイルと同じ列の名前を1行目に置いてください。")
    if len(lines) > ROWS + 1:
        raise SheetError(f"行が多すぎます。1度に読めるのは{ROWS}行までです。")
    head = tuple(cell.strip() for cell in lines[0])
    if twice := sorted({one for one in head if one and head.count(one) > 1}):
        raise SheetError(f"同じ名前の列が2つあります：{'、'.join(twice)}。")
    rows = [
        Row(number=number, cells={title: _unguarded(text) for title, text in zip(head, line, strict=False) if title})
        for number, line in enumerate(lines[1:], start=2)
        if any(cell.strip() for cell in line)
    ]
    return head, rows


def as_csv(head: Sequence[str], rows: Iterable[Sequence[object]], *, encoding: str) -> bytes:
    """The file's bytes, lines ended by CRLF.  `encoding`: utf-8-sig or cp932 (what it cannot write becomes 〓)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    if encoding == "cp932":
        return "".join(c if _writable(c) else UNKNOWN for c in text.getvalue()).encode("cp932")
    return text.getvalue().encode("utf-8-sig")


def as_workbook(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """An .xlsx with one sheet; every cell is text, so that no code loses its zero and nothing is a formula."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(title[:31])
        strong = book.add_format({"bold": True, "bottom": 1})
        plain = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        sheet.set_column(0, max(len(head) - 1, 0), 20, plain)
        sheet.freeze_panes(1, 0)
        for column, text in enumerate(head):
            sheet.write_string(0, column, text, strong)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, "" if cell is None else str(cell), plain)
    return made.getvalue()


def guarded(cell: object) -> str:
    """A cell's text, with an apostrophe before what a spreadsheet would take for a formula."""
    told = "" if cell is None else str(cell)
    return f"'{told}" if told.startswith(FORMULA) else told


def _unguarded(text: str) -> str:
    plain = text.strip()
    return plain[1:] if plain.startswith("'") and plain[1:].startswith(FORMULA) else plain


def _csv(source: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = source.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise SheetError("文字として読めません。CSV（UTF-8 か Shift_JIS）か Excel（.xlsx）で保存してください。")
    if "\0" in text:
        raise SheetError("CSV として読めません。CSV（UTF-8 か Shift_JIS）か Excel（.xlsx）で保存してください。")
    try:
        return [line[:COLUMNS] for line in csv.reader(io.StringIO(text, newline=""), strict=True)]
    except csv.Error as error:
        raise SheetError("CSV の「\"」の付き方が正しくありません。表計算ソフトで保存し直してください。") from error


def _workbook(source: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED:
                raise SheetError("Excel の中身が大きすぎます。行を分けてください。")
        book = openpyxl.load_workbook(io.BytesIO(source), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        return [[_text(cell) for cell in line] for line in sheet.iter_rows(max_row=ROWS + 2, max_col=COLUMNS, values_only=True)]
    except SheetError:
        raise
    except Exception as error:  # a broken workbook fails in as many ways as its format has parts
        raise SheetError("Excel として読めません。.xlsx の形で保存し直してください。") from error


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _writable(character: str) -> bool:
    try:
        character.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
