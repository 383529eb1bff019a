"""Is a file BPMN 2.0 by the letter? The standard's own XML schema says so; its files come with SpiffWorkflow, and
this is the only module that looks into that package.

The order of children, a missing targetNamespace and an unresolvable xsi:type harm no reader of ours: they are
warnings. What is left after mending them (on a copy) is no BPMN: an error."""

from copy import deepcopy
from functools import cache
from importlib.resources import as_file, files
from threading import Lock
from typing import Any

from lxml import etree

from processes.bpmn_xml import BPMN, XSI, Element, line, namespace, parse, tag
from processes.findings import Finding

_SHOWN = 50  # a file of another kind would give one finding for each element

# The order that the schema asks of children, for every kind of parent at once. What is not named stands between.
_FIRST = (
    "documentation extensionElements auditing monitoring categoryValueRef import extension incoming outgoing "
    "ioSpecification property dataInput dataOutput dataInputAssociation dataOutputAssociation inputSet outputSet "
    "resourceRole performer humanPerformer potentialOwner loopCharacteristics standardLoopCharacteristics "
    "multiInstanceLoopCharacteristics laneSet"
).split()
_LAST = "association group textAnnotation completionCondition BPMNDiagram relationship".split()
_ORDERED = frozenset(
    "process subProcess transaction adHocSubProcess definitions collaboration startEvent endEvent "
    "intermediateCatchEvent intermediateThrowEvent boundaryEvent exclusiveGateway inclusiveGateway "
    "parallelGateway complexGateway eventBasedGateway task userTask manualTask scriptTask serviceTask "
    "businessRuleTask sendTask receiveTask callActivity sequenceFlow multiInstanceLoopCharacteristics".split()
)
_CLOSING = {  # the last part of these parents, in the order that the schema asks
    "scriptTask": ["script"],
    "userTask": ["rendering"],
    "complexGateway": ["activationCondition"],
    "multiInstanceLoopCharacteristics": [
        "loopCardinality", "loopDataInputRef", "loopDataOutputRef", "inputDataItem", "outputDataItem",
        "complexBehaviorDefinition", "completionCondition",
    ],
}


def violations(source: bytes) -> tuple[Finding, ...]:
    """Where the file leaves the BPMN 2.0 schema, in document order. Raises DiagramError if it is not even XML
    that we read."""
    root = parse(source)
    first = _errors(root)
    if not first:
        return ()
    left = {_place(error): error for error in reversed(_errors(_mended(root)))}
    found = [_finding(error, root) for error in left.values()] or [_order_finding(first[0])]
    return tuple(sorted(found, key=lambda finding: finding.line or 0)[:_SHOWN])


@cache
def _schema() -> etree.XMLSchema:
    folder = files("SpiffWorkflow.bpmn.parser").joinpath("schema")
    with as_file(folder) as path:
        return etree.XMLSchema(etree.parse(str(path / "BPMN20.xsd")))


_one_at_a_time = Lock()  # the schema keeps the log of its last validation


def _errors(root: Element) -> list[Any]:
    with _one_at_a_time:
        schema: Any = _schema()
        if schema.validate(root.getroottree()):
            return []
        return list(schema.error_log)


def _place(error: Any) -> tuple[int, str]:
    return error.line, error.path


def _mended(root: Element) -> Element:
    copy = deepcopy(root)
    if copy.get("targetNamespace") is None:
        copy.set("targetNamespace", "https://example.invalid/")
    for element in copy.iter():
        if namespace(element) != BPMN:
            continue
        _drop_unresolvable_type(element)
        if tag(element) in _ORDERED:
            element[:] = sorted(element, key=lambda part: _rank(tag(element), tag(part)))
    return copy


def _drop_unresolvable_type(element: Element) -> None:
    written = element.get(f"{{{XSI}}}type")
    if written is None:
        return
    prefix = written.rpartition(":")[0] or None
    if element.nsmap.get(prefix) != BPMN:
        del element.attrib[f"{{{XSI}}}type"]


def _rank(parent: str, name: str) -> int:
    closing = _CLOSING.get(parent, ())
    if name in closing:
        return 1000 + closing.index(name)
    if name in _FIRST:
        return _FIRST.index(name)
    return 900 + _LAST.index(name) if name in _LAST else 500


def _finding(error: Any, root: Element) -> Finding:
    harmless = error.type == etree.ErrorTypes.SCHEMAV_CVC_COMPLEX_TYPE_3_2_1 or _attribute(error) == "id"
    return Finding(
        rule="schema",
        severity="warning" if harmless else "error",
        element=_ids(root).get(error.line),
        line=error.line or None,
        message=_sentence(error, _element_name(error)),
    )


def _order_finding(error: Any) -> Finding:
    message = (
        f"要素「{_element_name(error)}」のあたりの書き方や並びがBPMN 2.0の規則と少し違います。このまま動きますが、"
        "ほかの道具でも開けるように、モデラーで開いて書き出し直してください。"
    )
    return Finding(rule="schema-order", severity="warning", line=error.line or None, message=message)


def _ids(root: Element) -> dict[int, str]:
    return {line(element): str(element.get("id")) for element in root.iter() if element.get("id")}


def _element_name(error: Any) -> str:
    return _quoted(str(error.message), "Element")


def _attribute(error: Any) -> str:
    return _quoted(str(error.message), "attribute")


def _sentence(error: Any, name: str) -> str:
    kinds = etree.ErrorTypes
    attribute = _attribute(error)
    if error.type == kinds.SCHEMAV_CVC_COMPLEX_TYPE_4:
        return f"要素「{name}」に必要な属性「{attribute}」がありません。属性を書き足してください。"
    if error.type == kinds.SCHEMAV_CVC_COMPLEX_TYPE_3_2_1:
        return f"要素「{name}」に「{attribute}」という属性はありません。属性を取り除いてください。"
    if attribute:
        return f"要素「{name}」の属性「{attribute}」の値がBPMN 2.0の決まりに合いません。値を直してください。"
    if error.type == kinds.SCHEMAV_ELEMENT_CONTENT:
        return f"要素「{name}」はここには置けないか、必要な子要素が欠けています。モデラーで開いて描き直してください。"
    return f"要素「{name}」がBPMN 2.0の決まりに合いません。モデラーで開いて書き出し直してください。"


def _quoted(message: str, word: str) -> str:
    _, found, rest = message.partition(f"{word} '")
    return rest.partition("'")[0].rpartition("}")[2] if found else ""
