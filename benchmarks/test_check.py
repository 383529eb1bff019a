"""How long a check takes: diagrams of 50, 500 and 1,800 nodes, the town's own consultation; and how many diagrams are
parsed and made ready a second.

    python -m pytest benchmarks/test_check.py
"""

import sys
from importlib.resources import files
from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from engine import runtime
from processes.checking import check
from tests.runtime.drawing import draw

PATHWAYS = files("processes") / "pathways"
FRESH = count()


def large(nodes: int) -> bytes:
    """Choices, parallel branches and boundary timers in a row, of about that many nodes."""
    lines, before = ["startEvent s", "endEvent e"], "s"
    for block in range(nodes // 9):
        a, b, c, d = (f"{letter}{block}" for letter in "abcd")
        lines += [f"exclusiveGateway x{block}", f"userTask {a}", f"userTask {b}", f"exclusiveGateway y{block}",
                  f"parallelGateway p{block}", f"userTask {c}", f"userTask {d}", f"parallelGateway q{block}",
                  f"boundaryEvent t{block} on={c} cancelActivity=false !timer=P3D",
                  f"{before} > x{block}", f"x{block} > {a} if n{block} = 1", f"x{block} > {b} default",
                  f"{a} > y{block}", f"{b} > y{block} > p{block}", f"p{block} > {c} > q{block}", f"p{block} > {d} > q{block}"]
        before = f"q{block}"
    return draw("\n".join([*lines, f"{before} > e"]))


@pytest.mark.parametrize(("nodes", "seconds"), [(50, 0.1), (500, 1.0), (1_800, 4.0)])
def test_a_check(benchmark: BenchmarkFixture, nodes: int, seconds: float) -> None:
    source = large(nodes)
    found = benchmark.pedantic(check, (source,), {"name": "図.bpmn"}, rounds=3, warmup_rounds=1)
    assert {one.rule for one in found} == {"maybe-unset"}  # proved sound, not only searched for a while
    assert benchmark.stats.stats.min < seconds


def test_a_check_of_the_consultation(benchmark: BenchmarkFixture) -> None:
    folder = PATHWAYS / "consult"
    [diagram] = [one for one in folder.iterdir() if one.name.endswith(".bpmn")]
    decisions = {one.name: one.read_bytes() for one in (files("processes") / "tables").iterdir() if one.name.endswith(".dmn")}
    called = {one.name: one.read_bytes() for where in PATHWAYS.iterdir() if where.name != "consult" and where.is_dir()
              for one in where.iterdir() if one.name.endswith(".bpmn")}
    source = diagram.read_bytes()
    benchmark.pedantic(check, (source,), {"name": diagram.name, "called": called, "decisions": decisions},
                       rounds=10, warmup_rounds=1)
    assert benchmark.stats.stats.median < 0.2


@pytest.mark.parametrize("nodes", [50, 500])
def test_a_definition_made_ready(benchmark: BenchmarkFixture, nodes: int) -> None:
    source = large(nodes)
    made = benchmark.pedantic(
        runtime.compile, setup=lambda: ((source + f"<!-- {next(FRESH)} -->".encode(),), {}), rounds=10
    )
    assert len(made.nodes) > nodes * 0.9


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", "--noconftest", "--benchmark-columns=min,median,ops"]))
