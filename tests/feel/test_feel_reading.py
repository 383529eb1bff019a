"""What a writer of expressions is told, and what programs may ask of an expression."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processes import feel
from processes.feel import calendar

WRONG = [
    ("1 +", 1, 4, "値か名前が必要です"),
    ("(1", 1, 3, "「)」が必要です"),
    ("金額 ＋ 1", 1, 4, "半角の「+」"),
    ("if a\nthen 1", 2, 7, "「else」が必要です"),
    ('"閉じない', 1, 1, "閉じる"),
    ("1 2", 1, 3, "演算子か式の終わり"),
    ("/* 注釈", 1, 1, "注釈を閉じる"),
    ("x instance of なにか", 1, 15, "型「なにか」"),
    ("", 1, 1, "値か名前が必要です"),
]


@pytest.mark.parametrize(("text", "line", "column", "sentence"), WRONG)
def test_a_slip_is_told_with_its_place(text: str, line: int, column: int, sentence: str) -> None:
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert sentence in caught.value.message_ja


READS = [
    ("a + b.c.d", {"a", "b"}, {"a", "b.c.d"}),
    ("for x in xs return x + y", {"xs", "y"}, {"xs", "y"}),
    ("{a: 1, b: a + c}", {"c"}, {"c"}),
    ("function(p) p + q", {"q"}, {"q"}),
    ("count(xs[年齢 > 上限])", {"xs", "年齢", "上限"}, {"xs", "年齢", "上限"}),
    ("some m in 世帯 satisfies m.年齢 > 65", {"世帯"}, {"世帯"}),
    ("partial[item > 1] + now()", set(), set()),
    ("{f: function(n) f(n) + g, r: f(1)}", {"g"}, {"g"}),
    ("1 + " * 3000 + "z", {"z"}, {"z"}),
]


@pytest.mark.parametrize(("text", "names", "paths"), READS, ids=[text[:40] for text, _, _ in READS])
def test_an_expression_tells_what_it_reads(text: str, names: set[str], paths: set[str]) -> None:
    expression = feel.parse(text)
    assert expression.reads == names
    assert expression.paths == paths


def test_python_values_may_stand_in_a_context() -> None:
    import datetime as std

    given = {"a": 1, "b": 0.1, "c": std.date(2026, 11, 23), "d": (1, {"e": 2.5}), "f": std.timedelta(hours=1)}
    text = 'a + b = 1.1 and c = @"2026-11-23" and d[2].e = 2.5 and f = @"PT1H"'
    assert feel.parse(text).evaluate(given).value is True


@pytest.mark.parametrize("obj", [float("nan"), float("inf"), {"@": "あした"}, object()])
def test_what_is_no_value_is_refused(obj: object) -> None:
    with pytest.raises(feel.FeelValueError):
        feel.from_json(obj)


@pytest.mark.parametrize("text", ["[1..2]", "abs", "{a: [function() 1]}", "10 ** 400"])
def test_what_json_cannot_say_is_refused(text: str) -> None:
    with pytest.raises(feel.FeelValueError):
        feel.to_json(feel.parse(text).evaluate({}).value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(-1e9, 1e9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5).filter(lambda k: k != "@"), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_json_comes_back_as_it_went(obj: object) -> None:
    assert feel.to_json(feel.from_json(obj)) == obj


@settings(max_examples=60, deadline=None)
@given(st.integers(-365 * 10**8, 365 * 10**8))
def test_every_day_is_written_and_read_again(days: int) -> None:
    day = calendar.date_from_ordinal(days)
    assert day is not None
    assert calendar.ordinal(day) == days
    assert feel.from_json(feel.to_json(day)) == day


@settings(max_examples=60, deadline=None)
@given(st.integers(-(10**24), 10**24), st.integers(-(10**9), 10**9))
def test_every_duration_is_written_and_read_again(nanos: int, months: int) -> None:
    for value in (feel.DaysTime(nanos), feel.YearsMonths(months)):
        assert feel.from_json(feel.to_json(value)) == value


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='ab1.[](){}+-*/<=>,:"@?いん if', max_size=25))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        feel.parse(text).evaluate({"a": Decimal(1)})
    except feel.FeelSyntaxError as error:
        refused = (error.line >= 1, error.column >= 1, bool(error.message_ja))
    else:
        refused = (True, True, True)
    assert refused == (True, True, True)
