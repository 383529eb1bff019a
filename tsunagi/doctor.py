"""Is everything as it should be? One finding a matter, in a sentence that says what to do."""

import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import journal, migrations, watching
from engine.db import JST, Database, is_postgresql
from engine.errors import Refused
from engine.receipts import Source
from engine.settings import Settings
from engine.subscriptions import Subscription
from engine.vault import Vault, open_ring

GIB = 1024**3
LITTLE, TOO_LITTLE = 5 * GIB, GIB
#: Clocks of two machines may differ by so much before due dates and signatures suffer.
APART = timedelta(seconds=30)
LATE = 300.0
#: A town may lose the work of a day at most: a backup a night, and some hours for it to run.
OLDEST_BACKUP = timedelta(hours=30)
GOOD, DOUBT, WRONG = "よい", "注意", "誤り"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, how it is (よい, 注意, 誤り), and a sentence."""

    about: str
    state: str
    sentence: str


def examine(*, now: datetime, whole_journal: bool = True, backups: Path | None = None) -> list[Finding]:
    """Look at everything that can be looked at; a failure of one thing hides only what rests on it."""
    try:
        settings = Settings.from_env()
    except Refused as refused:
        return [Finding(about="設定", state=WRONG, sentence=refused.sentence)]
    found = [Finding(about="設定", state=GOOD, sentence="必要な設定はそろっています。"), *_settings(settings), *_disk(settings)]
    found += _backups(backups, now) if backups else []
    found += _heads(settings.heads, now) if settings.heads else []
    ring, vault = _ring(settings)
    found.append(ring)
    if vault is None:
        return found
    database = Database(settings.database_url, vault)
    try:
        with database.transaction(write=False) as session:
            found += _inside(session, settings, now, whole_journal)
    except SQLAlchemyError as error:
        sentence = f"データベースにつながりません（{type(error).__name__}）。動いているか、住所と権限を確かめてください。"
        found.append(Finding(about="データベース", state=WRONG, sentence=sentence))
    finally:
        database.close()
    return found


def _settings(settings: Settings) -> Iterator[Finding]:
    if not settings.secure_cookie:
        yield Finding(
            about="設定", state=DOUBT, sentence="TSUNAGI_SECURE_COOKIE が 1 ではありません。HTTPS で使うときは 1 にしてください。"
        )


def _ring(settings: Settings) -> tuple[Finding, Vault | None]:
    if not settings.keys.exists():
        return Finding(about="鍵束", state=WRONG, sentence="鍵束のファイルがないので、記録が読めません。控えから戻してください。"), None
    try:
        vault = open_ring(settings.keys)
    except (OSError, ValueError, KeyError):
        return Finding(about="鍵束", state=WRONG, sentence="鍵束のファイルが読めません。権限と中身を確かめ、控えから戻してください。"), None
    if stat.S_IMODE(settings.keys.stat().st_mode) & 0o077:
        return Finding(about="鍵束", state=DOUBT, sentence="鍵束のファイルをほかの利用者も読めます。権限を 600 にしてください。"), vault
    return Finding(about="鍵束", state=GOOD, sentence=f"鍵は {len(vault.keys)} 本です。"), vault


def _disk(settings: Settings) -> Iterator[Finding]:
    places = {"設定のフォルダー": settings.keys.parent}
    if not is_postgresql(settings.database_url):
        places["データベース"] = Path(make_url(settings.database_url).database or ".").parent
    if settings.spool:
        places["受け渡しのフォルダー"] = settings.spool
    for name, place in places.items():
        if not place.is_dir():
            yield Finding(about="ディスク", state=WRONG, sentence=f"{name}がありません。設定を確かめてください。")
            continue
        free = shutil.disk_usage(place).free
        state = WRONG if free < TOO_LITTLE else DOUBT if free < LITTLE else GOOD
        advice = "" if state == GOOD else "古い控えを別の場所に移すか、ディスクを足してください。"
        yield Finding(about="ディスク", state=state, sentence=f"{name}の空きは {free / GIB:.1f} GiB です。{advice}")


def _backups(folder: Path, now: datetime) -> Iterator[Finding]:
    newest = max((file.stat().st_mtime for file in folder.glob("tsunagi-*.json")), default=None)
    if newest is None:
        yield Finding(about="控え", state=WRONG, sentence="控えが1つもありません。tsunagi backup を毎晩動かしてください。")
        return
    age = now - datetime.fromtimestamp(newest, UTC)
    state = GOOD if age < OLDEST_BACKUP else WRONG
    advice = "" if state == GOOD else "毎晩の tsunagi backup が動いているか確かめてください。"
    yield Finding(about="控え", state=state, sentence=f"いちばん新しい控えは {age.total_seconds() / 3600:.0f} 時間前のものです。{advice}")


def _heads(folder: Path, now: datetime) -> Iterator[Finding]:
    """The copies of the journal's heads that the worker writes every day."""
    newest = _newest_heads(folder)
    age = now - datetime.fromtimestamp(newest.stat().st_mtime, UTC) if newest else None
    if age is not None and age < OLDEST_BACKUP:
        yield Finding(about="操作履歴の控え", state=GOOD, sentence=f"{age.total_seconds() / 3600:.0f} 時間前に書きました。")
    else:
        sentence = "この一日の控えがありません。自動処理と、TSUNAGI_HEADS のフォルダーを確かめてください。"
        yield Finding(about="操作履歴の控え", state=DOUBT, sentence=sentence)


