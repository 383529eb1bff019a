"""The house rules: what a diagram of this town must say beside being BPMN, judged at publish and by `check --house`.

Every human task has a lane with a known role, an agency that can be found, a form, and a due date or the reason
why there is none; people can read every step and every choice; every coded answer leads on; what is written freely
never steers."""

import re
from collections.abc import Iterator

from processes.bpmn_values import Diagram, Flow, Node, Process
from processes.expressions import expressions_of, names_of, parsed
from processes.feel import Expression, FeelSyntaxError, parse
from processes.findings import Finding
from processes.house_answers import answers_routed
from processes.house_values import HouseRules, KnownForm
from processes.lint.saying import at, called, on

__all__ = ["HouseRules", "KnownForm", "house_findings"]

_HUMAN = frozenset({"userTask", "manualTask", "task"})
_CHOOSING = frozenset({"exclusiveGateway", "inclusiveGateway"})
_CLASSES = frozenset({"L1", "L2", "L3", "L4", "L5"})
_RELATIONS = frozenset({"@受付", "@紹介元", "@紹介先", "@主担当"})
_ITEM = "@項目"
_OUTSIDE = re.compile(r"(?i)\b(?:https?|ftp|file|wss?)://|\bmailto:|\b\d{1,3}(?:\.\d{1,3}){3}\b")
_STABLE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_DRAWN = re.compile(r"(?:Activity|Event|Gateway|Flow|Process|StartEvent|Task)_[0-9a-z]{7}")


def house_findings(diagram: Diagram, house: HouseRules) -> Iterator[Finding]:
    """Everything in the diagram that the house would not publish."""
    for process in diagram.processes.values():
        yield from _process(process)
        for node in process.nodes.values():
            yield from _node(process, node, house)
        for flow in process.flows.values():
            yield from _flow(process, flow)
        yield from _free_text(process, house)
        yield from answers_routed(process, house)
        yield from _drawn(diagram, process)


def _process(process: Process) -> Iterator[Finding]:
    if not _STABLE.fullmatch(process.id) or _DRAWN.fullmatch(process.id):
        yield Finding(
            rule="house-stable-id", element=process.id, line=process.line,
            message=f"プロセスのid「{process.id}」は道具が付けた仮のものです。P-Aのような変わらないidにしてください。",
        )
    if not process.name:
        yield Finding(
            rule="house-label", element=process.id, line=process.line,
            message="プロセスに名前がありません。何の手続きか分かる名前を付けてください。",
        )


def _node(process: Process, node: Node, house: HouseRules) -> Iterator[Finding]:
    if _DRAWN.fullmatch(node.id) and node.kind in _HUMAN:
        yield at(node, "house-stable-id", (
            f"{called(node)}のid「{node.id}」は道具が付けた仮のものです。A-10のような変わらないidにしてください。"
        ))
    if not node.name and (node.kind in _HUMAN or node.kind in _CHOOSING and len(node.outgoing) > 1):
        yield at(node, "house-label", f"{called(node)}に名前がありません。窓口で通じる名前を付けてください。")
    if node.kind in _HUMAN:
        yield from _human(process, node, house)
    elif node.kind == "adHocSubProcess":
        yield from _by_hand(process, node, house)
    if node.kind == "serviceTask":
        yield from _inside(node)
    yield from _secrecy(process, node)


def _human(process: Process, node: Node, house: HouseRules) -> Iterator[Finding]:
    yield from _role(process, node, house)
    yield from _agency(process, node, house)
    yield from _form(node, house)
    yield from _due(node, process)
    stage = node.properties.get("stage")
    if stage and house.stages is not None and stage not in house.stages:
        yield at(node, "house-stage", f"{called(node)}の段階「{stage}」はありません。一覧から選んでください。")


def _by_hand(process: Process, node: Node, house: HouseRules) -> Iterator[Finding]:
    """Somebody has to start the activities of an ad-hoc sub-process and to say when they are over: a task of its own."""
    if not node.name:
        yield at(node, "house-label", f"{called(node)}に名前がありません。窓口で通じる名前を付けてください。")
    yield from _role(process, node, house)
    yield from _agency(process, node, house)
    if node.properties.get("form"):
        yield from _form(node, house)
    yield from _due(node, process)


def said(process: Process, node: Node, name: str) -> str | None:
    """A property of the task, else of its lane or the lanes around it."""
    if node.properties.get(name):
        return node.properties[name]
    lane = process.lanes.get(node.lane or "")
    while lane is not None:
        if lane.properties.get(name):
            return lane.properties[name]
        lane = process.lanes.get(lane.parent or "")
    return None


def _role(process: Process, node: Node, house: HouseRules) -> Iterator[Finding]:
    role = said(process, node, "role")
    if node.lane is None and not node.properties.get("role"):
        yield at(node, "house-lane", f"{called(node)}がどのレーンにもありません。担当のレーンの中に置いてください。")
    elif role is None:
        yield at(node, "house-role", f"{called(node)}のレーンに役割（role）がありません。レーンに役割を書いてください。")
    elif house.roles is not None and role not in house.roles:
        yield at(node, "house-role", f"{called(node)}の役割「{role}」はありません。役割の一覧から選んでください。")


