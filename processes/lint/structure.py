"""The file as a whole: is there a process, and nothing in it that we do not execute?"""

from collections.abc import Iterator

from processes.bpmn_values import Diagram, Process
from processes.elements import fate
from processes.findings import Finding


def check(diagram: Diagram) -> Iterator[Finding]:
    """No process, elements that are not executed, references to nothing."""
    if not diagram.processes:
        yield Finding(rule="no-process", message="図にプロセスがありません。開始イベントから描いてください。")
    yield from _unsupported(diagram)
    yield from _participants(diagram)
    yield from _message_flows(diagram)
    for process in diagram.processes.values():
        yield from _process(process)


def _unsupported(diagram: Diagram) -> Iterator[Finding]:
    for unknown in diagram.unknown:
        if fate(unknown.tag) == "documentation" and unknown.kind == "element":
            continue
        message = unknown.why_ja
        if fate(unknown.tag) is None and unknown.kind == "element":
            message = f"「{unknown.tag}」という要素はBPMN 2.0にありません。取り除いてください。"
        rule = "language" if unknown.kind == "language" else "unsupported-element"
        yield Finding(rule=rule, element=unknown.id or unknown.parent, line=unknown.line, message=message)


def _participants(diagram: Diagram) -> Iterator[Finding]:
    for one in diagram.participants.values():
        if one.process is not None and one.process not in diagram.processes:
            message = f"プール「{one.name or one.id}」の指すプロセス「{one.process}」が図にありません。プールを描き直してください。"
            yield Finding(rule="unknown-reference", element=one.id, line=one.line, message=message)


def _message_flows(diagram: Diagram) -> Iterator[Finding]:
    for flow in diagram.message_flows.values():
        for end in (flow.source, flow.target):
            if end not in diagram.lines:
                message = f"メッセージの線「{flow.name or flow.id}」の端「{end}」が図にありません。つなぎ直してください。"
                yield Finding(rule="unknown-reference", element=flow.id, line=flow.line, message=message)


def _process(process: Process) -> Iterator[Finding]:
    if not process.executable and not process.global_task:
        message = (
            f"プロセス「{process.name or process.id}」は実行しない印（isExecutable=false）です。"
            "動かすなら実行するプロセスにしてください。"
        )
        yield Finding(rule="not-executable", severity="warning", element=process.id, line=process.line, message=message)
    if not process.nodes:
        message = f"プロセス「{process.name or process.id}」に何も描かれていません。開始イベントから描いてください。"
        yield Finding(rule="empty-process", severity="warning", element=process.id, line=process.line, message=message)
    for lane in process.lanes.values():
        for node in lane.nodes:
            if node not in process.nodes:
                message = f"レーン「{lane.name or lane.id}」の指す「{node}」がこのプロセスにありません。レーンを描き直してください。"
                yield Finding(rule="unknown-reference", element=lane.id, line=lane.line, message=message)
