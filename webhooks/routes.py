"""How an event becomes a message to a process: routes, read from one file, checked, and applied.

Nothing that a person wrote enters a run. A fact is a number, a yes or no, a date, the code of
an agency, or a text that the route itself lists; everything else can only be an answer of a
form, which is sealed in a record and gives the run its coded fields.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import agencies, definitions, journal
from engine.agencies import Actor
from engine.definitions import Compiled
from engine.errors import Invalid, NotFound
from engine.receipts import Route, Source
from engine.settings import SECRET_NAME
from forms.answers import Context
from forms.fields import Choice, every
from forms.schema import Form
from processes import feel
from webhooks.events import NAME, Event

GIVEN = ("id", "source", "type", "subject", "time", "data")
KINDS = {"standard": "Standard Webhooks", "line": "LINE"}
DOES = {"open": "新しいケースとして受け付ける", "send": "進行中のケースに知らせる"}
_SOURCE = {"name", "label", "kind", "secret", "active"}
_ROUTE = {
    "source", "type", "label", "does", "message", "desk", "kind", "case_number", "key", "facts", "codes", "process", "form", "answers"
}  # fmt: skip


class Unfit(Exception):
    """The event does not give what its route needs; `lacks` names the fields, never what stood in them."""

    def __init__(self, lacks: tuple[str, ...]) -> None:
        super().__init__("、".join(lacks))
        self.lacks = lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a route makes of an event: `payload` for the run, `answers` for a record of `form`."""

    payload: Mapping[str, Any]
    answers: Mapping[str, Any]
    form: Form | None
    version_id: int
    case_number: str
    key: str


def find(session: Session, source: str, type: str) -> Route | None:
    """The route of one type of event from one source."""
    return session.scalar(select(Route).where(Route.source == source, Route.type == type))


def apply(session: Session, route: Route, event: Event, *, now: datetime) -> Applied:
    """Read the event as the route says; raises Unfit, and changes nothing."""
    given: dict[str, Any] = {name: getattr(event, name) for name in GIVEN}
    try:
        scope = {name: feel.from_json(value) for name, value in given.items()}
    except feel.FeelValueError:
        raise Unfit(("data",)) from None
    known = frozenset(agencies.names(session)) | frozenset(route.codes)
    facts = {name: _fact(name, _value(text, scope, now), known) for name, text in route.facts.items()}
    ready, form = _form(session, route)
    answers = _answers(session, route, form, scope, now) if form else {}
    coded = _coded(ready, form, answers, now) if form and ready else {}
    return Applied(
        payload={**coded, **facts}, answers=answers, form=form, version_id=ready.version_id if ready else 0,
        case_number=_name(route, "case_number", scope, now), key=_name(route, "key", scope, now),
    )  # fmt: skip


def _fact(name: str, value: feel.Value, known: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_fact(name, item, known) for item in value]
    if isinstance(value, dict) or isinstance(value, str) and value not in known:
        raise Unfit((name,))
    try:
        return feel.to_json(value)
    except feel.FeelValueError:
        raise Unfit((name,)) from None


def _name(route: Route, field: str, scope: Mapping[str, feel.Value], now: datetime) -> str:
    text = getattr(route, field)
    value = _value(text, scope, now) if text else None
    if text and not (isinstance(value, str) and 0 < len(value) <= 60 and "\n" not in value):
        raise Unfit((field,))
    return value if isinstance(value, str) else ""


def _value(text: str, scope: Mapping[str, feel.Value], now: datetime) -> feel.Value:
    return feel.parse(text, names=GIVEN).evaluate(scope, now=now).value


def _form(session: Session, route: Route) -> tuple[Compiled | None, Form | None]:
    if not route.form:
        return None, None
    ready = definitions.compiled(session, definitions.current(session, route.process).id)
    return ready, ready.forms.get(route.form)


