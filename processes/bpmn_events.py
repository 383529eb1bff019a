"""Event definitions of events, of send and receive tasks, and of multi-instance behaviours, with the names
that their references resolve to."""

from collections.abc import Mapping

from processes import bpmn_extensions as extensions
from processes.bpmn_values import EventDefinition, Named, Timer
from processes.bpmn_xml import Element, child, children, line, ref, tag, text

_SUFFIX = "EventDefinition"
_TIMERS = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}


class EventReading:
    """Reads the event definitions of one file; `named` are its messages, signals, errors and escalations by kind."""

    def __init__(self, root: Element, named: Mapping[str, Mapping[str, Named]]) -> None:
        self.named = named
        self.shared = {
            element.get("id") or "": element for element in root.iter() if tag(element).endswith(_SUFFIX)
        }

    def of_event(self, event: Element) -> tuple[EventDefinition, ...]:
        """The definitions of an event in document order, `eventDefinitionRef`s resolved (BPMN 2.0 §10.5.5)."""
        found = []
        for element in children(event):
            name = tag(element)
            if name == "eventDefinitionRef":
                shared = self.shared.get(ref(text(element)) or "")
                found.append(self._missing(element) if shared is None else self.definition(shared))
            elif name.endswith(_SUFFIX):
                found.append(self.definition(element))
        return tuple(found)

    def of_reference(self, element: Element, attribute: str) -> EventDefinition | None:
        """The definition that an attribute names (behaviours of a multi-instance), or None."""
        identity = ref(element.get(attribute))
        if identity is None:
            return None
        shared = self.shared.get(identity)
        return self.definition(shared) if shared is not None else self._missing(element)

    def of_task(self, task: Element) -> EventDefinition:
        """The message that a send or receive task sends or awaits; without reference its name is None."""
        return self._definition("message", task, ref(task.get("messageRef")))

    def definition(self, element: Element) -> EventDefinition:
        kind = tag(element).removesuffix(_SUFFIX)
        reference = ref(element.get(f"{kind}Ref") or element.get("activityRef"))
        return self._definition(kind, element, reference)

    def _definition(self, kind: str, element: Element, reference: str | None) -> EventDefinition:
        named = self.named.get(kind, {}).get(reference or "")
        extension = extensions.read(element)
        return EventDefinition(
            kind=kind,
            line=line(element),
            id=element.get("id"),
            ref=reference,
            name=element.get("name") if kind == "link" else named.name if named else None,
            code=named.code if named else None,
            timer=_timer(element),
            condition=text(child(element, "condition")),
            waits=element.get("waitForCompletion") not in ("false", "0"),
            payload=extension.payload or (named.payload if named else None),
            variable=extension.variable or (named.variable if named else None),
        )

    def _missing(self, element: Element) -> EventDefinition:
        return EventDefinition(kind="missing", line=line(element), ref=ref(text(element)))


def _timer(element: Element) -> Timer | None:
    for name, kind in _TIMERS.items():
        part = child(element, name)
        if part is not None:
            return Timer(kind=kind, expression=text(part) or "", line=line(part))
    return None
