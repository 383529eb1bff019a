"""What cannot be executed exactly is refused before it runs, with element, line and a sentence."""

from collections.abc import Iterator

from engine.runtime.programs import Program
from processes.bpmn import Diagram, EventDefinition, Finding, Node, is_feel

# Event definitions that BPMN allows at each place (BPMN 2.0 tables 10.84-10.93).
ALLOWED = {
    "startEvent": {"message", "timer", "conditional", "signal"},
    "event sub-process": {"message", "timer", "conditional", "signal", "error", "escalation", "compensate"},
    "intermediateCatchEvent": {"message", "timer", "conditional", "signal", "link"},
    "intermediateThrowEvent": {"message", "signal", "escalation", "compensate", "link"},
    "boundaryEvent": {"message", "timer", "conditional", "signal", "error", "escalation", "compensate", "cancel"},
    "endEvent": {"message", "signal", "error", "escalation", "compensate", "cancel", "terminate"},
}
_EVENTS_BEHIND_GATEWAY = {"message", "timer", "conditional", "signal"}


def refusals(program: Program, diagram: Diagram, known: frozenset[str]) -> Iterator[Finding]:
    """Everything in the process that we would not execute as BPMN says."""
    for unknown in diagram.unknown:
        if unknown.parent is None or unknown.parent == program.process.id or unknown.parent in program.nodes:
            yield Finding(rule="unsupported", element=unknown.id or unknown.parent, line=unknown.line,
                          message=unknown.why_ja)
    yield from _flows(program)
    for node in program.nodes.values():
        yield from _node(program, node, known)


def _flows(program: Program) -> Iterator[Finding]:
    nodes = program.nodes
    for flow in program.flows.values():
        ends = [nodes.get(flow.source), nodes.get(flow.target)]
        if None in ends:
            yield Finding(rule="dangling-flow", element=flow.id, line=flow.line,
                          message="流れの元か先のノードがありません。両端をつないでください。")
        elif len({end.parent for end in ends if end}) > 1:
            yield Finding(rule="crossing-flow", element=flow.id, line=flow.line,
                          message="流れがサブプロセスの境をまたいでいます。境界イベントなどで描いてください。")
        if flow.language and not is_feel(flow.language):
            yield Finding(rule="language", element=flow.id, line=flow.line,
                          message=f"条件の言語はFEELだけですが、「{flow.language}」でした。FEELで書いてください。")


def _node(program: Program, node: Node, known: frozenset[str]) -> Iterator[Finding]:
    def refuse(rule: str, message: str) -> Finding:
        return Finding(rule=rule, element=node.id, line=node.line, message=message)

    if node.default and node.default not in node.outgoing:
        yield refuse("default", f"既定の流れ「{node.default}」が、この要素から出ていません。選び直してください。")
    if node.kind.endswith("Event"):
        yield from _event(program, node)
    if node.kind == "callActivity" and node.called not in known:
        yield refuse("called", f"呼び出すプロセス「{node.called or '（なし）'}」が見つかりません。図を一緒に置くか、選び直してください。")
    if node.kind == "scriptTask" and node.script and not is_feel(node.script_format):
        yield refuse("language", f"スクリプトの言語はFEELだけですが、「{node.script_format}」でした。FEELで書いてください。")
    yield from _unsupported(node)
    if node.kind == "eventBasedGateway":
        yield from _event_gateway(program, node)
    if node.triggered_by_event:
        yield from _event_sub_process(program, node)
    if node.kind in ("startEvent", "boundaryEvent") and node.incoming:
        yield refuse("incoming", "開始イベントと境界イベントに流れを入れることはできません。")
    if node.kind == "endEvent" and node.outgoing:
        yield refuse("outgoing", "終了イベントから流れを出すことはできません。")
    yield from _loop(node)


def _unsupported(node: Node) -> Iterator[Finding]:
    if node.gateway_type == "Parallel" and not node.instantiate:
        yield _at(node, "gateway", "並行型のイベントゲートウェイは、プロセスの開始にだけ置けます。")
    if {"preScript", "postScript"} & set(node.extensions):
        yield _at(node, "unsupported", "前後のスクリプトは実行しません。スクリプトタスクを別に置いてください。")
    if node.transaction_method not in (None, "##Compensate"):
        yield _at(node, "transaction", "取り消しは補償（##Compensate）で行います。ほかの方式は実行できません。")


def _loop(node: Node) -> Iterator[Finding]:
    loop = node.loop
    if loop is None:
        return
    if loop.kind == "standard" and loop.condition is None and loop.maximum is None:
        yield Finding(rule="loop", element=node.id, line=loop.line,
                      message="繰り返しに条件も上限もないため終わりません。どちらかを書いてください。")
    if loop.kind == "multi" and loop.cardinality is None and loop.collection is None:
        yield Finding(rule="loop", element=node.id, line=loop.line,
                      message="複数インスタンスの回数（loopCardinality）か一覧（loopDataInputRef）がありません。どちらかを書いてください。")
    if loop.behavior not in ("None", "One", "All", "Complex"):
        yield Finding(rule="loop", element=node.id, line=loop.line,
                      message=f"複数インスタンスのふるまい「{loop.behavior}」はありません。None・One・All・Complexから選んでください。")


