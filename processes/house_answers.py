"""Every coded answer leads somewhere: at the gateway that follows a human task, each choice of the field that its
conditions ask has a flow that is true for it. 辞退 (choice 4 of code list C09) needs a flow of its own: the sender
must hear of it, and a default flow would hide it."""

from collections.abc import Iterator

from processes.bpmn_values import Flow, Node, Process
from processes.expressions import names_of, parsed
from processes.feel import Expression
from processes.findings import Finding
from processes.house_values import HouseRules, KnownForm
from processes.lint.saying import at, called

_REPLIES = "C09"
_DECLINED = "4"


def answers_routed(process: Process, house: HouseRules) -> Iterator[Finding]:
    """Choices of a task's form that no flow of the next gateway takes up."""
    for node in process.nodes.values():
        form = (house.forms or {}).get(node.properties.get("form", ""))
        gateway = _gateway_after(process, node)
        if form is not None and node.kind in ("userTask", "manualTask", "task"):
            if gateway is not None:
                yield from _choices(process, node, gateway, form)
            yield from _declined(process, node, form)


def _gateway_after(process: Process, node: Node) -> Node | None:
    """The choice that directly follows; scripts and decisions between write other variables only."""
    current = node
    for _ in range(len(process.nodes)):
        if len(current.outgoing) != 1:
            return None
        after = process.nodes.get(process.flows[current.outgoing[0]].target)
        if after is None or after.kind not in ("exclusiveGateway", "inclusiveGateway", "scriptTask", "serviceTask"):
            return None
        if after.kind.endswith("Gateway") and len(after.outgoing) > 1:
            return after
        current = after
    return None


def _choices(process: Process, node: Node, gateway: Node, form: KnownForm) -> Iterator[Finding]:
    """With a default flow every answer leads on; without one each must be named."""
    if gateway.default is not None:
        return
    names = names_of(process)
    conditions = [_condition(process.flows[flow], names) for flow in gateway.outgoing]
    readable = [one for one in conditions if one is not None]
    asked = frozenset[str]().union(*(one.reads for one in readable))
    if len(asked) != 1 or len(readable) != len(gateway.outgoing):
        return
    name = next(iter(asked))
    for code in form.choices.get(name, ()):
        if not any(one.evaluate({name: code}).value is True for one in readable):
            yield at(gateway, "house-answer-without-way", (
                f"{called(node)}の答え「{name}＝{code}」のとき、{called(gateway)}に進める線がありません。線を足すか、既定の線を決めてください。"
            ))


def _declined(process: Process, node: Node, form: KnownForm) -> Iterator[Finding]:
    for name, codes in form.choices.items():
        if form.lists.get(name) != _REPLIES:
            continue
        declined = next((code for code in codes if code in (_DECLINED, "辞退")), None)
        if declined is not None and not _taken_up(process, name, declined):
            yield at(node, "house-decline-without-way", (
                f"{called(node)}では辞退（{name}＝{declined}）を選べますが、辞退のときに進む線がありません。"
                "送り元へ戻る道を、条件を付けて描いてください。"
            ))


def _taken_up(process: Process, name: str, declined: str) -> bool:
    """Some flow is taken because of the answer: true for it, and not true for every other."""
    names = names_of(process)
    for flow in process.flows.values():
        condition = _condition(flow, names)
        if condition is None or name not in condition.reads:
            continue
        others = condition.reads - {name}
        if condition.evaluate({name: declined}).value is True and condition.evaluate({name: ""}).value is not True:
            return True
        if others and f'"{declined}"' in condition.text:
            return True
    return any(
        name in parameter.value
        for node in process.nodes.values() if node.operator is not None
        for parameter in node.operator.parameters
    ) and any(node.decision for node in process.nodes.values())


def _condition(flow: Flow, names: frozenset[str]) -> Expression | None:
    if flow.condition is None:
        return None
    found = parsed(flow.condition.strip().removeprefix("=").strip(), names)
    return found if isinstance(found, Expression) else None
