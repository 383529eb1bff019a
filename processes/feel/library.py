"""All built-in functions of FEEL, by name."""

from __future__ import annotations

from . import (
    built_in_contexts,
    built_in_lists,
    built_in_moments,
    built_in_numbers,
    built_in_range_text,
    built_in_ranges,
    built_in_text,
)
from .scanner import Known
from .values import Function

FUNCTIONS: dict[str, Function] = {
    **built_in_contexts.LIBRARY.functions(),
    **built_in_lists.LIBRARY.functions(),
    **built_in_moments.LIBRARY.functions(),
    **built_in_numbers.LIBRARY.functions(),
    **built_in_range_text.LIBRARY.functions(),
    **built_in_ranges.LIBRARY.functions(),
    **built_in_text.LIBRARY.functions(),
}

NAMES = Known(FUNCTIONS)
