"""Plausible answers to any form: what a story does not say is filled in, until the form is content."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from forms.answers import Context
from forms.errors import AnswersRefused
from forms.fields import Choice, Field, every
from forms.schema import Form

ROUNDS = 8
PHRASE = "（合成）電話と訪問で様子を確かめ、これからの進め方を本人と話し合った。次に会う日を決めて、関わる機関に知らせた。"


class Voice:
    """Who fills in a form: the first choice, one phrase, and only what the form requires."""

    def words(self, one: Field) -> str:
        """What is written into a text field."""
        return PHRASE

    def choose(self, one: Field, choices: tuple[Choice, ...], other: Any) -> Any:
        """One of the choices, but not `other`; None when there is none."""
        return next((choice.value for choice in choices if choice.value != other), None)

    def tells(self, one: Field) -> bool:
        """Whether this field is answered although the form does not require it."""
        return False


PLAIN = Voice()


def plausible(form: Form, said: Mapping[str, Any], context: Context, voice: Voice = PLAIN) -> dict[str, Any]:
    """Answers that hold `said` and, besides, what the form requires; raises AnswersRefused when that cannot be."""
    given = _with_required(form.fields, dict(said), context, voice)
    for _ in range(ROUNDS):
        try:
            return form.accept(given, context=context)
        except AnswersRefused as refused:
            before = repr(given)
            for problem in refused.problems:
                _mend(form, given, problem.path, context, voice)
            if repr(given) == before:
                raise
    return form.accept(given, context=context)


def _with_required(
    fields: tuple[Field, ...], given: dict[str, Any], context: Context, voice: Voice
) -> dict[str, Any]:
    for one in fields:
        if one.kind == "group":
            if one.key:
                given[one.key] = _with_required(one.children, dict(given.get(one.key) or {}), context, voice)
            else:
                _with_required(one.children, given, context, voice)
        elif one.kind == "table":
            rows = given.get(one.key) or [{} for _ in range(max(one.min_rows, 1 if one.required else 0))]
            given[one.key] = [_with_required(one.children, dict(row), context, voice) for row in rows]
        elif one.asks and given.get(one.key) in (None, "", []) and (one.required or voice.tells(one)):
            given[one.key] = _answer(one, context, voice)
    return given


def _mend(form: Form, given: dict[str, Any], path: str, context: Context, voice: Voice) -> None:
    steps = path.split(".")
    plain = ".".join(part for part in steps if not part.isdigit())
    one = next((field for field in every(form.fields) if field.path == plain), None)
    if one is None:
        return
    place: Any = given
    for step in steps[:-1]:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    if isinstance(place, dict):
        if one.kind == "table":
            place[one.key] = [_with_required(one.children, {}, context, voice)]
        elif one.asks:
            place[one.key] = _answer(one, context, voice, other=place.get(one.key))


def _answer(one: Field, context: Context, voice: Voice, *, other: Any = None) -> Any:
    choices = context.choices_of(one)
    today: datetime = context.now
    if one.kind == "one":
        return voice.choose(one, choices, other)
    if one.kind == "many":
        chosen = voice.choose(one, choices, other[0] if other else None)
        return [] if chosen is None else [chosen]
    if one.kind == "bool":
        return not other
    if one.kind == "date":
        return (today + timedelta(days=30 if other else 0)).date().isoformat()
    if one.kind == "datetime":
        return (today - timedelta(minutes=10 if not other else -1440)).isoformat(timespec="minutes")
    if one.kind == "time":
        return "10:00"
    if one.kind in ("number", "int", "yen"):
        return int(one.minimum if one.minimum is not None else 1)
    if one.kind == "kana":
        return "ゴウセイ"
    if one.kind == "zip":
        return "689-0000"
    if one.kind == "tel":
        return "0858-00-1234"
    return voice.words(one)[: one.max_length or 200]
