"""What a blank page begins with: nothing is typed twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import values
from .answers import Answers, Context, typed
from .fields import Field

if TYPE_CHECKING:
    from .schema import Form

NEVER = "none"
SELF = "me"


def prefill(form: Form, previous: Iterable[tuple[str, Mapping[str, Any]]], context: Context) -> dict[str, list[str]]:
    """Typed texts for a blank page; of several earlier records that hold a key the first given wins."""
    earlier = list(previous)
    return typed(form, _group(form.fields, earlier, earlier, context))


def _group(
    fields: tuple[Field, ...], roots: list[tuple[str, Mapping[str, Any]]], here: list[tuple[str, Mapping[str, Any]]], context: Context
) -> Answers:
    made: Answers = {}
    for one in fields:
        if one.kind == "group":
            below = [(form, answers[one.key]) for form, answers in here if isinstance(answers.get(one.key), dict)]
            inner = _group(one.children, roots, below if one.key else here, context)
            made.update({one.key: inner} if one.key else inner)
        elif one.key:
            made[one.key] = _answer(one, roots, here, context)
    return made


def _answer(one: Field, roots: list[tuple[str, Mapping[str, Any]]], here: list[tuple[str, Mapping[str, Any]]], context: Context) -> Any:
    candidates = _candidates(one, roots, here, context)
    found = next((answer for answer in candidates if _fits(one, answer, context)), None)
    if found is not None:
        return found
    return _begun(one, context)


def _candidates(
    one: Field, roots: list[tuple[str, Mapping[str, Any]]], here: list[tuple[str, Mapping[str, Any]]], context: Context
) -> Iterator[Any]:
    if one.prefill == SELF:
        yield str(context.me.get(one.source) or "")
    if one.prefill in (NEVER, SELF) or one.compute:
        return
    form, _, key = one.prefill.rpartition(".")
    for name, answers in roots if one.prefill else here:
        if (not form or name == form) and not values.unanswered(answers.get(key or one.key)):
            yield answers[key or one.key]


def _fits(one: Field, answer: Any, context: Context) -> bool:
    if one.kind in ("file", "files"):
        return False
    if one.kind == "table":
        return isinstance(answer, list) and all(isinstance(row, Mapping) for row in answer)
    known = {choice.value for choice in context.choices_of(one)}
    if one.kind == "many":
        return isinstance(answer, list) and known.issuperset(answer)
    if one.kind == "one":
        return answer in known
    return not isinstance(answer, (list, dict)) and (one.kind in ("number", "int", "yen")) == isinstance(answer, (int, float))


def _begun(one: Field, context: Context) -> Any:
    if one.compute is not None:
        computed = one.compute.value({"me": context.me, "facts": context.facts}, now=context.now)
        return computed if computed is None or _fits(one, computed, context) else None
    return one.default if one.default not in (None, "") else one.empty
