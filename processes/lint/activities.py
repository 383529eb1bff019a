"""Activities: what they call, ask and repeat (BPMN 2.0 §10.3)."""

from collections.abc import Iterator

from processes import feel
from processes.bpmn_values import Diagram, Node, Process, is_feel
from processes.feel import nodes
from processes.findings import Finding
from processes.lint.beside import Beside
from processes.lint.saying import at, called

_BEHAVIORS = frozenset({"None", "One", "All", "Complex"})


def check(process: Process, diagram: Diagram, beside: Beside) -> Iterator[Finding]:
    """Every activity of the process."""
    for node in process.nodes.values():
        if node.kind == "callActivity":
            yield from _call(process, node, beside)
        elif node.kind == "businessRuleTask":
            yield from _decision(node, beside)
        elif node.kind == "serviceTask":
            yield from _service(node, beside)
        elif node.kind == "scriptTask":
            yield from _script(node)
        if {"preScript", "postScript"} & set(node.extensions):
            yield at(node, "unsupported-element", (
                f"{called(node)}の前後のスクリプトは実行しません。スクリプトタスクを別に置いてください。"
            ))
        yield from _loop(node)
        yield from _stores(node)


def _call(process: Process, node: Node, beside: Beside) -> Iterator[Finding]:
    if not node.called:
        yield at(node, "called-missing", f"{called(node)}がどのプロセスを呼ぶのか決まっていません。選んでください。")
    elif node.called not in beside.processes:
        yield at(node, "called-not-found", (
            f"{called(node)}の呼ぶプロセス「{node.called}」が見つかりません。図を一緒に置くか、選び直してください。"
        ))
    else:
        circle = _circle(process.id, node.called, beside)
        if circle:
            yield at(node, "call-recursion", (
                f"{called(node)}の呼ぶプロセスが、回り回って自分自身（{'→'.join([process.id, *circle])}）を呼びます。"
                "呼び出しが終わらないおそれがあります。必ず終わる条件があるか確かめてください。"
            ), severity="warning")


def _circle(start: str, first: str, beside: Beside) -> list[str]:
    """The way of calls from `first` back to `start`, empty if there is none."""
    ways = [[first]]
    seen = {first}
    for way in ways:
        if way[-1] == start:
            return way
        found = beside.processes.get(way[-1])
        for node in found.nodes.values() if found is not None else ():
            if node.called and node.called not in seen:
                seen.add(node.called)
                ways.append([*way, node.called])
    return []


def _decision(node: Node, beside: Beside) -> Iterator[Finding]:
    if not node.decision:
        yield at(node, "decision-missing", f"{called(node)}に判定表（calledDecisionId）がありません。選んでください。")
    elif node.decision not in beside.decisions:
        yield at(node, "decision-not-found", (
            f"{called(node)}の判定「{node.decision}」の表が見つかりません。"
            "DMNのファイルを一緒に置くか、選び直してください。"
        ))


def _service(node: Node, beside: Beside) -> Iterator[Finding]:
    if node.operator is None or not node.operator.id:
        message = f"{called(node)}が何をするのか決まっていません（serviceTaskOperator）。操作を選んでください。"
        yield at(node, "operator-missing", message, severity="warning")
    elif beside.operators is not None and node.operator.id not in beside.operators:
        yield at(node, "operator-unknown", f"{called(node)}の操作「{node.operator.id}」はありません。選び直してください。")


def _script(node: Node) -> Iterator[Finding]:
    if not node.script:
        message = f"{called(node)}にスクリプトがありません。何もせずに通り過ぎます。FEELで書くか、消してください。"
        yield at(node, "script-missing", message, severity="warning")
    elif not is_feel(node.script_format):
        yield at(node, "language", f"{called(node)}の言語はFEELだけですが、「{node.script_format}」でした。FEELで書いてください。")
    elif not node.result and _computes_no_context(node.script):
        yield at(node, "script-result-unused", (
            f"{called(node)}の結果を入れる変数がないため、結果はどこにも残りません。"
            "変数名を書くか、「{名前: 値}」の形にしてください。"
        ), severity="warning")


def _computes_no_context(script: str) -> bool:
    """A literal, a sum or the like can never be a context; a call, a name or an `if` may be one."""
    try:
        node = feel.parse(script.strip().removeprefix("=")).node
    except feel.FeelSyntaxError:
        return False  # told by the expressions' own check
    return isinstance(node, (nodes.Literal, nodes.Arithmetic, nodes.Comparison, nodes.Logic, nodes.At, nodes.ListLiteral))


def _stores(node: Node) -> Iterator[Finding]:
    """A data store outlives its process; here nothing does but the records of the case."""
    for association in (*node.inputs, *node.outputs):
        if association.store is not None:
            yield at(node, "data-store", (
                f"{called(node)}がデータストア「{association.store}」とつながっていますが、案件の外には何も残しません。"
                "データオブジェクトにするか、線を外してください。"
            ), line=association.line)


def _loop(node: Node) -> Iterator[Finding]:
    loop = node.loop
    if loop is None:
        return
    if loop.kind == "standard" and loop.condition is None and loop.maximum is None:
        yield at(node, "loop-without-end", (
            f"{called(node)}の繰り返しに条件も上限もなく、終わりません。どちらかを書いてください。"
        ), line=loop.line)
    if loop.kind == "multi" and loop.cardinality is None and loop.collection is None:
        yield at(node, "multi-instance-without-count", (

                f"{called(node)}を何回・何について行うのか決まっていません。"
                "回数（loopCardinality）か一覧（loopDataInputRef）を書いてください。"

        ), line=loop.line)
    if loop.behavior not in _BEHAVIORS:
        yield at(node, "multi-instance-behavior", (
            f"{called(node)}のふるまい「{loop.behavior}」はありません。None・One・All・Complexから選んでください。"
        ))
    elif loop.behavior in ("None", "One") and loop.behavior_ref is None:
        message = f"{called(node)}のふるまい「{loop.behavior}」に、起こす出来事がありません。何も起きません。"
        yield at(node, "multi-instance-behavior", message, severity="warning")
    elif loop.behavior_ref is not None and loop.behavior_ref.kind == "missing":
        yield at(node, "unknown-reference", (
            f"{called(node)}の指すイベント定義「{loop.behavior_ref.ref}」が図にありません。選び直してください。"
        ))
