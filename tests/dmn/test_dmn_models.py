"""Whole models: requirements, boxed expressions, knowledge, services, imports, types, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from processes import dmn, feel
from processes.dmn.lines import decide_file, decide_line
from tests.dmn.models import decision, definitions, inputs, knowledge, literal, table

TYPES = """
<itemDefinition name="区分"><typeRef>string</typeRef>
  <allowedValues><text>"高", "低"</text></allowedValues></itemDefinition>
<itemDefinition name="世帯員"><itemComponent name="氏名"><typeRef>string</typeRef></itemComponent>
  <itemComponent name="年齢"><typeRef>number</typeRef></itemComponent></itemDefinition>
<itemDefinition name="世帯" isCollection="true"><typeRef>世帯員</typeRef></itemDefinition>
<itemDefinition name="数列" isCollection="true"><typeRef>number</typeRef>
  <allowedValues><text>[0..9]</text></allowedValues></itemDefinition>
"""


def value_of(body: str, name: str = "d", **given: object) -> object:
    return feel.to_json(dmn.read(definitions(body)).decide(name, given).value)


def test_decisions_come_in_the_order_of_their_requirements_however_deep() -> None:
    chain = inputs("x") + decision("n0", literal("x"), needs=["x"])
    for step in range(1, 200):
        chain += decision(f"n{step}", literal(f"n{step - 1} + 1"), decisions=[f"n{step - 1}"])
    assert value_of(chain, "n199", x=1) == 200


def test_a_decision_sees_only_what_it_requires() -> None:
    body = inputs("x") + decision("a", literal("1")) + decision("d", literal("a + x"), needs=["x"])
    with pytest.raises(dmn.DmnError, match="「a」は「d」から見えません"):
        dmn.read(definitions(body))
    decided = dmn.read(definitions(body), lenient=True).decide("d", {"x": 1, "a": 5})
    assert decided.value is None
    assert "「a」という名前の値がありません" in decided.warnings[0]


BOXES = [
    (
        "<context><contextEntry><variable name='a b'/>%s</contextEntry><contextEntry>%s</contextEntry></context>",
        ("2", "a b * 3"),
        6,
    ),
    ("<context><contextEntry><variable name='a'/>%s</contextEntry></context>", ("1",), {"a": 1}),
    ("<list>%s%s</list>", ("1", '"b"'), [1, "b"]),
    (
        "<relation><column name='a'/><column name='b'/><row>%s%s</row></relation>",
        ("1", "2"),
        [{"a": 1, "b": 2}],
    ),
    ("<conditional><if>%s</if><then>%s</then><else>%s</else></conditional>", ("null", "1", "2"), 2),
    ("<filter><in>%s</in><match>%s</match></filter>", ("[1, 5, 9]", "item > 3"), [5, 9]),
    ("<filter><in>%s</in><match>%s</match></filter>", ("[{a: 1}, {a: 2}]", "a = 2"), [{"a": 2}]),
    ("<for iteratorVariable='i'><in>%s</in><return>%s</return></for>", ("1..3", "i * 2"), [2, 4, 6]),
    (
        "<for iteratorVariable='i'><in>%s</in><return>%s</return></for>",
        ("[1..3]", "i + count(partial)"),
        [1, 3, 5],
    ),
    ("<some iteratorVariable='i'><in>%s</in><satisfies>%s</satisfies></some>", ("[1, 2]", "i > 1"), True),
    ("<every iteratorVariable='i'><in>%s</in><satisfies>%s</satisfies></every>", ("[1, 2]", "i > 1"), False),
]


@pytest.mark.parametrize(
    ("box", "texts", "expected"), BOXES, ids=[box[:30] + str(n) for n, (box, *_) in enumerate(BOXES)]
)
def test_boxed_expressions(box: str, texts: tuple[str, ...], expected: object) -> None:
    model = dmn.read(definitions(decision("d", box % tuple(map(literal, texts)))), lenient=True)
    assert feel.to_json(model.decide("d", {}).value) == expected


def test_boxed_functions_close_over_their_context_and_may_call_themselves() -> None:
    function = (
        "<context><contextEntry><variable name='f'/><functionDefinition><formalParameter name='n' typeRef='number'/>"
        + literal("if n = 0 then 1 else n * f(n - 1)")
        + "</functionDefinition></contextEntry><contextEntry>"
        + literal("f(5)")
        + "</contextEntry></context>"
    )
    assert value_of(decision("d", function)) == 120


def test_knowledge_is_called_by_position_by_name_and_by_boxed_invocation() -> None:
    body = knowledge("割引 率", ["年齢:number"], table(["年齢"], ["率"], [(">= 65", "0.5"), ("< 65", "0")]))
    body += knowledge(
        "料金", ["額:number", "年齢:number"], literal("額 * (1 - 割引 率(年齢))"), knows=["割引 率"]
    )
    body += decision("a", literal("料金(1000, 70)"), knows=["料金"])
    body += decision("b", literal("料金(年齢: 20, 額: 1000)"), knows=["料金"])
    invocation = "<invocation>" + literal("料金")
    for name, text in (("額", "500"), ("年齢", "65")):
        invocation += f"<binding><parameter name='{name}'/>{literal(text)}</binding>"
    body += decision("c", invocation + "</invocation>", knows=["料金"])
    body += decision("wrong", literal('料金("x", 1)'), knows=["料金"])
    model = dmn.read(definitions(body))
    assert [feel.to_json(model.decide(name, {}).value) for name in "abc"] == [500, 1000, 250]
    assert "引数「額」に文字列は使えません" in model.decide("wrong", {}).warnings[0]
    assert [matched.name for matched in model.decide("a", {}).matched] == ["割引 率"]


def test_a_service_is_asked_directly_or_called_and_takes_its_input_decisions_as_given() -> None:
    body = (
        inputs("x")
        + decision("base", literal("100"))
        + decision("mid", literal("base + x"), needs=["x"], decisions=["base"])
    )
    body += decision("out", literal("mid * 2"), decisions=["mid"])
    body += (
        "<decisionService id='s' name='相談'><variable name='相談'/><outputDecision href='#out'/>"
        "<encapsulatedDecision href='#mid'/><inputDecision href='#base'/><inputData href='#i-x'/></decisionService>"
    )
    body += decision("call", literal("相談(1, 2)"), knows=["s"])
    model = dmn.read(definitions(body))
    assert feel.to_json(model.decide("相談", {"x": 3, "base": 4}).value) == 14
    assert feel.to_json(model.decide("call", {}).value) == 6
    assert feel.to_json(model.decide("out", {"x": 1}).value) == 202
    assert {offer.name: offer.inputs for offer in model.decisions}["相談"] == ("x", "base")


COERCIONS = [
    ("区分", '"高"', "高"),
    ("区分", '"並"', None),
    ("数列", "5", [5]),
    ("数列", "[1, 20]", None),
    ("number", "[5]", 5),
    ("世帯", '[{氏名: "山", 年齢: 1, 余り: 2}]', [{"氏名": "山", "年齢": 1, "余り": 2}]),
    ("世帯", '[{氏名: "山"}]', None),
    ("date and time", '@"2026-11-23"', {"@": "2026-11-23T00:00:00Z"}),
    ("feel:string", "1", None),
    ("list<number>", "[1]", [1]),
]


@pytest.mark.parametrize(("kind", "text", "expected"), COERCIONS)
def test_values_take_the_type_of_their_variable_or_become_null(
    kind: str, text: str, expected: object
) -> None:
    model = dmn.read(definitions(TYPES + decision("d", literal(text), type_ref=kind)))
    decided = model.decide("d", {})
    assert feel.to_json(decided.value) == expected
    assert bool(decided.warnings) is (expected is None)


def test_inputs_are_held_to_their_types() -> None:
    body = TYPES + inputs(x="区分") + decision("d", literal("x"), needs=["x"])
    model = dmn.read(definitions(body))
    assert model.decide("d", {"x": "低"}).value == "低"
    assert "許された値に合いません" in model.decide("d", {"x": "並"}).warnings[0]
    assert model.decide("d", {}).warnings == ("入力「x」がありません",)


LIBRARY = definitions(
    TYPES
    + inputs("人")
    + decision("挨拶", literal('"こんにちは、" + 人'), needs=["人"])
    + knowledge("倍", ["n:number"], literal("n * 2")),
    namespace="urn:lib",
)


def importing(prefix: str) -> bytes:
    dotted = f"{prefix}." if prefix else ""
    body = (
        f"<import name='{prefix}' namespace='urn:lib' importType='https://www.omg.org/spec/DMN/20230324/MODEL/'/>"
        f"<decision id='d' name='d'><variable name='d' typeRef='{dotted}数列'/><informationRequirement>"
        "<requiredDecision href='urn:lib#挨拶'/></informationRequirement><knowledgeRequirement>"
        f"<requiredKnowledge href='urn:lib#倍'/></knowledgeRequirement>"
        + literal(f"[{dotted}倍(string length({dotted}挨拶))]")
        + "</decision>"
    )
    return definitions(body, namespace="urn:main")


@pytest.mark.parametrize(
    ("prefix", "given"), [("共通", {"共通.人": "山"}), ("共通", {"共通": {"人": "山"}}), ("", {"人": "山"})]
)
def test_an_imported_model_lends_its_decisions_knowledge_and_types(
    prefix: str, given: dict[str, object]
) -> None:
    model = dmn.read(importing(prefix), resolve=lambda namespace, location: {"urn:lib": LIBRARY}[namespace])
    decided = model.decide("d", given)
    assert decided.value is None
    assert "許された値" in decided.warnings[0]  # 14 is not in 0..9
    assert [offer.inputs for offer in model.decisions] == [(f"{prefix}.人" if prefix else "人",)]


def test_a_missing_or_circular_import_is_refused() -> None:
    with pytest.raises(dmn.DmnError) as caught:
        dmn.read(importing("共通"))
    assert {"dmn-import-missing", "dmn-unknown-name", "dmn-unknown-reference", "dmn-unknown-type"} == {
        one.rule for one in caught.value.findings
    }
    with pytest.raises(dmn.DmnError) as caught:
        dmn.read(
            importing("x"),
            resolve=lambda namespace, location: importing("x").replace(b"urn:main", b"urn:lib"),
        )
    assert "dmn-import-circle" in {one.rule for one in caught.value.findings}


def test_everything_wrong_is_told_at_once_with_its_element() -> None:
    body = decision("a", literal("1 +"), decisions=["none"]) + decision("b", literal("c"), decisions=["c"])
    body += (
        decision("c", literal("b"), decisions=["b"]) + decision("e", "") + decision("f", table(["x"], [], []))
    )
    body += decision("g", table([""], ["y"], [("1", "2", "3", "4")], hit="LAST"), type_ref="なぞ")
    with pytest.raises(dmn.DmnError) as caught:
        dmn.read(definitions(body))
    rules = {one.rule for one in caught.value.findings}
    assert rules == {
        "feel-syntax",
        "dmn-unknown-reference",
        "dmn-circle",
        "dmn-no-logic",
        "dmn-no-output",
        "dmn-hit-policy",
        "dmn-unknown-type",
    }
    assert all(one.line >= 1 for one in caught.value.findings)
    assert all(one.element for one in caught.value.findings)
    assert {one.rule for one in dmn.check(definitions(body))} >= rules


def test_twins_and_references_to_the_wrong_kind_are_refused() -> None:
    body = inputs("x") + decision("d", literal("1"), decisions=["i-x"]) + decision("d", literal("2"))
    body += decision("e", literal("1"), knows=["d"]) + inputs("e")
    with pytest.raises(dmn.DmnError) as caught:
        dmn.read(definitions(body))
    assert [one.rule for one in caught.value.findings] == [
        "dmn-duplicate-id",
        "dmn-duplicate-name",
        "dmn-wrong-reference",
        "dmn-wrong-reference",
    ]
    assert value_of_leniently(body, "d") == 1


def value_of_leniently(body: str, name: str) -> object:
    return feel.to_json(dmn.read(definitions(body), lenient=True).decide(name, {}).value)


def test_external_functions_are_never_run() -> None:
    java = (
        "<functionDefinition kind='Java'><context><contextEntry><variable name='class'/>"
        + literal('"java.lang.Math"')
        + "</contextEntry></context></functionDefinition>"
    )
    decided = dmn.read(definitions(decision("d", java))).decide("d", {})
    assert type(decided.value) is feel.Function
    called = decision("d", f"<invocation>{java}</invocation>")
    assert "実行しません" in dmn.read(definitions(called)).decide("d", {}).warnings[0]


HOSTILE = [
    b"<!DOCTYPE d [<!ENTITY a 'x'>]><definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/'>&a;</definitions>",
    b"<!DOCTYPE d SYSTEM 'http://localhost/x.dtd'><definitions/>",
    b"<definitions xmlns='urn:other'/>",
    b"not xml",
    b"",
    definitions("<x>" * 70 + "</x>" * 70),
    definitions("<x/>" * 50_000),
    b" " * 3_000_000,
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_are_refused_at_once(source: bytes) -> None:
    with pytest.raises(dmn.DmnError) as caught:
        dmn.read(source)
    assert len(caught.value.findings) == 1
    assert caught.value.findings[0].message.endswith("。")


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
    ],
)
def test_older_files_are_read(namespace: str) -> None:
    source = definitions(decision("d", literal("1"), type_ref="feel:number"), version=namespace)
    assert feel.to_json(dmn.read(source).decide("d", {}).value) == 1


def test_the_command_line_answers_in_json(tmp_path: Path) -> None:
    (tmp_path / "lib.dmn").write_bytes(LIBRARY)
    main = tmp_path / "main.dmn"
    main.write_bytes(importing("共通"))
    late = tmp_path / "late.dmn"
    late.write_bytes(definitions(inputs("x") + decision("d", literal('x + duration("P1D")'), needs=["x"])))
    assert decide_file(late, "d", {"x": {"@": "2026-11-23"}}) == {
        "value": {"@": "2026-11-24"},
        "warnings": [],
    }
    assert decide_file(main, "d", '{"共通": {"人": ""}}')["value"] is None
    assert "ありません" in decide_file(late, "nowhere", {})["error"]
    assert "JSON" in decide_file(late, "d", "{")["error"]
    assert "開けません" in decide_file(tmp_path / "none.dmn", "d", {})["error"]
    line = json.dumps({"file": str(late), "decision": "d", "input": {"x": 1}})
    assert decide_line(line)["value"] is None
    assert "error" in decide_line("[]")
