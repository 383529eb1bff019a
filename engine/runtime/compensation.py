"""Compensation (BPMN 2.0 §10.7, §13.5.5): completed activities are undone by their handlers, the latest first, one
after the other; a completed sub-process by its compensation event sub-process, else by what its inside offers."""

from typing import Any

from engine.runtime.catching import enter_handler
from engine.runtime.flows import leave
from engine.runtime.play import Play
from engine.runtime.programs import Program
from engine.runtime.state import Scope, Token
from processes.bpmn import EventDefinition, Node


def remember(play: Play, token: Token, inside: Scope | None) -> None:
    """An activity completed: keep what undoing it would need, if anything could ever undo it."""
    program = play.program_of(token)
    if not program.compensates:
        return
    records = inside.records if inside is not None and inside.kind == "sub" else []
    body = program.bodies.get(token.element)
    offers = bool(records) or (body is not None and body.compensation_handler is not None)
    if handler_of(program, token.element) is None and not offers:
        return
    home = body_scope(play, token)
    own = dict(play.scope(token).vars) if play.scope(token).kind in ("instance", "round") else {}
    record: dict[str, Any] = {"e": token.element}
    if own or (inside is not None and inside.vars):
        record["v"] = own | (inside.vars if inside is not None else {})
    if offers:
        record["r"] = records
    home.records.append(record)


def begin(play: Play, token: Token, definition: EventDefinition) -> None:
    """A throw event: its token waits until everything is undone (unless waitForCompletion is false)."""
    scope, records = _asked(play, token, definition.ref)
    if not definition.waits:
        helper = play.spawn(token.element, token.scope, status="compensating", phase="detached")
        helper.chain = [[scope.id, record] for record in reversed(records)]
        play.later("chain", helper.id)
        return
    token.status = "compensating"
    token.chain = [[scope.id, record] for record in reversed(records)]
    play.later("chain", token.id)


def advance(play: Play, token: Token) -> None:
    """The next handler of a compensating token, or the end of it."""
    if token.status != "compensating" or _is_busy(play, token):
        return
    if not token.chain:
        _end(play, token)
        return
    scope_id, record = token.chain.pop(0)
    if record == "drop":
        scope = play.run.scopes.get(scope_id)
        if scope is not None:
            play.cancel_scope(scope)
        play.later("chain", token.id)
    else:
        _undo(play, token, play.run.scopes[scope_id], record)


def cancel_transaction(play: Play, token: Token) -> None:
    """A cancel end event: everything open in the transaction is withdrawn, then what it completed is undone; then
    its cancel boundary event occurs."""
    scope: Scope = play.scope(token)
    element = token.element
    while not _is_transaction(play, scope):
        assert scope.parent is not None
        scope = play.run.scopes[scope.parent]
    scope.cancelling = True
    play.empty(scope)
    body = play.body(scope)
    assert body is not None
    undoing = play.spawn(_place(play, scope, element), scope.id, status="compensating", phase="cancel")
    undoing.chain = [[scope.id, record] for record in reversed(scope.records)]
    scope.records = []
    play.later("chain", undoing.id)


def body_scope(play: Play, token: Token) -> Scope:
    """The scope of the process or sub-process in which the token's element is drawn."""
    scope = play.scope(token)
    while scope.kind in ("instance", "round"):
        assert scope.parent is not None
        scope = play.run.scopes[scope.parent]
    return scope


def handler_of(program: Program, activity: str) -> Node | None:
    """The compensation boundary event of an activity, with the handler it is associated with."""
    for identity in program.boundaries.get(activity, ()):
        node = program.nodes[identity]
        if any(definition.kind == "compensate" for definition in node.events) and node.compensated_by:
            return node
    return None


def _place(play: Play, scope: Scope, element: str) -> str:
    """The element at which the undoing is shown."""
    nodes = play.program(scope).nodes
    while element in nodes and nodes[element].parent != scope.body:
        element = nodes[element].parent
    return element


def _is_transaction(play: Play, scope: Scope) -> bool:
    node = play.program(scope).nodes.get(scope.body)
    return scope.kind == "sub" and node is not None and node.kind == "transaction"


def _asked(play: Play, token: Token, ref: str | None) -> tuple[Scope, list[Any]]:
    scope = body_scope(play, token)
    if ref is None:
        if scope.kind == "event" and scope.parent is not None:
            scope = play.run.scopes[scope.parent]
        records, scope.records = scope.records, []
        return scope, records
    home = play.program(scope).nodes[ref].parent
    while scope.body != home and scope.parent is not None and scope.kind not in ("process", "call"):
        scope = play.run.scopes[scope.parent]
    records = [record for record in scope.records if record["e"] == ref]
    scope.records = [record for record in scope.records if record["e"] != ref]
    return scope, records


def _is_busy(play: Play, token: Token) -> bool:
    rebuilt = {scope.id for scope in play.run.scopes.values() if scope.serves == token.id}
    return any(other.serves == token.id or other.scope in rebuilt for other in play.run.tokens.values())


def _undo(play: Play, token: Token, scope: Scope, record: dict[str, Any]) -> None:
    program = play.program(scope)
    boundary = handler_of(program, record["e"])
    if boundary is not None and boundary.compensated_by is not None:
        event = play.spawn(boundary.id, scope.id)
        play.note(event, "started")
        play.note(event, "completed")
        play.run.drop(event)
        handler = play.spawn(boundary.compensated_by, scope.id, serves=token.id, local=record.get("v", {}))
        play.later("arrive", handler.id)
        return
    rebuilt = Scope(
        id=play.run.next("s"), kind="sub", program=scope.program, body=record["e"], parent=scope.id, owner=token.id,
        vars=dict(record.get("v", {})), records=list(record["r"]), serves=token.id,
    )
    play.run.scopes[rebuilt.id] = rebuilt
    token.chain.insert(0, [rebuilt.id, "drop"])
    body = program.bodies[record["e"]]
    if body.compensation_handler is not None:
        handler_id, start = body.compensation_handler
        enter_handler(play, rebuilt, handler_id, start, program.nodes[start].events[0], {})
    else:
        token.chain[0:0] = [[rebuilt.id, inner] for inner in reversed(rebuilt.records)]
        rebuilt.records = []
    play.later("chain", token.id)


def _end(play: Play, token: Token) -> None:
    if token.phase in ("detached", "cancel"):
        play.drop(token)
        return
    play.note(token, "completed")
    leave(play, token)
