"""The runner of the conformance kit tells the truth about a kit: here a small one of our own."""

from pathlib import Path

import pytest

from tests import tck
from tests.dmn.models import decision, definitions, inputs, literal

CASES = """<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema"><modelName>m.dmn</modelName>{}</testCases>"""
CASE = """<testCase id="{0}"><inputNode name="x"><value xsi:type="xsd:decimal">{0}</value></inputNode>
<resultNode name="double"><expected><value xsi:type="xsd:decimal">{1}</value></expected></resultNode></testCase>"""


def kit(folder: Path, name: str, *wanted: tuple[int, int], level: str = "3") -> None:
    here = folder / f"compliance-level-{level}" / name
    here.mkdir(parents=True)
    model = definitions(inputs(x="number") + decision("double", literal("x * 2"), needs=["x"]))
    (here / "m.dmn").write_bytes(model)
    (here / "cases.xml").write_text(CASES.format("".join(CASE.format(*one) for one in wanted)))


def test_a_kit_that_passes_is_told_by_level(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kit(tmp_path, "9001-double", (2, 4), (3, 6))
    assert tck.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "compliance-level-3: 2 / 2 (100.0 %)\n"


def test_a_failure_that_the_documentation_does_not_explain_fails_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kit(tmp_path, "9001-double", *((number, number * 2) for number in range(100)))
    kit(tmp_path, "9002-double", (2, 5))
    assert tck.main([str(tmp_path)]) == 1
    assert "9002-double: fails" in capsys.readouterr().out


@pytest.mark.parametrize(("level", "code"), [("2", 1), ("3", 0)])
def test_a_failure_with_a_reason_counts_against_its_level_only(tmp_path: Path, level: str, code: int) -> None:
    explained = next(iter(tck.known_reasons()))
    kit(tmp_path, "9001-double", *((number, number * 2) for number in range(100)), level=level)
    kit(tmp_path, explained, (2, 5), level=level)
    assert tck.main([str(tmp_path)]) == code


def test_a_folder_without_cases_is_no_kit(tmp_path: Path) -> None:
    assert tck.main([str(tmp_path)]) == 2
