"""The town's registers (台帳): what each holds, as a form of our profile in a file beside this one.

The form's own properties say the rest: `prefix` of the numbers given out, `name` the field by which an entry is
called, `editors` and `readers` the roles (no readers: everybody who works with the system), `note` for the page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from forms import schema
from forms.fields import Field, every
from forms.profile import properties
from forms.schema import Form

FOLDER = Path(__file__).parent
ORDER = (
    "plan", "programme", "agency", "contract", "body", "district", "place", "resource", "supporter", "disaster",
    "glossary", "code",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One register; `sealed` where its form's class says that entries tell of persons (L3 and above)."""

    key: str
    form: Form
    prefix: str
    name: str
    editors: frozenset[str]
    readers: frozenset[str]
    note: str

    @property
    def sealed(self) -> bool:
        return self.form.class_ != "L2"

    @property
    def fields(self) -> tuple[Field, ...]:
        """The inputs in their order: the columns of a list."""
        return tuple(one for one in every(self.form.fields) if one.asks)


@cache
def registers() -> Mapping[str, Register]:
    """Every register by its key, in the order of the page."""
    return {key: _read(key) for key in ORDER}


def _read(key: str) -> Register:
    source = (FOLDER / f"{key}.form.json").read_bytes()
    own = properties(json.loads(source))
    return Register(
        key=key, form=schema.read(source), prefix=str(own["prefix"]), name=str(own["name"]), editors=_roles(own["editors"]),
        readers=_roles(own["readers"]), note=str(own["note"]),
    )  # fmt: skip


def _roles(text: object) -> frozenset[str]:
    return frozenset(role for role in str(text).split(",") if role)