def _agency(process: Process, node: Node, house: HouseRules) -> Iterator[Finding]:
    agency = said(process, node, "agency")
    if agency is None:
        yield at(node, "house-agency", f"{called(node)}を行う機関（agency）が決まっていません。レーンかタスクに書いてください。")
    elif agency.startswith("="):
        yield from _readable(node, "house-agency", "機関", agency[1:], names_of(process))
    elif agency == _ITEM:
        if not _in_multi(process, node):
            yield at(node, "house-agency", f"{called(node)}の機関が「@項目」ですが、複数の相手について行う手順ではありません。")
    elif agency.startswith("@"):
        if agency not in _RELATIONS:
            yield at(node, "house-agency", (
                f"{called(node)}の機関「{agency}」という関係はありません。"
                f"{'・'.join(sorted(_RELATIONS))}から選んでください。"
            ))
    elif house.agencies is not None and agency not in house.agencies:
        yield at(node, "house-agency", f"{called(node)}の機関「{agency}」は機関の一覧にありません。一覧のコードを書いてください。")


def _in_multi(process: Process, node: Node) -> bool:
    current: Node | None = node
    while current is not None:
        if current.loop is not None and current.loop.kind == "multi":
            return True
        current = process.nodes.get(current.parent) if not process.global_task else None
    return False


def _form(node: Node, house: HouseRules) -> Iterator[Finding]:
    form = node.properties.get("form")
    if not form:
        yield at(node, "house-form", f"{called(node)}に様式（form）がありません。様式を選んでください。")
    elif house.forms is not None and form not in house.forms:
        yield at(node, "house-form", f"{called(node)}の様式「{form}」が見つかりません。様式を作るか、選び直してください。")


def _due(node: Node, process: Process) -> Iterator[Finding]:
    due = (node.properties.get("due") or "").strip()
    if not due:
        yield at(node, "house-due", (

                f"{called(node)}に期限（due）がありません。"
                "「3」（開庁日）、「D5:一次アセスメント」か、期限のない理由を「none:理由」と書いてください。"

        ))
    elif due.startswith("none:"):
        if not due[5:].strip():
            yield at(node, "house-due", f"{called(node)}に期限のない理由が書かれていません。「none:」の後に理由を書いてください。")
    elif due.startswith("="):
        yield from _readable(node, "house-due", "期限", due[1:], names_of(process))
    elif not (due.isdecimal() and int(due) <= 366) and not re.fullmatch(r"[A-Z]\d+:.+", due):
        yield at(node, "house-due", (
            f"{called(node)}の期限「{due}」が読めません。"
            "「3」「D5:一次アセスメント」「=式」「none:理由」のどれかにしてください。"
        ))


def _readable(node: Node, rule: str, what: str, text: str, names: frozenset[str]) -> Iterator[Finding]:
    try:
        parse(text, names=names)
    except FeelSyntaxError as error:
        yield at(node, rule, f"{called(node)}の{what}の式「{text[:60]}」を{error.column}文字目で読めません：{error.message_ja}")


def _secrecy(process: Process, node: Node) -> Iterator[Finding]:
    level = node.properties.get("class")
    if level is not None and level.startswith("="):
        yield from _readable(node, "house-class", "情報の段階", level[1:], names_of(process))
    elif level is not None and level not in _CLASSES:
        yield at(node, "house-class", f"{called(node)}の情報の段階「{level}」はありません。L1からL5のどれかにしてください。")
    compartment = node.properties.get("compartment")
    if compartment is not None:
        text = compartment[1:] if compartment.startswith("=") else compartment
        yield from _readable(node, "house-compartment", "区画", text, names_of(process))


def _inside(node: Node) -> Iterator[Finding]:
    if node.operator is None or not node.operator.id:
        yield at(node, "house-operator", f"{called(node)}に操作（serviceTaskOperator）がありません。選んでください。")
        return
    for text in (node.operator.id, *(parameter.value for parameter in node.operator.parameters)):
        if _OUTSIDE.search(text):
            yield at(node, "house-external-address", (
                f"{called(node)}に外部の宛先「{text[:60]}」があります。宛先は図に書けません。届け先の名前で書いてください。"
            ))


def _flow(process: Process, flow: Flow) -> Iterator[Finding]:
    source = process.nodes.get(flow.source)
    if source is None or source.kind not in _CHOOSING or len(source.outgoing) < 2:
        return
    if not flow.name:
        yield on(flow, "house-label", f"{called(source)}から出る線「{flow.id}」に名前がありません。どんな場合か書いてください。")


def _free_text(process: Process, house: HouseRules) -> Iterator[Finding]:
    """Only coded answers enter the state; an expression on a free text would always find null."""
    if house.forms is None:
        return
    used = [f for node in process.nodes.values() if (f := house.forms.get(node.properties.get("form", ""))) is not None]
    coded = frozenset[str]().union(*(form.coded for form in used))
    free = frozenset[str]().union(*(form.free for form in used)) - coded
    names = names_of(process)
    for written in expressions_of(process):
        found = parsed(written.plain, names | written.local)
        if isinstance(found, Expression):
            for name in sorted(found.reads & free):
                yield Finding(
                    rule="house-free-text", element=written.element, line=written.line,
                    message=f"{written.role}が自由記述の項目「{name}」を読んでいます。分かれ道には選択の項目だけが使えます。",
                )


def _drawn(diagram: Diagram, process: Process) -> Iterator[Finding]:
    for node in process.nodes.values():
        if node.id not in diagram.shapes:
            yield at(node, "house-not-drawn", (
                f"{called(node)}が図に描かれていません（BPMNShapeがありません）。モデラーで描いてください。"
            ))
    for flow in process.flows.values():
        if flow.id not in diagram.edges:
            yield on(flow, "house-not-drawn", (
                f"線「{flow.name or flow.id}」が図に描かれていません（BPMNEdgeがありません）。引き直してください。"
            ))
