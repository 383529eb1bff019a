"""Data objects, properties, inputs and outputs, and the associations between them (BPMN 2.0 §10.4). Every
reference is resolved to the name by which expressions call the variable: the element's name, else its id."""

from collections.abc import Iterator

from processes import bpmn_extensions as extensions
from processes.bpmn_values import Association, Variable
from processes.bpmn_xml import Element, child, children, line, ref, tag, text

_DECLARES = ("dataObject", "property")


class DataReading:
    """Resolves what data references of one file mean."""

    def __init__(self, root: Element) -> None:
        self.by_id = {e.get("id") or "": e for e in root.iter() if e.get("id") and tag(e) in _KINDS}
        self.references: dict[str, list[Element]] = {}
        for element in self.by_id.values():
            behind = ref(element.get("dataObjectRef") or element.get("dataStoreRef"))
            if behind:
                self.references.setdefault(behind, []).append(element)

    def declared(self, owner: Element) -> Iterator[Variable]:
        """Variables that `owner` (process, sub-process, activity, event) itself declares."""
        parent = owner.get("id") or ""
        for element in children(owner, *_DECLARES):
            yield self._variable(element, parent)
        specification = child(owner, "ioSpecification")
        for element in children(specification, "dataInput", "dataOutput") if specification is not None else ():
            yield self._variable(element, parent, optional=_optional(specification, element))
        for element in children(owner, "dataInput", "dataOutput"):
            yield self._variable(element, parent)

    def associations(self, owner: Element, name: str) -> Iterator[Association]:
        for element in children(owner, name):
            sources = [self._name(ref(text(part))) for part in children(element, "sourceRef")]
            yield Association(
                sources=tuple(source for source in sources if source),
                target=self._name(ref(text(child(element, "targetRef")))),
                transformation=text(child(element, "transformation")),
                assignments=tuple(self._assignment(part) for part in children(element, "assignment")),
                line=line(element),
                store=next(filter(None, map(self._store, children(element, "sourceRef", "targetRef"))), None),
            )

    def _store(self, part: Element) -> str | None:
        """The id of the data store (reference) that an end of an association means."""
        identity = ref(text(part)) or ""
        element = self.by_id.get(identity)
        return identity if element is not None and tag(element).startswith("dataStore") else None

    def named(self, activity: Element, reference: str | None) -> str | None:
        """The variable that a multi-instance's `loopDataInputRef` or `loopDataOutputRef` means. A data input of
        the activity stands for what its association brings into it, a data output for what it is copied to."""
        target = ref(reference)
        if target is None:
            return None
        for element in children(activity, "dataInputAssociation"):
            if ref(text(child(element, "targetRef"))) == target:
                return self._name(ref(text(child(element, "sourceRef")))) or self._name(target)
        for element in children(activity, "dataOutputAssociation"):
            if ref(text(child(element, "sourceRef"))) == target:
                return self._name(ref(text(child(element, "targetRef")))) or self._name(target)
        return self._name(target)

    def _assignment(self, element: Element) -> tuple[str, str]:
        target = text(child(element, "to")) or ""
        return text(child(element, "from")) or "", self._name(target) or target

    def _variable(self, element: Element, parent: str, optional: bool = False) -> Variable:
        identity = element.get("id") or ""
        return Variable(
            id=identity, name=self._meant(element), aliases=self._aliases(element), kind=tag(element), parent=parent,
            collection=element.get("isCollection") in ("true", "1"), line=line(element),
            value=extensions.read(element).value, optional=optional,
        )

    def _name(self, reference: str | None) -> str | None:
        element = self.by_id.get(reference or "")
        if element is None:
            return reference
        behind = ref(element.get("dataObjectRef") or element.get("dataStoreRef"))
        return self._meant(self.by_id.get(behind or "", element))

    def _meant(self, element: Element) -> str:
        """Modelers write the name on the data object, or only on the reference that is drawn."""
        names = [element.get("name"), *(e.get("name") for e in self.references.get(element.get("id") or "", ()))]
        return next((name for name in names if name), element.get("id") or "")

    def _aliases(self, element: Element) -> tuple[str, ...]:
        known = [element, *self.references.get(element.get("id") or "", ())]
        found = {name for e in known for name in (e.get("id"), e.get("name")) if name}
        return tuple(sorted(found - {self._meant(element)}))


_KINDS = frozenset("dataObject dataObjectReference dataStore dataStoreReference property dataInput dataOutput".split())


def _optional(specification: Element | None, element: Element) -> bool:
    if specification is None:
        return False
    refs = (ref(text(part)) for group in children(specification) for part in children(
        group, "optionalInputRefs", "optionalOutputRefs"))
    return element.get("id") in set(refs)
