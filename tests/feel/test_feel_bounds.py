"""Nobody can hang or exhaust the server with an expression."""

from __future__ import annotations

import time

import pytest

from processes import feel

HOSTILE = [
    "for i in 1..1000000000 return i",
    "some i in 1..100000, j in 1..100000 satisfies i < 0",
    "for i in 1..20000 return partial",
    "string(for i in 1..40 return [partial, partial])",
    "flatten(for i in 1..40 return [partial, partial])",
    "(for i in 1..40 return [partial, partial]) = (for i in 1..40 return [partial, partial])",
    "(function(f) f(f))(function(f) f(f))",
    "{f: function(n) if n < 2 then n else f(n - 1) + f(n - 2), r: f(100)}.r",
    "{f: function(n) 1 + f(n + 1), r: f(1)}.r",
    '{s: "あいうえお", r: for i in 1..60 return if i = 1 then s else partial[-1] + partial[-1]}.r',
    r'matches(string join(for i in 1..3000 return "a"), "(a|a)*\1b")',
    'matches(string join(for i in 1..90000 return "a"), "(a+)+(a+)+(a+)+(a+)+(a+)+(a+)+(a+)+b")',
    'matches("x", "((a{1,100}){1,100}){1,100}")',
    "10 ** 1000000000",
    "1.0000001 ** (10 ** 30)",
    'substring("あ", 10 ** 6000)',
    "10 ** 6000 * 10 ** 6000",
    'duration("P999999999999999D") * 10 ** 6000',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_expression_ends_as_null_with_a_warning(text: str) -> None:
    begun = time.process_time()
    evaluation = feel.parse(text).evaluate({})
    assert evaluation.value is None
    assert evaluation.warnings
    assert time.process_time() - begun < 3


UNREADABLE = [
    "(" * 60_000,
    "[1.." * 200,
    "{a:" * 300,
    "not(" * 100,
    "if " * 300,
    "x" + ".a" * 5000,
    "-" * 3000,
]


@pytest.mark.parametrize("text", UNREADABLE, ids=[text[:6] for text in UNREADABLE])
def test_a_text_too_deep_or_too_long_is_refused_at_once(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(feel.FeelSyntaxError):
        feel.parse(text)
    assert time.process_time() - begun < 1


def test_long_flat_expressions_are_fine() -> None:
    assert feel.parse("1+" * 5000 + "1").evaluate({}).value == 5001
    assert feel.parse(" and ".join(["true"] * 3000)).evaluate({}).value is True


def test_a_text_of_many_letters_is_searched_in_line_with_its_length() -> None:
    text = "あ" * 20_000 + "い"
    begun = time.process_time()
    assert (
        feel.parse('matches(t, "(あ*)*い$") and string length(replace(t, "あ", "う")) = 20001')
        .evaluate({"t": text})
        .value
    )
    assert time.process_time() - begun < 3


def test_ordinary_patterns_on_hostile_text_do_not_blow_up() -> None:
    assert feel.parse('matches(t, "(a+)+$")').evaluate({"t": "a" * 60 + "b"}).value is False
