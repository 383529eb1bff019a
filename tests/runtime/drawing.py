"""Diagrams in a few lines of text, for the stories of the runtime.

    userTask a                      a node: kind, id, attributes
    boundaryEvent b on=a !timer=P1D an event definition after `!` (the rest of the line is its value)
    subProcess s [ … ]              what lies between is inside
    a > b > c                       sequence flows;   a > b if x = 1   a > b default
    b ~ u                           an association
    | <xml/>                        raw XML inside the node of the line before
"""

import itertools
from html import escape

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
_TIMERS = {"timer": "timeDuration", "date": "timeDate", "cycle": "timeCycle"}
_ROOTS = {"message": "name", "signal": "name", "error": "errorCode", "escalation": "escalationCode"}


def draw(text: str, *, process: str = "P", more: str = "") -> bytes:
    """The diagram as XML; `more` is raw XML beside the process."""
    return _Drawing(text, process, more).xml().encode()


class _Drawing:
    def __init__(self, text: str, process: str, more: str) -> None:
        self.process, self.more = process, more
        self.lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
        self.roots: dict[str, str] = {}
        self.flows = 0
        self.defaults = {m[1]: m[0] for m in self._defaults()}

    def _defaults(self) -> list[tuple[str, str]]:
        found, number = [], 0
        for line in self.lines:
            for source, _, rest in self._pairs(line):
                number += 1
                if rest == "default":
                    found.append((f"f{number}", source))
        return found

    def xml(self) -> str:
        body = self._block(iter(self.lines))
        roots = "".join(self.roots.values())
        return (
            f'<definitions xmlns="{BPMN}" xmlns:spiffworkflow="{SPIFF}" '
            f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">'
            f'{roots}{self.more}<process id="{self.process}" isExecutable="true">\n{body}\n</process></definitions>'
        )

    def _block(self, lines) -> str:
        out: list[str] = []
        for line in lines:
            if line == "]":
                break
            if line.startswith("|"):
                head, tag, tail = out[-1].rpartition("</")
                out[-1] = head + line[1:].strip() + tag + tail
            elif " ~ " in line:
                source, _, target = line.partition(" ~ ")
                out.append(f'<association id="{source}~{target}" sourceRef="{source}" targetRef="{target}"/>')
            elif " > " in line and "!" not in line:
                out.extend(self._flow(line))
            else:
                out.append(self._node(line, lines))
        return "\n".join(out)

    def _node(self, line: str, lines) -> str:
        line, _, definition = line.partition("!")
        nested = line.rstrip().endswith("[")
        kind, identity, *rest = line.replace("[", "").split()
        attributes = {"on": "attachedToRef", "message": "messageRef"}
        for part in rest:
            if part.startswith("message="):
                name = part.removeprefix("message=")
                self.roots[name] = f'<message id="{name}" name="{name}"/>'
        written = "".join(f' {attributes.get(k, k)}="{escape(v)}"' for k, v in (part.split("=", 1) for part in rest))
        if identity in self.defaults:
            written += f' default="{self.defaults[identity]}"'
        inner = "".join(self._definition(one.strip()) for one in definition.split("!") if one.strip())
        inner += self._block(lines) if nested else ""
        return f'<{kind} id="{identity}"{written}>{inner}</{kind}>'

    def _definition(self, text: str) -> str:
        kind, _, value = (part.strip() for part in text.partition("="))
        if kind in _TIMERS:
            return f"<timerEventDefinition><{_TIMERS[kind]}>{escape(value)}</{_TIMERS[kind]}></timerEventDefinition>"
        if kind in _ROOTS:
            if not value:
                return f"<{kind}EventDefinition/>"
            identity = f"{kind}-{value}"
            code = "" if _ROOTS[kind] == "name" else f' {_ROOTS[kind]}="{value}"'
            self.roots[identity] = f'<{kind} id="{identity}" name="{value}"{code}/>'
            return f'<{kind}EventDefinition {kind}Ref="{identity}"/>'
        if kind == "conditional":
            return f"<conditionalEventDefinition><condition>{escape(value)}</condition></conditionalEventDefinition>"
        if kind == "link":
            return f'<linkEventDefinition name="{value}"/>'
        if kind == "compensate":
            activity = f' activityRef="{value}"' if value else ""
            return f"<compensateEventDefinition{activity}/>"
        return f"<{kind}EventDefinition/>"

    def _pairs(self, line: str):
        if " > " not in line or line.startswith(("|", "<")) or "!" in line:
            return
        path, condition = ([*line.split(" if ", 1), ""])[:2] if " if " in line else (line, "")
        default = path.endswith(" default")
        ids = path.removesuffix(" default").split(" > ")
        for source, target in itertools.pairwise(ids):
            yield source.strip(), target.strip(), "default" if default else condition

    def _flow(self, line: str) -> list[str]:
        out = []
        for source, target, rest in self._pairs(line):
            self.flows += 1
            condition = f"<conditionExpression>{escape(rest)}</conditionExpression>" if rest and rest != "default" else ""
            out.append(f'<sequenceFlow id="f{self.flows}" sourceRef="{source}" targetRef="{target}">{condition}</sequenceFlow>')
        return out
