"""Whatever a file holds, the check answers with findings: at once, and never with a traceback."""

import random
from pathlib import Path

import pytest
from lxml import etree

from processes.checking import check, check_file
from processes.dmn.lines import decide_file, decide_line
from tests.runtime.drawing import draw
from tsunagi.tracing import trace_file

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><definitions>&b;</definitions>'
HOSTILE = {
    "billion laughs": LAUGHS.encode(),
    "external entity": b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><definitions>&f;</definitions>',
    "external DTD": b'<!DOCTYPE definitions SYSTEM "http://192.0.2.1/x.dtd"><definitions/>',
    "DTD in UTF-16": LAUGHS.encode("utf-16"),
    "deep": b"<a>" * 50_000,
    "deep but closed": b"<definitions xmlns='%s'>" % BPMN.encode() + b"<a>" * 150 + b"</a>" * 150 + b"</definitions>",
    "huge": b"<a>" + b"x" * 3_000_000,
    "empty": b"", "spaces": b"  \n", "no XML": b"PK\x03\x04\x00", "JSON": b'{"type": "default"}', "half": b"<definitions",
    "another root": b"<html/>", "unknown encoding": b'<?xml version="1.0" encoding="x-unknown"?><a/>',
    "UTF-7": b'<?xml version="1.0" encoding="utf-7"?><a/>', "wrong bytes": b"<a>\xff\xfe</a>", "NUL": b"\0" * 100,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("file", ["図.bpmn", "表.dmn", "何か.txt"])
def test_a_hostile_file_is_refused_with_a_sentence(name, file):
    found = check(HOSTILE[name], name=file)
    assert [finding.severity for finding in found] == ["error"]
    assert found[0].message


def test_xinclude_is_an_unknown_element_and_fetches_nothing():
    source = draw("startEvent s\nendEvent e\ns > e").replace(
        b"</process>", b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></process>')
    assert not any("root:" in finding.message for finding in check(source, name="図.bpmn"))


ORDINARY = draw("""
    startEvent s
    userTask a
    boundaryEvent b on=a cancelActivity=false !timer=P1D
    exclusiveGateway g
    subProcess p [
    startEvent i
    scriptTask k
    | <script>{x: 1}</script>
    endEvent j !error=E
    i > k > j
    ]
    boundaryEvent c on=p !error=E
    inclusiveGateway m
    endEvent e
    s > a > g
    g > p if x = 1
    g > m default
    p > m
    c > m
    m > e
""")
VALUES = ["", "x", "false", "a", "p", "@@", "あ い", "P", "-1"]
TEXTS = ["(", "", "1 +", "R/", "P", '"x', "2026-13-45T00:00"]
TAGS = ["userTask", "endEvent", "unheardOf", "subProcess", "sequenceFlow", "startEvent", "boundaryEvent", "laneSet"]


@pytest.mark.parametrize("seed", range(150))
def test_a_damaged_diagram_gives_findings_and_never_a_traceback(seed):
    rng = random.Random(seed)
    root = etree.fromstring(ORDINARY)
    for _ in range(rng.randint(1, 5)):
        damage(rng, rng.choice([element for element in root.iter() if element is not root]))
    for finding in check(etree.tostring(root), name="図.bpmn"):
        assert finding.message
        assert finding.rule


def damage(rng, element):
    kind = rng.randrange(5)
    if kind == 0 and element.attrib:
        del element.attrib[rng.choice(list(element.attrib))]
    elif kind == 1 and element.attrib:
        element.set(rng.choice(list(element.attrib)), rng.choice(VALUES))
    elif kind == 2:
        element.getparent().remove(element)
    elif kind == 3:
        element.text = rng.choice(TEXTS)
    else:
        element.tag = f"{{{BPMN}}}{rng.choice(TAGS)}"


def test_a_decision_model_is_checked_too():
    found = check(b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" namespace="n" name="n">'
                  b'<decision id="d" name="d"><literalExpression><text>1 +</text></literalExpression></decision></definitions>',
                  name="表.dmn")
    assert "error" in {finding.severity for finding in found}


# -- trace and decide: the same files through the other two doors ------------------------------------------------------------

DECIDE_ERRORS = ["[" * 50_000, '{"x": ' + "9" * 5_000 + "}", '{"x": NaN}', '{"x": {"@": "明日"}}', "[1]", "nul", '"a"']


@pytest.mark.parametrize("name", HOSTILE)
def test_trace_and_decide_refuse_a_hostile_file_too(name, tmp_path):
    diagram, table = tmp_path / "図.bpmn", tmp_path / "表.dmn"
    diagram.write_bytes(HOSTILE[name])
    table.write_bytes(HOSTILE[name])
    lines, code = trace_file(diagram)
    assert (code, lines[-1]["state"], lines[0]["severity"]) == (3, "refused", "error")
    assert decide_file(table, "D", {})["error"]


def test_random_bytes_are_refused_by_every_door(tmp_path):
    rng = random.Random(5)
    for size in (1, 10, 1_000, 60_000):
        file = tmp_path / "何か.bpmn"
        file.write_bytes(rng.randbytes(size))
        assert [one.severity for one in check(file.read_bytes(), name=file.name)] == ["error"]
        assert trace_file(file)[1] == 3
        assert decide_file(file, "D", {})["error"]


def test_a_file_that_never_ends_and_one_far_too_large_are_not_read_whole(tmp_path):
    large = tmp_path / "大.bpmn"
    with large.open("wb") as file:
        file.truncate(8 * 1024**3)  # a hole of eight gigabytes
    assert [one.rule for one in check_file(large)] == ["size"]
    assert trace_file(large)[1] == 3
    assert decide_file(large, "D", {})["error"]
    assert decide_file("/dev/zero", "D", {})["error"]
    with pytest.raises(ValueError, match="開けません"):
        trace_file(Path("/dev/zero"))


@pytest.mark.parametrize("seed", range(0, 150, 3))
def test_a_damaged_diagram_runs_or_is_refused(seed, tmp_path):
    rng = random.Random(seed)
    root = etree.fromstring(ORDINARY)
    for _ in range(rng.randint(1, 5)):
        damage(rng, rng.choice([element for element in root.iter() if element is not root]))
    file = tmp_path / "図.bpmn"
    file.write_bytes(etree.tostring(root))
    lines, code = trace_file(file, inputs={"x": rng.choice([1, "a", None, [1]])}, until="P10D")
    assert code == {"finished": 0, "waiting": 0, "incident": 1, "refused": 3}[lines[-1]["state"]]
    if code == 3:  # what cannot run is told by the check too
        assert any(finding.severity == "error" for finding in check(file.read_bytes(), name=file.name))


@pytest.mark.parametrize("written", DECIDE_ERRORS)
def test_input_that_cannot_be_read_is_told(written, tmp_path):
    table = tmp_path / "表.dmn"
    table.write_text('<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" namespace="n" name="n"><decision id="D" '
                     'name="D"><literalExpression><text>1</text></literalExpression></decision></definitions>', "utf-8")
    assert decide_file(table, "D", written)["error"]
    asked = f'{{"file": "{table}", "decision": "D", "input": {written}}}'
    assert decide_line(asked)["error"]
