"""A form's answers for machines: their coded part, and their shape as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from .fields import Field

if TYPE_CHECKING:
    from .schema import Form

_SHAPES: Mapping[str, dict[str, Any]] = {
    "number": {"type": "number"}, "int": {"type": "integer"}, "yen": {"type": "integer"},
    "date": {"type": "string", "format": "date"}, "datetime": {"type": "string", "format": "date-time"},
    "time": {"type": "string", "pattern": r"^\d{2}:\d{2}$"}, "bool": {"type": "boolean"},
    "file": {"type": "array", "maxItems": 1, "items": {"type": "string"}},
    "files": {"type": "array", "items": {"type": "string"}},
}  # fmt: skip


def coded(fields: tuple[Field, ...], given: Mapping[str, Any], *, on: date) -> dict[str, Any]:
    """The answers that no person wrote freely; tables and groups keep only their coded columns, a birth its age on a day."""
    made: dict[str, Any] = {}
    for one in fields:
        if one.kind == "group":
            inner = coded(one.children, (given.get(one.key) or {}) if one.key else given, on=on)
            made.update({one.key: inner} if one.key else inner)
        elif one.kind == "table":
            made[one.key] = [coded(one.children, row, on=on) for row in given.get(one.key) or []]
        elif one.age:
            made[one.age] = _years(given.get(one.key), on)
        elif one.coded:
            made[one.key] = given.get(one.key, one.empty)
    return made


def _years(birth: str | None, on: date) -> int | None:
    born = date.fromisoformat(birth) if birth else None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day)) if born else None


def json_schema(form: Form) -> dict[str, Any]:
    """The shape of a form's answers; what only conditions decide is not in it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": form.title, **_object(form.fields),
    }  # fmt: skip


def _object(fields: tuple[Field, ...]) -> dict[str, Any]:
    shapes = {key: shape for one in fields for key, shape in _members(one)}
    wanted = [one.key for one in fields if one.key and one.required and one.hide is None]
    return {"type": "object", "properties": shapes, "required": wanted, "additionalProperties": False}


def _members(one: Field) -> list[tuple[str, dict[str, Any]]]:
    if one.kind == "group" and not one.key:
        return [member for child in one.children for member in _members(child)]
    return [(one.key, {"title": one.label, **_shape(one)})] if one.key else []


def _shape(one: Field) -> dict[str, Any]:
    if one.kind == "group":
        return _object(one.children)
    if one.kind == "table":
        return {"type": "array", "items": _object(one.children), "minItems": one.min_rows, "maxItems": one.max_rows}
    if one.kind in ("one", "many"):
        codes: dict[str, Any] = {"type": "string"} if one.source else {"enum": [c.value for c in one.choices]}
        return {"type": "array", "uniqueItems": True, "items": codes} if one.kind == "many" else _or_null(one, codes)
    return _or_null(one, {**_SHAPES.get(one.kind, {"type": "string"}), **_limits(one)})


def _limits(one: Field) -> dict[str, Any]:
    named = {"minimum": one.minimum, "maximum": one.maximum, "minLength": one.min_length, "maxLength": one.max_length}
    return {name: limit for name, limit in named.items() if limit is not None}


def _or_null(one: Field, shape: dict[str, Any]) -> dict[str, Any]:
    return shape if one.required or one.kind in ("bool", "file", "files") else {"anyOf": [shape, {"type": "null"}]}
