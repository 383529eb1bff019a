"""Hostile XML is refused before it is read: no DTD, no entities, no network, bounded size and depth."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from processes.findings import Finding, Findings

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 100
MAX_XML_ELEMENTS = 200_000

Element = etree._Element
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "utf-16", "shift_jis", "cp932", "euc-jp", "iso-8859-1"})


class DiagramError(Findings):
    """The file is no diagram that can be read; `findings` tell every reason, with lines."""


def parse(source: bytes) -> Element:
    """The root element of `source`; raises DiagramError for anything hostile, broken or too large."""
    if len(source) > MAX_BYTES:
        raise _refused("size", "図は2MBまでですが、それより大きいファイルでした。図を分けてください。")
    if not source.strip():
        raise _refused("xml", "BPMNの図が入っているはずのファイルが空です。書き出しからやり直してください。")
    plain = source.replace(b"\0", b"").upper()
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise _refused("doctype", "DOCTYPEと実体参照は使えません。図の先頭から <!DOCTYPE …> を取り除いてください。")
    try:
        root = etree.fromstring(source, _parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", None)
        message = f"XMLとして読めません（{_short(error)}）。モデラーで書き出し直してください。"
        raise DiagramError([Finding(rule="xml", message=message, line=line)]) from None
    _refuse_unusual(root)
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        attribute_defaults=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )


def _refuse_unusual(root: Element) -> None:
    info: Any = root.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None:
        raise _refused("doctype", "DOCTYPEは使えません。図の先頭から取り除いてください。")
    if (info.encoding or "utf-8").lower() not in _ENCODINGS:
        raise _refused("encoding", f"文字コード{info.encoding}は読めません。UTF-8で書き出してください。")
    if tag(root) != "definitions" or namespace(root) != BPMN:
        raise _refused("namespace", f"BPMN 2.0の definitions で始まるはずですが、{root.tag} でした。BPMN 2.0の図を選んでください。")
    for count, (element, depth) in enumerate(_depths(root)):
        if depth > MAX_DEPTH:
            raise _refused("depth", f"入れ子は{MAX_DEPTH}段までです。図を分けてください。", line(element))
        if count > MAX_XML_ELEMENTS:
            raise _refused("size", f"XML要素は{MAX_XML_ELEMENTS:,}個までです。図を分けてください。")


def _depths(root: Element) -> Iterator[tuple[Element, int]]:
    stack = [(root, 1)]
    while stack:
        element, depth = stack.pop()
        yield element, depth
        stack.extend((child, depth + 1) for child in element)


def _refused(rule: str, message: str, line: int | None = None) -> DiagramError:
    return DiagramError([Finding(rule=rule, message=message, line=line)])


def _short(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error))[:200]


def tag(element: Element) -> str:
    """Local name; empty for what is no element."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def namespace(element: Element) -> str | None:
    """The namespace of an element; None for what is no element."""
    return etree.QName(element).namespace if isinstance(element.tag, str) else None


def child(element: Element, name: str) -> Element | None:
    """The first BPMN child of that local name."""
    return next(children(element, name), None)


def children(element: Element, *names: str) -> Iterator[Element]:
    """The BPMN children, of these local names if any are given."""
    for found in element:
        if namespace(found) == BPMN and (not names or tag(found) in names):
            yield found


def text(element: Element | None) -> str | None:
    """The stripped text of an element, None if there is none; CDATA included."""
    if element is None:
        return None
    return "".join(str(part) for part in element.itertext()).strip() or None


def ref(value: str | None) -> str | None:
    """A QName reference without its prefix; element ids themselves hold no colon."""
    return value.strip().rpartition(":")[2] or None if value and value.strip() else None


def line(element: Element) -> int:
    """The line of an element in its file, from 1."""
    return int(getattr(element, "sourceline", None) or 0)
