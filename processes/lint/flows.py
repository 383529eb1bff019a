"""Sequence flows: both ends there, inside one scope, conditions only where they are asked (BPMN 2.0 §8.4.13)."""

from collections.abc import Iterator

from processes.bpmn_values import Diagram, Flow, Node, Process, is_feel
from processes.findings import Finding
from processes.lint.beside import Beside
from processes.lint.saying import at, called, on

_DECIDING = frozenset({"exclusiveGateway", "inclusiveGateway"})


def check(process: Process, diagram: Diagram, beside: Beside) -> Iterator[Finding]:
    """Every flow, and the flows at every node."""
    for flow in process.flows.values():
        yield from _flow(process, diagram, flow)
    for node in process.nodes.values():
        yield from _ends(node)
        yield from _default(process, node)
        if node.kind in _DECIDING:
            yield from _decision(process, node)


def _flow(process: Process, diagram: Diagram, flow: Flow) -> Iterator[Finding]:
    source, target = process.nodes.get(flow.source), process.nodes.get(flow.target)
    for end, node in (("元", source), ("先", target)):
        if node is None:
            yield _dangling(diagram, process, flow, end, flow.source if end == "元" else flow.target)
    if source is None or target is None:
        return
    if source.parent != target.parent:
        yield on(flow, "crossing-flow", (
            f"線「{_named(flow)}」が{called(source)}から{called(target)}へ、サブプロセスの境をまたいでいます。"
            "サブプロセスの中と外は、境界イベントか終了・開始でつないでください。"
        ))
    if source.kind == "parallelGateway" and flow.condition is not None:
        yield on(flow, "condition-not-asked", (
            f"{called(source)}から出る線の条件「{flow.condition[:40]}」は問われません。条件を消すか、排他・包含分岐にしてください。"
        ))
    if flow.language and not is_feel(flow.language):
        yield on(flow, "language", f"条件の言語はFEELだけですが、「{flow.language}」でした。FEELで書いてください。")


def _dangling(diagram: Diagram, process: Process, flow: Flow, end: str, wanted: str) -> Finding:
    elsewhere = any(wanted in other.nodes for other in diagram.processes.values() if other is not process)
    if elsewhere:
        message = f"線「{_named(flow)}」が別のプロセスの「{wanted}」へつながっています。プロセスの間はメッセージの線にしてください。"
    elif wanted:
        message = f"線「{_named(flow)}」の{end}の「{wanted}」が図にありません。両端をつないでください。"
    else:
        message = f"線「{_named(flow)}」の{end}が決まっていません。両端をつないでください。"
    return on(flow, "dangling-flow", message)


def _named(flow: Flow) -> str:
    return flow.name or flow.id


def _ends(node: Node) -> Iterator[Finding]:
    if node.kind in ("startEvent", "boundaryEvent") and node.incoming:
        yield at(node, "incoming-not-allowed", f"{called(node)}に線を入れることはできません。次の手順へつなぎ直してください。")
    if node.kind == "endEvent" and node.outgoing:
        yield at(node, "outgoing-not-allowed", f"{called(node)}から線を出すことはできません。ほかの手順から引いてください。")
    handler = node.for_compensation or node.triggered_by_event
    if handler and (node.incoming or node.outgoing):
        yield at(node, "flow-at-handler", f"{called(node)}は出来事で始まるので、線をつなぐことはできません。線を消してください。")


def _default(process: Process, node: Node) -> Iterator[Finding]:
    if node.default is None:
        return
    if node.default not in node.outgoing:
        yield at(node, "default-not-outgoing", f"{called(node)}の既定の線「{node.default}」は、ここから出ていません。選び直してください。")
    elif process.flows[node.default].condition is not None and len(node.outgoing) > 1:
        yield on(process.flows[node.default], "condition-on-default", (
            f"{called(node)}の既定の線の条件は問われません（ほかのどれも成り立たないときに進みます）。条件を消してください。"
        ), severity="warning")
    elif node.kind in ("parallelGateway", "eventBasedGateway"):
        yield at(node, "default-not-asked", f"{called(node)}に既定の線は要りません。既定をやめてください。", severity="warning")


def _decision(process: Process, node: Node) -> Iterator[Finding]:
    if len(node.outgoing) < 2:
        return
    for flow in (process.flows[one] for one in node.outgoing):
        if flow.condition is None and flow.id != node.default:
            yield on(flow, "unconditioned-flow", (
                f"{called(node)}から出る線「{_named(flow)}」に条件がありません。条件を書くか、既定の線にしてください。"
            ))
