"""Variables live in scopes: an expression sees its own scope and those around it up to the process; a write goes to
the nearest scope that has or declares the name, else to the process. An instance of a multi-instance keeps its
writes to itself until it completes, then they go over into the scope around it."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import Refused
from engine.runtime.expressions import Computed, Visible
from engine.runtime.play import Play
from engine.runtime.state import Scope, Token
from processes import feel
from processes.bpmn import Association

ROOTS = ("process", "call")


def visible(play: Play, token: Token, extra: Mapping[str, Any] | None = None) -> Visible:
    """What an expression at the token can read; `extra` comes first."""
    return Visible(*([extra] if extra else ()), *([token.local] if token.local else ()),
                   *_layers(play, play.scope(token)), aliases=play.program_of(token).aliases)


def passed_on(play: Play, token: Token) -> dict[str, Any]:
    """What a called process gets when nothing is mapped: all variables here, without the counts of a multi-instance."""
    layers = [token.local, *_layers(play, play.scope(token), counted=False)]
    return Visible(*layers).flat()


def visible_in(play: Play, scope: Scope) -> Visible:
    """What an expression directly in the scope can read."""
    return Visible(*_layers(play, scope), aliases=play.program(scope).aliases)


def value(play: Play, token: Token, role: str, extra: Mapping[str, Any] | None = None) -> Any:
    """The FEEL value of the token's expression `role`; None if the diagram has no such expression."""
    found = play.expression(token, role)
    return None if found is None else found.value(visible(play, token, extra), play.now)


def plain(found: Computed, value: Any) -> Any:
    """A FEEL value as the state keeps it."""
    try:
        return feel.to_json(value)
    except feel.FeelValueError as error:
        raise found.failed(f"値を保存できません（{error}）。") from None


def checked(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers from outside as plain JSON that FEEL can read later; Refused otherwise."""
    try:
        return {str(name): feel.to_json(feel.from_json(one)) for name, one in answers.items()}
    except (feel.FeelValueError, TypeError) as error:
        raise Refused(f"入力の値を読めません（{error}）。文字・数・日付・一覧だけを入れてください。") from None


def write(play: Play, token: Token, name: str, value: Any) -> None:
    """Set a variable, as plain JSON, from where the token is."""
    name = play.program_of(token).aliases.get(name, name)
    if name in token.local or any(name == variable.name for variable in play.node(token).variables):
        token.local[name] = value
        return
    _home(play, play.scope(token), name).vars[name] = value
    play.changed = True


def write_in(play: Play, scope: Scope, name: str, value: Any) -> None:
    """Set a variable, as plain JSON, from a scope."""
    _home(play, scope, name).vars[name] = value
    play.changed = True


def merge(play: Play, token: Token, values: Mapping[str, Any]) -> None:
    """Set several variables from where the token is."""
    for name, one in values.items():
        write(play, token, name, one)


def bring_in(play: Play, token: Token) -> None:
    """The activity's own properties and its data inputs, before it works."""
    node = play.node(token)
    for variable in node.variables:
        initial = play.program_of(token).expression(variable.id, "initial")
        if initial is not None:
            token.local[variable.name] = plain(initial, initial.value(visible(play, token), play.now))
    if node.kind != "callActivity":
        for name, one in associated(play, token, "input", node.inputs):
            token.local[name] = one


def bring_out(play: Play, token: Token, inside: Scope | None = None) -> None:
    """The activity's data outputs, after it worked; of a sub-process what its `inside` holds."""
    node = play.node(token)
    source = visible_in(play, inside) if inside is not None else None
    results = list(associated(play, token, "output", node.outputs, source)) if node.kind != "callActivity" else []
    for name, one in results:
        write(play, token, name, one)


def associated(
    play: Play, token: Token, role: str, associations: tuple[Association, ...], source: Visible | None = None
) -> Iterator[tuple[str, Any]]:
    """(target name, plain value) of data associations; `source` is read instead of the token's own variables."""
    seen = source if source is not None else visible(play, token)
    flat = seen.flat()
    for index, association in enumerate(associations):
        transformation = play.expression(token, f"{role}{index}")
        for number, (_, target) in enumerate(association.assignments):
            assigned = play.expression(token, f"{role}{index}.{number}")
            if assigned is not None:
                yield target, plain(assigned, assigned.value(seen, play.now))
        if association.target is None or association.assignments:
            continue
        if transformation is not None:
            yield association.target, plain(transformation, transformation.value(seen, play.now))
        elif association.sources and association.sources[0] in flat:
            yield association.target, flat[association.sources[0]]


def _layers(play: Play, scope: Scope, *, counted: bool = True) -> Iterator[Mapping[str, Any]]:
    while True:
        if scope.vars:
            yield scope.vars
        if counted and scope.kind == "instance" and scope.owner in play.run.tokens:
            yield counts(play.run.tokens[scope.owner])
        if scope.kind in ROOTS or scope.parent is None:
            return
        scope = play.run.scopes[scope.parent]


def counts(body: Token) -> dict[str, Any]:
    """What a multi-instance tells its conditions (BPMN 2.0 table 10.30)."""
    loop = body.loop
    done = loop.get("done", 0)
    return {
        "numberOfInstances": loop.get("n", 0), "nrOfInstances": loop.get("n", 0),
        "numberOfCompletedInstances": done, "nrOfCompletedInstances": done,
        "numberOfActiveInstances": loop.get("active", 0), "nrOfActiveInstances": loop.get("active", 0),
        "numberOfTerminatedInstances": loop.get("cancelled", 0), "nrOfTerminatedInstances": loop.get("cancelled", 0),
    }


def _home(play: Play, scope: Scope, name: str) -> Scope:
    while True:
        body = play.body(scope)
        declared = body is not None and name in body.declared
        if name in scope.vars or declared or scope.kind == "instance" or scope.kind in ROOTS or scope.parent is None:
            return scope
        scope = play.run.scopes[scope.parent]
