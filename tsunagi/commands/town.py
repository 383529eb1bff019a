"""Commands of whoever keeps the town's system: users, processes, the journal."""

import sys
from datetime import datetime
from pathlib import Path

import click

from tsunagi.commands import house
from tsunagi.commands.japanese import JapaneseCommand, JapaneseGroup

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(cls=JapaneseGroup)
def user() -> None:
    """利用者（職員）を扱います。"""


@user.command("add", cls=JapaneseCommand)
@click.argument("login", metavar="LOGIN")
@click.option("--name", required=True, metavar="氏名", help="氏名。")
@click.option("--kana", default="", metavar="カナ", help="氏名のカナ。")
@click.option("--agency", required=True, metavar="CODE", help="所属する機関のコード。")
@click.option("--role", required=True, metavar="CODE", help="役割のコード。")
@click.option("--password-stdin", is_flag=True, help="はじめのパスワードを標準入力の一行目から読みます。")
def user_add(login: str, name: str, kana: str, agency: str, role: str, password_stdin: bool) -> None:
    """職員を加えます。

    はじめのパスワードは、最初のログインで本人が変えます。
    """
    from tsunagi import staffing

    password = sys.stdin.readline().rstrip("\n") if password_stdin else _ask()
    with house.database() as database, database.transaction() as session:
        staffing.add(session, login, password, name=name, kana=kana, agency=agency, role=role, now=house.now())
    click.echo(f"{login} を加えました。")


@user.command("seat", cls=JapaneseCommand)
@click.argument("login", metavar="LOGIN")
@click.option("--agency", required=True, metavar="CODE", help="機関のコード。")
@click.option("--role", required=True, metavar="CODE", help="役割のコード。")
@click.option("--from", "since", type=DAY, metavar="DATE", help="始まりの日（2026-04-01）。省くと今日。")
@click.option("--until", type=DAY, metavar="DATE", help="終わりの日。省くと終わりなし。")
def user_seat(login: str, agency: str, role: str, since: datetime | None, until: datetime | None) -> None:
    """職員に、所属と役割をもう一つ加えます。"""
    from tsunagi import staffing

    days = {"since": since.date() if since else None, "until": until.date() if until else None}
    with house.database() as database, database.transaction() as session:
        staffing.seat(session, login, agency=agency, role=role, now=house.now(), **days)
    click.echo(f"{login} に所属を加えました。")


@click.group(cls=JapaneseGroup)
def agency() -> None:
    """機関（受信箱を持つところ）を扱います。"""


@agency.command("add", cls=JapaneseCommand)
@click.argument("code", metavar="CODE")
@click.option("--name", required=True, metavar="名前", help="機関の名前。")
@click.option("--kind", required=True, metavar="種類", help="機関の種類（町の課、支援機関 など）。")
@click.option("--section", default="", metavar="分野", help="分野（介護、障がい など）。")
@click.option("--corporation", default="", metavar="法人", help="法人の名前。")
@click.option("--tel", default="", metavar="電話", help="電話番号。")
def agency_add(code: str, name: str, kind: str, section: str, corporation: str, tel: str) -> None:
    """機関を加えます。

    図や判定表が名指しする機関は、そこに書かれたコードで加えてください。
    """
    from tsunagi import staffing

    more = {"section": section, "corporation": corporation, "tel": tel}
    with house.database() as database, database.transaction() as session:
        staffing.add_agency(session, code, name=name, kind=kind, now=house.now(), **more)
    click.echo(f"機関 {code}（{name}）を加えました。")


@agency.command("end", cls=JapaneseCommand)
@click.argument("code", metavar="CODE")
@click.option("--on", required=True, type=DAY, metavar="DATE", help="最後の日（2027-03-31）。")
def agency_end(code: str, on: datetime) -> None:
    """機関の最後の日を決めます。"""
    from tsunagi import staffing

    with house.database() as database, database.transaction() as session:
        name = staffing.end_agency(session, code, on=on.date(), now=house.now()).name
    click.echo(f"機関 {code}（{name}）は {on:%Y-%m-%d} までです。")


@agency.command("list", cls=JapaneseCommand)
def agency_list() -> None:
    """機関のコード、名前、いまの職員の数、期間を示します。"""
    from tsunagi import staffing

    with house.database() as database, database.transaction(write=False) as session:
        for one, staff in staffing.list_agencies(session, today=house.now().date()):
            until = f"{one.valid_until}まで" if one.valid_until else ""
            click.echo(f"{one.code}\t{one.name}\t{staff}人\t{one.valid_from}から{until}")


@click.group(cls=JapaneseGroup)
def role() -> None:
    """役割（図の担当が名指しするもの）を扱います。"""


