"""Expressions are FEEL and can be read; timers say a time (ISO 8601, or FEEL that gives one); names can be called."""

import re
from collections.abc import Iterator
from datetime import datetime

from processes import feel
from processes.bpmn_values import Diagram, Node, Process
from processes.expressions import Written, expressions_of, names_of, parsed
from processes.findings import Finding
from processes.lint.beside import Beside
from processes.lint.saying import at, called

_PERIOD = r"[+-]?P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:[.,]\d+)?S)?)?"
_MOMENT = r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}|@[\w/+-]+)?)?"
_FORMS = {
    "date": (re.compile(_MOMENT), "日時（例：2026-01-10T09:00+09:00）"),
    "duration": (re.compile(_PERIOD), "期間（例：P3D、PT2H）"),
    "cycle": (re.compile(rf"R\d*/(?:{_MOMENT}/)?{_PERIOD}"), "繰り返し（例：R3/P1M）"),
}
_MISSPELT = re.compile(r"P\d\w*|PT\d\w*")  # meant as a period, read as a name
_NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+$")
_RESERVED = frozenset(
    "if then else for in return some every satisfies and or not between instance of function external "
    "true false null item partial".split()
)


def check(process: Process, diagram: Diagram, beside: Beside) -> Iterator[Finding]:
    """Every expression and every result name of the process."""
    names = names_of(process)
    for written in expressions_of(process):
        yield from _expression(process, written, names)
    for node in process.nodes.values():
        yield from _result_name(node)
    for correlation in process.correlations.values():
        for text in filter(None, (correlation.carried, correlation.awaited)):
            error = parsed(text, names)
            if isinstance(error, feel.FeelSyntaxError):
                message = f"照合の鍵の式「{text[:60]}」を{error.column}文字目で読めません：{error.message_ja}"
                yield Finding(rule="expression-syntax", element=process.id, line=correlation.line, message=message)


def _expression(process: Process, written: Written, names: frozenset[str]) -> Iterator[Finding]:
    if written.literal:
        yield from _moment(process, written, written.text.strip())
    elif written.timer is not None and _MISSPELT.fullmatch(written.plain) and written.plain not in names:
        yield _no_time(process, written)
    else:
        yield from _feel(process, written, names)


def _feel(process: Process, written: Written, names: frozenset[str]) -> Iterator[Finding]:
    found = parsed(written.plain, names | written.local)
    if isinstance(found, feel.FeelSyntaxError):
        yield _unreadable(process, written, found)
    elif written.timer is not None and not found.reads and not re.search(r"\b(now|today)\s*\(", written.plain):
        yield from _constant_timer(process, written, found)


def _unreadable(process: Process, written: Written, error: feel.FeelSyntaxError) -> Finding:
    return _about(process, written, "expression-syntax", (
        f"{written.role}の式「{written.plain[:60]}」を{error.line}行{error.column}文字目で読めません：{error.message_ja}"
    ))


def _constant_timer(process: Process, written: Written, found: feel.Expression) -> Iterator[Finding]:
    value = found.evaluate({}, now=_SOME_TIME).value
    if isinstance(value, str):
        yield from _moment(process, written, value.strip())
    elif isinstance(value, feel.DateTime):
        text = feel.to_json(value)
        yield from _moment(process, written, str(text["@"] if isinstance(text, dict) else text))
    elif not isinstance(value, (feel.Date, feel.DaysTime, feel.YearsMonths)) or (
        isinstance(value, feel.Date) != (written.timer == "date")
    ):
        yield _no_time(process, written)


_SOME_TIME = datetime.fromisoformat("2026-01-05T09:00:00+09:00")


def _moment(process: Process, written: Written, text: str) -> Iterator[Finding]:
    form, _ = _FORMS[written.timer or "date"]
    if not form.fullmatch(text):
        yield _no_time(process, written)
        return
    for part in text.split("/"):
        if part[:1].isdigit() and not _in_calendar(part):
            yield _about(process, written, "timer-invalid", f"タイマーの日時「{part}」は暦にありません。直してください。")
        elif _NAIVE.fullmatch(part):
            yield _about(process, written, "naive-datetime", (
                f"タイマーの日時「{part}」に時差がありません。日本時間なら +09:00 を付けてください。"
            ))


def _in_calendar(text: str) -> bool:
    try:
        datetime.fromisoformat(text.partition("@")[0])
    except ValueError:
        return False
    return True


def _no_time(process: Process, written: Written) -> Finding:
    _, wanted = _FORMS[written.timer or "date"]
    return _about(process, written, "timer-invalid", (
        f"タイマーは{wanted}のはずですが、「{written.text[:60]}」でした。書き直してください。"
    ))


def _about(process: Process, written: Written, rule: str, message: str) -> Finding:
    node = process.nodes.get(written.node)
    where = f"{called(node)}：" if node is not None else ""
    return Finding(rule=rule, element=written.element, line=written.line, message=f"{where}{message}")


def _result_name(node: Node) -> Iterator[Finding]:
    for name in (node.result, node.message_variable, node.operator.result if node.operator else None):
        if name is not None and (name in _RESERVED or not re.match(r"[^\W\d]", name)):
            yield at(node, "reserved-name", f"{called(node)}の結果の名前「{name}」は、式の中で呼べません。ほかの名前にしてください。")
