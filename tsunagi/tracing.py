"""Trace: one process run alone in virtual time, from 2026-01-05T09:00+09:00, without database or clock. What it
prints is a stable interface, told in docs/trace.md."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import runtime
from engine.errors import Refused
from engine.runtime import Definition, Message, Passed, Step, StepFailed, Unrunnable
from engine.runtime.timers import TOKYO, TimerError, duration
from processes import bpmn, dmn
from processes.checking import beside
from processes.sources import source_of
from tsunagi.tracing_starts import Starts

START = datetime(2026, 1, 5, 9, 0, tzinfo=TOKYO)
MAX_MOVES = 10_000
UNCAUGHT = "このエラーを受け止めるところがないため、手続きはここで終わりました。エラーの境界イベントを置いてください。"
EXITS = {"finished": 0, "waiting": 0, "incident": 1, "refused": 3}

Line = dict[str, Any]


def trace_file(
    path: Path,
    *,
    process: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    messages: Iterable[Mapping[str, Any]] | None = None,
    until: str | None = None,
) -> tuple[list[Line], int]:
    """The lines of a run of the diagram at `path`, and the exit code: 0 finished or waiting, 1 incident, 3 refused.

    `answers` by element id: a mapping, None (the task stays open) or a list of those, one a round; `messages`:
    name, payload, at (ISO duration from the start); `until` an ISO duration at which the clock stops. Raises
    ValueError with a Japanese sentence for arguments that cannot be read."""
    arrivals = _arrivals(messages or ())
    limit = _after_start(until) if until else None
    try:
        definition = _compiled(path, process)
    except Unrunnable as error:
        return [*map(_finding, error.findings), _end("refused", (), dict(inputs or {}))], EXITS["refused"]
    tracing = _Tracing(definition=definition, answers=answers or {}, arrivals=arrivals, limit=limit)
    tracing.run(dict(inputs or {}))
    return tracing.lines, EXITS[tracing.lines[-1]["state"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    at: datetime
    message: Message


@dataclass(slots=True, kw_only=True)
class _Tracing:
    """One run under way. `kept`: messages that nothing awaited yet; `present`: signals of this very moment."""

    definition: Definition
    answers: Mapping[str, Any]
    arrivals: list[_Arrival]
    limit: datetime | None
    now: datetime = START
    step: Step | None = None
    kept: list[Message] = field(default_factory=list)
    present: list[Message] = field(default_factory=list)
    rounds: dict[str, tuple[str, int]] = field(default_factory=dict)  # token → element, its round
    moves: int = 0
    lines: list[Line] = field(default_factory=list)

    def run(self, inputs: dict[str, Any]) -> None:
        names = _Names(self.definition)
        self.arrivals = [replace(one, message=names.meant(one.message)) for one in self.arrivals]
        try:
            self._start(inputs)
            while self.step is not None and not self.step.finished and (self._acts() or self._clock_moves()):
                pass
        except StepFailed as failed:
            self._fail(failed, inputs)
            return
        except Refused as refused:
            self.lines.append(self._incident(self.definition.process_id, refused.sentence))
            self._close("incident", inputs)
            return
        self._close(self._state(), inputs)

    def _state(self) -> str:
        if self.step is None or not self.step.finished:
            return "waiting"
        return "incident" if self.step.error is not None else "finished"

    def _start(self, inputs: dict[str, Any]) -> None:
        """At once, or by the first message, signal, timer or condition that starts this process."""
        starts = Starts(self.definition)
        if starts.plain:
            self._take(runtime.start(self.definition, inputs, now=self.now))
            return
        first = starts.first(inputs, [(one.at, one.message) for one in self.arrivals], START)
        if first is None or (self.limit is not None and first.at > self.limit):
            return
        self.now = first.at
        if first.message is not None:
            self.arrivals = [one for one in self.arrivals if one.message is not first.message]
        self._take(runtime.start(self.definition, inputs, at=first.element, message=first.message, now=self.now))

    def _acts(self) -> bool:
        """Whatever can move now, events before tasks; False if nothing can."""
        self._receive()
        return self._hears() or self._fires() or self._completes()

    def _receive(self) -> None:
        names = _Names(self.definition)
        while self.arrivals and self.arrivals[0].at <= self.now:
            message = self.arrivals.pop(0).message
            if message.name in names.signals:
                self.present.append(message)
            if message.name in names.messages or message.name not in names.signals:
                self.kept.append(runtime.keyed(self.definition, message, now=self.now))

    def _hears(self) -> bool:
        assert self.step is not None
        for signal in self.present:
            if signal.name in self.step.listens:
                self.present.remove(signal)
                self._take(runtime.signal(self.definition, self.step.state, signal.name, signal.payload, now=self.now))
                return True
        for message in self.kept:
            if any(_fits(awaited.name, awaited.key, message) for awaited in self.step.awaited):
                self.kept.remove(message)
                self._take(runtime.deliver(self.definition, self.step.state, message, now=self.now))
                return True
        return False

    def _fires(self) -> bool:
        assert self.step is not None
        if not self.step.timers or self.step.timers[0].due > self.now:
            return False
        self._take(runtime.fire(self.definition, self.step.state, now=self.now))
        return True

    def _completes(self) -> bool:
        """Every human task open at this moment, in document order."""
        assert self.step is not None
        open_now = sorted(self.step.waiting, key=lambda one: self.definition.node(one.process_id, one.element).index)
        tokens = [(one.token, one.element, self._answer(one.token, one.element)) for one in open_now]
        moved = False
        for token, _, answer in tokens:
            if answer is not None and any(one.token == token for one in self.step.waiting):
                self._take(runtime.complete(self.definition, self.step.state, token, answer, now=self.now))
                moved = True
                while self._hears():
                    pass
        return moved

    def _answer(self, token: str, element: str) -> Mapping[str, Any] | None:
        if token not in self.rounds:
            self.rounds[token] = element, sum(1 for known, _ in self.rounds.values() if known == element)
        given = self.answers.get(element, {})
        if isinstance(given, list):
            given = given[min(self.rounds[token][1], len(given) - 1)] if given else {}
        if given is None or isinstance(given, Mapping):
            return given
        raise ValueError(f"「{element}」の答えは {{名前: 値}}、null、またはその一覧のはずですが、別の値でした。")

    def _clock_moves(self) -> bool:
        """Nothing moves at this moment: go to the next timer or arrival."""
        assert self.step is not None
        moments = [one.at for one in self.arrivals[:1]] + [timer.due for timer in self.step.timers[:1]]
        if not moments or (self.limit is not None and min(moments) > self.limit):
            return False
        self.present.clear()
        self.now = max(self.now, min(moments))
        return True

    def _take(self, step: Step) -> None:
        """Note what the step did; services answer `{}` at once, thrown messages may be awaited in the same run."""
        self.moves += 1
        if self.moves > MAX_MOVES:
            raise Refused(f"{MAX_MOVES:,}回動いても終わりません。繰り返しを確かめるか、--until で時を区切ってください。")
        self.step = step
        self.kept.extend(step.sent)
        self._tell(step.passed)
        for call in step.calls:
            if call.waits and call.token in self.step.services:
                self._take(runtime.complete(self.definition, self.step.state, call.token, {}, now=self.now))

    def _tell(self, passed: Iterable[Passed]) -> None:
        for one in passed:
            line = {"event": one.outcome, "element": one.element, "name": one.name, "at": _iso(one.at)}
            self.lines.append(line | {"message": UNCAUGHT} if one.outcome == "incident" else line)

    def _fail(self, failed: StepFailed, inputs: Mapping[str, Any]) -> None:
        """An expression failed: what the move did until then is shown, then where it stands still."""
        reached = failed.so_far
        self._tell(reached.passed if reached else ())
        self.lines.append(self._incident(failed.element, str(failed)))
        self.lines.append(_end("incident", reached.resting if reached else (), reached.variables if reached else inputs))

    def _incident(self, element: str, message: str) -> Line:
        for program in self.definition.programs.values():
            if element in program.flows:  # a condition: the token stands at the node before it
                element = program.flows[element].source
        name = next((p.nodes[element].name for p in self.definition.programs.values() if element in p.nodes), "")
        return {"event": "incident", "element": element, "name": name, "at": _iso(self.now), "message": message}

    def _close(self, state: str, inputs: Mapping[str, Any]) -> None:
        if self.step is None:
            self.lines.append(_end(state, Starts(self.definition).elements if state == "waiting" else (), inputs))
        else:
            self.lines.append(_end(state, self.step.resting, self.step.variables))


class _Names:
    """Which names the diagram uses for messages and which for signals."""

    def __init__(self, definition: Definition) -> None:
        kinds: dict[str, set[str]] = {"message": set(), "signal": set()}
        self.by_id: dict[str, str] = {}
        for program in definition.programs.values():
            for node in program.nodes.values():
                for one in (*node.events, *([node.message] if node.message else [])):
                    if one.kind in kinds:
                        self.by_id |= {one.ref: one.name} if one.ref and one.name else {}
                        kinds[one.kind] |= {name for name in (one.name, node.name, node.id) if name}
                        kinds[one.kind] -= {node.name, node.id} - {one.name} if one.name else set()
        self.messages, self.signals = kinds["message"], kinds["signal"]

    def meant(self, message: Message) -> Message:
        """The message by its name, though whoever sends it may call it by its id."""
        if message.name in self.messages | self.signals or message.name not in self.by_id:
            return message
        return replace(message, name=self.by_id[message.name])


def _fits(name: str, key: str | None, message: Message) -> bool:
    return name == message.name and (key is None or message.key is None or key == message.key)


def _arrivals(messages: Iterable[Mapping[str, Any]]) -> list[_Arrival]:
    found = []
    for one in messages:
        if not isinstance(one, Mapping) or not isinstance(one.get("name"), str):
            raise ValueError("メッセージは {\"name\", \"payload\", \"at\"} の形のはずですが、name がありませんでした。")
        payload = one.get("payload") or {}
        if not isinstance(payload, Mapping):
            raise ValueError(f"「{one['name']}」のpayloadは {{名前: 値}} の形にしてください。")
        key = one.get("key")
        message = Message(name=one["name"], key=None if key is None else str(key), payload=dict(payload))
        found.append(_Arrival(at=_after_start(one.get("at") or "PT0S"), message=message))
    return sorted(found, key=lambda arrival: arrival.at)


def _after_start(text: str) -> datetime:
    try:
        return duration(text).after(START)
    except TimerError as error:
        raise ValueError(str(error)) from None


def _compiled(path: Path, process: str | None) -> Definition:
    """The definition of the file, with the diagrams and tables beside it that it needs."""
    try:
        main = source_of(path)
    except (OSError, ValueError):
        raise ValueError(f"図「{path.name}」を開けません。ファイルの場所を確かめてください。") from None
    try:
        diagrams = [bpmn.read(main, name=path.name)]
    except bpmn.DiagramError as error:
        raise Unrunnable(error.findings) from None
    called = dict(_called(path, diagrams))
    return runtime.compile(main, called=called, decisions=_tables(path, diagrams), process=process, name=path.name)


def _called(path: Path, diagrams: list[bpmn.Diagram]) -> Iterator[tuple[str, bytes]]:
    """Files beside `path` that hold a process which is called, and those that these call; they join `diagrams`."""
    files = beside(path.resolve(), ".bpmn")
    for diagram in diagrams:  # grows while it is walked
        for wanted in _calls(diagram):
            known = {identity for one in diagrams for identity in one.processes}
            for file, source in files.items():
                if wanted in known or f'"{wanted}"'.encode() not in source:
                    continue
                found = _readable(source, file)
                if found is not None and wanted in found.processes:
                    known.add(wanted)
                    diagrams.append(found)
                    yield file, source


def _calls(diagram: bpmn.Diagram) -> list[str]:
    return [node.called for one in diagram.processes.values() for node in one.nodes.values() if node.called]


def _readable(source: bytes, name: str) -> bpmn.Diagram | None:
    try:
        return bpmn.read(source, name=name)
    except bpmn.DiagramError:
        return None


def _tables(path: Path, diagrams: list[bpmn.Diagram]) -> dict[str, bytes]:
    wanted = {node.decision for d in diagrams for p in d.processes.values() for node in p.nodes.values() if node.decision}
    if not wanted:
        return {}
    files = beside(path.resolve(), ".dmn")
    needed = {name: s for name, s in files.items() if any(f'"{one}"'.encode() in s for one in wanted)}
    if any(b"<import" in source or b":import" in source for source in needed.values()):
        needed |= {name: source for name, source in files.items() if name not in needed and _is_table(source)}
    return needed


def _is_table(source: bytes) -> bool:
    try:
        dmn.read(source, resolve=None, lenient=True)
    except dmn.DmnError as error:
        return all(one.rule.startswith("dmn-import") for one in error.findings)
    return True


def _finding(one: bpmn.Finding) -> Line:
    return {"event": "finding", "severity": one.severity, "rule": one.rule, "element": one.element, "line": one.line,
            "message": one.message, "trace": list(one.trace)}


def _end(state: str, waiting: Iterable[str], variables: Mapping[str, Any]) -> Line:
    return {"event": "end", "state": state, "waiting": list(waiting), "variables": dict(variables)}


def _iso(at: datetime) -> str:
    return at.astimezone(TOKYO).isoformat()

