"""Regular expressions of XPath (F&O 3.1, 5.6), as FEEL's matches, replace and split ask for.

An own engine, because the standard library's can run for years on a short text and cannot be stopped.  Without
back-references a search costs at most (size of the expression × length of the text); every step is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from .errors import Fault
from .pattern_parser import (
    SIZE_LIMIT,
    Alternatives,
    Anchor,
    Atom,
    Back,
    Group,
    Part,
    Repeat,
    Sequence,
    read_parts,
)
from .run import Run

_STEPS_A_CHARGE = 4
MEMORY_LIMIT = 8_000_000

Spans: TypeAlias = tuple[int, ...]
Tried: TypeAlias = bytearray | set[tuple[int, int, Spans]]
_Instruction: TypeAlias = tuple[str, object, object]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled expression; groups are numbered from 1, group 0 is the whole match."""

    program: tuple[_Instruction, ...]
    groups: int
    has_references: bool
    literal_replacement: bool
    folds: bool

    def search(self, text: str, start: int, run: Run, tried: Tried | None = None) -> Spans | None:
        """Begin and end of each group of the first match at or after `start` (-1 if unset).

        `tried` carries over what failed already from one search of the same text to the next.
        """
        memory = self.memory(text, run) if tried is None else tried
        for at in range(start, len(text) + 1):
            spans = self._match(text, at, run, memory)
            if spans is not None:
                self._reopen(text, spans[1], memory)
                return spans
        return None

    def memory(self, text: str, run: Run) -> Tried:
        """A place to note which states failed: a byte for each (instruction, position), or a set with groups."""
        if self.has_references:
            return set()
        size = len(self.program) * (len(text) + 1)
        if size > MEMORY_LIMIT:
            raise Fault("正規表現で調べる文字列が長すぎます")
        run.spend(size // 1000)
        return bytearray(size)

    def _reopen(self, text: str, end: int, tried: Tried) -> None:
        """After a match, only states at its very end may have been noted without having failed."""
        if isinstance(tried, bytearray):
            width = len(text) + 1
            for counter in range(len(self.program)):
                tried[counter * width + end] = 0
        else:
            tried.clear()

    def _match(  # noqa: C901 (one loop: a call for each letter would be most of its time)
        self, text: str, start: int, run: Run, tried: Tried
    ) -> Spans | None:
        program, length, marks = self.program, len(text), tried if isinstance(tried, bytearray) else None
        states = tried if isinstance(tried, set) else set()
        stack: list[tuple[int, int, Spans]] = [(0, start, (start,) + (-1,) * (2 * self.groups + 1))]
        charge, steps = 1 if marks is None else _STEPS_A_CHARGE, 0
        while stack:
            counter, at, spans = stack.pop()
            while True:
                steps += 1
                if steps == charge:
                    run.spend(1)
                    steps = 0
                if marks is not None:
                    mark = counter * (length + 1) + at
                    if marks[mark]:
                        break
                    marks[mark] = 1
                else:
                    state = (counter, at, spans)
                    if state in states:
                        break
                    states.add(state)
                kind, first, second = program[counter]
                if kind == "letter":
                    if at == length or not first(text[at]):  # type: ignore[operator]
                        break
                    at += 1
                    counter += 1
                elif kind == "split":
                    stack.append((second, at, spans))  # type: ignore[arg-type]
                    counter = first  # type: ignore[assignment]
                elif kind == "jump":
                    counter = first  # type: ignore[assignment]
                elif kind == "save":
                    spans = _saved(spans, first, at)  # type: ignore[arg-type]
                    counter += 1
                elif kind == "anchor":
                    if not first(text, at):  # type: ignore[operator]
                        break
                    counter += 1
                elif kind == "back":
                    end = self._repeated(text, at, spans, first)  # type: ignore[arg-type]
                    if end < 0:
                        break
                    at = end
                    counter += 1
                else:
                    return (spans[0], at, *spans[2:])
        return None

    def _repeated(self, text: str, at: int, spans: Spans, group: int) -> int:
        begin, end = spans[2 * group], spans[2 * group + 1]
        if begin < 0 or end < 0:
            return at
        wanted = text[begin:end]
        found = text[at : at + len(wanted)]
        if found == wanted or self.folds and found.lower() == wanted.lower():
            return at + len(wanted)
        return -1


@lru_cache(maxsize=512)
def read(expression: str, flags: str) -> Pattern:
    """The pattern of an expression and its flags (s m i x q); Fault if it is none."""
    part, groups, references = read_parts(expression, flags)
    program: list[_Instruction] = []
    _emit(part, program)
    program.append(("match", None, None))
    return Pattern(tuple(program), groups, references, "q" in flags, "i" in flags)


def replace(pattern: Pattern, text: str, replacement: str, run: Run) -> str:
    """The text with every match replaced; `$1` in the replacement stands for group 1."""
    pieces = _replacement(replacement, pattern)
    made: list[str] = []
    last = 0
    for spans in _matches(pattern, text, run):
        made.append(text[last : spans[0]])
        for piece in pieces:
            made.append(piece if isinstance(piece, str) else _group(text, spans, piece))
        last = spans[1]
    made.append(text[last:])
    return "".join(made)


def split(pattern: Pattern, text: str, run: Run) -> list[str]:
    """The parts of a text between the matches."""
    made, last = [], 0
    for spans in _matches(pattern, text, run):
        made.append(text[last : spans[0]])
        last = spans[1]
    return [*made, text[last:]]


def _matches(pattern: Pattern, text: str, run: Run) -> list[Spans]:
    if pattern.search("", 0, run) is not None:
        raise Fault("空の文字列に一致する正規表現は使えません")
    found, at, tried = [], 0, pattern.memory(text, run)
    while (spans := pattern.search(text, at, run, tried)) is not None:
        found.append(spans)
        at = spans[1]
        run.spend(1)
    return found


def _saved(spans: Spans, place: int, at: int) -> Spans:
    return (*spans[:place], at, *spans[place + 1 :])


def _group(text: str, spans: Spans, group: int) -> str:
    begin, end = spans[2 * group], spans[2 * group + 1]
    return text[begin:end] if begin >= 0 and end >= 0 else ""


def _replacement(text: str, pattern: Pattern) -> list[str | int]:
    if pattern.literal_replacement:
        return [text]
    pieces: list[str | int] = []
    at = 0
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            if text[at + 1 : at + 2] not in ("\\", "$"):
                raise Fault("置き換える文字列の「\\」の後には「\\」か「$」が必要です")
            pieces.append(text[at + 1])
            at += 2
        elif letter == "$":
            at, group = _reference(text, at + 1, pattern.groups)
            pieces.append(group)
        else:
            pieces.append(letter)
            at += 1
    return pieces


def _reference(text: str, at: int, groups: int) -> tuple[int, int | str]:
    end = at
    while end < len(text) and text[end] in "0123456789" and end - at < 3:
        end += 1
    if end == at:
        raise Fault("置き換える文字列の「$」の後には番号が必要です")
    while end - at > 1 and int(text[at:end]) > groups:
        end -= 1
    number = int(text[at:end])
    return end, number if number <= groups else ""


def _emit(part: Part, program: list[_Instruction]) -> None:
    if len(program) > SIZE_LIMIT:
        raise Fault("正規表現が大きすぎます")
    if isinstance(part, Atom):
        program.append(("letter", part.letters, None))
    elif isinstance(part, Anchor):
        program.append(("anchor", part.holds, None))
    elif isinstance(part, Back):
        program.append(("back", part.group, None))
    elif isinstance(part, Sequence):
        for one in part.parts:
            _emit(one, program)
    elif isinstance(part, Group):
        program.append(("save", 2 * part.number, None))
        _emit(part.part, program)
        program.append(("save", 2 * part.number + 1, None))
    elif isinstance(part, Alternatives):
        _emit_alternatives(part, program)
    else:
        _emit_repeat(part, program)


def _emit_alternatives(part: Alternatives, program: list[_Instruction]) -> None:
    jumps = []
    for one in part.parts[:-1]:
        split_at = len(program)
        program.append(("split", None, None))
        _emit(one, program)
        jumps.append(len(program))
        program.append(("jump", None, None))
        program[split_at] = ("split", split_at + 1, len(program))
    _emit(part.parts[-1], program)
    for jump in jumps:
        program[jump] = ("jump", len(program), None)


def _emit_repeat(part: Repeat, program: list[_Instruction]) -> None:
    """`x*` is made as `(x+)?`: a round that took nothing then leads out of the loop, not to a dead end."""
    for _ in range(part.least if part.most is not None else part.least - 1):
        _emit(part.part, program)
    splits = []
    for _ in range(1 - min(part.least, 1) if part.most is None else part.most - part.least):
        splits.append(len(program))
        program.append(("split", None, None))
        if part.most is not None:
            _emit(part.part, program)
    if part.most is None:
        inside = len(program)
        _emit(part.part, program)
        program.append(_fork(part.greedy, inside, len(program) + 1))
    for split_at in splits:
        program[split_at] = _fork(part.greedy, split_at + 1, len(program))


def _fork(greedy: bool, inside: int, after: int) -> _Instruction:
    return ("split", inside, after) if greedy else ("split", after, inside)
