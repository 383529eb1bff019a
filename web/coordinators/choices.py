"""The lists from which the panel offers: nothing of them is written into the editor itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from engine import agencies, bundles, definitions, operators
from forms.errors import FormError
from forms.fields import every
from forms.schema import Form
from forms.schema import read as read_form
from processes import dmn
from processes.dmn import DmnError
from processes.dmn.boxes import Cell, OutputClause
from web.coordinators.work import Work, library_diagrams, library_forms

RELATIONS = (
    ("@受付", "受け付けた機関"), ("@紹介元", "つないだ機関（紹介元）"), ("@紹介先", "つながれた機関（紹介先）"),
    ("@主担当", "主担当の機関"),
)  # fmt: skip
#: Handbook §5.1: the stages by which the stuck report counts.
STAGES = (
    "A受付", "A一次対応", "R回答待ち", "R接触", "B受理", "Bアセスメント", "B同意", "K会議待ち", "Bプラン", "B決定", "B支援中",
    "B評価", "C接触", "D候補", "Dフォロー", "F未確認",
)  # fmt: skip
CLASSES = (
    ("L1", "有無だけ"), ("L2", "基本の情報"), ("L3", "相談・支援の内容"), ("L4", "とくに配慮のいる情報"), ("L5", "会議限定"),
)  # fmt: skip
COMPARABLE = frozenset({"one", "many", "number", "int", "yen", "bool", "date"})


def palette(session: Session, work: Work, *, today: date) -> dict[str, Any]:
    """Everything that the panel of this process offers."""
    return {
        "forms": list(_forms(work)),
        "agencies": [{"code": one.code, "name": one.name} for one in agencies.current(session, today=today)],
        "relations": _coded(RELATIONS),
        "roles": _coded(tuple(sorted(agencies.role_names(session).items()))),
        "stages": _stages(work),
        "classes": _coded(CLASSES),
        "deadlines": deadlines(work.files.get("D5.dmn", "")),
        "operators": [
            {"id": one.name, "name": one.label, "parameters": [{"id": key, "label": one.described(key)} for key in one.parameters]}
            for one in operators.REGISTRY.values()
        ],
        "processes": _processes(session),
        "decisions": [decision for name in sorted(work.files) if name.endswith(".dmn") for decision in _decisions(work, name)],
    }


def deadlines(source: str) -> list[dict[str, str]]:
    """The rows of table D5 by task, each with its terms for urgency 1 to 4 in words."""
    rows: dict[str, list[str]] = {}
    for _, table in _model(source).tables if source else ():
        for rule in table.rules:
            task, urgency = rule.inputs[0].text.strip('" '), rule.inputs[1].text
            if task not in ("-", ""):
                days, unit = rule.outputs[0].text, rule.outputs[1].text.strip('" ')
                rows.setdefault(task, []).append(f"{urgency}：{days}{unit}")
    return [{"key": task, "words": "／".join(terms)} for task, terms in rows.items()]


def form_of(source: str) -> Form | None:
    """A form, or None if it cannot be read (the check tells why)."""
    try:
        return read_form(source.encode())
    except FormError:
        return None


def _forms(work: Work) -> Iterator[dict[str, Any]]:
    used = set(bundles.FORM_OF_TASK.findall(work.files[work.main]))
    sources = {**library_forms(), **{name: text for name, text in work.files.items() if name.endswith(".form.json")}}
    for name in sorted(sources):
        form = form_of(sources[name])
        if form is not None:
            fields = list(_questions(form)) if form.key in used else []
            yield {"key": form.key, "title": form.title, "used": form.key in used, "fields": fields}


def _questions(form: Form) -> Iterator[dict[str, Any]]:
    for one in every(form.fields):
        if one.key and one.path == one.key and one.kind in COMPARABLE:
            choices = [{"value": choice.value, "label": f"{choice.value} {choice.label}"} for choice in one.choices]
            if one.kind == "bool":
                choices = [{"value": "true", "label": "はい"}, {"value": "false", "label": "いいえ"}]
            yield {"key": one.key, "label": one.label, "kind": one.kind, "choices": choices}


def _stages(work: Work) -> list[str]:
    own = {node.properties["stage"] for node in work.process().nodes.values() if "stage" in node.properties}
    return [*STAGES, *sorted(own.difference(STAGES))]


def _processes(session: Session) -> list[dict[str, str]]:
    found = {id_: id_ for id_ in library_diagrams()}
    found |= {one.key: one.name for one, _ in definitions.processes(session)}
    return [{"id": id_, "name": name if name != id_ else ""} for id_, name in sorted(found.items())]


def _decisions(work: Work, name: str) -> Iterator[dict[str, Any]]:
    try:
        model = _model(work.files[name])
    except DmnError:
        return
    outputs = {owner: table.outputs for owner, table in model.tables}
    for offer in model.decisions:
        if offer.kind == "decision":
            fields = [_result(column, offer) for column in outputs.get(offer.name, ())]
            stem = name.removesuffix(".dmn")
            yield {
                "id": offer.id, "name": offer.question, "title": f"判定表 {offer.question}", "inputs": list(offer.inputs),
                "fields": fields, "href": url_for("coordinators.table", key=work.key, name=stem),
            }  # fmt: skip


def _result(column: OutputClause, offer: dmn.Offer) -> dict[str, Any]:
    label = column.label or column.name or offer.question
    kind = "number" if column.type_ref == "number" else "text"
    return {"key": column.name or offer.id, "label": label, "choices": _allowed(column.allowed), "kind": kind}


def _allowed(cell: Cell | None) -> list[dict[str, str]]:
    words = [part.strip().strip('"') for part in cell.text.split(",")] if cell else []
    return [{"value": word, "label": word} for word in words]


@lru_cache(maxsize=128)
def _model(source: str) -> dmn.Model:
    return dmn.read(source.encode(), resolve=None)


def _coded(pairs: tuple[tuple[str, str], ...]) -> list[Mapping[str, str]]:
    return [{"code": code, "name": name} for code, name in pairs]
