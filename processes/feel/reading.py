"""Which variables an expression reads."""

from __future__ import annotations

from collections.abc import Collection

from . import nodes as n

_IMPLICIT = frozenset({"?", "item", "partial"})


def paths_of(node: n.Node | n.Tests, built_in: Collection[str]) -> frozenset[str]:
    """Free variables with the fields asked of them: `a.b.c`, `d`.

    A name inside a filter may be a field of the item or a variable; it counts as read.
    """
    found: set[str] = set()
    _collect(node, frozenset(), found)
    return frozenset(
        path for path in found if path.partition("\x00")[0] not in _IMPLICIT and path not in built_in
    )


def _collect(node: object, bound: frozenset[str], found: set[str]) -> None:
    """Names are joined by NUL while collecting, since names themselves may hold dots."""
    if isinstance(node, tuple):
        for part in node:
            _collect(part, bound, found)
    elif isinstance(node, n.Name):
        if node.name not in bound:
            found.add(node.name)
    elif isinstance(node, n.Path):
        _collect_path(node, bound, found)
    elif isinstance(node, n.ContextLiteral):
        for key, value in node.entries:
            _collect(value, bound, found)
            bound = bound | {key}
    elif isinstance(node, (n.For, n.Quantified)):
        _collect_loop(node, bound, found)
    elif isinstance(node, n.FunctionDefinition):
        if not node.external:
            _collect(node.body, bound | {name for name, _ in node.parameters}, found)
    elif type(node).__module__ == n.__name__:
        for slot in getattr(node, "__slots__", ()):
            _collect(getattr(node, slot), bound, found)


def _collect_path(node: n.Path, bound: frozenset[str], found: set[str]) -> None:
    names: list[str] = []
    of: n.Node = node
    while isinstance(of, n.Path):
        names.append(of.name)
        of = of.of
    if isinstance(of, n.Name):
        if of.name not in bound:
            found.add("\x00".join([of.name, *reversed(names)]))
    else:
        _collect(of, bound, found)


def _collect_loop(node: n.For | n.Quantified, bound: frozenset[str], found: set[str]) -> None:
    for iterator in node.iterators:
        _collect(iterator.source, bound, found)
        _collect(iterator.end, bound, found)
        bound = bound | {iterator.name}
    _collect(node.body if isinstance(node, n.For) else node.condition, bound, found)
