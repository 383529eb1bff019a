"""Commands of whoever keeps the machine: backup, restore, doctor, move-database."""

from pathlib import Path

import click

from tsunagi.commands import house
from tsunagi.commands.japanese import JapaneseCommand

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(cls=JapaneseCommand)
@click.argument("folder", type=FOLDER, metavar="DIR")
def backup(folder: Path) -> None:
    """動いたまま、データベースの控えをフォルダーに作ります。

    鍵束は入りません。鍵束の控えは、データベースの控えとは別の場所に置いてください。
    """
    from tsunagi import backups

    with house.database() as opened:
        made = backups.make(opened, folder, now=house.now())
    click.echo(f"控え {made.file.name} を作りました（{made.rows} 行、操作履歴 {made.books} 冊）。")
    click.echo("鍵束は入っていません。別の場所に控えてください。")


@click.command(cls=JapaneseCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--replace", is_flag=True, help="いまの SQLite のファイルを横によけて、入れ替えます。")
def restore(file: Path, replace: bool) -> None:
    """控えを、設定のデータベースの場所に戻します。

    画面と自動処理を止めてから実行してください。戻したあと、件数・操作履歴・鍵が合うかを調べます。
    """
    from engine.errors import Refused
    from engine.settings import Settings
    from engine.vault import open_ring
    from tsunagi import backups

    settings = Settings.from_env()
    if not settings.keys.exists():
        raise Refused("鍵束のファイルが必要ですが、ありません。鍵束の控えを TSUNAGI_KEYS の場所に置いてから、もう一度実行してください。")
    done = backups.restore(settings.database_url, open_ring(settings.keys), file, replace=replace, now=house.now())
    click.echo(f"控え {done.file.name} を戻しました（{done.rows} 行、操作履歴 {done.books} 冊）。件数・操作履歴・鍵が合いました。")


@click.command(cls=JapaneseCommand)
@click.option("--without-journal", is_flag=True, help="操作履歴を始めから調べるのを省きます（大きい町では時間がかかります）。")
@click.option("--backups", type=FOLDER, metavar="DIR", help="控えを置くフォルダー。新しい控えがあるかも調べます。")
def doctor(without_journal: bool, backups: Path | None) -> int:
    """設定・表の形・時計・ディスク・自動処理・操作履歴を調べます。

    誤りがあれば 1、注意だけなら 0 で終わります。
    """
    from tsunagi import doctor as examining

    found = examining.examine(now=house.now(), whole_journal=not without_journal, backups=backups)
    for finding in found:
        click.echo(f"[{finding.state}] {finding.about}: {finding.sentence}")
    return int(any(finding.state == examining.WRONG for finding in found))


@click.command("move-database", cls=JapaneseCommand)
@click.option("--to", "url", required=True, metavar="URL", help="移す先（空のデータベース）。postgresql+psycopg://… など。")
def move_database(url: str) -> None:
    """町のデータを別のデータベースへ移し、件数と中身の照合値をくらべます。

    画面と自動処理を止めてから実行してください。いまのデータベースは変えません。
    """
    from engine.db import Database
    from tsunagi import moving

    with house.database() as source:
        target = Database(url, source.vault)
        try:
            held = moving.move(source, target, progress=click.echo)
        finally:
            target.close()
    rows = sum(one.rows for one in held.values())
    click.echo(f"{len(held)} の表、{rows} 行を移し、件数と照合値がすべて合いました。")
    click.echo("TSUNAGI_DATABASE_URL を移した先に変えて、動かしてください。")
