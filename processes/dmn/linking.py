"""One DMN file among those it imports: which element a reference means, and by which name the file sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from processes.feel import types as t

from . import boxes as b
from . import words
from .errors import Finding
from .item_types import ItemTypes

FINDING_LIMIT = 500

#: An element in any file: its namespace and id.
Key: TypeAlias = tuple[str, str]
#: How a file's expressions see an element: its name, behind the prefixes of imports.
Path: TypeAlias = tuple[str, ...]


class File:
    """A file's definitions, linked; `elements` and `owners` cover the imported files too."""

    def __init__(
        self, definitions: b.Definitions, imported: Iterable[tuple[b.Import, File]], findings: list[Finding]
    ) -> None:
        self.definitions = definitions
        self.imported = tuple(imported)
        self.findings = findings
        self.elements: dict[Key, b.Element] = {}
        self.owners: dict[Key, File] = {}
        for _, other in self.imported:
            self.elements.update(other.elements)
            self.owners.update(other.owners)
        self.own = tuple(self._without_twins())
        for element in self.own:
            self.elements[self.key_of(element)] = element
            self.owners[self.key_of(element)] = self
        self.types = ItemTypes(definitions.items, self._imported_types(), self.report)
        self.members = self._member_names()

    def key_of(self, element: b.Element) -> Key:
        """The key of one of this file's own elements."""
        return self.definitions.namespace, element.id

    def linked(self, element: b.Element, hrefs: Iterable[str], *kinds: type) -> list[tuple[Path, Key]]:
        """The elements of these kinds that one of ours requires, with their paths; any other href is reported."""
        found = []
        for href in hrefs:
            key = self._key(href)
            if key is None:
                self.finding(
                    "dmn-unknown-reference",
                    element,
                    f"「{element.name}」が必要とする「{href}」がありません。",
                )
            elif not isinstance(self.elements[key], kinds):
                message = f"「{element.name}」が必要とする「{self.elements[key].name}」は、ここで必要な種類の要素ではありません。"
                self.finding("dmn-wrong-reference", element, message)
            else:
                found.append((self.path_to(key), key))
        return found

    def path_to(self, key: Key) -> Path:
        """The shortest path by which this file sees an element."""
        return next(iter(self.paths_to(key)), (self.elements[key].name,))

    def paths_to(self, key: Key) -> list[Path]:
        """All paths by which this file sees an element, shortest first."""
        if self.owners[key] is self:
            return [(self.elements[key].name,)]
        paths = []
        for one, other in self.imported:
            if key in other.elements:
                paths += [(one.name, *path) if one.name else path for path in other.paths_to(key)]
        return sorted(paths, key=len)

    def named(self, name_or_id: str) -> Key:
        """The decision, service or knowledge model with this id or name; KeyError if there is none."""
        name = " ".join(name_or_id.split())
        kinds = (b.Decision, b.Service, b.Knowledge)
        own = [element for kind in kinds for element in self.own if isinstance(element, kind)]
        for element in [
            *(one for one in own if one.id == name_or_id),
            *(one for one in own if one.name == name),
        ]:
            return self.key_of(element)
        for key, other in self.elements.items():
            if isinstance(other, kinds) and name in {".".join(path) for path in self.paths_to(key)}:
                return key
        raise KeyError(name_or_id)

    def type_of(self, element: b.Element) -> t.Type:
        """The type that one of our elements declares."""
        return self.types.resolve(element.type_ref, element=element.id, line=element.line)

    def report(self, finding: Finding) -> None:
        """Keep a finding, once."""
        if len(self.findings) < FINDING_LIMIT and finding not in self.findings:
            self.findings.append(finding)

    def finding(self, rule: str, element: b.Element, message: str, *, warning: bool = False) -> None:
        """Report a problem of one of our elements."""
        self.report(
            Finding(
                severity="warning" if warning else "error",
                rule=rule,
                element=element.id,
                line=element.line,
                message=message,
            )
        )

    def _without_twins(self) -> Iterator[b.Element]:
        """Our elements, the first of each id; a second of the same id or name is reported."""
        ids, names = set[str](), set[str]()
        for element in self.definitions.elements:
            if element.id in ids:
                self.finding("dmn-duplicate-id", element, f"同じ id「{element.id}」の要素が二つあります。")
                continue
            if element.name in names:
                self.finding(
                    "dmn-duplicate-name",
                    element,
                    f"同じ名前「{element.name}」の要素が二つあります。",
                    warning=True,
                )
            ids.add(element.id)
            names.add(element.name)
            yield element

    def _key(self, href: str) -> Key | None:
        namespace, _, id = href.rpartition("#")
        keys = [(namespace or self.definitions.namespace, id), (namespace.rstrip("/"), id)]
        return next((key for key in keys if key in self.elements), None)

    def _imported_types(self) -> dict[str, t.Type]:
        return {
            f"{one.name}.{name}" if one.name else name: kind
            for one, other in self.imported
            for name, kind in other.types.named.items()
        }

    def _member_names(self) -> frozenset[str]:
        """Every name that a path may ask for: elements, components of types, entries, columns, outputs."""
        names = {element.name for element in self.elements.values()}
        for _, other in self.imported:
            names |= other.members
        items = list(self.definitions.items)
        while items:
            item = items.pop()
            names.add(item.name)
            items.extend(item.components)
        for element in self.own:
            if isinstance(element, (b.Decision, b.Knowledge)):
                names |= words.names_in(element.logic)
        return frozenset(names)
