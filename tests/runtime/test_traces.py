"""Processes with their traces, each derived from the text of BPMN 2.0. A case in `traces/*.txt`:

    ## what it shows
    startEvent s …            the diagram, as tests.runtime.drawing reads it
    more <xml/>               raw XML beside the process
    with {"inputs": {…}}      the options of the trace
    gives +s -s … => finished [] {…}

`+` started, `-` completed, `!` thrown, `x` cancelled, `#` incident; `@` when the clock has moved; behind the arrow state,
waiting elements and variables."""

import json
from pathlib import Path

import pytest

from tests.runtime.drawing import draw
from tsunagi.tracing import trace_file

SIGNS = {"started": "+", "completed": "-", "thrown": "!", "cancelled": "x", "incident": "#"}


def cases():
    for file in sorted(Path(__file__).with_name("traces").glob("*.txt")):
        for block in file.read_text(encoding="utf-8").split("## ")[1:]:
            title, *lines = block.strip().splitlines()
            told = dict(line.split(" ", 1) for line in lines if line.startswith(("more ", "with ", "gives ")))
            diagram = "\n".join(line for line in lines if not line.startswith(("more ", "with ", "gives ")))
            yield pytest.param(diagram, told, id=f"{file.stem}: {title}")


@pytest.mark.parametrize(("diagram", "told"), list(cases()))
def test_a_process_runs_as_bpmn_says(diagram, told, tmp_path):
    file = tmp_path / "d.bpmn"
    file.write_bytes(draw(diagram, more=told.get("more", "")))
    lines, code = trace_file(file, **json.loads(told.get("with", "{}")))
    assert compact(lines) == told["gives"]
    assert code == {"finished": 0, "waiting": 0, "incident": 1}[lines[-1]["state"]]


def compact(lines):
    out, at = [], None
    for line in lines[:-1]:
        if at not in (None, line["at"]):
            out.append("@" + line["at"][5:16])
        at = line["at"]
        out.append(SIGNS[line["event"]] + line["element"])
    end = lines[-1]
    return " ".join([*out, f"=> {end['state']} {end['waiting']} {json.dumps(end['variables'], ensure_ascii=False)}"])
