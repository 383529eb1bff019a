"""Findings about one node or flow, in one shape."""

from processes.bpmn_values import Flow, Node
from processes.findings import Finding, Severity

KINDS = {
    "startEvent": "開始イベント", "endEvent": "終了イベント", "boundaryEvent": "境界イベント",
    "intermediateCatchEvent": "待つイベント", "intermediateThrowEvent": "送るイベント",
    "exclusiveGateway": "排他分岐", "inclusiveGateway": "包含分岐", "parallelGateway": "並行分岐",
    "complexGateway": "複合分岐", "eventBasedGateway": "イベント分岐", "subProcess": "サブプロセス",
    "transaction": "トランザクション", "adHocSubProcess": "アドホック・サブプロセス", "callActivity": "呼び出し",
    "userTask": "タスク", "task": "タスク", "manualTask": "手作業タスク", "scriptTask": "スクリプトタスク",
    "serviceTask": "サービスタスク", "businessRuleTask": "判定タスク", "sendTask": "送信タスク", "receiveTask": "受信タスク",
}
EVENTS = {
    "message": "メッセージ", "timer": "タイマー", "signal": "シグナル", "error": "エラー", "escalation": "エスカレーション",
    "conditional": "条件", "compensate": "補償", "cancel": "取消", "terminate": "全終了", "link": "リンク",
}


def called(node: Node) -> str:
    """How a sentence names the node."""
    return f"{KINDS.get(node.kind, node.kind)}「{node.name or node.id}」"


def at(node: Node, rule: str, message: str, *, severity: Severity = "error", line: int | None = None) -> Finding:
    """A finding about a node."""
    return Finding(rule=rule, message=message, element=node.id, line=line or node.line, severity=severity)


def on(flow: Flow, rule: str, message: str, *, severity: Severity = "error") -> Finding:
    """A finding about a sequence flow."""
    return Finding(rule=rule, message=message, element=flow.id, line=flow.line, severity=severity)
