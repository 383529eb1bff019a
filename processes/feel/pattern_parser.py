"""Reading a regular expression of XPath (XML Schema part 2, appendix G, with the additions of F&O 3.1, 5.6.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from .errors import Fault
from .pattern_letters import (
    SHORT,
    Letters,
    between,
    folded,
    negate,
    one_of,
    property_class,
    same,
)

SIZE_LIMIT = 4000
_TEXT_LIMIT = 2000
_DEPTH_LIMIT = 40
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"} | {sign: sign for sign in "\\|.-^?*+{}()[]$/"}


@dataclass(frozen=True, slots=True)
class Atom:
    """One letter of a class."""

    letters: Letters


@dataclass(frozen=True, slots=True)
class Anchor:
    """A condition on a place: begin or end of the text or of a line."""

    holds: Callable[[str, int], bool]


@dataclass(frozen=True, slots=True)
class Back:
    """The text of an earlier group again."""

    group: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one after another."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A numbered group."""

    number: int
    part: Part


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The first of the parts that leads on."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part some times over; `most` None means any number."""

    part: Part
    least: int
    most: int | None
    greedy: bool


Part: TypeAlias = Atom | Anchor | Back | Sequence | Group | Alternatives | Repeat


def read_parts(expression: str, flags: str) -> tuple[Part, int, bool]:
    """The parts of an expression, the number of its groups, and whether it refers back to one."""
    if len(expression) > _TEXT_LIMIT:
        raise Fault("正規表現が長すぎます")
    if any(flag not in "smixq" for flag in flags):
        raise Fault(f"正規表現の指定「{flags}」は使えません（s m i x q だけです）")
    if "x" in flags and "q" not in flags:
        expression = _without_spaces(expression)
    reader = _Reader(expression, flags)
    if "q" in flags:
        return Sequence(tuple(Atom(reader.cased(same(letter))) for letter in expression)), 0, False
    part = reader.alternatives(0)
    if reader.at < len(expression):
        raise Fault("正規表現の「)」に対応する「(」がありません")
    return part, reader.opened, reader.refers


