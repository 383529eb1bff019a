"""Decision tables: every hit policy, what they remember of their rows, and how they are told to staff."""

from __future__ import annotations

import pytest

from processes import dmn, feel
from tests.dmn.models import decision, definitions, inputs, table

ROWS = [("< 10", '"a"'), ("< 20", '"b"'), ("< 30", '"a"'), ("> 90", '"c"')]
NUMBERS = [("< 10", "5"), ("< 20", "3"), ("< 30", "4")]


def decide(logic: str, **values: object) -> dmn.Decided:
    names = list(values)
    model = dmn.read(definitions(inputs(*names) + decision("判定", logic, needs=names)))
    return model.decide("判定", values)


POLICIES = [
    ("UNIQUE", "", "", ROWS, 25, "a", [3]),
    ("UNIQUE", "", "", ROWS, 5, None, []),
    ("ANY", "", "", [("< 10", "1"), ("< 20", "1"), ("> 5", "2")], 3, 1, [1]),
    ("ANY", "", "", [("< 10", "1"), ("< 20", "1"), ("> 5", "2")], 7, None, []),
    ("FIRST", "", "", ROWS, 15, "b", [2]),
    ("PRIORITY", "", '"b", "a", "c"', ROWS, 5, "b", [2]),
    ("RULE ORDER", "", "", ROWS, 5, ["a", "b", "a"], [1, 2, 3]),
    ("OUTPUT ORDER", "", '"b", "a"', ROWS, 5, ["b", "a", "a"], [2, 1, 3]),
    ("COLLECT", "", "", ROWS, 15, ["b", "a"], [2, 3]),
    ("COLLECT", "SUM", "", NUMBERS, 5, 12, [1, 2, 3]),
    ("COLLECT", "MIN", "", NUMBERS, 5, 3, [1, 2, 3]),
    ("COLLECT", "MAX", "", NUMBERS, 15, 4, [2, 3]),
    ("COLLECT", "COUNT", "", NUMBERS, 15, 2, [2, 3]),
    ("COLLECT", "COUNT", "", NUMBERS, 50, 0, []),
    ("COLLECT", "", "", NUMBERS, 50, [], []),
    ("FIRST", "", "", NUMBERS, 50, None, []),
]


@pytest.mark.parametrize(("hit", "aggregation", "values", "rows", "given", "expected", "taken"), POLICIES)
def test_hit_policies(
    hit: str,
    aggregation: str,
    values: str,
    rows: list[tuple[str, str]],
    given: int,
    expected: object,
    taken: list[int],
) -> None:
    decided = decide(table(["x"], ["y"], rows, hit=hit, aggregation=aggregation, values=values), x=given)
    assert feel.to_json(decided.value) == expected
    assert [number for _, number in decided.matched[0].taken] == taken


def test_several_outputs_make_a_context_and_priority_looks_at_them_in_order() -> None:
    rows = [("-", '"B"', '"A"'), ("-", '"A"', '"B"'), ("-", '"A"', '"A"')]
    decided = decide(table(["x"], ["一", "二"], rows, hit="OUTPUT ORDER", values='"A", "B"'), x=1)
    assert [tuple(row.values()) for row in decided.value] == [("A", "A"), ("A", "B"), ("B", "A")]


def test_the_default_stands_where_no_row_does() -> None:
    decided = decide(table(["x"], ["y"], [("1", '"一"')], default='"他"'), x=2)
    assert decided.value == "他"
    assert decided.warnings == ()


def test_a_value_outside_the_column_is_told() -> None:
    decided = decide(table(["x"], ["y"], [("-", "1")], input_values='"高", "低"'), x="並")
    assert decided.value is None
    assert "許された値ではありません" in decided.warnings[0]


def test_two_rows_of_a_unique_table_are_told_by_number() -> None:
    decided = decide(table(["x"], ["y"], ROWS), x=15)
    assert decided.warnings == ("判定：一つだけ当てはまるはずの表で、2・3行目が当てはまりました",)


def test_staff_read_the_row_and_its_note() -> None:
    rows = [('"なし"', "1"), ('"数日以内"', "2"), ('"48時間以内"', "3", "48時間以内に悪化の見込み")]
    model = dmn.read(
        definitions(
            inputs("見込み") + decision("緊急度判定", table(["見込み"], ["緊急度"], rows), needs=["見込み"])
        )
    )
    decided = model.decide("緊急度判定", {"見込み": "48時間以内"})
    assert model.explain(decided) == "緊急度判定：3行目（48時間以内に悪化の見込み）→ 3"
    assert decided.matched[0].decision == "緊急度判定"
    assert decided.matched[0].rules == (("r3", 3),)
    assert (
        model.explain(model.decide("緊急度判定", {"見込み": "不明"})) == "緊急度判定：当てはまる行なし→ なし"
    )


