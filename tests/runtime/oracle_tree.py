"""An independent interpreter for block-structured diagrams, by structure: a tree of running blocks that tell each
other when they are done. No tokens, no flows; it shares nothing with the runtime."""

import itertools
import random
from collections import Counter

CHOICES = 16
BLOCKS = ["seq", "xor", "par", "inc", "loop", "sub", "interrupt", "remind", "race", "multi", "error", "terminate",
          "handler", "override"]


def random_block(rng, depth, number=None):
    number = number if number is not None else iter(range(10_000))
    identity = f"k{next(number)}"
    if depth <= 0 or rng.random() < 0.2:
        return ("task", identity)
    kind = rng.choice(BLOCKS)
    def inner():
        return random_block(rng, depth - 1, number)
    if kind in ("seq", "par", "race"):
        return (kind, identity, [inner() for _ in range(rng.randint(2, 3))])
    if kind in ("xor", "inc"):
        return (kind, identity, [inner() for _ in range(2)], [rng.randrange(CHOICES) for _ in range(2)])
    if kind == "multi":
        return (kind, identity, rng.randint(0, 3), rng.random() < 0.5, inner() if rng.random() < 0.5 else None)
    if kind in ("loop", "error", "terminate"):
        return (kind, identity, inner(), inner(), rng.randrange(CHOICES))
    return (kind, identity, inner(), inner())


class Running:
    """A block that runs. `pick` is the list of choices of the present step, held by the root."""

    def __init__(self, tree, parent, done, root=None):
        self.tree, self.parent, self.done = tree, parent, done
        self.root = root or self
        self.children, self.offers, self.alive = [], Counter(), True

    def begin(self):
        getattr(self, f"_{self.tree[0]}")(*self.tree[1:])

    def child(self, tree, done):
        one = Running(tree, self, done, self.root)
        self.children.append(one)
        one.begin()
        return one

    def finish(self):
        if self.alive:
            self.alive = False
            self.done()

    def stop(self):
        self.alive = False
        for one in self.children:
            one.stop()

    def living(self):
        if self.alive:
            yield self
            for one in list(self.children):
                yield from one.living()

    # what each kind of block does; `act` is what happens when one of its offers is taken

    def _task(self, identity):
        self.offers["task", identity] = 1
        self.act = lambda what: self.finish()

    def _seq(self, identity, parts):
        def following(index):
            if index == len(parts):
                self.finish()
            else:
                self.child(parts[index], lambda: following(index + 1))
        following(0)

    def _all(self, parts):
        left = [len(parts)]
        def one_done():
            left[0] -= 1
            if not left[0]:
                self.finish()
        for part in parts:
            self.child(part, one_done)
        if not parts:
            self.finish()

    def _par(self, identity, parts):
        self._all(parts)

    def _xor(self, identity, parts, picks):
        self.child(parts[0] if self.root.pick[picks[0]] else parts[1], self.finish)

    def _inc(self, identity, parts, picks):
        self._all([part for part, pick in zip(parts, picks, strict=True) if self.root.pick[pick]])

    def _loop(self, identity, part, tail, pick):
        def again():
            self.child(part, lambda: again() if self.root.pick[pick] else self.child(tail, self.finish))
        again()

    def _sub(self, identity, part, tail):
        self._scope(part, lambda: self.child(tail, self.finish))

    def _interrupt(self, identity, part, other):
        def through():
            self.offers.clear()
            self.finish()
        self.offers["message", identity] = 1
        inner = self._scope(part, through)
        def act(what):
            self.offers.clear()
            inner.stop()
            self.child(other, self.finish)
        self.act = act

    def _remind(self, identity, part, other):
        """The reminder's own branch goes on beside the block and holds the end of the scope around it."""
        self.offers["message", identity] = 1
        self._scope(part, self.finish)
        def act(what):
            self.beside(other)
        self.act = act

    def beside(self, tree):
        scope = self.parent
        while scope.parent is not None and not hasattr(scope, "side"):
            scope = scope.parent
        scope.side.append(None)
        def over():
            scope.side.pop()
            scope.close()
        scope._scope(tree, over)

    def _scope(self, tree, closed):
        """A sub-process: done when its inside and everything beside it are done."""
        one = Running(None, self, lambda: None, self.root)
        one.side = [None]
        def close():
            if not one.side and one.alive:
                one.alive = False
                closed()
        def inside_done():
            one.side.pop()
            one.close()
        one.close = close
        self.children.append(one)
        one.child(tree, inside_done)
        return one

    def _race(self, identity, parts):
        for index in range(len(parts)):
            self.offers["message", f"{identity}-{index}"] = 1
        def act(what):
            self.offers.clear()
            self.child(parts[int(what[1].rpartition("-")[2])], self.finish)
        self.act = act

    def _multi(self, identity, count, sequential, part):
        def start(done):
            if part is None:
                one = Running(("task", identity), self, done, self.root)
                self.children.append(one)
                one.begin()
            else:
                self._scope(part, done)
        if sequential:
            def following(index):
                if index == count:
                    self.finish()
                else:
                    start(lambda: following(index + 1))
            following(0)
            return
        left = [count]
        def one_done():
            left[0] -= 1
            if not left[0]:
                self.finish()
        for _ in range(count):
            start(one_done)
        if not count:
            self.finish()

    def _error(self, identity, part, other, pick):
        """A sub-process that ends by an error or well; the error leads to the other block."""
        def end(scope):
            if self.root.pick[pick]:
                scope.stop()
                self.child(other, self.finish)
            else:
                scope.side.pop()
                scope.close()
        self._bare(part, end)

    def _terminate(self, identity, part, other, pick):
        """Two branches in a sub-process: the first ends all of it (if picked) or only itself."""
        def end(scope):
            if self.root.pick[pick]:
                scope.stop()
                self.finish()
            else:
                scope.side.pop()
                scope.close()
        def second(scope):
            scope.side.pop()
            scope.close()
        self._bare(part, end, (other, second))

    def _bare(self, part, end, beside=None):
        """A sub-process whose first inside decides itself what its end means; perhaps a second one beside it."""
        one = Running(None, self, lambda: None, self.root)
        one.side = [None] if beside is None else [None, None]
        def close():
            if not one.side and one.alive:
                one.alive = False
                self.offers.clear()
                self.finish()
        one.close = close
        self.children.append(one)
        one.child(part, lambda: end(one))
        if beside is not None and one.alive:
            one.child(beside[0], lambda: beside[1](one))
        return one

    def _handler(self, identity, part, other):
        """A sub-process with an event sub-process that does not interrupt."""
        self.offers["message", identity] = 1
        scope = self._with_side(part)
        def act(what):
            scope.side.append(None)
            def over():
                scope.side.pop()
                scope.close()
            scope._scope(other, over)
        self.act = act

    def _override(self, identity, part, other):
        """A sub-process with an event sub-process that interrupts."""
        self.offers["message", identity] = 1
        scope = self._with_side(part)
        def act(what):
            self.offers.clear()
            scope.stop()
            self._scope(other, self.finish)
        self.act = act

    def _with_side(self, part):
        def end(scope):
            scope.side.pop()
            scope.close()
        return self._bare(part, end)


