"""What differs between two versions of a diagram, element by element, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from processes.bpmn_values import Diagram, Flow, Lane, Node

WORDS = {
    "kind": "種類", "name": "名前", "lane": "役割の枠", "script": "計算", "decision": "判定表", "result": "結果の名前",
    "called": "呼ぶ手続き", "documentation": "メモ", "instructions": "職員への説明", "condition": "条件",
    "target": "行き先", "source": "出どころ", "default": "当てはまらないときの線", "loop": "くり返し", "events": "できごと",
    "operator": "自動の処理", "interrupting": "元の仕事を止めるか", "attached_to": "ついている仕事",
    "payload": "添える内容", "message": "知らせ", "inputs": "渡すもの", "outputs": "受け取るもの",
    "completion": "終わりの条件", "activation": "先へ進む条件", "message_variable": "内容を入れる名前",
}  # fmt: skip
PROPERTIES = {
    "form": "様式", "agency": "機関", "role": "役割", "due": "期限", "stage": "段階", "class": "取扱区分",
    "title": "見出し", "subject": "受信箱に添える言葉", "prefill": "引き写す様式", "compartment": "会議限定の案件",
    "correlation": "相手を見分ける式", "case": "案件",
}  # fmt: skip
_NODE = (
    "kind", "name", "lane", "script", "decision", "result", "called", "documentation", "instructions", "default",
    "interrupting", "attached_to", "payload", "message_variable", "completion", "activation",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One particular of an element that is other than before; texts as written, '' for nothing."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An element that was added, removed or changed."""

    element: str
    name: str
    kind: Literal["added", "removed", "changed"]
    changes: tuple[Change, ...] = ()

    def __str__(self) -> str:
        place = f"{self.name}（{self.element}）" if self.name else self.element
        if self.kind != "changed":
            return f"{place}：{'加わりました' if self.kind == 'added' else 'なくなりました'}"
        return f"{place}：" + "、".join(
            f"{one.what}「{one.before or 'なし'}」→「{one.after or 'なし'}」" for one in self.changes
        )


def differences(before: Diagram, after: Diagram) -> tuple[Difference, ...]:
    """Every element that is not as before: processes, lanes, nodes, flows; the layout does not count."""
    old, new = _described(before), _described(after)
    found: list[Difference] = []
    for element in dict.fromkeys([*old, *new]):
        if element not in new:
            found.append(Difference(element=element, name=old[element]["名前"], kind="removed"))
        elif element not in old:
            found.append(Difference(element=element, name=new[element]["名前"], kind="added"))
        elif changes := _changes(old[element], new[element]):
            found.append(
                Difference(element=element, name=new[element]["名前"], kind="changed", changes=changes)
            )
    return tuple(found)


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Change, ...]:
    return tuple(
        Change(what=what, before=old.get(what, ""), after=new.get(what, ""))
        for what in dict.fromkeys([*old, *new])
        if old.get(what, "") != new.get(what, "")
    )


def _described(diagram: Diagram) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for process in diagram.processes.values():
        found[process.id] = {
            "名前": process.name,
            "メモ": process.documentation,
            **_properties(process.properties),
        }
        found |= {lane.id: _lane(lane) for lane in process.lanes.values()}
        found |= {node.id: _node(node, process.lanes) for node in process.nodes.values()}
        found |= {flow.id: _flow(flow) for flow in process.flows.values()}
    return found


def _lane(lane: Lane) -> dict[str, str]:
    return {"名前": lane.name, **_properties(lane.properties)}


def _flow(flow: Flow) -> dict[str, str]:
    return {"名前": flow.name, "条件": flow.condition or "", "出どころ": flow.source, "行き先": flow.target}


def _node(node: Node, lanes: Mapping[str, Lane]) -> dict[str, str]:
    found = {WORDS[one]: _text(getattr(node, one)) for one in _NODE}
    found["役割の枠"] = lanes[node.lane].name if node.lane and node.lane in lanes else ""
    found["くり返し"] = _without_lines(node.loop)
    found["できごと"] = _without_lines(node.events)
    found["知らせ"] = _without_lines(node.message)
    found["自動の処理"] = _without_lines(node.operator)
    found["渡すもの"], found["受け取るもの"] = _without_lines(node.inputs), _without_lines(node.outputs)
    return found | _properties(node.properties)


def _properties(properties: Mapping[str, str]) -> dict[str, str]:
    return {PROPERTIES.get(name, name): value for name, value in properties.items()}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    return "" if value is None else str(value)


# what a value holds, as one text: only its filled particulars, and never the line it stands in
def _without_lines(value: object) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, tuple):
        return "；".join(_without_lines(one) for one in value)
    slots = getattr(type(value), "__slots__", None)
    if slots is None:
        return str(value)
    held = [getattr(value, slot) for slot in slots if slot not in ("line", "id")]
    return "、".join(_without_lines(one) for one in held if one not in (None, "", (), False))