def test_a_row_is_told_by_its_note_or_in_a_sentence_of_its_cells() -> None:
    rows = [
        (">= 65", '"10", "11"', '"高齢"'),
        ("[18..65)", 'not("14")', '"障がい"', "十八歳から"),
        ("-", '? != null and list contains(?, "14")', "null"),
        ("-", "-", "1 + 年齢"),
        ("< 3 * 2", "-", '["a", "b"]'),
        ("[18..65)", 'not("14", "15")', "@\"2026-11-23\""),
    ]
    model = dmn.read(definitions(inputs("年齢", "属性") + decision("窓口", table(["年齢", "属性"], ["先"], rows), needs=["年齢", "属性"])))
    name = model.tables[0][1].id
    assert [dmn.words_of_row(model, name, row) for row in range(1, 8)] == [
        "1行目：年齢：65以上、属性：「10」または「11」 → 先：「高齢」",
        "2行目：十八歳から",
        "3行目：属性：「14」を含む → なし",
        "4行目：いつでも → 先：1 + 年齢",
        "5行目：年齢：「< 3 * 2」に当てはまる → 先：「a」・「b」",
        "6行目：年齢：18以上65より小さい、属性：「14」または「15」以外 → 先：2026-11-23",
        "7行目",
    ]
    assert dmn.words_of_row(model, name, 2, decision="窓口") == "2行目：十八歳から"
    assert dmn.words_of_row(model, name, 2, decision="ほか") == "2行目"


def findings(logic: str) -> list[tuple[str, str]]:
    model = dmn.read(definitions(inputs("x", "y") + decision("判定", logic, needs=["x", "y"])))
    return [(one.rule, one.message) for _, found in model.tables for one in dmn.gaps_and_overlaps(found)]


def test_a_complete_table_has_neither_gap_nor_overlap() -> None:
    rows = [("< 18", "-", "1"), ("[18..65)", "true", "2"), ("[18..65)", "false", "3"), (">= 65", "-", "4")]
    assert findings(table(["x", "y"], ["z"], rows)) == []


def test_gaps_are_shown_by_an_example() -> None:
    found = findings(table(["x", "y"], ["z"], [("< 18", "-", "1"), ("> 18", "true", "2")]))
    assert {rule for rule, _ in found} == {"dmn-gap"}
    assert any("x＝18" in message for _, message in found)
    assert any("y＝いいえ" in message for _, message in found)


def test_overlaps_of_a_unique_table_are_errors() -> None:
    rows = [('"a"', "-", "1"), ('"a","b"', "> 5", "2"), ('not("a","b")', "-", "3"), ('"b"', "<= 5", "4")]
    found = findings(table(["x", "y"], ["z"], rows))
    assert [rule for rule, _ in found] == ["dmn-overlap"]
    assert "1行目と2行目" in found[0][1]
    assert "x＝「a」" in found[0][1]


@pytest.mark.parametrize(
    ("first", "second", "gap"),
    [
        ('< @"2026-04-01"', '>= @"2026-04-01"', False),
        ('< date("2026-04-01")', '> date("2026-04-01")', True),
        ('<= @"2026-03-31"', '>= @"2026-04-01"', False),
        ('< @"P30D"', '>= @"P31D"', True),
        ('< @"12:00:00"', '>= @"12:00:00"', False),
    ],
)
def test_days_times_and_durations_have_gaps_too(first: str, second: str, gap: bool) -> None:
    assert bool(findings(table(["x"], ["z"], [(first, "1"), (second, "2")]))) is gap


def test_allowed_values_limit_what_must_be_covered() -> None:
    rows = [('"高"', "1"), ('"低"', "2")]
    assert findings(table(["x"], ["z"], rows, input_values='"高", "低"')) == []
    assert [rule for rule, _ in findings(table(["x"], ["z"], rows))] == ["dmn-gap"]


def test_a_row_that_no_value_reaches_is_told() -> None:
    rows = [("< 10", "1"), ("< 5", "2"), ("-", "3")]
    found = findings(table(["x"], ["z"], rows, hit="FIRST"))
    assert [rule for rule, _ in found] == ["dmn-unreached-row"]
    assert found[0][1].startswith("2行目")


def test_a_cell_that_reads_other_values_cannot_be_judged() -> None:
    found = findings(table(["x"], ["z"], [("< y", "1"), (">= y", "2")]))
    assert [rule for rule, _ in found] == ["dmn-grid-unknown"]


def test_columns_that_hold_lists_are_tried_with_lists() -> None:
    rows = [
        ('list contains(?, "A")', "1"),
        ('some v in ? satisfies v = "B"', "2"),
        ('count(?) = 0 or not(list contains(?, "A") or list contains(?, "B"))', "3"),
    ]
    found = findings(table(["x"], ["z"], rows))
    assert [rule for rule, _ in found] == ["dmn-overlap"]
    assert "x＝「A」と「B」" in found[0][1]


def test_null_is_tried_where_a_cell_names_it() -> None:
    assert findings(table(["x"], ["z"], [("null", "1"), ("not(null)", "2")])) == []
    found = findings(table(["x"], ["z"], [("null", "1"), ('"a"', "2")]))
    assert ["x＝その他" in message for _, message in found] == [True]


def test_rows_that_reckon_with_their_input_are_never_called_unreached() -> None:
    rows = [("? != null and count(?) >= 3", "1"), ("string length(string(?)) > 40", "2"), ("-", "3")]
    assert findings(table(["x"], ["z"], rows, hit="FIRST")) == []


def test_a_cell_that_takes_too_long_cannot_be_judged() -> None:
    found = findings(
        table(["x"], ["z"], [("count(for i in 1..100000, j in 1..100 return i) = ?", "1"), ("-", "2")])
    )
    assert [rule for rule, _ in found] == ["dmn-grid-unknown"]


def test_a_huge_table_is_judged_within_bounds() -> None:
    rows = [(f"[{n}..{n + 7})", f"[{n % 13}..{n % 13 + 5})", str(n)) for n in range(150)]
    found = findings(table(["x", "y"], ["z"], rows))
    assert found
    assert len(found) < 40
