"""Random nested work, completed in random order, then undone: the order is the reverse of completion, scope by scope,
as a small independent reckoning says."""

import random

import pytest

from tests.runtime.drawing import draw
from tests.runtime.life import Life


class Work:
    """A random tree of tasks (each with its handler), sequences, parallel branches and sub-processes."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.lines, self.associations, self.count = [], [], 0
        self.home = {}  # task or sub-process → the sub-process around it
        entry, leave = self._part(3, "")
        self.lines += ["startEvent s", "userTask last", "endEvent e !compensate", f"s > {entry}", f"{leave} > last > e"]

    def xml(self):
        text = draw("\n".join(self.lines)).decode()
        return text.replace("</process>", "".join(self.associations) + "</process>").encode()

    def _part(self, depth, home):
        kind = self.rng.choice(["task", "seq", "par", "sub"]) if depth else "task"
        return getattr(self, f"_{kind}")(depth - 1, home)

    def _id(self, letter):
        self.count += 1
        return f"{letter}{self.count}"

    def _task(self, depth, home):
        k = self._id("t")
        self.home[k] = home
        self.lines += [f"userTask {k}", f"boundaryEvent {k}b on={k} !compensate", f"userTask {k}u isForCompensation=true"]
        self.associations.append(f'<association id="{k}a" sourceRef="{k}b" targetRef="{k}u"/>')
        return k, k

    def _seq(self, depth, home):
        first, second = self._part(depth, home), self._part(depth, home)
        self.lines.append(f"{first[1]} > {second[0]}")
        return first[0], second[1]

    def _par(self, depth, home):
        k = self._id("p")
        self.lines += [f"parallelGateway {k}s", f"parallelGateway {k}j"]
        for _ in range(2):
            entry, leave = self._part(depth, home)
            self.lines.append(f"{k}s > {entry}")
            self.lines.append(f"{leave} > {k}j")
        return f"{k}s", f"{k}j"

    def _sub(self, depth, home):
        k = self._id("s")
        self.home[k] = home
        self.lines.append(f"subProcess {k} [")
        self._part(depth, k)
        self.lines.append("]")
        return k, k


def undone(home, completed, scope=""):
    """What undoing `scope` means: its own completions, latest first, a sub-process from the inside."""
    order = []
    for one in reversed([one for one in completed if home.get(one) == scope]):
        order += undone(home, completed, one) if one.startswith("s") else [f"{one}u"]
    return order


@pytest.mark.parametrize("batch", range(4))
def test_undoing_is_the_reverse_of_doing(batch):
    for seed in range(batch * 60, batch * 60 + 60):
        work = Work(seed)
        life = Life(work.xml()).starts()
        while life.open != ["last"]:
            life.completes(work.rng.choice(life.open))
        done = [one for one in life.did() if one in work.home]
        life.completes("last")
        order = []
        while not life.finished:
            assert len(life.open) == 1
            order += life.open
            life.completes(life.open[0])
        assert order == undone(work.home, done), f"seed {seed}"
