"""The run loop: after every piece of work conditional events look first, then the next piece, and when all is at rest
the inclusive and complex joins; until nothing moves by itself any more."""

from engine.runtime import activities, compensation, conditions, events, gateways
from engine.runtime.catching import pass_boundary
from engine.runtime.play import Play
from engine.runtime.state import Scope, Token
from engine.runtime.subscriptions import of_token
from processes.bpmn import ACTIVITIES, GATEWAYS


def settle(play: Play) -> None:
    """Work until the run rests. Raises StepFailed if it never would."""
    while not play.run.finished:
        if play.urgent:
            play.count()
            _do(play, *play.urgent.popleft())
        elif play.changed:
            conditions.look(play)
        elif play.queue:
            play.count()
            _do(play, *play.queue.popleft())
        elif not gateways.fire_one(play):
            return
        else:
            play.count()


def _do(play: Play, kind: str, identity: str) -> None:
    if kind in ("scope", "adhoc"):
        scope = play.run.scopes.get(identity)
        if scope is not None and kind == "scope":
            _perhaps_complete(play, scope)
        elif scope is not None:
            activities.judge(play, scope)
        return
    token = play.run.tokens.get(identity)
    if token is None:
        return
    if kind == "arrive":
        _arrive(play, token)
    elif kind == "finish":
        activities.finish(play, token)
    elif kind == "leave":
        activities.after(play, token)
    elif kind == "chain":
        compensation.advance(play, token)


def _arrive(play: Play, token: Token) -> None:
    kind = play.node(token).kind
    if kind in ACTIVITIES:
        activities.arrive(play, token)
    elif kind in GATEWAYS:
        gateways.arrive(play, token)
    else:
        events.arrive(play, token)


def _perhaps_complete(play: Play, scope: Scope) -> None:
    """A scope without tokens is complete."""
    if scope.serves is not None:
        play.later("chain", scope.serves)
        return
    if play.run.inside.get(scope.id) or scope.kind in ("instance", "round"):
        return
    if scope.kind == "process":
        _finish(play, scope)
    elif scope.cancelling:
        _cancelled(play, scope)
    elif not _is_open_ad_hoc(play, scope):
        play.later("finish", scope.owner or "")


def _finish(play: Play, scope: Scope) -> None:
    play.run.finished = True
    play.run.variables = scope.vars
    play.run.scopes.clear()
    play.run.inside.clear()


def _is_open_ad_hoc(play: Play, scope: Scope) -> bool:
    node = play.program(scope).nodes.get(scope.body)
    return node is not None and node.kind == "adHocSubProcess" and activities.goes_on(play, scope)


def _cancelled(play: Play, scope: Scope) -> None:
    """A transaction is undone: its cancel boundary event occurs."""
    host = play.run.tokens[scope.owner or ""]
    body = play.run.tokens[play.scope(host).owner or ""] if host.instance else host
    found = next((one for one in of_token(play, body) if one.definition.kind == "cancel"), None)
    if found is not None:
        pass_boundary(play, found, {})
    else:
        play.cancel(body)


