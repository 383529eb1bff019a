"""Events: what each waits for or does, and whether BPMN 2.0 allows that there (§10.5, tables 10.84 to 10.93)."""

from collections.abc import Iterator

from processes.bpmn_values import ACTIVITIES, Diagram, EventDefinition, Node, Process
from processes.findings import Finding
from processes.lint.beside import Beside
from processes.lint.saying import EVENTS, at, called

ALLOWED = {
    "startEvent": frozenset({"message", "timer", "conditional", "signal"}),
    "event sub-process": frozenset({"message", "timer", "conditional", "signal", "error", "escalation", "compensate"}),
    "intermediateCatchEvent": frozenset({"message", "timer", "conditional", "signal", "link"}),
    "intermediateThrowEvent": frozenset({"message", "signal", "escalation", "compensate", "link"}),
    "boundaryEvent": frozenset(
        {"message", "timer", "conditional", "signal", "error", "escalation", "compensate", "cancel"}
    ),
    "endEvent": frozenset({"message", "signal", "error", "escalation", "compensate", "cancel", "terminate"}),
}
_NAMED = {"message": "messages", "signal": "signals", "error": "errors", "escalation": "escalations"}


def check(process: Process, diagram: Diagram, beside: Beside) -> Iterator[Finding]:
    """Every event of the process, and its links as pairs."""
    for node in process.nodes.values():
        if node.kind in ALLOWED:
            for definition in node.events:
                yield from _definition(process, node, definition)
            yield from _by_kind(process, node)
        if node.message is not None and node.message.ref and node.message.name is None:
            yield at(node, "unknown-reference", (
                f"{called(node)}のメッセージ「{node.message.ref}」の定義がありません。選び直してください。"
            ))
    yield from _links(process)


def _by_kind(process: Process, node: Node) -> Iterator[Finding]:
    if node.kind in ("intermediateCatchEvent", "boundaryEvent") and not node.events:
        yield at(node, "event-without-trigger", f"{called(node)}が何を待つのか決まっていません。メッセージやタイマーを選んでください。")
    if node.kind == "boundaryEvent":
        yield from _boundary(process, node)
    several = {event.kind for event in node.events}
    if node.parallel_multiple and len(node.events) > 1 and several & {"error", "escalation", "cancel", "compensate"}:
        yield at(node, "event-not-allowed", f"{called(node)}：エラー・エスカレーション・取消・補償は、全部を待つ形にできません。")


def _place(process: Process, node: Node) -> str:
    parent = process.nodes.get(node.parent)
    inside = parent is not None and parent.triggered_by_event
    return "event sub-process" if node.kind == "startEvent" and inside else node.kind


def _definition(process: Process, node: Node, event: EventDefinition) -> Iterator[Finding]:
    if event.kind == "missing":
        yield at(node, "unknown-reference", f"{called(node)}の指すイベント定義「{event.ref}」が図にありません。選び直してください。")
        return
    named = EVENTS.get(event.kind, event.kind)
    if event.kind not in ALLOWED[_place(process, node)]:
        yield at(node, "event-not-allowed", f"{called(node)}に「{named}」は付けられません。別のイベントにしてください。", line=event.line)
        return
    if event.kind in _NAMED and event.ref and event.name is None:
        yield at(node, "unknown-reference", (
            f"{called(node)}の{named}「{event.ref}」の定義がありません。選び直してください。"
        ), line=event.line)
    if event.kind == "signal" and not event.ref:
        yield at(node, "signal-missing", f"{called(node)}にシグナルの名前がありません。選んでください。", line=event.line)
    if event.kind == "timer" and (event.timer is None or not event.timer.expression):
        yield at(node, "timer-missing", (
            f"{called(node)}のタイマーに値がありません。日時・期間・繰り返しのどれか（例：P3D）を書いてください。"
        ), line=event.line)
    if event.kind == "conditional" and not event.condition:
        yield at(node, "condition-missing", f"{called(node)}の条件がありません。FEELで書いてください。", line=event.line)
    yield from _compensation_and_cancel(process, node, event)


