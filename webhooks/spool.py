"""Messages carried over by hand: a closed network's folder, read like the address that other networks have.

    <folder>/in/<source>/*.json     one message each: {"headers": {…}, "body": "the text that was signed"}
    <folder>/out/<id>.json          its receipt, to be carried back: what an HTTP sender would have been answered
    <folder>/refused/<source>/      files that were refused, as they came; their receipts say why

A file is taken away only after its message is written. A file read twice is answered twice
and taken once. Whoever fills the folder writes under another name first (`.tmp`) and renames.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.db import Database
from engine.errors import Refused
from engine.settings import Settings
from webhooks import inbound
from webhooks.inbound import Answer

#: The file holds the body as text inside JSON: quotes and line ends take a second character, others up to six.
ROOM = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One file that was read, and what was answered."""

    file: str
    answer: Answer


def read(database: Database, settings: Settings, folder: Path, *, now: datetime) -> list[Carried]:
    """Take every message that lies in the folder, oldest name first; gives what was answered to each."""
    if not (folder / "in").is_dir():
        raise Refused(f"受け渡しのフォルダー「{folder.name}」に in がありません。フォルダーを用意してから、もう一度実行してください。")
    return [_one(database, settings, folder, file, now) for file in _files(folder / "in")]


def _files(inbox: Path) -> Iterator[Path]:
    for source in sorted(place for place in inbox.iterdir() if place.is_dir()):
        yield from sorted(file for file in source.glob("*.json") if file.is_file() and not file.is_symlink())


def _one(database: Database, settings: Settings, folder: Path, file: Path, now: datetime) -> Carried:
    source = file.parent.name
    headers, body = _opened(file, settings.hook_limit)
    answer = inbound.take_file(database, settings, source, headers, body, now=now)
    _write(folder / "out" / f"{_receipt_name(source, file)}.json", {"file": file.name, "source": source, **answer.said})
    if answer.status == 202:
        file.unlink()
    else:
        place = folder / "refused" / source
        place.mkdir(parents=True, exist_ok=True)
        file.replace(place / file.name)
    _settle(file.parent)
    return Carried(file=f"{source}/{file.name}", answer=answer)


def _opened(file: Path, limit: int) -> tuple[Mapping[str, str], bytes]:
    """Headers and body; a file that is no message has neither, and is refused as unsigned or as too large."""
    if file.stat().st_size > limit * ROOM:
        return {}, b" " * (limit + 1)
    try:
        held = json.loads(file.read_text("utf-8"))
        headers = {str(name).lower(): str(value) for name, value in held["headers"].items()}
        return headers, str(held["body"]).encode("utf-8")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}, b""


def _receipt_name(source: str, file: Path) -> str:
    # Not the file's own name: it comes from outside, and two senders may choose the same.
    return f"{source}-{hashlib.sha256(file.name.encode()).hexdigest()[:16]}"


def _write(file: Path, said: Mapping[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = file.with_suffix(".tmp")
    with whole.open("w", encoding="utf-8") as out:
        json.dump(said, out, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    whole.replace(file)


def _settle(folder: Path) -> None:
    """Make the folder's change outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
