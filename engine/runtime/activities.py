"""Activities: what each kind does when its token arrives, and what follows when it is done (BPMN 2.0 §13.3)."""

from collections.abc import Mapping
from typing import Any

from engine.runtime import compensation, loops, scopes
from engine.runtime.flows import leave
from engine.runtime.play import Play
from engine.runtime.state import Scope, Token
from engine.runtime.subscriptions import arm
from engine.runtime.throwing import throw
from engine.runtime.values import Call, Decided, StepFailed
from engine.runtime.variables import bring_in, bring_out, checked, merge, plain, visible, write
from processes import feel
from processes.bpmn import Node

HUMAN = ("userTask", "manualTask", "task")


def arrive(play: Play, token: Token) -> None:
    """A token comes to an activity; it starts when as many have come as startQuantity asks."""
    node = play.node(token)
    if node.start_quantity > 1 and not token.instance and not _gathered(play, token, node):
        return
    if node.loop is not None and not token.instance:
        loops.begin(play, token)
        return
    token.status = "active"
    play.note(token, "started")
    bring_in(play, token)
    _work(play, token, node)


def finish(play: Play, token: Token) -> None:
    """The activity has done its work."""
    inside = play.run.scopes.get(token.child) if token.child else None
    if inside is not None and inside.kind == "call":
        scopes.end_call(play, token, inside)
    bring_out(play, token, inside if inside is not None and inside.kind == "sub" else None)
    play.note(token, "completed")
    if inside is not None:
        play.run.scopes.pop(inside.id)
        play.run.inside.pop(inside.id, None)
    if token.instance:
        loops.instance_done(play, token, inside)
        return
    compensation.remember(play, token, inside)
    after(play, token)


def after(play: Play, token: Token) -> None:
    """The activity, all its instances included, is complete: go on."""
    scope = play.scope(token)
    if token.serves is not None:
        play.drop(token)
        play.later("chain", token.serves)
        return
    leave(play, token)
    node = play.program(scope).nodes.get(scope.body)
    if node is not None and node.kind == "adHocSubProcess":
        play.later("adhoc", scope.id)


def answered(play: Play, token: Token, answers: Mapping[str, Any]) -> None:
    """Answers of a human task, or the result of a service, come in."""
    node = play.node(token)
    given = checked(answers)
    name = (node.operator.result if node.operator else None) or (node.result if node.kind not in HUMAN else None)
    if name:
        write(play, token, name, given)
    else:
        merge(play, token, given)
    token.status = "active"
    finish(play, token)  # before anything that the answers bring about: what was done stays done


def _gathered(play: Play, token: Token, node: Node) -> bool:
    token.status = "joining"
    here = [t for t in play.run.tokens_in(token.scope) if t.element == node.id and t.status == "joining"]
    if len(here) < node.start_quantity:
        return False
    for other in here[: node.start_quantity]:
        if other is not token:
            play.run.drop(other)
    return True


def _work(play: Play, token: Token, node: Node) -> None:
    match node.kind:
        case "userTask" | "manualTask" | "task" | "receiveTask":
            token.status = "waiting"
            arm(play, token)
        case "subProcess" | "transaction" | "adHocSubProcess":
            arm(play, token)
            scopes.open_sub_process(play, token)
        case "callActivity":
            arm(play, token)
            scopes.open_call(play, token)
        case "serviceTask":
            arm(play, token)
            _call(play, token, node)
        case _:
            _at_once(play, token, node)


def _at_once(play: Play, token: Token, node: Node) -> None:
    arm(play, token)
    if node.kind == "scriptTask":
        _compute(play, token, node)
    elif node.kind == "businessRuleTask":
        _decide(play, token, node)
    elif node.kind == "sendTask" and node.message is not None:
        play.note(token, "thrown")
        throw(play, token, node.message)
    finish(play, token)  # in one go: nothing can come between an automatic task's start and its end