def _answers(
    session: Session, route: Route, form: Form, scope: Mapping[str, feel.Value], now: datetime
) -> Mapping[str, Any]:
    given: dict[str, Any] = {}
    for path, text in route.answers.items():
        value = _plain(_value(text, scope, now))
        if value is not None:
            _put(given, path.split("."), value)
    today = agencies.today_of(now)
    offices = tuple(Choice(value=one.code, label=one.name) for one in agencies.current(session, today=today))
    people = tuple(Choice(value=str(one.id), label=one.name) for one in agencies.members(session, route.desk, today=today))
    context = Context(now=now, choices={"agency": offices, "staff": people}, me={"agency": route.desk})
    try:
        shown = form.shown(form.typed(given), context=context)
    except (ValueError, TypeError, AttributeError):  # a list where a text belongs, a day that is none
        raise Unfit((form.key,)) from None
    if shown.unreadable:
        raise Unfit(tuple(sorted(shown.unreadable)))
    return shown.answers


def _plain(value: feel.Value) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if value is None or isinstance(value, bool | str):
        return value
    told = feel.to_json(value)
    return told["@"] if isinstance(told, dict) else told


def _put(given: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        given = given.setdefault(part, {})
    given[path[-1]] = value


def _coded(ready: Compiled, form: Form, answers: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    # The same rule as for a completed task: coded fields that some expression of the version reads.
    return {key: value for key, value in form.coded(answers, on=agencies.today_of(now)).items() if key in ready.definition.reads}


def load(session: Session, text: str, *, by: Actor, now: datetime) -> tuple[int, int]:
    """Put a whole configuration in place of the one before; refuses with every problem at once (Invalid).

    Returns how many sources and routes there are now.
    """
    sources, routes = _tree(text)
    problems = [*_source_problems(sources), *_route_problems(session, sources, routes)]
    if problems:
        raise Invalid(f"外部との取り決めに直すところが{len(problems)}件あります。", tuple(problems))
    session.execute(delete(Route))
    session.execute(delete(Source))
    session.add_all(Source(**{"active": False, **one}) for one in sources)
    session.flush()
    session.add_all(Route(**one) for one in routes)
    particulars = {"sources": sorted(one["name"] for one in sources), "routes": len(routes)}
    journal.write(
        session, journal.Line(action="外部との取り決め", by=by, target="hooks", particulars=particulars), now=now
    )
    return len(sources), len(routes)


def written(session: Session) -> str:
    """The configuration that holds now, as the file that `load` reads."""
    sources = session.scalars(select(Source).order_by(Source.name))
    routes = session.scalars(select(Route).order_by(Route.source, Route.type))
    held = {
        "sources": [{name: getattr(one, name) for name in sorted(_SOURCE)} for one in sources],
        "routes": [{name: getattr(one, name) for name in sorted(_ROUTE)} for one in routes],
    }
    return json.dumps(held, ensure_ascii=False, indent=1) + "\n"


def _tree(text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    try:
        tree = json.loads(text)
        sources, routes = tree["sources"], tree["routes"]
    except (ValueError, KeyError, TypeError):
        raise Invalid('JSON の {"sources": […], "routes": […]} が必要ですが、違う形でした。書き方は説明書を見てください。') from None
    if not all(isinstance(one, dict) for one in [*sources, *routes]):
        raise Invalid("sources と routes には、オブジェクトだけを並べてください。")
    return sources, routes


def _source_problems(sources: list[dict[str, Any]]) -> list[str]:
    problems = []
    for one in sources:
        place = f"送り主「{one.get('name')}」"
        if unknown := set(one) - _SOURCE:
            problems.append(f"{place}: 「{'、'.join(sorted(unknown))}」という項目はありません。")
        if not SECRET_NAME.fullmatch(str(one.get("name", ""))) or len(one["name"]) > 40:
            problems.append(f"{place}: name は英小文字・数字・-・_ だけ、40文字までです。")
        if one.get("kind", "standard") not in KINDS:
            problems.append(f"{place}: kind は {'、'.join(KINDS)} のどれかです。")
        if not SECRET_NAME.fullmatch(str(one.get("secret", ""))):
            problems.append(f"{place}: secret には、秘密の値の名前（値そのものではなく）が必要です。")
        if not one.get("label"):
            problems.append(f"{place}: label（職員に見せる名前）が必要です。")
    return problems


def _route_problems(session: Session, sources: list[dict[str, Any]], routes: list[dict[str, Any]]) -> list[str]:
    names, offices = {one.get("name") for one in sources}, agencies.names(session)
    problems: list[str] = []
    for one in routes:
        place = f"受け方「{one.get('source')} {one.get('type')}」"
        said = _shape_problems(one, names, offices)
        said += [] if said else [*_expression_problems(one), *_process_problems(session, one)]
        problems += [f"{place}: {sentence}" for sentence in said]
    pairs = [(one.get("source"), one.get("type")) for one in routes]
    problems += [f"受け方「{a} {b}」が2つあります。1つにしてください。" for a, b in {pair for pair in pairs if pairs.count(pair) > 1}]
    return problems


def _shape_problems(one: dict[str, Any], names: set[Any], offices: Mapping[str, str]) -> list[str]:
    problems = [f"「{name}」という項目はありません。" for name in sorted(set(one) - _ROUTE)]
    if one.get("source") not in names:
        problems.append("source は、sources にある name のどれかです。")
    if not NAME.fullmatch(str(one.get("type", ""))):
        problems.append("type は、空白のない英数字と記号です。")
    if one.get("does") not in DOES:
        problems.append(f"does は {'、'.join(DOES)} のどれかです。")
    if not one.get("message") or not one.get("label"):
        problems.append("message（図のメッセージの名前）と label（職員に見せる文）が必要です。")
    if one.get("desk") not in offices:
        problems.append(f"desk の機関「{one.get('desk')}」は登録されていません。")
    if one.get("does") == "send" and not (one.get("case_number") or one.get("key")):
        problems.append("send には、どのケースかを決める case_number か key の式が必要です。")
    for name in ("facts", "answers"):
        held = one.get(name, {})
        if not isinstance(held, dict) or not all(isinstance(text, str) for text in held.values()):
            problems.append(f'{name} は {{"名前": "式"}} の形です。')
    if not isinstance(one.get("codes", []), list):
        problems.append("codes は、許す文字の並びです。")
    return problems


def _expression_problems(one: dict[str, Any]) -> list[str]:
    texts = {**one.get("facts", {}), **one.get("answers", {})}
    texts |= {name: one[name] for name in ("case_number", "key") if one.get(name)}
    problems = []
    for name, text in texts.items():
        try:
            reads = feel.parse(text, names=GIVEN).reads
        except feel.FeelSyntaxError as error:
            problems.append(f"{name} の式が読めません。{error}")
            continue
        if unknown := reads - set(GIVEN):
            problems.append(f"{name} の式が読む「{'、'.join(sorted(unknown))}」は、届く知らせにありません。")
    return problems


def _process_problems(session: Session, one: dict[str, Any]) -> list[str]:
    problems = []
    if one["does"] == "open" and definitions.started_by(session, one["message"]) is None:
        problems.append(f"メッセージ「{one['message']}」で始まる手続きが公開されていません。")
    if not one.get("form"):
        return problems + (["answers を書くには、form と process が必要です。"] if one.get("answers") else [])
    try:
        form = definitions.compiled(session, definitions.current(session, str(one.get("process"))).id).forms.get(one["form"])
    except NotFound as missing:
        return [*problems, missing.sentence]
    if form is None:
        return [*problems, f"手続き「{one['process']}」に様式「{one['form']}」はありません。"]
    paths = {field.path for field in every(form.fields) if field.key}
    unknown = sorted(set(one.get("answers", {})) - paths)
    return problems + [f"様式「{form.key}」に「{path}」という項目はありません。" for path in unknown]