@role.command("add", cls=JapaneseCommand)
@click.argument("code", metavar="CODE", required=False)
@click.option("--name", default="", metavar="名前", help="役割の名前。")
@click.option("--shipped", is_flag=True, help="付いてくる手続きが使う役割を、まとめて加えます。")
def role_add(code: str | None, name: str, shipped: bool) -> None:
    """役割を加えます。"""
    if not shipped and not (code and name):
        raise click.UsageError("CODE と --name、または --shipped が必要です", click.get_current_context())
    from tsunagi import staffing
    from tsunagi.demo.town import plan

    wanted = dict(plan()["roles"]) if shipped else {str(code): name}
    with house.database() as database, database.transaction() as session:
        fresh = staffing.add_roles(session, wanted, now=house.now())
    click.echo(f"役割を {len(fresh)} 加えました。")


@role.command("list", cls=JapaneseCommand)
def role_list() -> None:
    """役割のコードと名前を示します。"""
    from engine import agencies

    with house.database() as database, database.transaction(write=False) as session:
        for code, name in sorted(agencies.role_names(session).items()):
            click.echo(f"{code}\t{name}")


@click.command(cls=JapaneseCommand)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", required=False)
@click.option("--note", default="", metavar="文", help="この版で変えたこと。")
@click.option("--shipped", is_flag=True, help="付いてくる手続きのうち、まだ公開していないものを、すべて公開します。")
def publish(folder: Path | None, note: str, shipped: bool) -> None:
    """図・判断表・様式の入ったフォルダーを、次の版として公開します。

    直すところがあれば、すべて示して 1 で終わり、公開しません。
    """
    if shipped is (folder is not None):
        raise click.UsageError("DIR か --shipped のどちらか一つが必要です", click.get_current_context())
    if folder is None:
        _publish_shipped(note)
        return
    if not folder.is_dir():
        raise click.BadParameter(f"「{folder.name}」というフォルダーはありません", param_hint="DIR", ctx=click.get_current_context())
    from engine import bundles, definitions
    from engine.agencies import CLOCK

    files = bundles.complete(_texts(folder))
    key = bundles.process_key(files)
    with house.database() as database, database.transaction() as session:
        version = definitions.publish(session, key, files, by=CLOCK, now=house.now(), note=note)
        told = f"{version.name}（{key}）の第{version.number}版を公開しました。"
    click.echo(told)


@click.command("verify-journal", cls=JapaneseCommand)
@click.option("--export", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="各帳の末尾の控えを書き出します。")
@click.option("--against", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="前に書き出した控えとも比べます。")
def verify_journal(export: Path | None, against: Path | None) -> int:
    """操作履歴が書き換えられていないかを調べます。

    合わないところがあれば、すべて示して 1 で終わります。
    """
    from engine import journal

    known = journal.exported(against) if against else None
    with house.database() as database, database.transaction(write=False) as session:
        broken, heads = journal.verify(session, known), journal.heads(session)
        if export and not broken:
            journal.export(session, export)
    for place in broken:
        click.echo(f"{place.book} の {place.number} 行目: {place.sentence}")
    if broken:
        click.echo(f"操作履歴に合わないところが {len(broken)} 件あります。システム管理者に知らせてください。", err=True)
        return 1
    click.echo(f"操作履歴は書き換えられていません（{len(heads)} 冊、{sum(head['length'] for head in heads)} 行）。")
    return 0


@click.command("rotate-keys", cls=JapaneseCommand)
@click.option("--retire", is_flag=True, help="交換が済んだあと、古い鍵を鍵束から取り除きます。")
def rotate_keys(retire: bool) -> None:
    """鍵束に新しい鍵を加え、すべての記録の鍵を新しい鍵で封じ直します。

    画面を止めずに行えます。途中で止まったときは、もう一度実行すると続きから行います。
    """
    from engine import rotation
    from engine.settings import Settings

    ring = Settings.from_env().keys
    with house.database() as database:
        if retire:
            gone = rotation.retire(database, ring, now=house.now())
            click.echo(f"古い鍵を取り除きました（{len(gone)} 本）。" if gone else "古い鍵はありません。")
            return
        done = rotation.rotate(database, ring, now=house.now())
    again = "前の続きから、" if done.resumed else ""
    click.echo(f"{again}鍵 {done.key} で {done.wrapped} 件を封じ直しました。鍵束 {ring.name} の控えを取り直してください。")


def _publish_shipped(note: str) -> None:
    from tsunagi import shipping

    with house.database() as database, database.transaction() as session:
        fresh = shipping.publish(session, note=note or "はじめの版", now=house.now())
        told = [f"{version.name}（{version.key}）を公開しました。" for version in fresh]
    click.echo("\n".join(told) or "付いてくる手続きは、もうすべて公開してあります。")


def _ask() -> str:
    return str(click.prompt("はじめのパスワード", hide_input=True, confirmation_prompt="もう一度"))


def _texts(folder: Path) -> dict[str, str]:
    """The bundle's files in a folder: its own, and the called diagrams under `called/`."""
    from engine.errors import Refused

    kinds = ("*.bpmn", "*.dmn", "*.form.json", "README.md", "called/*.bpmn")
    try:
        return {
            file.relative_to(folder).as_posix(): file.read_text("utf-8") for kind in kinds for file in sorted(folder.glob(kind))
        }
    except UnicodeDecodeError:
        raise Refused("ファイルは UTF-8 で書かれている必要がありますが、違う文字コードのものがあります。保存し直してください。") from None
