"""Standard loops and multi-instance activities (BPMN 2.0 §10.3.8, §13.3.6, §13.3.7). The token of the activity waits
around its instances; each instance is a token of its own in a scope of its own."""

from typing import Any

from engine.runtime.compensation import remember
from engine.runtime.play import Play
from engine.runtime.state import Scope, Token
from engine.runtime.subscriptions import arm
from engine.runtime.throwing import broadcast, code_of, propagate, throw
from engine.runtime.variables import counts, visible, write, write_in
from processes.bpmn import EventDefinition, Loop

MAX_INSTANCES = 10_000


def begin(play: Play, token: Token) -> None:
    """The activity starts: count its instances, start the first, or all that run side by side."""
    loop = _loop(play, token)
    token.status = "repeating"
    arm(play, token)
    if loop.kind == "standard":
        token.loop = {"n": 0}
        if loop.test_before and not _goes_on(play, token, loop):
            play.later("leave", token.id)
        else:
            _start(play, token, loop)
        return
    token.loop |= {"n": _number(play, token, loop), "next": 0, "done": 0, "active": 0, "cancelled": 0}
    if token.loop["n"] == 0:
        _write_outputs(play, token, loop)
        play.later("leave", token.id)
    for _ in range(min(1, token.loop["n"]) if loop.sequential else token.loop["n"]):
        _start(play, token, loop)


def instance_done(play: Play, token: Token, inside: Scope | None) -> None:
    """One instance completed: its variables go over, and the activity decides whether it goes on."""
    scope = play.scope(token)
    assert scope.owner is not None
    body = play.run.tokens[scope.owner]
    loop = _loop(play, body)
    remember(play, token, inside)
    if loop.kind == "standard":
        _round_done(play, token, scope, body, loop)
    else:
        _one_done(play, token, scope, body, loop)


def _round_done(play: Play, token: Token, scope: Scope, body: Token, loop: Loop) -> None:
    _remove(play, token, scope)
    if _goes_on(play, body, loop):
        _start(play, body, loop)
    else:
        play.later("leave", body.id)


def _one_done(play: Play, token: Token, scope: Scope, body: Token, loop: Loop) -> None:
    _collect(play, token, scope, body, loop)
    _remove(play, token, scope)
    body.loop["done"] += 1
    body.loop["active"] -= 1
    _tell(play, body, loop)
    if not play.alive(body):
        return
    completion = play.expression(body, "loop completion")
    if completion is not None and completion.truth(visible(play, body, counts(body)), play.now):
        _stop_others(play, body)
        play.later("leave", body.id)
    elif body.loop["done"] >= body.loop["n"]:
        play.later("leave", body.id)
    elif loop.sequential:
        _start(play, body, loop)


def _loop(play: Play, token: Token) -> Loop:
    loop = play.node(token).loop
    assert loop is not None
    return loop


def _number(play: Play, token: Token, loop: Loop) -> int:
    if loop.collection is not None:
        items = visible(play, token).flat().get(_named(play, token, loop.collection))
        if not isinstance(items, list):
            raise play.failed(token, f"「{loop.collection}」は一覧のはずですが、{'空' if items is None else '別の値'}でした。")
        token.loop["items"] = items
        number: Any = len(items)
    else:
        expression = play.expression(token, "cardinality")
        assert expression is not None
        number = expression.value(visible(play, token), play.now)
        if isinstance(number, bool) or not _is_whole(number):
            raise expression.failed("回数は0以上の整数のはずですが、別の値でした。")
    if int(number) > MAX_INSTANCES:
        raise play.failed(token, f"同時に進める数は{MAX_INSTANCES:,}までですが、{int(number):,}でした。")
    return int(number)


def _is_whole(number: Any) -> bool:
    try:
        return bool(number >= 0 and number == int(number))
    except (TypeError, ValueError, ArithmeticError):
        return False


def _named(play: Play, token: Token, name: str) -> str:
    return play.program_of(token).aliases.get(name, name)


