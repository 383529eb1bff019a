"""Commands on files, without a database: check, trace, decide. Stable interfaces for scripts."""

import json
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from tsunagi.commands.japanese import JapaneseCommand, dumps

FILE = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="結果を JSON で出します。")


class Json(click.ParamType[Any]):
    """JSON text of one kind: an object or a list."""

    def __init__(self, kind: type, called: str) -> None:
        self.kind, self.called, self.name = kind, called, "JSON"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value of the text; refuses what is no JSON, or JSON of another kind."""
        if not isinstance(value, str):
            return value
        try:
            read = json.loads(value, parse_float=Decimal)
        except json.JSONDecodeError as error:
            self.fail(f"JSON として読めません: {error.lineno}行{error.colno}文字目", param, ctx)
        except (ValueError, RecursionError):
            self.fail("JSON として読めません: 数が長すぎるか、入れ子が深すぎます", param, ctx)
        if not isinstance(read, self.kind):
            self.fail(f"JSON の{self.called}で書いてください", param, ctx)
        return read


@click.command(cls=JapaneseCommand)
@FILE
@click.option("--house", is_flag=True, help="町のきまり（担当・様式・期限・辞退の先）も調べます。")
@AS_JSON
def check(file: Path, house: bool, as_json: bool) -> int:
    """図や表を調べ、直すところをすべて示します。

    誤りがあれば 1 で終わります。
    """
    _require(file)
    from processes import checking

    findings = checking.check_file(file, house=_house_rules(file.parent) if house else None)
    if as_json:
        click.echo(dumps({"findings": [_shown(finding) for finding in findings]}))
    else:
        for finding in findings:
            click.echo(_line(file, finding))
        click.echo(f"直すところ {sum(f.severity == 'error' for f in findings)} 件、全部で {len(findings)} 件")
    return int(any(finding.severity == "error" for finding in findings))


@click.command(cls=JapaneseCommand)
@FILE
@click.option("--process", metavar="ID", help="動かす手続きの ID（図にいくつかあるとき）。")
@click.option("--input", "inputs", type=Json(dict, "オブジェクト"), help='始めの変数 {"名前": 値}。')
@click.option("--answers", type=Json(dict, "オブジェクト"), help='作業の答え {"要素ID": 答え・答えの並び・null}。')
@click.option(
    "--messages", type=Json(list, "配列"), help='届く知らせ [{"name", "payload", "at": 始めからの ISO 期間}]。'
)
@click.option("--until", metavar="DURATION", help="ここまで進めます（始めからの ISO 期間、たとえば P30D）。")
@AS_JSON
def trace(
    file: Path,
    process: str | None,
    inputs: dict[str, Any] | None,
    answers: dict[str, Any] | None,
    messages: list[Any] | None,
    until: str | None,
    as_json: bool,
) -> int:
    """図を一つだけ、仮の時刻で動かしてみます（2026-01-05T09:00+09:00 から）。

    途中で動けなくなれば 1、動かせない図なら直すところを示して 3 で終わります。
    """
    _require(file)
    from tsunagi.tracing import trace_file

    try:
        lines, code = trace_file(
            file, process=process, inputs=inputs, answers=answers, messages=messages, until=until
        )
    except ValueError as wrong:
        raise click.UsageError(str(wrong), click.get_current_context()) from None
    for line in lines:
        click.echo(dumps(line) if as_json else _told(line))
    return code


@click.command(cls=JapaneseCommand)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE", required=False)
@click.option("--decision", metavar="NAME", help="判断（または判断サービス）の名前。")
@click.option("--input", "inputs", type=Json(dict, "オブジェクト"), help='入力 {"名前": 値}。日付は {"@": "2026-11-23"}。')
@click.option("--lines", is_flag=True, help='標準入力の各行 {"file","decision","input"} に一行ずつ答えます。')
@AS_JSON
def decide(file: Path | None, decision: str | None, inputs: dict[str, Any] | None, lines: bool, as_json: bool) -> int:
    """判断表に聞きます。

    何も判断できなければ 1 で終わります。
    """
    if lines:
        return _decide_lines()
    if file is None or not decision:
        raise click.UsageError("FILE と --decision、または --lines が必要です", click.get_current_context())
    _require(file)
    from processes.dmn.lines import decide_file

    answer = decide_file(file, decision, inputs or {}, now=datetime.now(UTC))
    if as_json:
        click.echo(dumps(answer))
    else:
        _say(answer)
    return int("error" in answer)


def _decide_lines() -> int:
    from processes.dmn.lines import decide_line

    for line in sys.stdin.buffer:
        if line.strip():
            told = decide_line(line.decode("utf-8", "replace"), now=datetime.now(UTC))
            click.echo(dumps(told))
            sys.stdout.flush()
    return 0


def _house_rules(folder: Path) -> Any:
    """The rules that need no database: forms beside the diagram and of the library, operators; not who is who."""
    from importlib.resources import files

    from engine.errors import Refused
    from engine.known import known_forms
    from engine.operators import OPERATORS
    from forms.errors import FormError
    from processes.house import HouseRules

    library = [file for file in files("forms").joinpath("library").iterdir() if file.name.endswith(".form.json")]
    try:
        known = known_forms(file.read_bytes() for file in [*library, *sorted(folder.glob("*.form.json"))])
    except FormError as error:
        raise Refused("\n".join(["様式に直すところがあります。", *(finding.sentence for finding in error.findings)])) from None
    return HouseRules(forms=known, operators=frozenset(OPERATORS))


def _require(file: Path) -> None:
    if not file.is_file():
        raise click.BadParameter(f"「{file.name}」というファイルはありません", param_hint="FILE", ctx=click.get_current_context())


def _shown(finding: Any) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "rule": finding.rule,
        "element": finding.element,
        "line": finding.line,
        "message": finding.message,
        "trace": [{"element": step.element, "name": step.name, "marking": list(step.marking)} for step in finding.trace],
    }


def _line(file: Path, finding: Any) -> str:
    kind = {"error": "誤り", "warning": "注意"}.get(finding.severity, "参考")
    shown = f"{file.name}:{finding.line or '-'}: {kind} {finding.element or '図全体'}: {finding.message} [{finding.rule}]"
    path = " → ".join(step.name or step.element for step in finding.trace)
    return f"{shown}\n    道すじ: {path}" if path else shown


def _told(event: dict[str, Any]) -> str:
    if event.get("event") == "end":
        return f"終わり: {event['state']} 待ち: {'、'.join(event['waiting']) or 'なし'} 変数: {dumps(event['variables'])}"
    if "at" not in event:
        return dumps(event)
    return f"{event['at']} {event['event']:<10} {event['element']} {event.get('name') or ''}".rstrip()


def _say(answer: dict[str, Any]) -> None:
    if "error" in answer:
        click.echo(answer["error"], err=True)
        return
    click.echo(dumps(answer["value"]))
    for warning in answer["warnings"]:
        click.echo(f"注意: {warning}", err=True)
