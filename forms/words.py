"""Words as typed, brought into one shape: width, kana, postal codes, telephone numbers, amounts."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

_DASHES = re.compile(r"[-‐‑‒–—―−ー－ｰ]")
_KANA = re.compile(r"[ァ-ヺー・　 ]+")
_TEL = re.compile(r"0\d{9,10}")


def plain(text: str) -> str:
    """Half-width letters, digits and signs (NFKC), without blanks at the ends."""
    return unicodedata.normalize("NFKC", text).strip()


def kept(text: str) -> str:
    """Free text as typed: only line ends are made one and blanks at the ends taken off."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def kana(text: str) -> str:
    """Full-width katakana: half-width and hiragana are converted; ValueError for anything else."""
    wide = "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in plain(text)).replace(" ", "　")
    if not _KANA.fullmatch(wide):
        raise ValueError("カタカナで入力してください（長音「ー」と「・」が使えます）")
    return wide


def postal_code(text: str) -> str:
    """682-0101 from 〒６８２０１０１ and the like; ValueError otherwise."""
    digits = _DASHES.sub("", plain(text).lstrip("〒").strip())
    if not re.fullmatch(r"\d{7}", digits):
        raise ValueError("郵便番号7桁で入力してください。例「682-0101」")
    return f"{digits[:3]}-{digits[3:]}"


def telephone(text: str) -> str:
    """0858-37-3111 with the hyphens that were typed; ValueError unless 10 or 11 digits begin with 0."""
    dashed = _DASHES.sub("-", plain(text)).replace("(", "-").replace(")", "-").replace(" ", "").strip("-")
    if not _TEL.fullmatch(dashed.replace("-", "")):
        raise ValueError("電話番号は0から始まる10桁か11桁で入力してください。例「0858-37-3111」")
    return re.sub("-+", "-", dashed)


def number(text: str) -> Decimal:
    """A number in any width, with separators and a trailing 円; ValueError otherwise."""
    digits = _DASHES.sub("-", plain(text)).replace(",", "").replace("¥", "").replace("円", "").strip()
    try:
        found = Decimal(digits)
    except InvalidOperation:
        raise ValueError("数字で入力してください") from None
    if not found.is_finite() or abs(found.adjusted()) > 15:
        raise ValueError("数字で入力してください")
    return found
