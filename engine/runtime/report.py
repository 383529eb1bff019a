"""What a move came to, as a `Step`."""

from collections.abc import Iterator
from typing import Any

from engine.runtime.activities import HUMAN
from engine.runtime.play import Play
from engine.runtime.programs import said_of
from engine.runtime.state import Token, dump
from engine.runtime.subscriptions import Subscription, awaited_name, correlation, current, due, is_ready
from engine.runtime.values import Awaited, Offer, SoFar, Step, Timer, Waiting
from engine.runtime.variables import visible
from processes import feel


def step(play: Play) -> Step:
    """The present of the run, and what this move did."""
    run = play.run
    root = run.root()
    return Step(
        state=dump(run),
        waiting=tuple(_waiting(play)),
        offers=tuple(_offers(play)),
        awaited=tuple(_awaited(play)),
        timers=tuple(sorted(_timers(play), key=lambda timer: timer.due)),
        sent=tuple(play.sent),
        signals=tuple(play.signals),
        decided=tuple(play.decided),
        calls=tuple(call for call in play.calls if not call.waits or call.token in run.tokens),
        passed=tuple(play.passed),
        services=tuple(t.id for t in run.tokens.values() if t.status == "waiting" and play.node(t).kind == "serviceTask"),
        listens=tuple(dict.fromkeys(one.definition.name or "" for one in current(play, "signal"))),
        resting=tuple(dict.fromkeys(_resting(play))),
        finished=run.finished,
        cancelled=run.cancelled,
        error=run.error,
        variables=root.vars if root is not None else run.variables,
    )


def so_far(play: Play) -> SoFar:
    """How far an unfinished move has come."""
    root = play.run.root()
    return SoFar(
        passed=tuple(play.passed), resting=tuple(dict.fromkeys(_resting(play))),
        variables=root.vars if root is not None else play.run.variables,
    )


def _waiting(play: Play) -> Iterator[Waiting]:
    for token in play.run.tokens.values():
        node = play.node(token)
        if token.status != "waiting" or node.kind not in HUMAN:
            continue
        yield _told(play, token)


def _told(play: Play, token: Token) -> Waiting:
    node = play.node(token)
    return Waiting(
        token=token.id, element=node.id, name=node.name, kind=node.kind, lane=node.lane,
        process_id=play.scope(token).program, properties=node.properties,
        evaluated=dict(_evaluated(play, token)), scope=visible(play, token).flat(), ad_hoc=_is_ad_hoc(play, token),
    )


def _evaluated(play: Play, token: Token) -> Iterator[tuple[str, Any]]:
    for name, text in said_of(play.program_of(token).process, play.node(token)).items():
        expression = play.expression(token, name) if text.startswith("=") else None
        if expression is not None:
            value, _ = expression.tried(visible(play, token), play.now)
            yield name, plain_or_none(value)


def plain_or_none(value: Any) -> Any:
    """A FEEL value as plain JSON; None if it has no such form."""
    try:
        return feel.to_json(value)
    except feel.FeelValueError:
        return None


def _is_ad_hoc(play: Play, token: Token) -> bool:
    parent = play.program_of(token).nodes.get(play.node(token).parent)
    return parent is not None and parent.kind == "adHocSubProcess"


def _offers(play: Play) -> Iterator[Offer]:
    for scope in play.run.scopes.values():
        node = play.program(scope).nodes.get(scope.body)
        body = play.body(scope)
        if node is None or node.kind != "adHocSubProcess" or body is None or scope.closing or scope.owner is None:
            continue
        busy = node.ordering == "Sequential" and bool(play.run.inside.get(scope.id))
        yield Offer(
            token=scope.owner, element=node.id, name=node.name, activities=() if busy else body.starts,
            place=_told(play, play.run.tokens[scope.owner]),
        )


def _awaited(play: Play) -> Iterator[Awaited]:
    for one in current(play, "message"):
        if is_ready(play, one):
            yield Awaited(
                token=holder(one), element=one.event.id, name=awaited_name(one), key=correlation(play, one)
            )


def _timers(play: Play) -> Iterator[Timer]:
    for one in current(play, "timer"):
        planned = due(one)
        if planned is not None:
            yield Timer(token=holder(one), element=one.event.id, due=planned.due)


def holder(one: Subscription) -> str:
    """The token that waits; for an event sub-process the scope that it would start in."""
    return one.holder.id


def _resting(play: Play) -> Iterator[str]:
    """Elements where something outside must happen; if there is none, where tokens are stuck."""
    waiting = [t for t in play.run.tokens.values() if t.status == "waiting"]
    open_ad_hoc = [offer for offer in _offers(play) if _is_bare(play, offer)]
    tokens: list[tuple[int, str]] = [(play.node(t).index, t.element) for t in waiting]
    tokens += [(play.node(play.run.tokens[o.token]).index, o.element) for o in open_ad_hoc]
    if not tokens:
        tokens = [(play.node(t).index, t.element) for t in play.run.tokens.values() if t.status == "joining"]
    return (element for _, element in sorted(tokens))


def _is_bare(play: Play, offer: Offer) -> bool:
    child = play.run.tokens[offer.token].child
    return child is not None and not play.run.inside.get(child)


