"""FEEL evaluations and decisions per second: read once, asked often.

pytest benchmarks/test_feel.py
"""

from __future__ import annotations

import sys
from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from processes import dmn, feel

CONDITION = '緊急度 = "高" and 年齢 >= 65 and not(同意 = false)'
CASE = {"緊急度": "高", "年齢": 72, "同意": True, "世帯": [{"年齢": age} for age in range(40, 80)]}

ROWS = "".join(
    f"<rule id='r{n}'><inputEntry><text>[{n}..{n + 1})</text></inputEntry><inputEntry><text>\"高\"</text></inputEntry>"
    f"<outputEntry><text>{n}</text></outputEntry></rule>"
    for n in range(100)
)
TABLE = (
    "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' namespace='urn:b' name='b'>"
    "<inputData id='a' name='年齢'/><inputData id='u' name='緊急度'/><decision id='d' name='判定'>"
    "<informationRequirement><requiredInput href='#a'/><requiredInput href='#u'/></informationRequirement>"
    "<decisionTable id='t'><input><inputExpression><text>年齢</text></inputExpression></input>"
    f"<input><inputExpression><text>緊急度</text></inputExpression></input><output name='y'/>{ROWS}</decisionTable>"
    "</decision></definitions>"
).encode()


def test_a_condition(benchmark: BenchmarkFixture) -> None:
    expression = feel.parse(CONDITION)
    assert benchmark(lambda: expression.evaluate(CASE).value) is True


def test_a_filter_over_forty_items(benchmark: BenchmarkFixture) -> None:
    expression = feel.parse("count(世帯[年齢 >= 65])")
    assert benchmark(lambda: expression.evaluate(CASE).value) == 15


def test_reading_a_condition(benchmark: BenchmarkFixture) -> None:
    assert benchmark(lambda: feel.parse(CONDITION)).reads == {"緊急度", "年齢", "同意"}


def test_a_table_of_a_hundred_rows(benchmark: BenchmarkFixture) -> None:
    model = dmn.read(TABLE)
    assert benchmark(lambda: model.decide("判定", CASE).value) == 72


def test_reading_a_table_of_a_hundred_rows(benchmark: BenchmarkFixture) -> None:
    fresh = count()  # the same bytes would be read once and kept
    assert benchmark(lambda: dmn.read(TABLE + f"<!-- {next(fresh)} -->".encode())).tables


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", "--noconftest", "--benchmark-columns=median,ops"]))