def _start(play: Play, body: Token, loop: Loop) -> None:
    kind = "round" if loop.kind == "standard" else "instance"
    index = body.loop["n"] if loop.kind == "standard" else body.loop["next"]
    outer = play.scope(body)
    scope = Scope(id=play.run.next("s"), kind=kind, program=outer.program, body="", parent=outer.id, owner=body.id)
    scope.vars["loopCounter"] = index + 1
    if loop.kind == "standard":
        body.loop["n"] += 1
    else:
        body.loop["next"] += 1
        body.loop["active"] += 1
        items = body.loop.get("items")
        if items is not None and loop.item:
            scope.vars[loop.item] = items[index]
        if loop.output_item and loop.output_item not in scope.vars:
            scope.vars[loop.output_item] = None
    play.run.scopes[scope.id] = scope
    token = play.spawn(body.element, scope.id, instance=True, flow=body.flow)
    play.later("arrive", token.id)


def _goes_on(play: Play, body: Token, loop: Loop) -> bool:
    count = body.loop["n"]
    extra = {"loopCounter": count}
    maximum = play.expression(body, "maximum")
    if maximum is not None:
        limit = maximum.value(visible(play, body, extra), play.now)
        if isinstance(limit, bool) or not hasattr(limit, "to_integral_value"):
            raise maximum.failed("繰り返しの上限は数のはずですが、別の値でした。")
        if count >= limit:
            return False
    condition = play.expression(body, "loop")
    return condition is None or condition.truth(visible(play, body, extra), play.now)


def _collect(play: Play, token: Token, scope: Scope, body: Token, loop: Loop) -> None:
    """The instance's own variables go over into the scope around it, its result into the list of results."""
    kept = {"loopCounter", loop.item, loop.output_item}
    index = scope.vars["loopCounter"] - 1
    if loop.output is not None:
        seen = visible(play, token).flat()
        result = seen.get(loop.output_item) if loop.output_item else seen.get(loop.item or "")
        body.loop.setdefault("results", {})[str(index)] = result
    outer = play.run.scopes[scope.parent or ""]
    for name, one in scope.vars.items():
        if name not in kept or (name == loop.output_item and loop.output is None and name != loop.item):
            write_in(play, outer, name, one)
    if loop.output is not None:
        _write_outputs(play, body, loop)


def _write_outputs(play: Play, body: Token, loop: Loop) -> None:
    """Results of the completed instances, in the order of the items."""
    if loop.output is not None:
        results = body.loop.get("results", {})
        write(play, body, loop.output, [results[key] for key in sorted(results, key=int)])


def _remove(play: Play, token: Token, scope: Scope) -> None:
    play.run.drop(token)
    play.run.scopes.pop(scope.id, None)
    play.run.inside.pop(scope.id, None)


def _stop_others(play: Play, body: Token) -> None:
    open_scopes = [scope for scope in play.run.scopes.values() if scope.owner == body.id]
    for scope in open_scopes:
        play.cancel_scope(scope)
    body.loop["cancelled"] += len(open_scopes)
    body.loop["active"] = 0


def _tell(play: Play, body: Token, loop: Loop) -> None:
    """The events of the behaviours None, One and Complex (BPMN 2.0 table 10.29)."""
    if loop.behavior_ref is not None and (loop.behavior == "None" or body.loop["done"] == 1):
        _throw(play, body, loop.behavior_ref)
    for index, (_, definition) in enumerate(loop.complex if loop.behavior == "Complex" else ()):
        condition = play.expression(body, f"complex{index}") if play.alive(body) else None
        if condition is not None and condition.truth(visible(play, body, counts(body)), play.now):
            _throw(play, body, definition)


def _throw(play: Play, body: Token, definition: EventDefinition) -> None:
    """From the activity itself, so that its own boundary events can catch it."""
    if definition.kind in ("escalation", "error"):
        propagate(play, definition.kind, code_of(definition), {}, host=body)
    elif definition.kind == "signal":
        broadcast(play, definition.name or "", {})
    else:
        throw(play, body, definition)