class Tree:
    """A whole run of a block, as the oracle sees it."""

    def __init__(self, tree, pick):
        self.finished = False
        root = self.root = Running(tree, None, lambda: None)
        root.pick, root.side = pick, [None]
        def close():
            if not root.side:
                self.finished = True
                root.alive = False
        root.close = close
        def inside_done():
            root.side.pop()
            close()
        root.child(("seq", "", [("task", "first"), tree]), inside_done)

    def enabled(self):
        found = Counter()
        for one in self.root.living():
            found.update(one.offers)
        return found

    def act(self, what, name, nth, pick):
        self.root.pick = pick
        holders = [one for one in self.root.living() if (what, name) in one.offers]
        holders[nth].act((what, name))


def draw_tree(tree):
    """The block as BPMN; one `Drawing` line a node."""
    lines = ["startEvent S0", "userTask first", "endEvent E0"]
    messages = set()
    entry, leave = _emit(tree, lines, messages)
    lines += ["S0 > first", f"first > {entry}", f"{leave} > E0"]
    return "\n".join(lines)


def _emit(tree, lines, messages):
    kind, k = tree[0], tree[1]
    if kind == "task":
        lines.append(f"userTask {k}")
        return k, k
    return globals()[f"_emit_{kind}"](k, *tree[2:], lines, messages)


def _pick(index):
    return f"pick[{index + 1}]"


def _emit_seq(k, parts, lines, messages):
    ends = [_emit(part, lines, messages) for part in parts]
    lines += [f"{a[1]} > {b[0]}" for a, b in itertools.pairwise(ends)]
    return ends[0][0], ends[-1][1]


def _split(k, kind, parts, lines, messages):
    lines += [f"{kind} {k}s", f"{kind} {k}j"]
    ends = [_emit(part, lines, messages) for part in parts]
    lines.extend(f"{leave} > {k}j" for _, leave in ends)
    return [entry for entry, _ in ends]


def _emit_par(k, parts, lines, messages):
    lines.extend(f"{k}s > {entry}" for entry in _split(k, "parallelGateway", parts, lines, messages))
    return f"{k}s", f"{k}j"


def _emit_xor(k, parts, picks, lines, messages):
    first, second = _split(k, "exclusiveGateway", parts, lines, messages)
    lines += [f"{k}s > {first} if {_pick(picks[0])}", f"{k}s > {second} default"]
    return f"{k}s", f"{k}j"


