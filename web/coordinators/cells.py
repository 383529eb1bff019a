"""Cells of decision tables in words: `<= 3` is 3以下, `"01","02"` is 01 または 02, `-` is どれでも.

A cell that is more than the few forms known here stays as it is written: better a formula than wrong words."""

from __future__ import annotations

import re

COMPARED = {"<=": "以下", ">=": "以上", "<": "より小さい", ">": "より大きい"}
PLAIN = {"true": "はい", "false": "いいえ", "null": "なし", "[]": "なし"}
_TEXT = r'"(?:[^"\\]|\\.)*"'
_NUMBER = r"-?\d+(?:\.\d+)?"
_TEXTS = rf"{_TEXT}(?:\s*,\s*{_TEXT})*"
_SENTENCES = (
    (re.compile(rf"\? != null and list contains\(\?, ({_TEXT})\)"), "{}をふくむ"),
    (re.compile(rf"\? != null and \(?some x in \? satisfies list contains\(\[({_TEXTS})\], x\)\)?"), "{}のどれかをふくむ"),
    (re.compile(rf"list contains\(\s*\?\s*,\s*({_TEXT})\s*\)"), "{}をふくむ"),
    (re.compile(rf"starts with\(\?, ({_TEXT})\)"), "{}で始まる"),
    (re.compile(rf"\? != null and count\(\?\) >= ({_NUMBER})"), "{}つ以上"),
    (re.compile(r"\(?\? = null or count\(\?\) = (0)\)?"), "1つもない"),
)
_COMPARISON = re.compile(rf"(<=|>=|<|>)\s*({_NUMBER})")
_RANGE = re.compile(rf"([\[(\]])\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*([\])\[])")
_LIST = re.compile(rf"\[({_TEXTS})\]")
_PARTS = re.compile(rf"{_TEXT}|\[[^\]\"]*\]|[^,\"()\[\]]+")


def in_words(text: str) -> str:
    """The words of a cell."""
    plain = text.strip()
    if plain in ("", "-"):
        return "どれでも"
    if plain.startswith("not(") and plain.endswith(")"):
        inner = _said(plain[4:-1])
        return plain if inner is None else f"{inner} 以外"
    return _said(plain) or plain


def _said(text: str) -> str | None:
    whole = _one(text)
    if whole is not None:
        return whole
    parts = [part.strip() for part in _PARTS.findall(text)]
    if re.sub(r"[\s,]", "", "".join(parts)) != re.sub(r"[\s,]", "", text):
        return None
    said = [_one(part) for part in parts if part]
    return None if None in said else " または ".join(part for part in said if part is not None)


def _one(text: str) -> str | None:
    if re.fullmatch(_TEXT, text):
        return text[1:-1].replace('\\"', '"')
    if re.fullmatch(_NUMBER, text):
        return text
    if text in PLAIN:
        return PLAIN[text]
    if found := _COMPARISON.fullmatch(text):
        return f"{found[2]}{COMPARED[found[1]]}"
    if found := _RANGE.fullmatch(text):
        low = "以上" if found[1] == "[" else "より大きく"
        return f"{found[2]}{low}{found[3]}{'以下' if found[4] == ']' else '未満'}"
    if found := _LIST.fullmatch(text):
        return _texts(found[1])
    for pattern, words in _SENTENCES:
        if found := pattern.fullmatch(text):
            return words.format(_texts(found[1]))
    return None


def _texts(text: str) -> str:
    return "・".join(one.strip('"') for one in re.findall(rf"{_TEXT}|{_NUMBER}", text))
