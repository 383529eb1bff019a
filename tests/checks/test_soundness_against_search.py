"""The verdict of the token game equals what the plainest search over an independent interpreter finds, on random
diagrams of any shape; and the reduced search, which large diagrams get, agrees with the whole one."""

import random
import re

import pytest

from processes.bpmn import read
from processes.net import compile_scope, in_play, scopes_of
from processes.soundness import verify
from processes.soundness_search import Limits, played_whole, proof
from tests.checks.exhaustive import Exhaustive, TooMany
from tests.runtime.drawing import draw
from tests.runtime.oracle_net import random_net
from tests.runtime.oracle_tree import draw_tree, random_block

BATCH = 100  # of these about nine in ten are small enough to be tried whole
REDUCED = Limits(whole=0)


@pytest.mark.parametrize("batch", range(3))
def test_the_verdict_is_what_trying_everything_finds(batch):
    judged = 0
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        net = random_net(seed)
        try:
            tried = Exhaustive(net)
        except TooMany:
            continue
        judged += 1
        diagram = read(net.xml(), name="net")
        rules = {finding.rule for finding in verify(diagram)}
        assert ("lack-of-synchronisation" in rules) == tried.unsafe, seed
        if not tried.unsafe:
            assert ("deadlock" in rules) == tried.stuck, seed
            assert "livelock" not in rules or tried.endless, seed
            assert not tried.endless or rules & {"livelock", "no-way-to-end"}, seed
            assert "no-way-to-end" not in rules or tried.endless or tried.stuck, seed
        if not (tried.unsafe or tried.stuck or tried.endless):
            assert "dead-activity" not in rules or set(net.kinds) - tried.fired, seed
        reduced = {finding.rule for finding in verify(diagram, REDUCED)}
        broken = {"lack-of-synchronisation", "deadlock", "livelock", "no-way-to-end"}
        assert bool(reduced & broken) == (tried.unsafe or tried.stuck or tried.endless), seed
    assert judged > BATCH * 0.6


@pytest.mark.parametrize("shared", [False, True])
def test_what_the_reduced_net_proves_is_what_the_whole_game_finds(shared):
    """Random nets and blocks, also with three conditions that many gateways ask: every sound one is proved, no other."""
    proved = 0
    for seed in range(30):
        rng = random.Random(seed)
        for source in (random_net(seed).xml(), draw(draw_tree(random_block(rng, rng.randint(2, 4))))):
            source = re.sub(rb"pick\[(\d+)\]", lambda number: b"c%d" % (int(number[1]) % 3), source) if shared else source
            proved += sum(_agree(net, marking, seed) for net in _nets(source) for _, marking in net.starts)
    assert proved > 60


def _nets(source):
    for process in read(source, name="net").processes.values():
        for scope in scopes_of(process):
            yield compile_scope(process, scope)


def _agree(net, marking, seed):
    whole = played_whole(net, marking, 20_000)
    if whole is None:
        return False
    trouble = whole.collision or whole.standstill or whole.endless or whole.twice or not whole.completes
    found = proof(net, marking, Limits())
    assert (found is None) == bool(trouble or whole.passed), seed
    in_flow = {node.id for node in net.nodes.values() if in_play(node)}
    assert found is None or found.fired & in_flow == whole.fired & in_flow, seed
    return found is not None


@pytest.mark.parametrize("condition", ["n{} = 1", "n = 1"])
def test_large_sound_diagrams_are_proved_sound(condition):
    lines, before = ["startEvent s", "endEvent e"], "s"
    for block in range(60):  # a choice, two branches of which one has a reminder, an inclusive choice, a way back
        x, y, p, q, a, b, c, d, r, o, i, v, w, m, g = (f"{letter}{block}" for letter in "xypqabcdroivwmg")
        asked = condition.format(block)
        lines += [
            f"exclusiveGateway {x}", f"exclusiveGateway {y}", f"parallelGateway {p}", f"parallelGateway {q}",
            f"inclusiveGateway {o}", f"inclusiveGateway {i}", f"exclusiveGateway {m}", f"exclusiveGateway {g}",
            *(f"userTask {one}" for one in (a, b, c, d, v, w)), f"boundaryEvent {r} on={c} cancelActivity=false !timer=P3D",
            f"userTask R{block}", f"{before} > {m} > {x}", f"{x} > {a} if {asked}",
            f"{x} > {b} default", f"{a} > {y}", f"{b} > {y} > {p}", f"{p} > {c} > {q}", f"{p} > {d} > {q}", f"{r} > R{block}",
            f"{q} > {o}", f"{o} > {v} if {asked}", f"{o} > {w} default", f"{v} > {i}", f"{w} > {i} > {g}",
            f"{g} > {m} if back{block}",
        ]
        lines += [f"userTask z{block}", f"{g} > z{block} default"]
        before = f"z{block}"
    assert verify(read(draw("\n".join([*lines, f"{before} > e"])), name="large")) == ()
