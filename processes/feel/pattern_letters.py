"""Classes of letters in XML Schema regular expressions: `\\d`, `\\p{Lu}`, `\\p{IsHiragana}` and their like."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TypeAlias

from .errors import Fault

Letters: TypeAlias = Callable[[str], bool]

_CATEGORIES = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cn",
    ]
)

_BLOCKS: dict[str, tuple[int, int]] = {
    "BasicLatin": (0x0, 0x7F),
    "Latin-1Supplement": (0x80, 0xFF),
    "LatinExtended-A": (0x100, 0x17F),
    "LatinExtended-B": (0x180, 0x24F),
    "IPAExtensions": (0x250, 0x2AF),
    "SpacingModifierLetters": (0x2B0, 0x2FF),
    "CombiningDiacriticalMarks": (0x300, 0x36F),
    "GreekandCoptic": (0x370, 0x3FF),
    "Greek": (0x370, 0x3FF),
    "Cyrillic": (0x400, 0x4FF),
    "Armenian": (0x530, 0x58F),
    "Hebrew": (0x590, 0x5FF),
    "Arabic": (0x600, 0x6FF),
    "Devanagari": (0x900, 0x97F),
    "Thai": (0xE00, 0xE7F),
    "HangulJamo": (0x1100, 0x11FF),
    "LatinExtendedAdditional": (0x1E00, 0x1EFF),
    "GreekExtended": (0x1F00, 0x1FFF),
    "GeneralPunctuation": (0x2000, 0x206F),
    "SuperscriptsandSubscripts": (0x2070, 0x209F),
    "CurrencySymbols": (0x20A0, 0x20CF),
    "LetterlikeSymbols": (0x2100, 0x214F),
    "NumberForms": (0x2150, 0x218F),
    "Arrows": (0x2190, 0x21FF),
    "MathematicalOperators": (0x2200, 0x22FF),
    "EnclosedAlphanumerics": (0x2460, 0x24FF),
    "BoxDrawing": (0x2500, 0x257F),
    "GeometricShapes": (0x25A0, 0x25FF),
    "CJKRadicalsSupplement": (0x2E80, 0x2EFF),
    "CJKSymbolsandPunctuation": (0x3000, 0x303F),
    "Hiragana": (0x3040, 0x309F),
    "Katakana": (0x30A0, 0x30FF),
    "Bopomofo": (0x3100, 0x312F),
    "KatakanaPhoneticExtensions": (0x31F0, 0x31FF),
    "EnclosedCJKLettersandMonths": (0x3200, 0x32FF),
    "CJKCompatibility": (0x3300, 0x33FF),
    "CJKUnifiedIdeographsExtensionA": (0x3400, 0x4DBF),
    "CJKUnifiedIdeographs": (0x4E00, 0x9FFF),
    "HangulSyllables": (0xAC00, 0xD7AF),
    "PrivateUse": (0xE000, 0xF8FF),
    "CJKCompatibilityIdeographs": (0xF900, 0xFAFF),
    "AlphabeticPresentationForms": (0xFB00, 0xFB4F),
    "HalfwidthandFullwidthForms": (0xFF00, 0xFFEF),
}


def property_class(name: str) -> Letters:
    """`\\p{name}`: a general category or, after `Is`, a block."""
    if name.startswith("Is"):
        block = _BLOCKS.get(name[2:])
        if block is None:
            raise Fault(f"文字の区画「{name}」を知りません")
        low, high = block
        return lambda letter: low <= ord(letter) <= high
    if name not in _CATEGORIES:
        raise Fault(f"文字の分類「{name}」を知りません")
    return lambda letter: unicodedata.category(letter).startswith(name)


def negate(letters: Letters) -> Letters:
    """All other letters."""
    return lambda letter: not letters(letter)


def one_of(classes: list[Letters]) -> Letters:
    """The letters of any of the classes."""
    if len(classes) == 1:
        return classes[0]
    return lambda letter: any(one(letter) for one in classes)


def between(low: str, high: str) -> Letters:
    """A range of letters, both ends included."""
    return lambda letter: low <= letter <= high


def same(wanted: str) -> Letters:
    """One letter alone."""
    return lambda letter: letter == wanted


def folded(letters: Letters) -> Letters:
    """The class without regard to case."""
    return lambda letter: any(letters(variant) for variant in variants(letter))


def variants(letter: str) -> set[str]:
    """A letter and its other cases (single letters only)."""
    found = {letter, letter.lower(), letter.upper(), letter.lower().upper(), letter.upper().lower()}
    if letter.lower() == "k":
        found.add("\u212a")
    return {one for one in found if len(one) == 1}


def _word(letter: str) -> bool:
    return unicodedata.category(letter)[0] not in "PZC"


def _name_start(letter: str) -> bool:
    return letter in "_:" or unicodedata.category(letter)[0] == "L"


def _name_part(letter: str) -> bool:
    return (
        letter in "-._:\xb7"
        or unicodedata.category(letter)[0] in "LM"
        or unicodedata.category(letter) == "Nd"
    )


SHORT: dict[str, Letters] = {
    "s": lambda letter: letter in " \t\n\r",
    "d": lambda letter: letter.isdecimal(),
    "w": _word,
    "i": _name_start,
    "c": _name_part,
}
SHORT.update({name.upper(): negate(letters) for name, letters in list(SHORT.items())})
