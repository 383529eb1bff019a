"""Gateways (BPMN 2.0 §10.6)."""

from collections.abc import Iterator

from processes.bpmn_values import Diagram, Node, Process
from processes.findings import Finding
from processes.lint.beside import Beside
from processes.lint.saying import at, called
from processes.net_truth import conditions_of, covers

_CAUGHT = frozenset({"message", "timer", "conditional", "signal"})


def check(process: Process, diagram: Diagram, beside: Beside) -> Iterator[Finding]:
    """Choices without a way out, event gateways with something else behind them, gateways without use."""
    for node in process.nodes.values():
        if node.kind == "eventBasedGateway":
            yield from _event_gateway(process, node)
        if node.kind in ("exclusiveGateway", "inclusiveGateway") and len(node.outgoing) > 1:
            yield from _way_out(process, node)
        if node.kind.endswith("Gateway") and not node.outgoing and node.incoming:
            message = f"{called(node)}から出る線がありません。ここで終わるなら終了イベントにつないでください。"
            yield at(node, "gateway-without-outgoing", message, severity="warning")


def _way_out(process: Process, node: Node) -> Iterator[Finding]:
    conditions = conditions_of(process, node)
    if node.default is None and len(conditions) == len(node.outgoing) and not covers(conditions):
        yield at(node, "no-default-flow", (
            f"{called(node)}に既定の線がありません。どの条件も成り立たないと、事案がここで止まります。"
            "線の一つを既定にするか、条件で全ての場合を尽くしてください。"
        ), severity="warning")


def _event_gateway(process: Process, node: Node) -> Iterator[Finding]:
    if node.gateway_type == "Parallel" and not node.instantiate:
        yield at(node, "event-gateway", f"{called(node)}の並行型は、プロセスの開始にだけ置けます。排他型にしてください。")
    if node.instantiate and node.incoming:
        yield at(node, "event-gateway", f"{called(node)}は開始になるので、線を入れることはできません。線を消してください。")
    if len(node.outgoing) < 2:
        message = f"{called(node)}の先には、待つ出来事を2つ以上つないでください。一つだけなら分岐は要りません。"
        yield at(node, "event-gateway", message, severity="warning")
    for flow in (process.flows[one] for one in node.outgoing):
        target = process.nodes.get(flow.target)
        if target is None:
            continue
        if flow.condition is not None:
            yield at(node, "condition-not-asked", f"{called(node)}から出る線に条件は付けられません。条件を消してください。")
        if not _waits(target):
            yield at(node, "event-gateway", (
                f"{called(node)}の先に置けるのは、待つイベント（メッセージ・タイマー・条件・シグナル）か受信タスクだけですが、"
                f"{called(target)}がありました。つなぎ直してください。"
            ))
        elif len(target.incoming) > 1:
            message = f"{called(target)}へは{called(node)}からだけ線を引けますが、ほかの線も来ています。分けてください。"
            yield at(target, "event-gateway", message)


def _waits(target: Node) -> bool:
    if target.kind == "receiveTask":
        return True
    kinds = {event.kind for event in target.events}
    return target.kind == "intermediateCatchEvent" and kinds <= _CAUGHT
