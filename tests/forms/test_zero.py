"""A typed 0 is an answer."""

import json
from datetime import UTC, datetime

from forms.answers import Context
from forms.schema import read

FORM = {
    "schemaVersion": 19, "type": "default", "id": "F-0",
    "components": [
        {"type": "number", "key": "susumi", "label": "進み", "decimalDigits": 0, "validate": {"required": True, "min": 0, "max": 4}},
    ],
}  # fmt: skip


def test_zero_survives_a_correction() -> None:
    form = read(json.dumps(FORM).encode())
    context = Context(now=datetime(2026, 4, 3, tzinfo=UTC))
    assert form.accept({"susumi": 0}, context=context) == {"susumi": 0}
    assert form.typed({"susumi": 0}) == {"susumi": ["0"]}
