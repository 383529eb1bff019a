"""Commands that run the system: serve, worker, demo, migrate."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsunagi.commands import house
from tsunagi.commands.japanese import JapaneseCommand

if TYPE_CHECKING:
    from engine.db import Database

HOST = click.option("--host", default="127.0.0.1", show_default=True, help="待ち受ける所番地。")
PORT = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="待ち受ける口。")


@click.command(cls=JapaneseCommand)
@HOST
@PORT
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 32), help="画面を出すプロセスの数。")
@click.option("--threads", default=4, show_default=True, type=click.IntRange(1, 64), help="プロセスごとの同時の数。")
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """職員の画面を出します。

    設定は環境変数 TSUNAGI_* で渡します。SIGTERM で、受けた仕事を終えてから止まります。
    """
    with house.database():
        pass  # refuses at once what every worker process would refuse
    _log()
    from tsunagi.server import run

    run(host=host, port=port, workers=workers, threads=threads)


@click.command(cls=JapaneseCommand)
def worker() -> None:
    """時の来た仕事（期限・知らせ・やり直し）を行います。

    いくつ動かしてもかまいません。SIGTERM で、手元の仕事を終えてから止まります。
    """
    _log()
    with house.database() as opened:
        from engine.settings import Settings
        from worker import loop

        loop.run(opened, settings=Settings.from_env())


@click.command(cls=JapaneseCommand)
@HOST
@PORT
@click.option(
    "--folder", default=Path("var/demo"), show_default=True, type=click.Path(file_okay=False, path_type=Path),
    help="見本の町のデータを置くところ。",
)  # fmt: skip
@click.option("--prepare", is_flag=True, help="町を用意するだけで、画面は出しません。")
def demo(host: str, port: int, folder: Path, prepare: bool) -> None:
    """見本の町を用意し、画面を出します。

    二度目からは、前のデータをそのまま使います。
    """
    _settle_in(folder)
    with house.database(migrated=False) as opened:
        from engine import migrations

        _step("データベースを用意します (database)")
        migrations.upgrade(opened)
        _settle_town(opened)
        click.echo(_guide(opened, f"http://{host}:{port}/"))
    if not prepare:
        with _working():
            from tsunagi.server import run

            run(host=host, port=port, workers=2, threads=4)


@click.command(cls=JapaneseCommand)
@click.option("--check", "only_check", is_flag=True, help="変えずに、新しい形になっているかだけを調べます。")
def migrate(only_check: bool) -> None:
    """データベースを新しい版の形にします。"""
    with house.database(migrated=only_check) as opened:
        from engine import migrations

        if only_check:
            _compare(opened)
            click.echo("データベースは新しい版の形です。")
        else:
            migrations.upgrade(opened)
            click.echo("データベースを新しい版の形にしました。")


def _compare(opened: "Database") -> None:
    from alembic.util.exc import CommandError

    from engine import migrations
    from engine.errors import Refused

    try:
        migrations.check(opened)
    except CommandError as differs:
        raise Refused(f"表の定義が履歴と合いません。履歴を書き足してください（{differs}）。") from None


def _settle_in(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("TSUNAGI_DATABASE_URL", f"sqlite:///{folder.resolve() / 'tsunagi.sqlite'}")
    os.environ.setdefault("TSUNAGI_KEYS", str(folder.resolve() / "keys.json"))


def _settle_town(opened: "Database") -> None:
    from tsunagi import demo as town

    _step("見本の町を用意します (synthetic town)")
    if not town.fill(opened, now=house.now(), progress=_step):
        _step("前からの町をそのまま使います (kept)")


def _guide(opened: "Database", address: str) -> str:
    from tsunagi import demo as town

    return f"""{town.guide(opened, address, now=house.now())}
  ほかの職員は 機関-役割と番号（shogai_hokuei-uke1、shakyo-san1、jimukyoku-sys1 など）
  止めるには Ctrl+C。データは残り、次もここから続きます
"""


def _step(sentence: str) -> None:
    click.echo(f"[見本] {sentence}")


@contextmanager
def _working() -> Iterator[None]:
    """A worker beside the screens, ended with them."""
    beside = subprocess.Popen([sys.executable, "-m", "tsunagi.cli", "worker"], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        beside.terminate()
        beside.wait(30)


def _log() -> None:
    from tsunagi import logs

    logs.set_up()
