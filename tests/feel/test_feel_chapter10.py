"""Every built-in function and operator of FEEL, by expressions that must come to the same value (`chapter10.txt`)."""

from datetime import datetime
from pathlib import Path

import pytest

from processes import feel

NOW = datetime.fromisoformat("2026-01-05T09:00:00+09:00")
SECTIONS = dict(
    part.split("\n", 1) for part in Path(__file__).with_name("chapter10.txt").read_text("utf-8").split("\n## ")[1:]
)


@pytest.mark.parametrize("section", SECTIONS)
def test_expressions_come_to_what_the_standard_says(section):
    rows = [line.rpartition(" => ") for line in SECTIONS[section].splitlines() if " => " in line]
    assert len(rows) > 3
    assert [text for text, _, wanted in rows if not same(text, wanted)] == []


def same(text, wanted):
    if wanted == "SYNTAX":
        try:
            feel.parse(text)
        except feel.FeelSyntaxError:
            return True
        return False
    found, expected = (feel.parse(one).evaluate({}, now=NOW).value for one in (text, wanted))
    return type(found) is type(expected) and found == expected
