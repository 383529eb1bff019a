"""Commands about other systems: what they may send, and messages carried over in files."""

from pathlib import Path

import click

from tsunagi.commands import house
from tsunagi.commands.japanese import JapaneseCommand, JapaneseGroup


@click.group(cls=JapaneseGroup)
def hooks() -> None:
    """他のシステムから届く知らせの受け方を扱います。"""


@hooks.command("load", cls=JapaneseCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
def hooks_load(file: Path) -> None:
    """受け方を、このファイルのとおりに入れ替えます。

    直すところがあれば、すべて示して 1 で終わり、何も変えません。
    """
    if not file.is_file():
        raise click.BadParameter(f"「{file.name}」というファイルはありません", param_hint="FILE", ctx=click.get_current_context())
    from engine.agencies import CLOCK
    from engine.errors import Refused
    from webhooks import routes

    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError:
        raise Refused("ファイルは UTF-8 で書かれている必要がありますが、違う文字コードでした。保存し直してください。") from None
    with house.database() as database, database.transaction() as session:
        sources, count = routes.load(session, text, by=CLOCK, now=house.now())
    click.echo(f"受け方を入れ替えました（送り主 {sources}、受け方 {count}）。")


@hooks.command("show", cls=JapaneseCommand)
def hooks_show() -> None:
    """いまの受け方を、load で読める形で書き出します。"""
    from webhooks import routes

    with house.database() as database, database.transaction(write=False) as session:
        click.echo(routes.written(session), nl=False)


@click.command(cls=JapaneseCommand)
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="受け渡しのフォルダー。省くと TSUNAGI_SPOOL。",
)  # fmt: skip
def spool(folder: Path | None) -> int:
    """受け渡しのフォルダーに置かれた知らせを受け取ります。

    受け取れないものがあれば、わけを示して 1 で終わります。
    """
    from engine.errors import Refused
    from engine.settings import Settings
    from webhooks import spool as folders

    settings = Settings.from_env()
    place = folder or settings.spool
    if place is None:
        raise Refused("受け渡しのフォルダーが必要です。--folder か、設定 TSUNAGI_SPOOL で示してください。")
    with house.database() as database:
        carried = folders.read(database, settings, place, now=house.now())
    refused = [one for one in carried if one.answer.status != 202]
    for one in refused:
        click.echo(f"{one.file}: {one.answer.said['sentence']}", err=True)
    click.echo(f"知らせを {len(carried) - len(refused)} 件受け取り、{len(refused)} 件お断りしました。")
    return int(bool(refused))
