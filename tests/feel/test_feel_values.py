"""What expressions come to: one row an expression, as the standard's chapter 10 tells it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from processes import feel

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))

HOUSEHOLD = {
    "世帯": [
        {"氏名": "山田 花子", "年齢": 72, "続柄": "本人"},
        {"氏名": "山田 太郎", "年齢": 45, "続柄": "子", "就労 状況": "離職"},
        {"氏名": "山田 次郎", "年齢": 12, "続柄": "孫"},
    ],
    "緊急度": "高",
    "ﾌﾘｶﾞﾅ": "ﾔﾏﾀﾞ",
    "受付日": feel.from_json({"@": "2026-11-20"}),
    "Loan Amount": 600,
    "profit and loss": 7,
    "a-b": 1,
}

SAME = [
    # numbers and operators
    ("1 + 2 * 3 ** 2", 19),
    ("-2 ** 2", 4),
    ("10 - 4 - 3", 3),
    ("0.1 + 0.2 = 0.3", True),
    ("1 / 3 * 3 = 1", False),
    (".5 + 1.5e1", 15.5),
    ("--5", 5),
    ("7 between 1 and 7 and true", True),
    ("1 < 2 = true", True),
    # texts
    ('"ab" + "cd"', "abcd"),
    (r'"\u3042\n\"\\" ', 'あ\n"\\'),
    (r'string length("\U01F40Eあ")', 2),
    ('substring("つなぐシート", -3)', "シート"),
    ('substring before("東伯郡北栄町", "郡") + "/" + substring after("東伯郡北栄町", "郡")', "東伯/北栄町"),
    ('string join(["a", null, "b"], "・")', "a・b"),
    ('upper case("ｋａｎａ")', "ＫＡＮＡ"),
    ('string(1.50) + string([1, "a", null, {b c: true}])', '1.5[1, "a", null, {b c: true}]'),
    ('number("1.234,5", ".", ",")', 1234.5),
    # three-valued logic
    ("true and null", None),
    ("false and null", False),
    ("true or null", True),
    ("not(null)", None),
    ("null = null", True),
    ("null = 1", False),
    ('1 = "1"', None),
    # lists, filters, paths
    ("[1, 2, 3][-1]", 3),
    ("[1, 2, 3][item > 1]", [2, 3]),
    ("[1, 2, 3][4]", None),
    ('世帯[続柄 = "子"].就労 状況', ["離職"]),
    ("世帯[1].氏名", "山田 花子"),
    ("count(世帯[年齢 >= 65])", 1),
    ("[{x: 1}, {y: 2}].x", [1, None]),
    ("100[1]", 100),
    ("flatten([1, [2, [3]]])", [1, 2, 3]),
    ('distinct values([1, 1.0, "1", [1], [1]])', [1, "1", [1]]),
    ("sort([3, 1, 2], function(x, y) x > y)", [3, 2, 1]),
    ("list replace([2, 4, 7], function(item, newItem) item < newItem, 5)", [5, 5, 7]),
    ("insert before([1, 2], -1, 9)", [1, 9, 2]),
    ("[union([1], [1, 2]), concatenate([1], [1])]", [[1, 2], [1, 1]]),
    ("[sum(1, 2), mean([1, 2]), median([4, 1, 2]), product([2, 3]), mode([1, 1, 2])[1]]", [3, 1.5, 2, 6, 1]),
    ("decimal(stddev([2, 4, 7, 5]), 4)", 2.0817),
    ('[min([]), max(["あ", "い"])]', [None, "い"]),
    # contexts
    ('{a: 1, b: a + 1, "c d": b}.c d', 2),
    ("{a: 1, a: 2}", None),
    ('get value({"{": 1}, "{")', 1),
    ('context put({x: {y: 1}}, ["x", "y"], 2).x.y', 2),
    ("context merge([{a: 1}, {a: 2, b: 3}])", {"a": 2, "b": 3}),
    ("get or else(null, 5)", 5),
    # ranges and membership
    ("5 in (1..5]", True),
    ("1 in ]1..5]", False),
    ("[1..10[.end included", False),
    ("4 in (1, >= 4)", True),
    ("10 in !=10", False),
    ('"b" in ["a", ["b".."c"]]', True),
    ("(>= 18).start", 18),
    ('range("[..9)")', None),
    ('7 in range("(..9)")', True),
    (
        "[before(1, (1..2]), meets([1..5], [5..8]), overlaps([1..5), [5..8]), during(5, [1..10])]",
        [True, True, False, True],
    ),
    # iteration, functions
    ("for i in 0..4 return if i = 0 then 1 else i * partial[-1]", [1, 1, 2, 6, 24]),
    ("for x in [[1, 2], [3]], y in x return y", [1, 2, 3]),
    ("for i in 3..1 return i", [3, 2, 1]),
    ("every m in 世帯 satisfies m.年齢 > 0", True),
    ("some m in 世帯 satisfies m.年齢 > 100", False),
    ("{f: function(n: number) if n < 2 then 1 else n * f(n - 1), r: f(10)}.r", 3628800),
    ('(function(x: number) x)("1")', None),
    ('substring(start position: 2, string: "abc")', "bc"),
    # names with spaces and signs
    ("Loan   Amount * 2", 1200),
    ("profit and loss > 3 and true", True),
    ("a-b + 1", 2),
    ("ﾌﾘｶﾞﾅ", "ﾔﾏﾀﾞ"),
    ('if 緊急度 = "高" then "本日中" else "通常" // 期限', "本日中"),
    # days, times, durations
    ('受付日 + duration("P1M") = @"2026-12-20"', True),
    ('@"2024-01-31" + @"P1M" = @"2024-02-29"', True),
    ('(@"2026-11-23" - @"2026-11-20").days', 3),
    ('day of week(@"2026-11-23") + string(week of year(@"2027-01-01"))', "Monday53"),
    ('date and time("2026-11-23T00:00:00@Asia/Tokyo").time offset = @"PT9H"', True),
    ('@"2026-11-23T09:00:00+09:00" = @"2026-11-23T00:00:00Z"', True),
    ('is(@"10:00:00Z", @"10:00:00+00:00")', True),
    ('is(@"10:00:00Z", @"10:00:00")', False),
    ('string(date and time("-999999999-12-31T23:59:59.123456789"))', "-999999999-12-31T23:59:59.123456789"),
    ('string(@"PT36H" * 2) + string(@"P1Y" / 2)', "P3DP6M"),
    ('years and months duration(@"2025-12-31", @"2026-11-30").months', 10),
    ('string(time("23:30:00") + duration("PT1H"))', "00:30:00"),
    ('string(date and time(now(), "Europe/Paris"))', "2026-11-23T01:30:00@Europe/Paris"),
    ("today() = date(2026, 11, 23)", True),
    ('date("2026-02-30")', None),
    ('@"2026-11-23T10:00:00Z" - @"2026-11-23T10:00:00"', None),
    # types
    ("[1, 2] instance of list<number>", True),
    ("{a: 1} instance of context<a: string>", False),
    ("[1..2] instance of range<number>", True),
    ("null instance of Any", False),
    ("abs instance of function<number> -> number", True),
    ('@"P1Y" instance of years and months duration', True),
    # regular expressions
    (r'matches("689-2221", "^\d{3}-\d{4}$")', True),
    (r'matches("かな", "^\p{IsHiragana}+$")', True),
    (r'matches("O", "[A-Z-[OI]]", "i")', False),
    (r'replace("2026/11/23", "(\d+)/(\d+)/(\d+)", "$1年$2月$3日")', "2026年11月23日"),
    (r'matches("abab", "^(ab)\1$")', True),
    (r'replace("abc", ".*?", "x")', None),
    ('split("a、b、c", "、")', ["a", "b", "c"]),
]


@pytest.mark.parametrize(("text", "expected"), SAME, ids=[text for text, _ in SAME])
def test_an_expression_comes_to_its_value(text: str, expected: object) -> None:
    evaluation = feel.parse(text, names=HOUSEHOLD).evaluate(HOUSEHOLD, now=NOW)
    assert feel.to_json(evaluation.value) == expected


WARNED = [
    ("今日", "「今日」という名前の値がありません"),
    ('1 + "a"', "数と文字列に「+」は使えません"),
    ("1 / 0", "計算できません"),
    ("0 ** -1", "べき乗"),
    ("[1][10 ** 6000]", "番目の項目がありません"),
    ("today()", "現在の時刻が与えられていません"),
    ("abs(1, 2)", "引数の数"),
    ("meets([1..5], [null])", "引数「range2」にリストは使えません"),
    ("abs(x: 1)", "この名前の引数はありません"),
    ('@"2026-13-01"', "読めません"),
    (
        'function(x) external {java: {class: "java.lang.Math", method signature: "cos(double)"}}',
        "実行しません",
    ),
    ('[1, 2]["x"]', "真偽値でも番号でもありません"),
    ("for i in null return i", "繰り返しの範囲"),
    ('matches("a", "(")', "閉じていません"),
]


@pytest.mark.parametrize(("text", "sentence"), WARNED, ids=[text for text, _ in WARNED])
def test_what_has_no_answer_is_null_and_says_why(text: str, sentence: str) -> None:
    evaluation = feel.parse(text).evaluate({})
    assert evaluation.value is None
    assert any(sentence in warning for warning in evaluation.warnings), evaluation.warnings


def test_a_warning_names_its_place() -> None:
    evaluation = feel.parse("1 +\n  2 + 未定義").evaluate({})
    assert evaluation.warnings[0].startswith("2行7文字目：")


CELLS = [
    ("-", 5, True),
    ("< 5", 5, False),
    ("1, 3, [5..7)", 5, True),
    ("not(1, 5)", 5, False),
    ("not(1)", None, True),
    ("not(< 5)", None, None),
    ('"高", "中"', "中", True),
    ('starts with(?, "山")', "山田", True),
    ("? > 3 and ? < 9", 5, True),
    ("上限", 10, True),
    ("[1, 2, 5]", 5, True),
    ("null", None, True),
    ("true", False, False),
    ('date("2026-01-01")', feel.from_json({"@": "2026-01-01"}), True),
    ("!= 5", 5, False),
]


@pytest.mark.parametrize(("text", "value", "expected"), CELLS, ids=[text for text, _, _ in CELLS])
def test_a_cell_of_a_table_tests_its_input(text: str, value: object, expected: bool | None) -> None:
    assert feel.parse_unary(text).evaluate(value, {"上限": 10}).value is expected
