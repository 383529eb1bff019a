"""The verdict of the token game equals what the plainest search over an independent interpreter finds, on random
diagrams of any shape; and the reduced search, which large diagrams get, agrees with the whole one."""

import pytest

from processes.bpmn import read
from processes.soundness import verify
from processes.soundness_search import Limits
from tests.checks.exhaustive import Exhaustive, TooMany
from tests.runtime.oracle_net import random_net

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