def _compensation_and_cancel(process: Process, node: Node, event: EventDefinition) -> Iterator[Finding]:
    if event.kind == "compensate" and event.ref:
        target = process.nodes.get(event.ref)
        if target is None:
            yield at(node, "unknown-reference", f"{called(node)}の補償する活動「{event.ref}」が図にありません。選び直してください。")
        elif node.kind != "boundaryEvent" and not _can_be_compensated(process, target):
            message = f"{called(node)}が補償する{called(target)}には、補償の手順がありません。何も起きません。"
            yield at(node, "compensation-without-handler", message, severity="warning")
    if event.kind == "cancel" and node.kind == "endEvent" and not _in_cancellable(process, node):
        yield at(node, "cancel-outside-transaction", (
            f"{called(node)}は、取消の境界イベントが付いたトランザクションの中にだけ置けます。置き場所を直してください。"
        ))


def _can_be_compensated(process: Process, target: Node) -> bool:
    by_boundary = any("compensate" in {e.kind for e in b.events} for b in process.boundary(target.id))
    return by_boundary or target.is_scope or target.kind == "callActivity"


def _in_cancellable(process: Process, node: Node) -> bool:
    parent = process.nodes.get(node.parent)
    while parent is not None and parent.kind != "transaction":
        parent = process.nodes.get(parent.parent)
    return parent is not None and any(
        event.kind == "cancel" for boundary in process.boundary(parent.id) for event in boundary.events
    )


def _boundary(process: Process, node: Node) -> Iterator[Finding]:
    host = process.nodes.get(node.attached_to or "")
    if host is None or host.kind not in ACTIVITIES:
        yield at(node, "boundary-without-host", (
            f"{called(node)}が付く活動「{node.attached_to or '（なし）'}」がありません。活動の縁に付けてください。"
        ))
        return
    kinds = {event.kind for event in node.events}
    if host.parent != node.parent:
        yield at(node, "boundary-without-host", f"{called(node)}は、付く活動と同じ所に描いてください。")
    if "cancel" in kinds and host.kind != "transaction":
        yield at(node, "cancel-outside-transaction", f"取消の{called(node)}は、トランザクションにだけ付けられます。付け替えてください。")
    if not node.interrupting and kinds & {"error", "cancel"}:
        yield at(node, "error-must-interrupt", f"エラーと取消の{called(node)}は、必ず活動を中断します。中断する形にしてください。")
    if host.for_compensation and kinds - {"error"}:
        yield at(node, "boundary-on-compensation", (
            f"補償用の{called(host)}に付けられるのは、エラーの境界イベントだけです。外してください。"
        ))
    if "compensate" in kinds:
        yield from _handled(process, node)


def _handled(process: Process, node: Node) -> Iterator[Finding]:
    handler = process.nodes.get(node.compensated_by or "")
    if handler is None or not handler.for_compensation:
        yield at(node, "compensation-without-handler", (
            f"補償の{called(node)}に、補償用の活動（isForCompensation）が関連の線で結ばれていません。結んでください。"
        ))
    if node.outgoing:
        yield at(node, "outgoing-not-allowed", f"補償の{called(node)}から線は出せません。補償用の活動へは関連の線で結んでください。")


def _links(process: Process) -> Iterator[Finding]:
    catches: dict[tuple[str, str | None], list[Node]] = {}
    throws: dict[tuple[str, str | None], list[Node]] = {}
    for node in process.nodes.values():
        for event in node.events:
            if event.kind == "link":
                sides = catches if node.kind == "intermediateCatchEvent" else throws
                sides.setdefault((node.parent, event.name), []).append(node)
    for key, nodes in throws.items():
        if key not in catches:
            for node in nodes:
                yield at(node, "link-without-catch", f"リンク「{key[1] or ''}」の受け側が、同じ所にありません。受け側を描いてください。")
    for key, nodes in catches.items():
        if len(nodes) > 1:
            yield at(nodes[1], "link-without-catch", (
                f"リンク「{key[1] or ''}」の受け側は一つのはずですが、{len(nodes)}個あります。一つにしてください。"
            ))
        if key not in throws:
            yield at(nodes[0], "link-without-throw", (
                f"リンク「{key[1] or ''}」の送り側が、同じ所にありません。送り側を描くか、消してください。"
            ))
