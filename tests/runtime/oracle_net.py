"""An independent interpreter for flat diagrams of any shape, by markings: a Counter of tokens on flows and in tasks.
Every rule is the standard's sentence read literally, with a search over the drawing each time. It shares nothing with
the runtime, and knows only tasks, gateways, conditions, defaults, message boundary events and ends."""

import random
from collections import Counter
from dataclasses import dataclass, field

MAX_FIRINGS = 400
MAX_TOKENS = 40
CHOICES = 16  # length of the list `pick` that conditions read


class Endless(Exception):
    """The model does not come to rest, or its tokens multiply: nothing to compare."""


@dataclass
class Net:
    kinds: dict[str, str] = field(default_factory=dict)  # in document order
    flows: dict[str, tuple[str, str]] = field(default_factory=dict)
    conditions: dict[str, int] = field(default_factory=dict)  # flow → which entry of `pick` it asks
    defaults: dict[str, str] = field(default_factory=dict)
    boundaries: dict[str, tuple[str, bool]] = field(default_factory=dict)  # event → (task, interrupting)

    def out(self, node):
        return [flow for flow, (source, _) in self.flows.items() if source == node]

    def into(self, node):
        return [flow for flow, (_, target) in self.flows.items() if target == node]

    def xml(self):
        out = []
        for node, kind in self.kinds.items():
            default = f' default="{self.defaults[node]}"' if node in self.defaults else ""
            if kind == "boundaryEvent":
                host, interrupting = self.boundaries[node]
                out.append(f'<boundaryEvent id="{node}" attachedToRef="{host}" cancelActivity="{str(interrupting).lower()}">'
                           f'<messageEventDefinition messageRef="m-{node}"/></boundaryEvent>')
            else:
                out.append(f'<{kind} id="{node}"{default}/>')
        for flow, (source, target) in self.flows.items():
            condition = f"<conditionExpression>pick[{self.conditions[flow] + 1}]</conditionExpression>" if flow in self.conditions else ""
            out.append(f'<sequenceFlow id="{flow}" sourceRef="{source}" targetRef="{target}">{condition}</sequenceFlow>')
        roots = "".join(f'<message id="m-{event}" name="{event}"/>' for event in self.boundaries)
        return (f'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">{roots}'
                f'<process id="P" isExecutable="true">{"".join(out)}</process></definitions>').encode()


