"""Where processes and sub-processes begin (BPMN 2.0 §10.5.2, §13.3.4, §13.5.4)."""

from collections.abc import Iterator

from processes.bpmn_values import SCOPES, Diagram, Node, Process
from processes.findings import Finding
from processes.lint.beside import Beside
from processes.lint.saying import at, called
from processes.net import instantiates, is_root

_MUST_INTERRUPT = frozenset({"error", "compensate"})


def check(process: Process, diagram: Diagram, beside: Beside) -> Iterator[Finding]:
    """The beginning of the process and of each sub-process."""
    if process.nodes and not process.global_task:
        yield from _begins(process)
    for node in process.nodes.values():
        if node.kind not in SCOPES:
            continue
        inside = process.children(node.id)
        if not inside:
            message = f"{called(node)}の中に何も描かれていません。すぐに完了します。中身を描くか、タスクにしてください。"
            yield at(node, "empty-sub-process", message, severity="warning")
        elif node.triggered_by_event:
            yield from _event_sub_process(node, inside)
        elif node.kind == "adHocSubProcess":
            yield from _ad_hoc(node, inside)
        else:
            yield from _sub_process(node, inside)


def _begins(process: Process) -> Iterator[Finding]:
    inside = process.children(process.id)
    starts = [node for node in inside if node.kind == "startEvent" or instantiates(node)]
    if starts:
        return
    name = process.name or process.id
    if any(is_root(node) for node in inside):
        yield Finding(
            rule="no-start-event", severity="warning", element=process.id, line=process.line,
            message= (
                f"プロセス「{name}」に開始イベントがありません。線の入らない手順が全て同時に始まります。"
                "開始イベントを置いてください。"
            ),
        )
    else:
        yield Finding(
            rule="no-start", element=process.id, line=process.line,
            message=f"プロセス「{name}」には始まる所がありません。開始イベントを置いて、最初の手順につないでください。",
        )


def _sub_process(node: Node, inside: tuple[Node, ...]) -> Iterator[Finding]:
    starts = [one for one in inside if one.kind == "startEvent"]
    if len(starts) > 1:
        yield at(node, "sub-process-start", (
            f"{called(node)}の開始イベントは一つのはずですが、{len(starts)}個ありました。一つにして、並行分岐で分けてください。"
        ))
    if not starts and not any(is_root(one) for one in inside):
        yield at(node, "sub-process-start", f"{called(node)}の中に始まる所がありません。開始イベントを置いてください。")
    for start in starts:
        if start.events:
            yield at(start, "sub-process-start", (
                f"{called(node)}の開始イベントに出来事は付けられません。出来事で始めるなら、イベント・サブプロセスにしてください。"
            ))


def _event_sub_process(node: Node, inside: tuple[Node, ...]) -> Iterator[Finding]:
    starts = [one for one in inside if one.kind == "startEvent"]
    if len(starts) != 1 or not starts[0].events:
        yield at(node, "event-sub-process-start", (
            f"イベント・サブプロセス「{node.name or node.id}」には、出来事の付いた開始イベントがちょうど一つ要ります。"
            f"今は{len([s for s in starts if s.events])}個です。"
        ))
    for start in starts:
        if not start.interrupting and _MUST_INTERRUPT & {event.kind for event in start.events}:
            yield at(start, "event-sub-process-start", (
                f"エラーや補償で始まる「{start.name or start.id}」は、必ず中断する形にしてください。"
            ))


def _ad_hoc(node: Node, inside: tuple[Node, ...]) -> Iterator[Finding]:
    for one in inside:
        if one.kind in ("startEvent", "endEvent"):
            yield at(one, "ad-hoc", f"{called(node)}の中に{called(one)}は置けません。消してください。")
    if not any(one.kind != "startEvent" and one.kind != "endEvent" for one in inside):
        yield at(node, "ad-hoc", f"{called(node)}の中に行うことがありません。活動を一つ以上描いてください。")
