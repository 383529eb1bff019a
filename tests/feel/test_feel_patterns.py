"""Our regular expressions against the standard library's, where the two agree on what an expression means."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processes import feel
from processes.feel import pattern
from processes.feel.run import Run

LETTERS = st.sampled_from(["a", "b", "あ", ".", "[ab]", "[^a]", "[^あ]"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeats = st.sampled_from(["+", "{2}", "{1,2}", "+?"])
    pair = st.tuples(inner, inner)
    return (
        pair.map("".join)
        | pair.map(lambda two: f"({two[0]}|{two[1]})")
        | st.tuples(inner, repeats).map(lambda two: f"({two[0]}){two[1]}")
        | st.tuples(LETTERS, st.sampled_from(["*", "?", "*?", "??", "{0,2}"]))
        .map("".join)
        .map(lambda one: f"b{one}")
    )


@settings(max_examples=200, deadline=None)
@given(st.recursive(LETTERS, _grown, max_leaves=8), st.text(alphabet="abあ", max_size=10))
def test_matches_are_found_where_the_standard_library_finds_them(expression: str, text: str) -> None:
    found = re.search(expression, text, re.DOTALL)
    spans = pattern.read(expression, "s").search(text, 0, Run())
    assert (spans[:2] if spans else None) == (found.span() if found else None)


@settings(max_examples=100, deadline=None)
@given(st.recursive(LETTERS, _grown, max_leaves=6), st.text(alphabet="abあ", max_size=12))
def test_replacing_goes_through_all_matches(expression: str, text: str) -> None:
    assert pattern.replace(pattern.read(expression, "s"), text, "<$0>", Run()) == re.sub(
        f"(?s){expression}", lambda found: f"<{found[0]}>", text
    )


XPATH = [
    (r"hello\ sworld", "x", "hello world", True),
    ("[A-Z-[OI]]", "", "O", False),
    ("[a-z-[aeiou]]+", "", "aeb", True),
    (r"^\p{Lu}\p{IsKatakana}+$", "", "Aカナ", True),
    (r"\P{L}", "", "あ", False),
    (r"^\i\c*$", "", "_a1", True),
    (r"\w", "", "、", False),
    ("k", "i", "\u212a", True),
    (r"(a)(b)?\2c", "", "ac", True),
    ("^b$", "m", "a\nb\nc", True),
    ("a.b", "", "a\nb", False),
    ("a.b", "s", "a\nb", True),
    ("a.b", "q", "a.b", True),
]


@pytest.mark.parametrize(("expression", "flags", "text", "expected"), XPATH)
def test_what_only_xpath_has(expression: str, flags: str, text: str, expected: bool) -> None:
    evaluation = feel.parse("matches(text, expression, flags)").evaluate(
        {"text": text, "expression": expression, "flags": flags}
    )
    assert evaluation.value is expected


@pytest.mark.parametrize(
    "expression",
    [
        "(",
        ")",
        "a**",
        "[",
        "[]",
        "[b-a]",
        "a{2,1}",
        "{2}",
        r"\q",
        r"(a)\2",
        r"(\1)",
        "(?=a)",
        r"\p{Xx}",
        r"[a\1]",
        "a\\",
    ],
)
def test_what_is_no_pattern_is_told(expression: str) -> None:
    evaluation = feel.parse('matches("a", expression)').evaluate({"expression": expression})
    assert evaluation.value is None
    assert "正規表現" in evaluation.warnings[0] or "文字" in evaluation.warnings[0]