def _event(program: Program, node: Node) -> Iterator[Finding]:
    parent = program.nodes.get(node.parent)
    inside_handler = parent is not None and parent.triggered_by_event
    place = "event sub-process" if node.kind == "startEvent" and inside_handler else node.kind
    for definition in node.events:
        yield from _definition(program, node, place, definition)
    if node.kind == "startEvent" and parent is not None and not inside_handler and node.events:
        yield _at(node, "start", "サブプロセスの開始イベントに出来事は付けられません。イベントサブプロセスにしてください。")
    if node.kind in ("intermediateCatchEvent", "boundaryEvent") and not node.events:
        yield _at(node, "event", "何を待つイベントか決まっていません。メッセージやタイマーを選んでください。")
    if node.kind == "boundaryEvent" and node.attached_to not in program.nodes:
        yield _at(node, "boundary", f"境界イベントの付く活動「{node.attached_to or '（なし）'}」がありません。活動に付けてください。")
    elif node.kind == "boundaryEvent":
        yield from _boundary(program, node)
    if node.parallel_multiple and len(node.events) > 1 and {"error", "escalation", "cancel", "compensate"} & {d.kind for d in node.events}:
        yield _at(node, "event", "エラー・エスカレーション・取消・補償は、並行複数イベントにできません。")


def _boundary(program: Program, node: Node) -> Iterator[Finding]:
    host = program.nodes[node.attached_to or ""]
    kinds = {definition.kind for definition in node.events}
    if "cancel" in kinds and host.kind != "transaction":
        yield _at(node, "cancel", "取消の境界イベントは、トランザクションにだけ付けられます。")
    if host.parent != node.parent:
        yield _at(node, "boundary", "境界イベントは、付く活動と同じ所に描いてください。")
    if "compensate" in kinds:
        handler = program.nodes.get(node.compensated_by or "")
        if handler is None or not handler.for_compensation:
            yield _at(node, "compensation", "補償の境界イベントに、補償用の活動（isForCompensation）が関連付けられていません。")
    if not node.interrupting and kinds & {"error", "cancel"}:
        yield _at(node, "boundary", "エラーと取消の境界イベントは、必ず中断します。中断する形にしてください。")
    if host.for_compensation and kinds - {"error"}:
        yield _at(node, "boundary", "補償用の活動に付けられるのは、エラーの境界イベントだけです。")


def _definition(program: Program, node: Node, place: str, definition: EventDefinition) -> Iterator[Finding]:
    if definition.kind == "missing":
        yield _at(node, "event", f"イベント定義「{definition.ref}」が図にありません。")
        return
    if definition.kind not in ALLOWED[place]:
        yield _at(node, "event", f"{definition.kind}は、BPMNではここ（{place}）に置けません。別のイベントにしてください。")
        return
    if definition.kind == "timer" and definition.timer is None:
        yield _at(node, "timer", "タイマーの値がありません。日時・期間・繰り返しのどれかを書いてください。")
    if definition.kind == "conditional" and definition.condition is None:
        yield _at(node, "condition", "条件イベントの条件がありません。FEELで書いてください。")
    if definition.kind in ("signal", "message", "escalation", "error") and definition.ref and definition.name is None:
        yield _at(node, "event", f"{definition.kind}「{definition.ref}」の定義が図にありません。")
    if definition.kind == "signal" and not definition.ref:
        yield _at(node, "event", "シグナルの名前（signalRef）がありません。選んでください。")
    if definition.kind == "link" and node.kind == "intermediateThrowEvent" and node.id not in program.links:
        yield _at(node, "link", f"リンク「{definition.name or ''}」の受け側が、同じ所にありません。")
    if definition.kind == "compensate" and definition.ref and definition.ref not in program.nodes:
        yield _at(node, "compensation", f"補償する活動「{definition.ref}」が図にありません。")
    if definition.kind == "cancel" and node.kind == "endEvent" and not _in_cancellable(program, node):
        yield _at(node, "cancel", "取消の終了イベントは、取消の境界イベントが付いたトランザクションの中にだけ置けます。")


def _in_cancellable(program: Program, node: Node) -> bool:
    parent = program.nodes.get(node.parent)
    while parent is not None and parent.kind != "transaction":
        parent = program.nodes.get(parent.parent)
    if parent is None:
        return False
    return any(d.kind == "cancel" for b in program.boundaries.get(parent.id, ()) for d in program.nodes[b].events)


def _event_gateway(program: Program, node: Node) -> Iterator[Finding]:
    for flow in node.outgoing:
        target = program.nodes.get(program.flows[flow].target)
        if target is None:
            continue
        kinds = {definition.kind for definition in target.events}
        caught = target.kind == "intermediateCatchEvent" and kinds <= _EVENTS_BEHIND_GATEWAY
        if not caught and target.kind != "receiveTask":
            yield _at(node, "gateway", f"イベントゲートウェイの先は、待つイベントか受信タスクだけですが、「{target.id}」がありました。")
        if program.flows[flow].condition:
            yield _at(node, "gateway", "イベントゲートウェイから出る流れに条件は付けられません。")
    if node.instantiate and node.incoming:
        yield _at(node, "gateway", "開始になるイベントゲートウェイに流れを入れることはできません。")


def _event_sub_process(program: Program, node: Node) -> Iterator[Finding]:
    starts = [one for one in program.process.children(node.id) if one.kind == "startEvent"]
    if not starts or any(not one.events for one in starts):
        yield _at(node, "event-sub-process", "イベントサブプロセスには、きっかけのある開始イベントが要ります。")
    if node.incoming or node.outgoing:
        yield _at(node, "event-sub-process", "イベントサブプロセスに流れをつなぐことはできません。")
    if any(not one.interrupting and {"error", "compensate"} & {d.kind for d in one.events} for one in starts):
        yield _at(node, "event-sub-process", "エラーで始まるイベントサブプロセスは、必ず中断します。")


def _at(node: Node, rule: str, message: str) -> Finding:
    return Finding(rule=rule, element=node.id, line=node.line, message=message)
