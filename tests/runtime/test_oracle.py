"""Chance searches: random diagrams, block-structured and of any shape, walked at random; after every move (and every
move is a restart) the runtime offers exactly the tasks and messages that an independent interpreter offers."""

import random
from collections import Counter

import pytest

from engine import runtime
from engine.runtime import Message, Step
from tests.runtime.drawing import draw
from tests.runtime.life import MORNING
from tests.runtime.oracle_net import Endless, Markings, random_net
from tests.runtime.oracle_tree import Tree, choices, draw_tree, random_block

MODELS = 5_200
BATCH = 200
MOVES = 14
BRANCHES = 30


@pytest.mark.parametrize("batch", range(MODELS // 2 // BATCH))
def test_blocks_run_as_the_independent_interpreter_says(batch):
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        rng = random.Random(seed)
        tree = random_block(rng, rng.randint(2, 4))
        _walk(draw(draw_tree(tree)), lambda pick, tree=tree: Tree(tree, pick), rng, f"tree {seed}")


@pytest.mark.parametrize("batch", range(MODELS // 2 // BATCH))
def test_nets_of_any_shape_run_as_the_independent_interpreter_says(batch):
    compared = 0
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        net = random_net(seed)
        compared += _walk(net.xml(), lambda pick, net=net: Markings(net, pick), random.Random(seed), f"net {seed}")
    assert compared > BATCH * 0.9


def _walk(source, made, rng, name) -> bool:
    """Compare along one random walk; False if the model never comes to rest, so that there is nothing to compare.

    Where several equal offers stand open, the oracle does not know which of them the runtime takes: it follows all
    of them, and at least one must agree."""
    pick = choices(rng)
    try:
        oracles = [([], made(pick))]
    except (Endless, RecursionError):
        return False
    first_pick = pick
    definition = runtime.compile(source)
    step = runtime.start(definition, {"pick": pick}, now=MORNING)
    for _ in range(MOVES):
        offered = _offered(step)
        oracles = [one for one in oracles if one[1].enabled() == offered and one[1].finished == step.finished]
        assert oracles, f"{name}: the runtime offers {offered}"
        if not offered or len(oracles) > BRANCHES:
            return True
        what, thing = _choice(rng, offered)
        pick = choices(rng)
        try:
            oracles = [
                branch for history, live in oracles
                for branch in _branches(made, first_pick, history, live, (what, thing, pick), offered[what, thing])
            ]
        except (Endless, RecursionError):
            return True
        step = _move(definition, step, what, thing, pick)
    return True


def _choice(rng, offered):
    alone = sorted(offer for offer, count in offered.items() if count == 1)
    return rng.choice(alone if alone and rng.random() < 0.8 else sorted(offered))


def _branches(made, first_pick, history, live, act, count):
    if isinstance(live, Markings) or count == 1:
        _act(live, *act, 0)
        yield [*history, (act, 0)], live
        return
    for nth in range(count):
        again = made(first_pick)
        for earlier, which in history:
            _act(again, *earlier, which)
        _act(again, *act, nth)
        yield [*history, (act, nth)], again


def _act(oracle, what, thing, pick, nth):
    if isinstance(oracle, Tree):
        oracle.act(what, thing, nth, pick)
    else:
        oracle.act(what, thing, pick)


def _move(definition, step: Step, what, thing, pick) -> Step:
    if what == "message":
        return runtime.deliver(definition, step.state, Message(name=thing, payload={"pick": pick}), now=MORNING)
    token = next(one.token for one in step.waiting if one.element == thing)
    return runtime.complete(definition, step.state, token, {"pick": pick}, now=MORNING)


def _offered(step: Step) -> Counter:
    return Counter([("task", one.element) for one in step.waiting] + [("message", one.name) for one in step.awaited])
