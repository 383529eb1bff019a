"""DMN files as values, from XML that nobody can harm us with.

No document type, no entities, no network; at most 2 MB, 40,000 elements, 60 levels.  Namespaces of DMN 1.1 to 1.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lxml import etree

from . import boxes as b
from .errors import DmnError, Finding

NAMESPACES = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
        "https://www.omg.org/spec/DMN/20240513/MODEL/",
    }
)
SIZE_LIMIT = 2_000_000
ELEMENT_LIMIT = 40_000
DEPTH_LIMIT = 60

_IGNORED = frozenset(
    "description extensionElements knowledgeSource textAnnotation association group elementCollection "
    "businessContextElement performanceIndicator organizationUnit artifact DMNDI".split()
)
_EXPRESSIONS = frozenset(
    "literalExpression decisionTable context relation list invocation functionDefinition conditional filter for "
    "some every".split()
)
_BARE_RANGE = re.compile(r"""[^][(){}"]+\.\.[^][(){}"]+""")


def read_definitions(source: bytes) -> b.Definitions:
    """The definitions of one file; DmnError if it is no DMN that we may open."""
    root = _root(source)
    return b.Definitions(
        namespace=root.get("namespace", ""),
        name=root.get("name", ""),
        language=root.get("expressionLanguage"),
        imports=tuple(_import(one) for one in _children(root, "import")),
        items=tuple(_item(one) for one in _children(root, "itemDefinition")),
        elements=tuple(_elements(root)),
    )


def unknown_elements(source: bytes) -> list[Finding]:
    """Top-level elements of the file that DMN does not have."""
    known = _IGNORED | {"import", "itemDefinition", "inputData", "decision", "businessKnowledgeModel"}
    return [
        Finding(
            severity="warning",
            rule="dmn-unknown-element",
            element=one.get("id", _kind(one)),
            line=_line(one),
            message=f"「{_kind(one)}」という要素は判断に使われません。",
        )
        for one in _all(_root(source))
        if _kind(one) not in known | {"decisionService"}
    ]


def _root(source: bytes) -> etree._Element:
    if len(source) > SIZE_LIMIT:
        raise _refusal(0, "dmn-size", f"ファイルが大きすぎます（{SIZE_LIMIT:,}バイトまで）。")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 0
        raise _refusal(
            line, "dmn-xml", "XML として読めません。ファイルが途中で切れていないか確かめてください。"
        ) from None
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None or tree.docinfo.doctype:
        raise _refusal(1, "dmn-doctype", "文書型宣言（DOCTYPE）のあるファイルは受け付けません。")
    _measure(root)
    if _kind(root) != "definitions" or etree.QName(root).namespace not in NAMESPACES:
        raise _refusal(
            _line(root), "dmn-namespace", "DMN 1.1～1.6 の definitions がファイルの先頭に必要です。"
        )
    return root


def _measure(root: etree._Element) -> None:
    count, level = 0, [root]
    for _ in range(DEPTH_LIMIT):
        count += len(level)
        if count > ELEMENT_LIMIT:
            raise _refusal(0, "dmn-size", f"要素が多すぎます（{ELEMENT_LIMIT:,}個まで）。")
        level = [child for one in level for child in one]
        if not level:
            return
    raise _refusal(_line(level[0]), "dmn-depth", f"要素の入れ子が深すぎます（{DEPTH_LIMIT}段まで）。")


def _refusal(line: int, rule: str, message: str) -> DmnError:
    return DmnError((Finding(severity="error", rule=rule, element="", line=line, message=message),))


def _elements(root: etree._Element) -> Iterator[b.Element]:
    for one in _all(root):
        kind = _kind(one)
        if kind == "inputData":
            yield b.InputData(id=_id(one), line=_line(one), name=_name(one), type_ref=_variable_type(one))
        elif kind == "decision":
            yield _decision(one)
        elif kind == "businessKnowledgeModel":
            yield _knowledge(one)
        elif kind == "decisionService":
            yield _service(one)


def _decision(one: etree._Element) -> b.Decision:
    return b.Decision(
        id=_id(one),
        line=_line(one),
        name=_name(one),
        type_ref=_variable_type(one),
        question=_text(one, "question"),
        decisions=_required(one, "informationRequirement", "requiredDecision"),
        inputs=_required(one, "informationRequirement", "requiredInput"),
        knowledge=_required(one, "knowledgeRequirement", "requiredKnowledge"),
        logic=_box_in(one),
    )


def _knowledge(one: etree._Element) -> b.Knowledge:
    logic = _child(one, "encapsulatedLogic")
    return b.Knowledge(
        id=_id(one),
        line=_line(one),
        name=_name(one),
        type_ref=_variable_type(one),
        knowledge=_required(one, "knowledgeRequirement", "requiredKnowledge"),
        logic=_function(logic) if logic is not None else None,
    )


def _service(one: etree._Element) -> b.Service:
    return b.Service(
        id=_id(one),
        line=_line(one),
        name=_name(one),
        type_ref=_variable_type(one),
        outputs=_hrefs(one, "outputDecision"),
        encapsulated=_hrefs(one, "encapsulatedDecision"),
        input_decisions=_hrefs(one, "inputDecision"),
        input_data=_hrefs(one, "inputData"),
    )


def _import(one: etree._Element) -> b.Import:
    return b.Import(
        id=_id(one),
        line=_line(one),
        name=one.get("name", ""),
        namespace=one.get("namespace", ""),
        location=one.get("locationURI"),
        kind=one.get("importType", ""),
    )


def _item(one: etree._Element) -> b.ItemDefinition:
    function = _child(one, "functionItem")
    return b.ItemDefinition(
        id=_id(one),
        line=_line(one),
        name=_name(one),
        type_ref=_text(one, "typeRef") or one.get("typeRef"),
        is_collection=one.get("isCollection") == "true",
        allowed=_cell(_child(one, "allowedValues")),
        constraint=_cell(_child(one, "typeConstraint")),
        components=tuple(_item(component) for component in _children(one, "itemComponent")),
        function=None
        if function is None
        else b.FunctionItem(
            result=function.get("outputTypeRef"),
            parameters=tuple(parameter.get("typeRef") for parameter in _children(function, "parameters")),
        ),
    )


# -- boxed expressions ------------------------------------------------------------------------------------------------


def _box_in(parent: etree._Element | None) -> b.Box | None:
    """The expression that an element holds."""
    if parent is None:
        return None
    return next((_box(one) for one in _all(parent) if _kind(one) in _EXPRESSIONS), None)


def _boxes_in(parent: etree._Element) -> tuple[b.Box | None, ...]:
    return tuple(_box(one) for one in _all(parent) if _kind(one) in _EXPRESSIONS)


def _box(one: etree._Element) -> b.Box:
    kind, id, line, type_ref = _kind(one), _id(one), _line(one), one.get("typeRef")
    if kind == "literalExpression":
        return _literal(one)
    if kind == "decisionTable":
        return _table(one)
    if kind == "functionDefinition":
        return _function(one)
    if kind == "context":
        entries = tuple(_entry(entry) for entry in _children(one, "contextEntry"))
        return b.Context(id=id, line=line, type_ref=type_ref, entries=entries)
    if kind == "relation":
        columns = tuple(_variable(column) for column in _children(one, "column"))
        rows = tuple(_boxes_in(row) for row in _children(one, "row"))
        return b.Relation(id=id, line=line, type_ref=type_ref, columns=columns, rows=rows)
    if kind == "list":
        return b.Items(id=id, line=line, type_ref=type_ref, items=_boxes_in(one))
    if kind == "invocation":
        bindings = tuple(
            (_variable(parameter), _box_in(binding))
            for binding in _children(one, "binding")
            if (parameter := _child(binding, "parameter")) is not None
        )
        return b.Invocation(id=id, line=line, type_ref=type_ref, function=_box_in(one), bindings=bindings)
    if kind == "conditional":
        condition, then, otherwise = (_box_in(_child(one, part)) for part in ("if", "then", "else"))
        return b.Conditional(
            id=id, line=line, type_ref=type_ref, condition=condition, then=then, otherwise=otherwise
        )
    source = _child(one, "in")
    if kind == "filter":
        match = _box_in(_child(one, "match"))
        return b.FilterBox(id=id, line=line, type_ref=type_ref, source=_box_in(source), match=match)
    return b.Iteration(
        id=id,
        line=line,
        type_ref=type_ref,
        kind=kind,
        variable=one.get("iteratorVariable", ""),
        variable_type=source.get("typeRef") if source is not None else None,
        source=_iterated(_box_in(source)),
        body=_box_in(_child(one, "return" if kind == "for" else "satisfies")),
    )


def _iterated(source: b.Box | None) -> b.Box | None:
    """`1..3` is what a written-out `for` may go through (DMN 1.5, 10.3.1.2 rule 46); a boxed one means the same."""
    if isinstance(source, b.Text) and _BARE_RANGE.fullmatch(source.text):
        return replace(source, text=f"for item in {source.text} return item")
    return source


def _literal(one: etree._Element) -> b.Text:
    return b.Text(
        id=_id(one),
        line=_line(one),
        type_ref=one.get("typeRef"),
        text=_text(one, "text"),
        language=one.get("expressionLanguage"),
    )


def _function(one: etree._Element) -> b.FunctionBox:
    parameters = tuple(_variable(parameter) for parameter in _children(one, "formalParameter"))
    return b.FunctionBox(
        id=_id(one),
        line=_line(one),
        type_ref=one.get("typeRef"),
        kind=one.get("kind", "FEEL"),
        parameters=parameters,
        body=_box_in(one),
    )


def _entry(one: etree._Element) -> b.Entry:
    variable = _child(one, "variable")
    return b.Entry(variable=_variable(variable) if variable is not None else None, value=_box_in(one))


def _table(one: etree._Element) -> b.Table:
    return b.Table(
        id=_id(one),
        line=_line(one),
        type_ref=one.get("typeRef"),
        hit_policy=one.get("hitPolicy", "UNIQUE"),
        aggregation=one.get("aggregation"),
        inputs=tuple(_input(clause) for clause in _children(one, "input")),
        outputs=tuple(_output(clause) for clause in _children(one, "output")),
        annotation_names=tuple(clause.get("name", "") for clause in _children(one, "annotation")),
        rules=tuple(_rule(rule) for rule in _children(one, "rule")),
    )


def _input(one: etree._Element) -> b.InputClause:
    expression = _child(one, "inputExpression")
    empty = b.Text(id=_id(one), line=_line(one), text="")
    return b.InputClause(
        id=_id(one),
        line=_line(one),
        label=one.get("label"),
        expression=_literal(expression) if expression is not None else empty,
        allowed=_cell(_child(one, "inputValues")),
    )


def _output(one: etree._Element) -> b.OutputClause:
    return b.OutputClause(
        id=_id(one),
        line=_line(one),
        name=one.get("name"),
        label=one.get("label"),
        type_ref=one.get("typeRef"),
        allowed=_cell(_child(one, "outputValues")),
        default=_cell(_child(one, "defaultOutputEntry")),
    )


def _rule(one: etree._Element) -> b.Rule:
    return b.Rule(
        id=_id(one),
        line=_line(one),
        description=_text(one, "description"),
        annotations=tuple(_text(note, "text") for note in _children(one, "annotationEntry")),
        inputs=tuple(cell for entry in _children(one, "inputEntry") if (cell := _cell(entry))),
        outputs=tuple(cell for entry in _children(one, "outputEntry") if (cell := _cell(entry))),
    )


def _cell(one: etree._Element | None) -> b.Cell | None:
    return None if one is None else b.Cell(id=_id(one), line=_line(one), text=_text(one, "text"))


def _variable(one: etree._Element) -> b.Variable:
    return b.Variable(name=_name(one), type_ref=one.get("typeRef"))


# -- steps through the tree -------------------------------------------------------------------------------------------


def _all(one: etree._Element) -> Iterator[etree._Element]:
    """Children that are DMN's own."""
    namespace = etree.QName(one).namespace
    return (
        child for child in one if isinstance(child.tag, str) and etree.QName(child).namespace == namespace
    )


