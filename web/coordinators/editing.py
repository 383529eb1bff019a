"""The editor's page, and what the editor asks while a coordinator draws: draft, choices, check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request

from engine import definitions
from engine.errors import Conflict, Invalid, Refused
from processes import differences
from processes.bpmn import DiagramError, read
from processes.findings import Finding
from web import door
from web.coordinators import choices, work
from web.coordinators.pages import coordinator, editor_page, pages, staff_names
from web.refusals import STATUS


@pages.get("/<key>/editor")
@coordinator
def editor(key: str) -> Response:
    """The drawing, with its panel."""
    with door.reading() as session:
        held = work.on(session, key)
        current = session.get(definitions.Process, key)
        return editor_page(
            "coordinators/editor.html",
            key=key,
            file=held.main,
            held=held,
            name=current.name if current else key,
            names=staff_names(session),
        )


@pages.get("/<key>/draft")
@coordinator
def draft(key: str) -> Response:
    """The work as it stands: revision and files."""
    with door.reading() as session:
        held = work.on(session, key)
        return jsonify(_told(held, staff_names(session)) | {"files": held.files})


@pages.put("/<key>/draft")
@coordinator
def keep(key: str) -> Response | tuple[Response, int]:
    """Save files of the draft; 409 with both versions' differences if somebody else saved meanwhile."""
    asked: Any = request.get_json(silent=True)
    if not _is_draft(asked):
        return jsonify({"sentence": "保存の内容が読めません。画面を開き直してください。"}), 400
    with door.writing() as session:
        held = work.on(session, key)
        names = staff_names(session)
        try:
            saved = work.keep(
                session, held, asked["files"], revision=asked["revision"], by=door.actor(), now=door.now()
            )
        except Conflict as error:
            theirs = _told(held, names) | {
                "files": held.files,
                "differences": _compared(held, asked["files"]),
            }
            return jsonify(theirs | {"sentence": error.sentence}), 409
        except Refused as error:
            return jsonify({"sentence": error.sentence}), STATUS.get(type(error), (400, ""))[0]
        return jsonify(_told(saved, names))


@pages.get("/<key>/palette")
@coordinator
def palette(key: str) -> Response:
    """What the panel offers: forms, agencies, roles, deadlines, operators, processes, decisions."""
    with door.reading() as session:
        return jsonify(choices.palette(session, work.on(session, key), today=door.now().date()))


@pages.post("/<key>/check")
@coordinator
def check(key: str) -> Response:
    """Everything that is wrong with the draft, house rules included."""
    with door.reading() as session:
        return jsonify({"findings": [finding_json(one) for one in found(session, work.on(session, key))]})


def found(session: Any, held: work.Work) -> tuple[Finding, ...]:
    """The findings of the draft; what cannot even be read is a finding too."""
    try:
        return tuple(definitions.check(session, held.files))
    except DiagramError as error:
        return error.findings
    except Invalid as error:
        return tuple(map(_as_finding, error.problems)) or (Finding(rule="bundle", message=error.sentence),)


# a form's own findings name a field, a diagram's an element
def _as_finding(problem: object) -> Finding:
    if isinstance(problem, Finding):
        return problem
    field, sentence = getattr(problem, "field", ""), getattr(problem, "sentence", str(problem))
    return Finding(
        rule="form", message=f"様式の項目「{field}」：{sentence}" if field else f"様式：{sentence}"
    )


def finding_json(finding: Finding) -> dict[str, object]:
    """A finding as the editor reads it, with the marking after each step of its trace."""
    trace = [{"element": step.element, "name": step.name, "marking": list(step.marking)} for step in finding.trace]
    return {
        "severity": finding.severity, "rule": finding.rule, "element": finding.element, "line": finding.line,
        "message": finding.message, "trace": trace,
    }  # fmt: skip


def _told(held: work.Work, names: Mapping[int | None, str]) -> dict[str, object]:
    return {
        "revision": held.revision, "main": held.main, "by": names.get(held.saved_by, ""),
        "saved_at": held.saved_at.isoformat() if held.saved_at else None,
    }  # fmt: skip


def _is_draft(asked: object) -> bool:
    if (
        not isinstance(asked, dict)
        or not isinstance(asked.get("revision"), int)
        or not isinstance(asked.get("files"), dict)
    ):
        return False
    return all(isinstance(name, str) and isinstance(text, str) for name, text in asked["files"].items())


def _compared(theirs: work.Work, mine: Mapping[str, str]) -> list[str]:
    told: list[str] = []
    for name, text in mine.items():
        before = theirs.files.get(name, "")
        if text == before:
            continue
        if not name.endswith(".bpmn") or not before:
            told.append(f"{name}：内容がちがいます")
            continue
        try:
            found_ = differences.differences(read(before.encode(), name=name), read(text.encode(), name=name))
        except DiagramError:
            told.append(f"{name}：どちらかが図として読めません")
        else:
            told += [str(one) for one in found_] or ["部品の置き場所だけがちがいます"]
    return told
