"""Conditional events (BPMN 2.0 §10.5.5): they occur when their condition becomes true."""

from engine.runtime.catching import occur
from engine.runtime.play import Play
from engine.runtime.state import Scope
from engine.runtime.subscriptions import Subscription, current, still
from engine.runtime.variables import visible, visible_in


def look(play: Play) -> None:
    """After a change: let every condition that has become true occur."""
    play.changed = False
    for one in current(play, "conditional"):
        if still(play, one) and _became_true(play, one):
            occur(play, one, {})


def _became_true(play: Play, one: Subscription) -> bool:
    program = play.program(one.holder) if isinstance(one.holder, Scope) else play.program_of(one.holder)
    condition = program.expression(one.event.id, f"condition{one.index}")
    assert condition is not None
    seen = visible_in(play, one.holder) if isinstance(one.holder, Scope) else visible(play, one.holder)
    now_true = condition.tried(seen, play.now)[0] is True  # a value that is not there yet is not true yet
    was_true = one.holder.truths.get(one.role, False)
    one.holder.truths[one.role] = now_true
    return now_true and not was_true
