"""Which variables an expression reads."""

from __future__ import annotations

from collections.abc import Collection

from . import nodes as n

#: Joins names while collecting, since names themselves may hold dots.
JOINT = "\x00"
_IMPLICIT = frozenset({"?", "item", "partial"})


def paths_of(
    node: n.Node | n.Tests, built_in: Collection[str], *, inside_filters: bool = True
) -> frozenset[str]:
    """Free variables with the fields asked of them, joined by JOINT.

    A name inside a filter may be a field of the item or a variable; it counts as read if `inside_filters`.
    """
    found: set[str] = set()
    todo: list[tuple[object, frozenset[str]]] = [(node, frozenset())]
    while todo:
        part, bound = todo.pop()
        if isinstance(part, n.Filter) and not inside_filters:
            part = part.of
        todo.extend(_inside(part, bound, found))
    return frozenset(
        path for path in found if path.partition(JOINT)[0] not in _IMPLICIT and path not in built_in
    )


def _inside(node: object, bound: frozenset[str], found: set[str]) -> list[tuple[object, frozenset[str]]]:
    """Parts still to look at, each with the names bound around it; names found on the way are noted."""
    if isinstance(node, tuple):
        return [(part, bound) for part in node]
    if isinstance(node, n.Name):
        if node.name not in bound:
            found.add(node.name)
        return []
    if isinstance(node, n.Path):
        return _path(node, bound, found)
    if isinstance(node, n.ContextLiteral):
        return _entries(node, bound)
    if isinstance(node, (n.For, n.Quantified)):
        return _loop(node, bound)
    if isinstance(node, n.FunctionDefinition):
        return [] if node.external else [(node.body, bound | {name for name, _ in node.parameters})]
    if type(node).__module__ != n.__name__:
        return []
    return [(getattr(node, slot), bound) for slot in getattr(node, "__slots__", ())]


def _entries(node: n.ContextLiteral, bound: frozenset[str]) -> list[tuple[object, frozenset[str]]]:
    """Each entry sees the ones before it; a function sees itself too."""
    parts: list[tuple[object, frozenset[str]]] = []
    for key, value in node.entries:
        own = bound | {key}
        parts.append((value, own if isinstance(value, n.FunctionDefinition) else bound))
        bound = own
    return parts


def _path(node: n.Path, bound: frozenset[str], found: set[str]) -> list[tuple[object, frozenset[str]]]:
    names: list[str] = []
    of: n.Node = node
    while isinstance(of, n.Path):
        names.append(of.name)
        of = of.of
    if not isinstance(of, n.Name):
        return [(of, bound)]
    if of.name not in bound:
        found.add(JOINT.join([of.name, *reversed(names)]))
    return []


def _loop(node: n.For | n.Quantified, bound: frozenset[str]) -> list[tuple[object, frozenset[str]]]:
    parts: list[tuple[object, frozenset[str]]] = []
    for iterator in node.iterators:
        parts += [(iterator.source, bound), (iterator.end, bound)]
        bound = bound | {iterator.name}
    return [*parts, (node.body if isinstance(node, n.For) else node.condition, bound)]
