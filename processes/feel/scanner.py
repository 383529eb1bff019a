"""The letters of FEEL (DMN 1.5, 10.3.1.2 and 10.3.1.4): white space, comments, words, numbers, texts, and names.

FEEL names may hold spaces and signs, so a text can only be cut into words by somebody who knows the names in
scope: `Known` finds the longest known name at a place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from .errors import FeelSyntaxError

_SPACE = r"\t\n\x0b\x0c\r \x85\xa0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
_START = (
    r"A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    r"\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\U00010000-\U000effff"
)
_PART = _START + r"0-9\xb7\u0300-\u036f\u203f\u2040"

BLANK = re.compile(rf"(?:[{_SPACE}]+|//[^\n\r]*|/\*(?:[^*]|\*(?!/))*\*/)*")
SPACES = re.compile(rf"[{_SPACE}]*")
WORD = re.compile(rf"[{_START}][{_PART}]*")
NAME_TOKEN = re.compile(rf"[{_PART}]+|[./\-'+*]")
NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ANY_TOKEN = re.compile(rf"[{_PART}]+|[^{_SPACE}]")

KEYWORDS = frozenset(
    [
        "true",
        "false",
        "null",
        "for",
        "in",
        "return",
        "if",
        "then",
        "else",
        "some",
        "every",
        "satisfies",
        "instance",
        "of",
        "between",
        "and",
        "or",
        "function",
        "external",
    ]
)
_WIDE_SIGNS = dict(zip("＋＜＞＝＊！，", "+<>=*!,", strict=True))
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", re.DOTALL)
_SURROGATES = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")


def tokens_of(name: str) -> tuple[str, ...]:
    """A name cut into its words and signs; white space between them does not matter (10.3.1.2)."""
    return tuple(_ANY_TOKEN.findall(name))


class Known:
    """Names in scope, found again in a text by their longest match."""

    def __init__(self, names: Iterable[str] = (), *, keywords: bool = False) -> None:
        self._keywords = keywords
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        tokens = tokens_of(name)
        if not tokens or len(tokens) == 1 and tokens[0] in KEYWORDS and not self._keywords:
            return
        entries = self._by_first.setdefault(tokens[0], [])
        if all(tokens != known for known, _ in entries):
            entries.append((tokens, name))
            entries.sort(key=lambda entry: -len(entry[0]))

    def match(self, text: str, at: int) -> tuple[int, str] | None:
        """The end and spelling of the longest known name that begins at `at`."""
        first = _ANY_TOKEN.match(text, at)
        if first is None:
            return None
        for tokens, name in self._by_first.get(first[0], ()):
            end = _follow(text, first.end(), tokens)
            if end is not None:
                return end, name
        return None


@lru_cache(maxsize=256)
def shared(names: frozenset[str], *, keywords: bool = False) -> Known:
    """The same names as others asked for already; nothing may be added to them."""
    return Known(names, keywords=keywords)


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column (from 1) of an offset."""
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


def syntax_error(text: str, at: int, message: str) -> FeelSyntaxError:
    """The error to raise for an offset in a text."""
    return FeelSyntaxError(*place(text, at), message)


def found_at(text: str, at: int) -> str:
    """What stands at a place, in words for an error."""
    if at >= len(text):
        return "式がそこで終わっています"
    word = WORD.match(text, at)
    shown = word[0][:20] if word else text[at]
    narrow = _WIDE_SIGNS.get(shown[0])
    hint = f"（全角です。半角の「{narrow}」を使ってください）" if narrow else ""
    return f"「{shown}」があります{hint}"


def refuse_wide_signs(text: str, at: int, name: str) -> None:
    """An unknown name that holds a full-width operator is a slip of the keyboard, not a name."""
    for place_in_name, letter in enumerate(name):
        if letter in _WIDE_SIGNS:
            sentence = f"全角の「{letter}」は使えません。半角の「{_WIDE_SIGNS[letter]}」にしてください"
            raise syntax_error(text, at + place_in_name, sentence)


def read_text(text: str, at: int) -> tuple[int, str]:
    """The text literal whose opening quote stands at `at`: its end, and its letters."""
    end = at + 1
    while True:
        quote = text.find('"', end)
        if quote < 0:
            raise syntax_error(text, at, '文字列を閉じる「"」がありません')
        slashes = 0
        while text[quote - 1 - slashes] == "\\" and quote - 1 - slashes > at:
            slashes += 1
        if slashes % 2 == 0:
            break
        end = quote + 1
    raw = text[at + 1 : quote]
    return quote + 1, unescape(raw) if "\\" in raw else raw


def unescape(raw: str) -> str:
    """Escapes made letters; an unknown escape stays as written (regular expressions are full of them)."""
    letters = _ESCAPE.sub(_letter, raw)
    return _SURROGATES.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), letters)


def _letter(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    if code:
        return chr(int(code, 16)) if int(code, 16) < 0x110000 else escape[0]
    return _ESCAPES.get(escape[3], escape[0])


def _follow(text: str, at: int, tokens: tuple[str, ...]) -> int | None:
    for token in tokens[1:]:
        spaces = SPACES.match(text, at)
        found = _ANY_TOKEN.match(text, spaces.end() if spaces else at)
        if found is None or found[0] != token:
            return None
        at = found.end()
    return at
