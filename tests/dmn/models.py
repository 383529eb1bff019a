"""Small decision models for tests, written as the modeler writes them."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

DMN_15 = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def definitions(body: str, *, namespace: str = "urn:test", version: str = DMN_15) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="{version}" id="d" name="試し" '
        f'namespace="{namespace}">{body}</definitions>'
    ).encode()


def inputs(*names: str, **types: str) -> str:
    made = [f'<inputData id="i-{name}" name="{name}"><variable name="{name}"/></inputData>' for name in names]
    made += [
        f'<inputData id="i-{name}" name="{name}"><variable name="{name}" typeRef="{kind}"/></inputData>'
        for name, kind in types.items()
    ]
    return "".join(made)


def literal(text: str, type_ref: str = "") -> str:
    attribute = f' typeRef="{type_ref}"' if type_ref else ""
    return f"<literalExpression{attribute}><text>{escape(text)}</text></literalExpression>"


def decision(
    name: str,
    logic: str,
    *,
    needs: Sequence[str] = (),
    decisions: Sequence[str] = (),
    knows: Sequence[str] = (),
    type_ref: str = "",
) -> str:
    attribute = f" typeRef={quoteattr(type_ref)}" if type_ref else ""
    required = "".join(f'<requiredInput href="#i-{one}"/>' for one in needs)
    required += "".join(f'<requiredDecision href="#{one}"/>' for one in decisions)
    known = "".join(f'<requiredKnowledge href="{one if "#" in one else "#" + one}"/>' for one in knows)
    return (
        f'<decision id="{name}" name="{name}"><variable name="{name}"{attribute}/>'
        f"<informationRequirement>{required}</informationRequirement>"
        f"<knowledgeRequirement>{known}</knowledgeRequirement>{logic}</decision>"
    )


def table(
    columns: Sequence[str],
    outputs: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    hit: str = "UNIQUE",
    aggregation: str = "",
    values: str = "",
    default: str = "",
    input_values: str = "",
) -> str:
    aggregated = f' aggregation="{aggregation}"' if aggregation else ""
    allowed = f"<inputValues><text>{escape(input_values)}</text></inputValues>" if input_values else ""
    made = f'<decisionTable id="t" hitPolicy="{hit}"{aggregated}>'
    for column in columns:
        made += f"<input><inputExpression><text>{escape(column)}</text></inputExpression>{allowed}</input>"
    for output in outputs:
        ranked = f"<outputValues><text>{escape(values)}</text></outputValues>" if values else ""
        otherwise = (
            f"<defaultOutputEntry><text>{escape(default)}</text></defaultOutputEntry>" if default else ""
        )
        made += f'<output name="{output}">{ranked}{otherwise}</output>'
    for number, row in enumerate(rows, 1):
        note = row[len(columns) + len(outputs)] if len(row) > len(columns) + len(outputs) else ""
        made += f'<rule id="r{number}">'
        made += f"<description>{escape(note)}</description>" if note else ""
        made += "".join(
            f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in row[: len(columns)]
        )
        made += "".join(
            f"<outputEntry><text>{escape(cell)}</text></outputEntry>"
            for cell in row[len(columns) : len(columns) + len(outputs)]
        )
        made += "</rule>"
    return made + "</decisionTable>"


def knowledge(
    name: str, parameters: Sequence[str], body: str, *, knows: Sequence[str] = (), type_ref: str = ""
) -> str:
    formal = "".join(
        f'<formalParameter name="{one.partition(":")[0]}" typeRef="{one.partition(":")[2] or "Any"}"/>'
        for one in parameters
    )
    known = "".join(f'<requiredKnowledge href="#{one}"/>' for one in knows)
    attribute = f' typeRef="{type_ref}"' if type_ref else ""
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}"><variable name="{name}"{attribute}/>'
        f"<encapsulatedLogic>{formal}{body}</encapsulatedLogic>"
        f"<knowledgeRequirement>{known}</knowledgeRequirement></businessKnowledgeModel>"
    )
