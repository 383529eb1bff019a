"""One move at work: the run that is changed, the clock it was given, the work still to do, and what it has done."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.runtime.definition import Definition
from engine.runtime.expressions import Computed
from engine.runtime.programs import Body, Program
from engine.runtime.state import Run, Scope, Token
from engine.runtime.values import Call, Decided, Message, Passed, StepFailed
from processes.bpmn import Node

MAX_WORK = 100_000  # pieces of work in one move: an automatic loop that never waits ends here
MAX_DEPTH = 60  # scopes inside scopes: a process that calls itself without end stops here

_SILENT = ("arrived", "joining", "compensating", "repeating")


@dataclass(slots=True, kw_only=True)
class Play:
    """`queue` holds (kind, id) of work in order; `changed` that a variable changed, so that conditional events look
    again."""

    definition: Definition
    run: Run
    now: datetime
    queue: deque[tuple[str, str]] = field(default_factory=deque)
    urgent: deque[tuple[str, str]] = field(default_factory=deque)
    changed: bool = False
    work: int = 0
    passed: list[Passed] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    signals: list[Message] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def later(self, kind: str, identity: str) -> None:
        self.queue.append((kind, identity))

    def at_once(self, kind: str, identity: str) -> None:
        """Work that goes before everything, conditional events too: something that has already happened."""
        self.urgent.append((kind, identity))

    def program(self, scope: Scope) -> Program:
        return self.definition.programs[scope.program]

    def program_of(self, token: Token) -> Program:
        return self.definition.programs[self.run.scopes[token.scope].program]

    def node(self, token: Token) -> Node:
        return self.program_of(token).nodes[token.element]

    def body(self, scope: Scope) -> Body | None:
        return self.program(scope).bodies.get(scope.body)

    def scope(self, token: Token) -> Scope:
        return self.run.scopes[token.scope]

    def expression(self, token: Token, role: str) -> Computed | None:
        return self.program_of(token).expression(token.element, role)

    def alive(self, token: Token) -> bool:
        return token.id in self.run.tokens

    def spawn(self, element: str, scope: str, **particulars: Any) -> Token:
        return self.run.add(Token(id=self.run.next("t"), element=element, scope=scope, **particulars))

    def note(self, token: Token, outcome: str) -> None:
        """A line of history."""
        node = self.node(token)
        self.passed.append(Passed(
            token=token.id, element=node.id, name=node.name, kind=node.kind, outcome=outcome, at=self.now,
        ))

    def drop(self, token: Token) -> None:
        """The token is consumed; its scope may be complete now."""
        self.run.drop(token)
        self.later("scope", token.scope)

    def cancel(self, token: Token) -> None:
        """Withdraw the token with everything that runs inside it or for it."""
        if not self.alive(token):
            return
        for scope in [s for s in self.run.scopes.values() if s.owner == token.id]:
            self.cancel_scope(scope)
        if token.status == "compensating":
            for handler in [t for t in self.run.tokens.values() if t.serves == token.id]:
                self.cancel(handler)
        if token.status not in _SILENT:
            self.note(token, "cancelled")
        self.drop(token)

    def cancel_scope(self, scope: Scope) -> None:
        self.empty(scope)
        self.run.scopes.pop(scope.id, None)
        self.run.inside.pop(scope.id, None)

    def empty(self, scope: Scope) -> None:
        """Withdraw all tokens of a scope, latest last."""
        for token in list(self.run.tokens_in(scope.id)):
            self.cancel(token)

    def failed(self, token: Token, reason: str) -> StepFailed:
        node = self.node(token)
        return StepFailed(element=node.id, expression="", reason_ja=reason, line=node.line)

    def count(self) -> None:
        """One piece of work more; StepFailed when the move does not come to rest."""
        self.work += 1
        if self.work > MAX_WORK:
            element, line = self._busy()
            reason = f"一度の動きが{MAX_WORK:,}回を越えても終わりません。待つ所のない繰り返しがないか確かめてください。"
            raise StepFailed(element=element, expression="", reason_ja=reason, line=line)

    def _busy(self) -> tuple[str, int | None]:
        token = next((self.run.tokens[i] for _, i in self.queue if i in self.run.tokens), None)
        return (token.element, self.node(token).line) if token else (self.run.program, None)
