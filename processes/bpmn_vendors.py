"""Extensions of other vendors' tools. What they say in FEEL, or by a plain name, where BPMN leaves a place for it (the
process called, the decision, the script, the collection of a multi-instance) is read; what would change data or course
and is executed by nobody here is named, so that the diagram is refused; the rest (forms, people, retries) is left alone."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from processes.bpmn_xml import Element, child, namespace, tag

_VENDORS = ("camunda", "zeebe", "activiti", "flowable")
_UNDONE = frozenset(
    "ioMapping inputOutput in out executionListener executionListeners taskListener taskListeners".split()
)
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """What other tools' extensions of an activity say; `undone` are the names of those that nobody executes."""

    called: str | None = None
    decision: str | None = None
    script: str | None = None
    result: str | None = None
    undone: tuple[str, ...] = ()


def read(element: Element) -> Foreign:
    """The extensions of other vendors at an activity or event."""
    found = dict(_extensions(element))
    if not found:
        return Foreign()
    called, decision = found.get("calledElement", {}), found.get("calledDecision", {})
    script = found.get("script", {})
    return Foreign(
        called=called.get("processId"), decision=decision.get("decisionId"),
        script=script.get("expression"), result=script.get("resultVariable") or decision.get("resultVariable"),
        undone=tuple(_undone(found)),
    )


def repeated(multi: Element) -> dict[str, str | None]:
    """Names of collection, item, output and output item of a multi-instance, as other tools write them."""
    own = {str(key).rpartition("}")[2]: str(value) for key, value in multi.attrib.items() if _is_vendor(str(key))}
    found = dict(_extensions(multi)).get("loopCharacteristics", {})
    return {
        "collection": _name(own.get("collection") or found.get("inputCollection")),
        "item": own.get("elementVariable") or found.get("inputElement"),
        "output": found.get("outputCollection"), "output_item": _name(found.get("outputElement")),
    }


def computed_output(multi: Element) -> bool:
    """An output element that is more than a name; nobody here computes it."""
    written = dict(_extensions(multi)).get("loopCharacteristics", {}).get("outputElement")
    return written is not None and _name(written) is None


def _extensions(element: Element) -> Iterator[tuple[str, Mapping[str, str]]]:
    root = child(element, "extensionElements")
    for part in root if root is not None else ():
        if _is_vendor(namespace(part) or ""):
            yield tag(part), {str(key): str(value) for key, value in part.attrib.items()}


def _is_vendor(name: str) -> bool:
    return any(vendor in name for vendor in _VENDORS)


def _undone(found: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for name, said in found.items():
        everything = said.get("variables") == "all" or set(said) == {"businessKey"}
        held_back = "false" in (said.get("propagateAllChildVariables"), said.get("propagateAllParentVariables"))
        if held_back or (name in _UNDONE and not (name in ("in", "out") and everything)):
            yield name


def _name(written: str | None) -> str | None:
    """`= xs`, `${xs}` and `xs` all mean the variable xs; anything else is no name."""
    plain = (written or "").strip().removeprefix("=").strip()
    plain = plain[2:-1].strip() if plain.startswith(("${", "#{")) and plain.endswith("}") else plain
    return plain if _NAME.fullmatch(plain) else None
