"""Opening and completing what holds tokens: the process, sub-processes, called processes, event sub-processes."""

from collections.abc import Mapping
from typing import Any

from engine.runtime.play import MAX_DEPTH, Play
from engine.runtime.state import Scope, Token
from engine.runtime.subscriptions import arm
from engine.runtime.variables import associated, passed_on, plain, visible, visible_in, write
from processes.bpmn import Node


def open_process(play: Play, variables: Mapping[str, Any]) -> Scope:
    """The root scope of a run; nothing is started in it yet."""
    scope = Scope(id=play.run.next("s"), kind="process", program=play.run.program, body=play.run.program)
    play.run.scopes[scope.id] = scope
    scope.vars.update(variables)
    _declare(play, scope)
    arm(play, scope)
    return scope


def open_sub_process(play: Play, token: Token) -> None:
    """The activity's inside begins: its start events, or what no flow leads to."""
    outer = play.scope(token)
    scope = _inside(play, token, kind="sub", program=outer.program, body=token.element)
    scope.vars.update(token.local)
    _declare(play, scope)
    arm(play, scope)
    begin(play, scope)


def open_call(play: Play, token: Token) -> None:
    """A called process begins with its inputs: those mapped, or all variables visible here."""
    node = play.node(token)
    assert node.called is not None
    variables = _mapped_in(play, token, node)
    scope = _inside(play, token, kind="call", program=node.called, body=node.called)
    scope.vars.update(variables)
    _declare(play, scope)
    arm(play, scope)
    begin(play, scope)


def open_handler(play: Play, owner: Token, *, handler: str) -> Scope:
    """The inside of an event sub-process that `owner`, a token on it, has started."""
    scope = _inside(play, owner, kind="event", program=play.scope(owner).program, body=handler)
    _declare(play, scope)
    arm(play, scope)
    return scope


def begin(play: Play, scope: Scope) -> None:
    """A token on everything that starts inside the scope."""
    body = play.body(scope)
    assert body is not None
    node = play.program(scope).nodes.get(scope.body)
    starts = body.starts
    if node is not None and node.kind == "adHocSubProcess":
        starts = starts[:1] if node.ordering == "Sequential" else starts
        scope.performed.extend(starts)
    for element in starts:
        play.later("arrive", play.spawn(element, scope.id).id)
    play.later("scope", scope.id)


def end_call(play: Play, token: Token, scope: Scope) -> None:
    """What the called process hands back: outputs mapped, or all its variables if nothing is mapped at all."""
    node = play.node(token)
    inside = visible_in(play, scope)
    roles = [name for name in node.properties if name.startswith("out:")]
    declared = [v.name for v in play.program(scope).process.variables if v.kind == "dataOutput"]
    given = {}
    for role in roles:
        expression = play.expression(token, role)
        if expression is not None:
            given[role.removeprefix("out:")] = plain(expression, expression.value(inside, play.now))
    given.update(associated(play, token, "output", node.outputs, inside))
    if not roles and not node.outputs:
        flat = scope.vars
        given = {name: flat[name] for name in (declared or flat) if name in flat}
        if not declared and _is_mapped_in(node):
            given = {}
    for name, one in given.items():
        write(play, token, name, one)


def _mapped_in(play: Play, token: Token, node: Node) -> dict[str, Any]:
    if not _is_mapped_in(node):
        seen = passed_on(play, token)
        program = play.definition.programs[node.called or ""]
        declared = [v.name for v in program.process.variables if v.kind == "dataInput"]
        return {name: seen[name] for name in (declared or seen) if name in seen}
    given = {}
    for role in node.properties:
        expression = play.expression(token, role) if role.startswith("in:") else None
        if expression is not None:
            given[role.removeprefix("in:")] = plain(expression, expression.value(visible(play, token), play.now))
    given.update(associated(play, token, "input", node.inputs))
    return given


def _is_mapped_in(node: Node) -> bool:
    return bool(node.inputs) or any(name.startswith("in:") for name in node.properties)


def _inside(play: Play, token: Token, *, kind: str, program: str, body: str) -> Scope:
    if _depth(play, token) > MAX_DEPTH:
        raise play.failed(token, f"入れ子が{MAX_DEPTH}段を越えました。自分自身を呼び続けていないか確かめてください。")
    scope = Scope(id=play.run.next("s"), kind=kind, program=program, body=body, parent=token.scope, owner=token.id)
    play.run.scopes[scope.id] = scope
    token.child = scope.id
    token.status = "active"
    return scope


def _depth(play: Play, token: Token) -> int:
    depth = 0
    scope: Scope | None = play.scope(token)
    while scope is not None:
        depth += 1
        scope = play.run.scopes.get(scope.parent) if scope.parent else None
    return depth


def _declare(play: Play, scope: Scope) -> None:
    program = play.program(scope)
    node = program.nodes.get(scope.body)
    for variable in node.variables if node else program.process.variables:
        initial = program.expression(variable.id, "initial")
        if initial is not None and variable.name not in scope.vars:
            scope.vars[variable.name] = plain(initial, initial.value(visible_in(play, scope), play.now))
