"""The town's code lists (C01…C28), from `codes.json` beside this file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .fields import Choice, Field

FILE = Path(__file__).with_name("codes.json")


@cache
def lists() -> Mapping[str, tuple[Choice, ...]]:
    """Every code list by its name, in the order of the file."""
    return {name: _choices(entry) for name, entry in json.loads(FILE.read_text("utf-8")).items()}


def label(name: str, code: str) -> str:
    """How a code is written; the code itself if the list does not know it (an old record may hold it)."""
    return next((choice.label for choice in lists().get(name, ()) if choice.value == code), code)


def as_changed(one: Field, now: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """A field's choices where the town changed their list: a new code is offered unless the field names its own few."""
    shipped = {choice.value for choice in lists()[one.codes]}
    own = {choice.value for choice in one.choices}
    return tuple(c for c in now if c.value in own or (c.value not in shipped and not one.restricted))


def _choices(entry: Any) -> tuple[Choice, ...]:
    return tuple(Choice(value=str(item["value"]), label=str(item["label"])) for item in entry["values"])
