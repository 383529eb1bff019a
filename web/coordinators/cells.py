"""Cells of decision tables in words: `<= 3` is 3以下, `"01","02"` is 01 または 02, `-` is どれでも."""

from __future__ import annotations

import re

COMPARED = {"<=": "以下", ">=": "以上", "<": "より小さい", ">": "より大きい"}
_COMPARISON = re.compile(r"(<=|>=|<|>)\s*(.+)")
_RANGE = re.compile(r"([\[\](])\s*(.+?)\s*\.\.\s*(.+?)\s*([\[\])])")
_HOLDS = re.compile(r'list contains\(\s*\?\s*,\s*("(?:[^"\\]|\\.)*")\s*\)')
_PART = re.compile(r'("(?:[^"\\]|\\.)*"|\([^()]*\)|\[[^\[\]]*\]|[^,"()\[\]]+)+')


def in_words(text: str) -> str:
    """The words of a cell; what is more than these few forms stays as it is written."""
    plain = text.strip()
    if plain in ("", "-"):
        return "どれでも"
    if plain.startswith("not(") and plain.endswith(")") and plain.count("(") == 1:
        return f"{in_words(plain[4:-1])} 以外"
    parts = [match.group().strip() for match in _PART.finditer(plain)]
    return " または ".join(_one(part) for part in parts)


def _one(text: str) -> str:
    if text.startswith('"') and text.endswith('"') and text.count('"') == 2:
        return text[1:-1]
    if text in ("true", "false", "null"):
        return {"true": "はい", "false": "いいえ", "null": "なし"}[text]
    if found := _COMPARISON.fullmatch(text):
        return f"{_one(found[2].strip())}{COMPARED[found[1]]}"
    if found := _RANGE.fullmatch(text):
        low = "以上" if found[1] == "[" else "より大きく"
        return f"{_one(found[2])}{low}{_one(found[3])}{'以下' if found[4] == ']' else '未満'}"
    if found := _HOLDS.fullmatch(text):
        return f"「{found[1][1:-1]}」をふくむ"
    return text