def _newest_heads(folder: Path | None) -> Path | None:
    return max(folder.glob("heads-*.json"), key=lambda file: file.stat().st_mtime, default=None) if folder else None


def _inside(session: Session, settings: Settings, now: datetime, whole_journal: bool) -> Iterator[Finding]:
    yield Finding(about="データベース", state=GOOD, sentence="つながります。")
    if not migrations.is_current(session):
        yield Finding(about="表の形", state=WRONG, sentence="新しい版の形ではありません。tsunagi migrate を実行してください。")
        return
    yield Finding(about="表の形", state=GOOD, sentence="新しい版の形です。")
    for look in (_clock, _worker, _work):
        yield from look(session, now)
    yield from _secrets(session, settings)
    if whole_journal:
        yield from _journal(session, _newest_heads(settings.heads))


def _clock(session: Session, now: datetime) -> Iterator[Finding]:
    wrong = []
    if session.get_bind().dialect.name == "postgresql":
        before, here = time.monotonic(), datetime.now(UTC)
        there = session.scalar(select(func.clock_timestamp()))
        waited = timedelta(seconds=time.monotonic() - before)
        if there is not None and abs(there - here) > APART + waited:
            wrong.append(f"データベースの時計と {abs(there - here).total_seconds():.0f} 秒ずれています")
    last = session.scalar(select(func.max(journal.Entry.at)))
    if last is not None and last > now + APART:
        wrong.append(f"操作履歴の最後（{last.astimezone(JST):%Y-%m-%d %H:%M}）より前を指しています")
    sentence = f"時計が{'、'.join(wrong)}。時刻合わせ（NTP）を確かめてください。" if wrong else "時計は合っています。"
    yield Finding(about="時計", state=WRONG if wrong else GOOD, sentence=sentence)


def _worker(session: Session, now: datetime) -> Iterator[Finding]:
    alive = watching.workers_alive(session, now=now)
    sentence = f"{alive} つ動いています。" if alive else "動いていません。期日や知らせが進みません。tsunagi worker を動かしてください。"
    yield Finding(about="自動処理", state=GOOD if alive else WRONG, sentence=sentence)


def _work(session: Session, now: datetime) -> Iterator[Finding]:
    found = watching.numbers(session, now=now)
    if found.waiting_for > LATE:
        sentence = f"{found.waiting_for / 60:.0f} 分待っている仕事があります。自動処理が足りているか確かめてください。"
        yield Finding(about="仕事", state=WRONG, sentence=sentence)
    stopped = sum(count for (_, status), count in found.jobs.items() if status == "stopped")
    if found.incidents_open or stopped:
        sentence = f"片づいていない支障が {found.incidents_open} 件あります。支障の画面で、やり直すか飛ばしてください。"
        yield Finding(about="支障", state=DOUBT, sentence=sentence)
    if gone := found.subscriptions.get("gone", 0):
        sentence = f"相手が受け取りをやめた送り先が {gone} 件あります。画面で確かめてください。"
        yield Finding(about="他のシステム", state=DOUBT, sentence=sentence)


def _secrets(session: Session, settings: Settings) -> Iterator[Finding]:
    named = set(session.scalars(select(Source.secret).where(Source.active)))
    named |= set(session.scalars(select(Subscription.secret).where(Subscription.status == "active")))
    for name in sorted(named):
        try:
            settings.secret(name)
        except Refused as refused:
            yield Finding(about="秘密の値", state=WRONG, sentence=refused.sentence)


def _journal(session: Session, heads: Path | None) -> Iterator[Finding]:
    """Every chain, and with a copy of the heads also whether one was written anew as a whole."""
    broken = journal.verify(session, journal.exported(heads) if heads else None)
    sentence = (
        f"合わないところが {len(broken)} 件あります。tsunagi verify-journal で場所を確かめ、システム管理者に知らせてください。"
        if broken else "書き換えられていません。"
    )  # fmt: skip
    yield Finding(about="操作履歴", state=WRONG if broken else GOOD, sentence=sentence)


