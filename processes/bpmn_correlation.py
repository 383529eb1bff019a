"""Correlation as BPMN draws it (BPMN 2.0 §8.4.2, §10.5.1): a key consists of properties; each is read out of a message
by its retrieval expression, and compared with what the process's subscription binds it to."""

from collections.abc import Iterator, Mapping

from processes.bpmn_values import Correlation, Unknown
from processes.bpmn_xml import Element, child, children, line, ref, tag, text


class CorrelationReading:
    """The keys and properties of one file."""

    def __init__(self, root: Element) -> None:
        self.keys = {
            e.get("id") or "": tuple(ref(text(part)) or "" for part in children(e, "correlationPropertyRef"))
            for e in root.iter() if tag(e) == "correlationKey"
        }
        self.paths = {e.get("id") or "": dict(_paths(e)) for e in children(root, "correlationProperty")}
        self.unknown = list(self._unsubscribed(root))

    def of(self, process: Element) -> Mapping[str, Correlation]:
        """By message id, how the messages of the process are told apart."""
        bound = {ref(one.get("correlationKeyRef")) or "": one for one in children(process, "correlationSubscription")}
        found: dict[str, Correlation] = {}
        for key in [*bound, *(one for one in self.keys if one not in bound)]:
            properties = self.keys.get(key, ())
            for message in self._messages(properties):
                found.setdefault(message, Correlation(
                    carried=_joined([self.paths[one][message] for one in properties]),
                    awaited=self._awaited(bound[key], properties) if key in bound else None,
                    line=line(bound.get(key, process)),
                ))
        return found

    def _messages(self, properties: tuple[str, ...]) -> Iterator[str]:
        """Messages out of which every property of the key can be read."""
        if properties:
            yield from (m for m in self.paths.get(properties[0], {})
                        if all(m in self.paths.get(one, {}) for one in properties))

    def _awaited(self, subscription: Element, properties: tuple[str, ...]) -> str | None:
        bindings = {ref(one.get("correlationPropertyRef")): text(child(one, "dataPath"))
                    for one in children(subscription, "correlationPropertyBinding")}
        paths = [path for one in properties if (path := bindings.get(one))]
        if not properties or len(paths) < len(properties):
            self.unknown.append(Unknown(
                tag="correlationSubscription", id=subscription.get("id"), line=line(subscription), parent=None
            ))
            return None
        return _joined(paths)

    def _unsubscribed(self, root: Element) -> Iterator[Unknown]:
        """A key that nobody subscribes to would be set by the first message of a conversation: not executed."""
        subscribed = {ref(e.get("correlationKeyRef")) for e in root.iter() if tag(e) == "correlationSubscription"}
        for element in root.iter():
            if tag(element) == "correlationKey" and element.get("id") not in subscribed and self.keys[element.get("id") or ""]:
                yield Unknown(tag="correlationKey", id=element.get("id"), line=line(element), parent=None)


def _paths(element: Element) -> Iterator[tuple[str, str]]:
    for part in children(element, "correlationPropertyRetrievalExpression"):
        path = text(child(part, "messagePath"))
        if path:
            yield ref(part.get("messageRef")) or "", path


def _joined(paths: list[str]) -> str:
    """One FEEL expression for the whole key."""
    plain = [path.strip().removeprefix("=").strip() for path in paths]
    if len(plain) == 1:
        return plain[0]
    return "string join([" + ", ".join(f"string({path})" for path in plain) + '], "|")'