class _Reader:
    def __init__(self, text: str, flags: str) -> None:
        self.text = text
        self.at = 0
        self.opened = 0
        self.refers = False
        self._closed: set[int] = set()
        self._flags = flags

    def alternatives(self, depth: int) -> Part:
        if depth > _DEPTH_LIMIT:
            raise Fault("正規表現の入れ子が深すぎます")
        parts = [self._sequence(depth)]
        while self._peek() == "|":
            self.at += 1
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else Alternatives(tuple(parts))

    def cased(self, letters: Letters) -> Letters:
        return folded(letters) if "i" in self._flags else letters

    def _sequence(self, depth: int) -> Part:
        parts: list[Part] = []
        while (letter := self._peek()) and letter not in "|)":
            parts.append(self._repeated(self._atom(letter, depth)))
        return Sequence(tuple(parts))

    def _atom(self, letter: str, depth: int) -> Part:
        self.at += 1
        if letter == "(":
            return self._group(depth)
        if letter == "[":
            return Atom(self._class())
        if letter == "\\":
            return self._escape()
        if letter == ".":
            return Atom(_anything if "s" in self._flags else _not_line_end)
        if letter == "^":
            return Anchor(_at_line_start if "m" in self._flags else _at_start)
        if letter == "$":
            return Anchor(_at_line_end if "m" in self._flags else _at_end)
        if letter in "?*+{}]":
            raise Fault(f"正規表現の「{letter}」の位置が正しくありません")
        return Atom(self.cased(same(letter)))

    def _group(self, depth: int) -> Part:
        number = 0
        if self.text.startswith("?:", self.at):
            self.at += 2
        else:
            if self._peek() == "?":
                raise Fault("正規表現の「(?」のこの形は使えません")
            self.opened += 1
            number = self.opened
        part = self.alternatives(depth + 1)
        if self._peek() != ")":
            raise Fault("正規表現の「(」が閉じていません")
        self.at += 1
        if not number:
            return part
        self._closed.add(number)
        return Group(number, part)

    def _repeated(self, part: Part) -> Part:
        letter = self._peek()
        if letter == "" or letter not in "?*+{":
            return part
        self.at += 1
        bounds = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(letter)
        least, most = bounds if bounds else self._counts()
        greedy = self._peek() != "?"
        self.at += 0 if greedy else 1
        if self._peek() and self._peek() in "?*+{":
            raise Fault("正規表現の繰り返しの指定が重なっています")
        return Repeat(part, least, most, greedy)

    def _counts(self) -> tuple[int, int | None]:
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at : max(end, self.at)].partition(",")
        if end < 0 or not low.isdecimal() or high and not high.isdecimal():
            raise Fault("正規表現の「{ }」の中は「2」「2,」「2,5」の形です")
        self.at = end + 1
        least, most = int(low[:6]), int(high[:6]) if high else None if comma else int(low[:6])
        if least > SIZE_LIMIT or most is not None and (most < least or most > SIZE_LIMIT):
            raise Fault("正規表現の繰り返しの回数が正しくありません")
        return least, most

    def _escape(self) -> Part:
        letter = self._peek()
        if letter and letter in "123456789":
            return self._back_reference()
        letters = self._escaped_letters()
        return Atom(self.cased(letters) if letter in _PLAIN_ESCAPES else letters)

    def _back_reference(self) -> Part:
        number = int(self._peek())
        self.at += 1
        while (
            self._peek() and self._peek() in "0123456789" and number * 10 + int(self._peek()) <= self.opened
        ):
            number = number * 10 + int(self._peek())
            self.at += 1
        if number not in self._closed:
            raise Fault(f"正規表現の「\\{number}」が指すかっこがありません")
        self.refers = True
        return Back(number)

    def _escaped_letters(self) -> Letters:
        letter = self._peek()
        self.at += 1
        if letter in SHORT:
            return SHORT[letter]
        if letter in ("p", "P"):
            end = self.text.find("}", self.at)
            if self._peek() != "{" or end < 0:
                raise Fault("正規表現の「\\p」の後には「{ }」が必要です")
            letters = property_class(self.text[self.at + 1 : end])
            self.at = end + 1
            return letters if letter == "p" else negate(letters)
        if letter not in _PLAIN_ESCAPES:
            raise Fault(f"正規表現の「\\{letter}」は使えません")
        return same(_PLAIN_ESCAPES[letter])

    def _class(self) -> Letters:
        """What follows `[`: letters, ranges, `^` in front, `-[…]` taken away at the end."""
        negated = self._peek() == "^"
        self.at += 1 if negated else 0
        classes: list[Letters] = []
        without: Letters | None = None
        while self._peek() != "]":
            if self.text.startswith("-[", self.at) and classes:
                self.at += 2
                without = self._class()
                break
            classes.append(self._class_item(not classes))
        if self._peek() != "]" or not classes:
            raise Fault("正規表現の「[ ]」が正しくありません")
        self.at += 1
        letters = one_of(classes)
        letters = negate(letters) if negated else letters
        if without is None:
            return letters
        taken = without
        return lambda letter: letters(letter) and not taken(letter)

    def _class_item(self, first: bool) -> Letters:
        letter = self._class_letter(first)
        if callable(letter):
            return letter
        following = self.text[self.at + 1 : self.at + 2]
        if self._peek() != "-" or following in ("]", "[", ""):
            return self.cased(same(letter))
        self.at += 1
        high = self._class_letter(False)
        if callable(high) or high < letter:
            raise Fault("正規表現の文字の範囲が正しくありません")
        return self.cased(between(letter, high))

    def _class_letter(self, first: bool) -> str | Letters:
        letter = self._peek()
        if letter == "":
            raise Fault("正規表現の「[」が閉じていません")
        self.at += 1
        if letter == "[":
            raise Fault("正規表現の「[」の中の「[」には「\\」が必要です")
        if letter == "-" and not first and self._peek() not in ("]", "-"):
            raise Fault("正規表現の「[ ]」の中の「-」の位置が正しくありません")
        if letter != "\\":
            return letter
        escaped = self._peek()
        if escaped in _PLAIN_ESCAPES:
            self.at += 1
            return _PLAIN_ESCAPES[escaped]
        return self._escaped_letters()

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]


def _without_spaces(expression: str) -> str:
    """White space taken out, except inside `[ ]` (flag x)."""
    kept, depth, escaped = [], 0, False
    for letter in expression:
        if letter in " \t\n\r" and depth == 0:
            continue
        kept.append(letter)
        if not escaped:
            depth += (letter == "[") - (letter == "]" and depth > 0)
        escaped = letter == "\\" and not escaped
    return "".join(kept)


def _anything(letter: str) -> bool:
    return True


def _not_line_end(letter: str) -> bool:
    return letter not in "\n\r"


def _at_start(text: str, at: int) -> bool:
    return at == 0


def _at_end(text: str, at: int) -> bool:
    return at == len(text)


def _at_line_start(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] == "\n" and at < len(text)


def _at_line_end(text: str, at: int) -> bool:
    return at == len(text) or text[at] == "\n"