def _emit_inc(k, parts, picks, lines, messages):
    entries = _split(k, "inclusiveGateway", parts, lines, messages)
    lines += [f"{k}s > {entry} if {_pick(pick)}" for entry, pick in zip(entries, picks, strict=True)]
    lines.append(f"{k}s > {k}j default")
    return f"{k}s", f"{k}j"


def _emit_loop(k, part, tail, pick, lines, messages):
    lines += [f"exclusiveGateway {k}m", f"exclusiveGateway {k}x"]
    entry, leave = _emit(part, lines, messages)
    tail_entry, tail_leave = _emit(tail, lines, messages)
    lines += [f"{k}m > {entry}", f"{leave} > {k}x", f"{k}x > {k}m if {_pick(pick)}", f"{k}x > {tail_entry} default"]
    return f"{k}m", tail_leave


def _inside(k, part, lines, messages, more=(), kind="subProcess", last=None):
    lines += [f"{kind} {k} [", f"startEvent {k}S"]
    entry, leave = _emit(part, lines, messages)
    lines += [f"{k}S > {entry}", *more]
    lines += [f"endEvent {k}E", f"{leave} > {k}E"] if last is None else last(leave)
    lines.append("]")


def _emit_sub(k, part, tail, lines, messages):
    _inside(k, part, lines, messages)
    entry, leave = _emit(tail, lines, messages)
    lines.append(f"{k} > {entry}")
    return k, leave


def _emit_interrupt(k, part, other, lines, messages):
    _inside(k, part, lines, messages)
    lines += [f"boundaryEvent {k}v on={k} !message={k}", f"exclusiveGateway {k}j", f"{k} > {k}j"]
    entry, leave = _emit(other, lines, messages)
    lines += [f"{k}v > {entry}", f"{leave} > {k}j"]
    return k, f"{k}j"


def _emit_remind(k, part, other, lines, messages):
    _inside(k, part, lines, messages)
    lines.append(f"boundaryEvent {k}v on={k} cancelActivity=false !message={k}")
    _inside(f"{k}o", other, lines, messages)  # in a scope of its own: it may run several times at once
    lines.append(f"{k}v > {k}o")
    return k, k


def _emit_race(k, parts, lines, messages):
    lines += [f"eventBasedGateway {k}g", f"exclusiveGateway {k}j"]
    for index, part in enumerate(parts):
        entry, leave = _emit(part, lines, messages)
        lines += [f"intermediateCatchEvent {k}c{index} !message={k}-{index}", f"{k}g > {k}c{index} > {entry}", f"{leave} > {k}j"]
    return f"{k}g", f"{k}j"


def _emit_multi(k, count, sequential, part, lines, messages):
    multi = (f'| <multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">'
             f"<loopCardinality>{count}</loopCardinality></multiInstanceLoopCharacteristics>")
    if part is None:
        lines.append(f"userTask {k}")
    else:
        _inside(k, part, lines, messages)
    lines.append(multi)
    return k, k


def _emit_error(k, part, other, pick, lines, messages):
    def last(leave):
        return [f"exclusiveGateway {k}g", f"endEvent {k}E", f"endEvent {k}F !error={k}", f"{leave} > {k}g",
                f"{k}g > {k}F if {_pick(pick)}", f"{k}g > {k}E default"]
    _inside(k, part, lines, messages, last=last)
    lines += [f"boundaryEvent {k}v on={k} !error={k}", f"exclusiveGateway {k}j", f"{k} > {k}j"]
    entry, leave = _emit(other, lines, messages)
    lines += [f"{k}v > {entry}", f"{leave} > {k}j"]
    return k, f"{k}j"


def _emit_terminate(k, part, other, pick, lines, messages):
    def last(leave):
        return [f"exclusiveGateway {k}g", f"endEvent {k}E", f"endEvent {k}F !terminate", f"{leave} > {k}g",
                f"{k}g > {k}F if {_pick(pick)}", f"{k}g > {k}E default"]
    second: list[str] = []
    entry, _leave = _emit(other, second, messages)
    _inside(k, part, lines, messages, more=[*second, f"{k}S > {entry}"], last=last)
    return k, k


def _emit_handler(k, part, other, lines, messages, flag="false"):
    inner: list[str] = [f"subProcess {k}h triggeredByEvent=true [", f"startEvent {k}hs isInterrupting={flag} !message={k}"]
    entry, _ = _emit(other, inner, messages)
    inner += [f"{k}hs > {entry}", "]"]
    _inside(k, part, lines, messages, more=inner)
    return k, k


def _emit_override(k, part, other, lines, messages):
    return _emit_handler(k, part, other, lines, messages, "true")


def choices(rng):
    return [rng.random() < 0.55 for _ in range(CHOICES)]


__all__ = ["Tree", "choices", "draw_tree", "random", "random_block"]
