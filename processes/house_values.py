"""What the house knows when it judges a diagram: its agencies, roles, stages, forms and operations."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownForm:
    """What the checks need of a form: `coded` the fields whose answers enter the state (choices, numbers, dates,
    agencies), `free` those that a person writes freely, `choices` the codes of each field with a fixed choice,
    `lists` the code list (`C09`) that each such field chooses from, `required` the fields always answered."""

    key: str
    coded: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRules:
    """Codes that exist; None means that they are not known here and not judged."""

    agencies: frozenset[str] | None = None
    roles: frozenset[str] | None = None
    stages: frozenset[str] | None = None
    forms: Mapping[str, KnownForm] | None = None
    operators: frozenset[str] | None = None
