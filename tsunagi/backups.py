"""Backups while the town works, and restoring them: the whole database as it stood at one moment.

SQLite by its own backup interface, PostgreSQL by `pg_dump` in its custom format. Beside the
backup lies a sheet (`.json`) that says what is in it, so that a restore can prove that it is
whole. The key ring is not in it, on purpose: a backup alone reads no record.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, func, inspect, select, text
from sqlalchemy.engine import make_url

from engine import journal, migrations
from engine.casebook import Case
from engine.db import Database, is_postgresql
from engine.errors import Refused
from engine.vault import Vault
from tsunagi import comparing

KINDS = {"sqlite": ".sqlite", "postgresql": ".dump"}
POSTGRESQL = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was made or restored."""

    file: Path
    rows: int
    books: int


def make(database: Database, folder: Path, *, now: datetime) -> Backup:
    """Write a backup into a folder; everything that was committed before the call is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = _kind(database)
    file = folder / f"tsunagi-{now:%Y%m%d-%H%M%S}{KINDS[kind]}"
    if file.exists():
        raise Refused(f"同じ時刻の控え「{file.name}」がもうあります。少し待ってから、もう一度実行してください。")
    part = file.with_suffix(".part")
    try:
        counted = _sqlite(database, part) if kind == "sqlite" else _postgresql(database, part)
        sheet = {
            "made_at": now.isoformat(), "kind": kind, "sha256": _digest(part), "tables": counted["tables"],
            "heads": counted["heads"], "revision": counted["revision"],
        }  # fmt: skip
        _durable(part, file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.write_text(json.dumps(sheet, ensure_ascii=False, indent=1) + "\n", "utf-8")
    _durable(part, _sheet_of(file))
    return Backup(file=file, rows=sum(counted["tables"].values()), books=len(counted["heads"]))


def restore(url: str, vault: Vault, file: Path, *, replace: bool, now: datetime) -> Backup:
    """Put a backup where the settings say; refuses if it is not whole, or if something is there already.

    With `replace` a SQLite file that is there is moved aside (never deleted); a PostgreSQL
    database has to be an empty one in any case. Nobody may be using the place.
    """
    sheet = _sheet(file)
    kind = "postgresql" if is_postgresql(url) else "sqlite"
    if sheet["kind"] != kind:
        raise Refused(
            f"この控えは {sheet['kind']} のものですが、設定のデータベースは {kind} です。"
            "同じ種類に戻してから、tsunagi move-database で移してください。"
        )
    if _digest(file) != sheet["sha256"]:
        raise Refused("控えのファイルが、作ったときと違います（壊れているか、途中までです）。別の控えを使ってください。")
    if kind == "sqlite":
        _put_sqlite(Path(make_url(url).database or ""), file, replace=replace, now=now)
    else:
        _put_postgresql(url, file)
    return _proved(url, vault, file, sheet)


def _sqlite(database: Database, part: Path) -> dict[str, Any]:
    source = make_url(database.url).database or ""
    with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(part)) as copy:
        # All pages in one step: readers hold nobody up (WAL), and no later writer makes it start again.
        live.backup(copy, pages=-1)
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise Refused("作った控えの検査が通りませんでした。ディスクを確かめてから、もう一度実行してください。")
        copy.execute("PRAGMA journal_mode=DELETE")
    # Not opened as a town's database: that would make its side files beside the copy.
    copied = create_engine(f"sqlite:///{part}")
    try:
        with copied.connect() as connection:
            return _counted(connection)
    finally:
        copied.dispose()


def _postgresql(database: Database, part: Path) -> dict[str, Any]:
    with database.pool.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        # The numbers on the sheet and the dump are of one and the same moment.
        counted = _counted(connection)
        _run(database.url, "pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={part}")
    return counted


def _counted(connection: Connection) -> dict[str, Any]:
    present = set(inspect(connection).get_table_names())
    counts = {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in comparing.tables() if table.name in present
    }  # fmt: skip
    asked = text("SELECT name, length, head FROM journal_book ORDER BY name")
    heads = sorted((dict(row) for row in connection.execute(asked).mappings()), key=lambda row: str(row["name"]))
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return {"tables": counts, "heads": heads, "revision": revision}


def _put_sqlite(place: Path, file: Path, *, replace: bool, now: datetime) -> None:
    if place.exists() and not replace:
        raise Refused(
            f"戻す先「{place.name}」に、もうデータがあります。"
            "画面と自動処理を止めてから、--replace を付けて実行してください（前のものは横に残ります）。"
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(place.name + ".restoring")
    shutil.copyfile(file, part)
    for old in (place, place.with_name(place.name + "-wal"), place.with_name(place.name + "-shm")):
        if old.exists():
            old.replace(old.with_name(f"{place.name}.before-{now:%Y%m%d-%H%M%S}{old.name.removeprefix(place.name)}"))
    _durable(part, place)


def _put_postgresql(url: str, file: Path) -> None:
    probe = Database(url, Vault(current="", keys={}))
    try:
        with probe.pool.connect() as connection:
            if inspect(connection).get_table_names():
                raise Refused(
                    "戻す先のデータベースに、もう表があります。"
                    "空のデータベースを作り、TSUNAGI_DATABASE_URL をそれに向けてください。"
                )
    finally:
        probe.close()
    _run(url, "pg_restore", "--exit-on-error", "--no-owner", "--single-transaction", "--dbname", _address(url), str(file))


def _proved(url: str, vault: Vault, file: Path, sheet: Mapping[str, Any]) -> Backup:
    """What was restored is what the sheet says, its journal holds, and the key ring at hand opens it."""
    opened = Database(url, vault)
    try:
        with opened.transaction(write=False) as session:
            counted = _counted(session.connection())
        if counted != {name: sheet[name] for name in counted}:
            raise Refused("戻したものの件数が、控えの記録と合いません。別の控えを使ってください。")
        migrations.upgrade(opened)
        with opened.transaction(write=False) as session:
            if journal.verify(session):
                raise Refused("戻したものの操作履歴に合わないところがあります。鍵束が違うか、控えが書き換えられています。")
            wrapped = session.scalar(select(Case.data_key).where(Case.data_key.is_not(None)).limit(1))
        if wrapped is not None:
            vault.rewrap(wrapped)  # refuses when the ring lacks the key
    finally:
        opened.close()
    return Backup(file=file, rows=sum(sheet["tables"].values()), books=len(sheet["heads"]))


def _run(url: str, program: str, *arguments: str) -> None:
    places = sorted(POSTGRESQL.glob(f"*/bin/{program}"), key=lambda place: int(place.parts[-3]), reverse=True)
    found = str(places[0]) if places else shutil.which(program)
    if found is None:
        raise Refused(f"PostgreSQL の {program} が必要ですが、ありません。postgresql-client を入れてください。")
    order: Sequence[str] = [found, *([_address(url)] if program == "pg_dump" else []), *arguments]
    # The password goes by the environment: command lines can be read by everybody on the machine.
    password = make_url(url).password
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    said = subprocess.run(order, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if said.returncode:
        first = said.stderr.strip().splitlines()[-1:] or ["?"]
        raise Refused(f"{program} が終わりませんでした（{first[0]}）。接続と権限、ディスクを確かめてください。")


def _address(url: str) -> str:
    plain = make_url(url).set(drivername="postgresql")
    return plain._replace(password=None).render_as_string(hide_password=False)


def _kind(database: Database) -> str:
    return "postgresql" if is_postgresql(database.url) else "sqlite"


def _sheet_of(file: Path) -> Path:
    return file.with_name(file.name + ".json")


def _sheet(file: Path) -> dict[str, Any]:
    try:
        sheet = json.loads(_sheet_of(file).read_text("utf-8"))
        return {name: sheet[name] for name in ("made_at", "kind", "sha256", "tables", "heads", "revision")}
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused(
            f"控え「{file.name}」の記録（{file.name}.json）が必要ですが、ないか、読めません。控えと一緒に置いてください。"
        ) from None


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        raise Refused(f"控えのファイル「{file.name}」が読めません。場所と権限を確かめてください。") from None


def _durable(part: Path, file: Path) -> None:
    """Give a whole file its name, so that it is there after a power cut or not at all."""
    with part.open("rb") as content:
        os.fsync(content.fileno())
    part.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