def _children(one: etree._Element, kind: str) -> Iterator[etree._Element]:
    return (child for child in _all(one) if _kind(child) == kind)


def _child(one: etree._Element, kind: str) -> etree._Element | None:
    return next(_children(one, kind), None)


def _kind(one: etree._Element) -> str:
    return etree.QName(one).localname


def _text(one: etree._Element, kind: str) -> str:
    child = _child(one, kind)
    return "".join(str(part) for part in child.itertext()).strip() if child is not None else ""


def _id(one: etree._Element) -> str:
    """Its id or name, or that of the nearest element around it that has one."""
    around: etree._Element | None = one
    while around is not None:
        if around.get("id") or around.get("name"):
            return around.get("id") or around.get("name") or ""
        around = around.getparent()
    return ""


def _name(one: etree._Element) -> str:
    return " ".join(one.get("name", "").split())


def _line(one: etree._Element) -> int:
    line: Any = one.sourceline
    return int(line or 0)


def _variable_type(one: etree._Element) -> str | None:
    variable = _child(one, "variable")
    return variable.get("typeRef") if variable is not None else None


def _required(one: etree._Element, requirement: str, kind: str) -> tuple[str, ...]:
    return tuple(href for part in _children(one, requirement) for href in _hrefs(part, kind))


def _hrefs(one: etree._Element, kind: str) -> tuple[str, ...]:
    return tuple(child.get("href", "") for child in _children(one, kind))