def _compute(play: Play, token: Token, node: Node) -> None:
    script = play.expression(token, "script")
    if script is None:
        return
    value, warnings = script.tried(visible(play, token), play.now)
    broken = value is None or (isinstance(value, dict) and any(one is None for one in value.values()))
    if warnings and broken:
        raise script.failed(warnings[0])
    _keep(play, token, node, plain(script, value), node.result)


def _decide(play: Play, token: Token, node: Node) -> None:
    assert node.decision is not None
    model = play.program_of(token).decisions[node.decision]
    offer = next(o for o in model.decisions if node.decision in (o.id, o.name))
    seen = visible(play, token)
    try:
        decided = model.decide(node.decision, {name: seen[name] for name in offer.inputs if name in seen}, now=play.now)
        value = feel.to_json(decided.value)
    except feel.FeelValueError as error:
        raise _undecided(node, str(error)) from None
    if decided.value is None and decided.warnings:
        raise _undecided(node, decided.warnings[0])
    play.decided.append(Decided(element=node.id, decision=node.decision, value=value, matched=decided.matched))
    _keep(play, token, node, value, node.result, node.decision)


def _undecided(node: Node, reason: str) -> StepFailed:
    return StepFailed(element=node.id, expression=node.decision or "", reason_ja=reason, line=node.line)


def _keep(
    play: Play, token: Token, node: Node, value: Any, name: str | None, otherwise: str | None = None
) -> None:
    """A result goes into its variable; a context without one is merged key by key. What a script without result
    variable computes else goes nowhere; the check says so."""
    if name:
        write(play, token, name, value)
    elif isinstance(value, dict) and "@" not in value:
        merge(play, token, value)
    elif otherwise:
        write(play, token, otherwise, value)


def _call(play: Play, token: Token, node: Node) -> None:
    operator = node.operator.id if node.operator else node.properties.get("operator", "")
    parameters = {}
    for parameter in node.operator.parameters if node.operator else ():
        expression = play.expression(token, f"parameter:{parameter.id}")
        if expression is not None:
            parameters[parameter.id] = plain(expression, expression.value(visible(play, token), play.now))
    waits = operator not in play.definition.effects
    play.calls.append(Call(token=token.id, element=node.id, operator=operator, parameters=parameters, waits=waits))
    if waits:
        token.status = "waiting"
    else:
        finish(play, token)


def perform(play: Play, scope: Scope, element: str) -> None:
    """Start an inner activity of an open ad-hoc sub-process (again)."""
    scope.performed.append(element)
    play.later("arrive", play.spawn(element, scope.id).id)


def judge(play: Play, scope: Scope) -> None:
    """An inner activity of an ad-hoc sub-process completed: does its completionCondition hold now?"""
    node = play.program(scope).nodes[scope.body]
    condition = play.program(scope).expression(node.id, "completion")
    if condition is not None and condition.truth(visible(play, play.run.tokens[scope.owner or ""]), play.now):
        _close(play, scope, node)
    play.later("scope", scope.id)


def conclude(play: Play, scope: Scope, answers: Mapping[str, Any]) -> None:
    """Somebody says that an open ad-hoc sub-process is over; what they answer is for what comes after it."""
    merge(play, play.run.tokens[scope.owner or ""], checked(answers))
    _close(play, scope, play.program(scope).nodes[scope.body])
    play.later("scope", scope.id)


def _close(play: Play, scope: Scope, node: Node) -> None:
    scope.closing = True
    if node.cancel_remaining:
        play.empty(scope)


def goes_on(play: Play, scope: Scope) -> bool:
    """An ad-hoc sub-process without tokens: start what comes next in order, or stay open until its condition holds."""
    node = play.program(scope).nodes[scope.body]
    body = play.body(scope)
    if scope.closing or body is None or not body.starts:
        return False
    remaining = [element for element in body.starts if element not in scope.performed]
    if node.ordering == "Sequential" and remaining:
        perform(play, scope, remaining[0])
        return True
    return play.program(scope).expression(node.id, "completion") is not None