class Markings:
    """The marking of a net: tokens on flows, tokens in tasks."""

    def __init__(self, net, pick):
        self.net = net
        self.on = Counter()
        self.open = Counter()
        self.pick = pick
        for node, kind in net.kinds.items():
            if kind == "startEvent":
                self._leave(node)
        self._rest()

    def enabled(self):
        tasks = Counter({("task", task): count for task, count in self.open.items() if count})
        for event, (host, _) in self.net.boundaries.items():
            if self.open[host]:
                tasks[("message", event)] = self.open[host]
        return tasks

    @property
    def finished(self):
        return not +self.on and not +self.open

    def act(self, what, name, pick):
        self.pick = pick
        if what == "task":
            self.open[name] -= 1
        else:
            host, interrupting = self.net.boundaries[name]
            self.open[host] -= interrupting
        self._leave(name)
        self._rest()

    def _rest(self):
        for _ in range(MAX_FIRINGS):
            if sum(self.on.values()) + sum(self.open.values()) > MAX_TOKENS:
                raise Endless
            if not self._fire_simple() and not self._fire_inclusive():
                return
        raise Endless

    def _fire_simple(self):
        for node, kind in self.net.kinds.items():
            into = self.net.into(node)
            if kind == "parallelGateway" and into and all(self.on[flow] for flow in into):
                for flow in into:
                    self.on[flow] -= 1
                self._all(node)
                return True
            single = kind in ("exclusiveGateway", "userTask", "endEvent") or (kind == "inclusiveGateway" and len(into) == 1)
            marked = next((flow for flow in into if self.on[flow]), None) if single else None
            if marked is not None:
                self.on[marked] -= 1
                if kind == "userTask":
                    self.open[node] += 1
                elif kind == "inclusiveGateway":
                    self._chosen(node)
                elif kind == "exclusiveGateway":
                    self._first(node)
                return True
        return False

    def _fire_inclusive(self):
        for node, kind in self.net.kinds.items():
            into = self.net.into(node)
            if kind != "inclusiveGateway" or len(into) < 2:
                continue
            filled = {flow for flow in into if self.on[flow]}
            if filled and all(self._harmless(flow, node, filled) for flow in self._places()):
                for flow in filled:
                    self.on[flow] -= 1
                self._chosen(node)
                return True
        return False

    def _places(self):
        """Flows with tokens, and for a token in a task the flows it may leave by, its boundary events' included."""
        for flow, count in self.on.items():
            if count:
                yield {flow}
        for task, count in self.open.items():
            if count:
                yield set(self._from(task))

    def _from(self, node):
        attached = [event for event, (host, _) in self.net.boundaries.items() if host == node]
        return [flow for one in (node, *attached) for flow in self.net.out(one)]

    def _harmless(self, starts, gateway, filled):
        seen, stack = set(), list(starts)
        while stack:
            flow = stack.pop()
            if flow in seen:
                continue
            seen.add(flow)
            target = self.net.flows[flow][1]
            if target != gateway:
                stack.extend(self._from(target))
        reached = {flow for flow in seen if self.net.flows[flow][1] == gateway}
        return not (reached - filled) or bool(reached & filled)

    def _true(self, flow):
        return flow not in self.net.conditions or self.pick[self.net.conditions[flow]]

    def _first(self, node):
        default = self.net.defaults.get(node)
        self.on[next((f for f in self.net.out(node) if f != default and self._true(f)), default)] += 1

    def _chosen(self, node):
        default = self.net.defaults.get(node)
        for flow in [f for f in self.net.out(node) if f != default and self._true(f)] or [default]:
            self.on[flow] += 1

    def _all(self, node):
        for flow in self.net.out(node):
            self.on[flow] += 1

    def _leave(self, node):
        default = self.net.defaults.get(node)
        true = [f for f in self.net.out(node) if f != default and self._true(f)]
        if default and not any(f in self.net.conditions for f in true):
            true.append(default)
        for flow in true:
            self.on[flow] += 1


def random_net(seed):
    """A net of 4 to 14 nodes in which every node can be reached; anything goes: loops, deadlocks, surplus tokens."""
    rng = random.Random(seed)
    net = Net(kinds={"s": "startEvent"})
    inner = [f"n{i}" for i in range(rng.randint(3, 11))]
    for node in inner:
        net.kinds[node] = rng.choices(
            ["userTask", "exclusiveGateway", "parallelGateway", "inclusiveGateway"], [5, 2, 2, 3])[0]
    net.kinds["e"] = "endEvent"
    pairs = []
    for index, node in enumerate(inner):
        pairs.append(("s" if index == 0 else rng.choice(inner[:index]), node))
    for node in inner:
        later = [n for n in inner if n > node] or ["e"]
        pool = [*later, "e"] if rng.random() < 0.85 else inner
        for _ in range(rng.choice([0, 1, 1]) if any(a == node for a, _ in pairs) else 1):
            pairs.append((node, rng.choice([n for n in pool if n != node] or ["e"])))
    for task in [n for n in inner if net.kinds[n] == "userTask"]:
        if rng.random() < 0.2:
            event = f"b{task}"
            net.kinds[event] = "boundaryEvent"
            net.boundaries[event] = (task, rng.random() < 0.6)
            pairs.append((event, rng.choice([n for n in inner if n != task] or ["e"])))
    for number, pair in enumerate(pairs):
        net.flows[f"f{number}"] = pair
    _choose(net, rng)
    return net


def _choose(net, rng):
    """Conditions and defaults where several flows leave a gateway, and behind some tasks."""
    for node, kind in net.kinds.items():
        out = net.out(node)
        if kind in ("exclusiveGateway", "inclusiveGateway") and len(out) > 1:
            net.defaults[node] = out[-1]
            for flow in out[:-1]:
                net.conditions[flow] = rng.randrange(CHOICES)
        elif kind == "userTask" and len(out) > 1 and rng.random() < 0.5:
            net.defaults[node] = out[-1]
            for flow in out[:-1]:
                if rng.random() < 0.7:
                    net.conditions[flow] = rng.randrange(CHOICES)
