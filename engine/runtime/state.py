"""The state of a run: tokens on elements inside nested scopes, as plain JSON of a few kB. User values are data and
never interpreted on load. Nothing of the finished past stays, except what compensation may still need."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

VERSION = 1


@dataclass(slots=True, kw_only=True)
class Token:
    """A token on an element. `status`:
    arrived (about to act), joining (waits at a merge for others), active (activity at work), waiting (event or human
    task), repeating (loop or multi-instance around its instances), compensating (waits for handlers)."""

    id: str
    element: str
    scope: str
    status: str = "arrived"
    flow: str | None = None  # the sequence flow it came by
    child: str | None = None  # the scope that runs inside it
    instance: bool = False  # one instance of a loop or multi-instance
    race: str | None = None  # tokens of one event-based gateway
    local: dict[str, Any] = field(default_factory=dict)  # inputs and properties of the activity
    timers: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str | None] = field(default_factory=dict)  # correlation keys of what it awaits
    truths: dict[str, bool] = field(default_factory=dict)  # last value of conditions of conditional events
    seen: dict[str, list[int]] = field(default_factory=dict)  # parallel multiple: triggers that occurred
    loop: dict[str, Any] = field(default_factory=dict)
    chain: list[Any] = field(default_factory=list)  # compensation still to do, next first
    serves: str | None = None  # the compensating token that this handler works for
    phase: str | None = None  # complex gateway: waits for the rest


@dataclass(slots=True, kw_only=True)
class Scope:
    """Variables and the place of tokens. `kind`: process, call, sub, event (event sub-process), instance (one of a
    multi-instance, writes are its own until it completes), round (of a standard loop). `body` is the id of the
    process or sub-process whose elements run in it."""

    id: str
    kind: str
    program: str
    body: str
    parent: str | None = None
    owner: str | None = None  # the token outside
    vars: dict[str, Any] = field(default_factory=dict)
    timers: dict[str, dict[str, Any]] = field(default_factory=dict)
    truths: dict[str, bool] = field(default_factory=dict)
    seen: dict[str, list[int]] = field(default_factory=dict)
    records: list[Any] = field(default_factory=list)  # completed activities that can be compensated, oldest first
    interrupted: bool = False  # an interrupting event sub-process took over
    cancelling: bool = False  # a transaction that is being cancelled
    performed: list[str] = field(default_factory=list)  # ad-hoc: what has been started
    closing: bool = False  # ad-hoc: condition true, waits for the rest
    serves: str | None = None  # rebuilt for compensation by this token


@dataclass(slots=True, kw_only=True)
class Run:
    """The whole state while a move works on it."""

    program: str
    counter: int = 0
    scopes: dict[str, Scope] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    inside: dict[str, dict[str, None]] = field(default_factory=dict)  # scope → its tokens, in order
    finished: bool = False
    cancelled: bool = False
    error: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)  # of a finished run

    def next(self, letter: str) -> str:
        self.counter += 1
        return f"{letter}{self.counter}"

    def add(self, token: Token) -> Token:
        self.tokens[token.id] = token
        self.inside.setdefault(token.scope, {})[token.id] = None
        return token

    def drop(self, token: Token) -> None:
        self.tokens.pop(token.id, None)
        self.inside.get(token.scope, {}).pop(token.id, None)

    def tokens_in(self, scope: str) -> Iterator[Token]:
        return iter([self.tokens[one] for one in self.inside.get(scope, ())])

    def root(self) -> Scope | None:
        return next((scope for scope in self.scopes.values() if scope.owner is None), None)


def dump(run: Run) -> bytes:
    """The run as compact JSON; defaults are left out."""
    return orjson.dumps({
        "v": VERSION, "program": run.program, "n": run.counter,
        "finished": run.finished, "cancelled": run.cancelled, "error": run.error, "variables": run.variables,
        "scopes": [_lean(scope, _SCOPE) for scope in run.scopes.values()],
        "tokens": [_lean(token, _TOKEN) for token in run.tokens.values()],
    })


def load(state: bytes) -> Run:
    """The run that `dump` wrote; ValueError if it is not ours."""
    plain = orjson.loads(state)
    if not isinstance(plain, dict) or plain.get("v") != VERSION:
        raise ValueError("the state of a run was expected")
    run = Run(
        program=plain["program"], counter=plain["n"], finished=plain["finished"], cancelled=plain["cancelled"],
        error=plain["error"], variables=plain["variables"],
    )
    run.scopes = {one["id"]: Scope(**one) for one in plain["scopes"]}
    for one in plain["tokens"]:
        run.add(Token(**one))
    return run


def _lean(value: Any, defaults: dict[str, Any]) -> dict[str, Any]:
    lean = {}
    for name, default in defaults.items():
        found = getattr(value, name)
        if found or found != default:
            lean[name] = found
    return lean


_EMPTY = "\0"
_SCOPE_EXAMPLE = Scope(id=_EMPTY, kind=_EMPTY, program=_EMPTY, body=_EMPTY)
_TOKEN_EXAMPLE = Token(id=_EMPTY, element=_EMPTY, scope=_EMPTY, status=_EMPTY)
_SCOPE = {name: getattr(_SCOPE_EXAMPLE, name) for name in Scope.__slots__}
_TOKEN = {name: getattr(_TOKEN_EXAMPLE, name) for name in Token.__slots__}
