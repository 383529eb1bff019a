"""One input's text as a value, checked; ValueError carries the Japanese sentence without its label."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from . import moments, words
from .fields import Choice, Field

#: Characters, where a form names no length of its own.
TEXT_LENGTH = 500
LONG_LENGTH = 20_000
_ASKED = {
    "one": "を選んでください", "many": "を1つ以上選んでください", "bool": "にチェックを入れてください",
    "file": "を添付してください", "files": "を添付してください", "table": "を1行以上入力してください",
}  # fmt: skip


def missing(field: Field) -> str:
    """What is said when a required answer is not there."""
    return f"「{field.label}」{_ASKED.get(field.kind, 'を入力してください')}"


def unanswered(answer: Any) -> bool:
    """Whether a value says nothing. By identity: 0 equals False in Python, but a typed 0 is an answer."""
    return answer is None or answer is False or answer in ("", [])


def blank(texts: Sequence[str]) -> bool:
    """Whether nothing was typed."""
    return not any(text.strip() for text in texts)


def value(field: Field, texts: Sequence[str], choices: tuple[Choice, ...], files: Mapping[str, str]) -> Any:
    """The answer that these texts give; an empty one is the field's `empty`."""
    if blank(texts):
        return field.empty
    if field.kind == "bool":
        return True
    if field.kind in ("one", "many"):
        return _chosen(field, texts, choices)
    if field.kind in ("file", "files"):
        return _attached(field, texts, files)
    return _READERS[field.kind](field, texts[0])


def _chosen(field: Field, texts: Sequence[str], choices: tuple[Choice, ...]) -> Any:
    known = [choice.value for choice in choices]
    wanted = [text.strip() for text in texts if text.strip()]
    if any(text not in known for text in wanted):
        raise ValueError("は、示された選択肢から選んでください")
    return wanted[0] if field.kind == "one" else [code for code in known if code in wanted]


def _attached(field: Field, texts: Sequence[str], files: Mapping[str, str]) -> Any:
    wanted = [text for text in texts if text.strip()]
    for one in wanted:
        if one not in files:
            raise ValueError("の添付が見つかりません。もう一度添付してください")
        if field.accept and not files[one].lower().endswith(field.accept):
            raise ValueError(f"に添付できるのは {'、'.join(field.accept)} です")
    return wanted if field.kind == "files" else wanted[-1:]


def _text(field: Field, text: str) -> str:
    return _measured(field, words.kept(text).replace("\n", " "), TEXT_LENGTH)


def _long(field: Field, text: str) -> str:
    return _measured(field, words.kept(text), LONG_LENGTH)


def _measured(field: Field, text: str, longest: int) -> str:
    longest = field.max_length or longest
    if len(text) > longest:
        raise ValueError(f"は{longest:,}文字以内で入力してください（いま{len(text):,}文字）")
    if field.min_length and len(text) < field.min_length:
        raise ValueError(f"は{field.min_length}文字以上で入力してください（いま{len(text)}文字）")
    if field.pattern and not re.search(field.pattern, text):
        return _by_code(field, text)
    return text


def _by_code(field: Field, text: str) -> str:
    # Codes are often typed full-width; the half-width shape is what the pattern means.
    narrow = words.plain(text)
    if re.search(field.pattern, narrow):
        return narrow
    raise ValueError(field.pattern_sentence or "の書き方が違います")


def _number(field: Field, text: str) -> int | float:
    number = _as("は", words.number, text)
    digits = 0 if field.kind in ("int", "yen") else field.digits
    if digits is not None and number != round(number, digits):
        raise ValueError("は整数で入力してください" if digits == 0 else f"は小数{digits}桁までで入力してください")
    if field.minimum is not None and number < Decimal(str(field.minimum)):
        raise ValueError(f"は{field.minimum:,g}以上で入力してください（いま{number:,}）")
    if field.maximum is not None and number > Decimal(str(field.maximum)):
        raise ValueError(f"は{field.maximum:,g}以下で入力してください（いま{number:,}）")
    return int(number) if number == number.to_integral_value() else float(number)


def _date(field: Field, text: str) -> str:
    return str(_as("を", moments.read_date, text).isoformat())


def _datetime(field: Field, text: str) -> str:
    return str(_as("を", moments.read_datetime, text).isoformat())


def _time(field: Field, text: str) -> str:
    return str(_as("を", moments.read_time, text).strftime("%H:%M"))


def _kana(field: Field, text: str) -> str:
    return _measured(field, _as("は", words.kana, text), TEXT_LENGTH)


def _postal_code(field: Field, text: str) -> str:
    return str(_as("は", words.postal_code, text))


def _telephone(field: Field, text: str) -> str:
    return str(_as("は", words.telephone, text))


def _as(particle: str, read: Any, text: str) -> Any:
    try:
        return read(text)
    except ValueError as error:
        raise ValueError(f"{particle}{error}") from None


_READERS: Mapping[str, Any] = {
    "text": _text, "long": _long, "number": _number, "int": _number, "yen": _number, "date": _date,
    "datetime": _datetime, "time": _time, "kana": _kana, "zip": _postal_code, "tel": _telephone,
}  # fmt: skip


def for_feel(kind: str, answer: Any) -> Any:
    """An answer as conditions see it: dates and times as FEEL's, everything else as it is."""
    if not isinstance(answer, str) or kind not in ("date", "datetime", "time"):
        return answer
    if kind == "date":
        return dt.date.fromisoformat(answer)
    return dt.datetime.fromisoformat(answer) if kind == "datetime" else dt.time.fromisoformat(answer)


def as_typed(field: Field, answer: Any) -> list[str]:
    """An answer as somebody would have typed it."""
    if unanswered(answer):
        return []
    if answer is True:
        return ["on"]
    if isinstance(answer, list):
        return [str(item) for item in answer]
    if field.kind == "date":
        return [moments.write_short(dt.date.fromisoformat(answer))]
    if field.kind == "datetime":
        moment = moments.read_datetime(answer)
        return [f"{moments.write_short(moment.date())} {moments.write_time(moment)}"]
    return [f"{answer:,}" if field.kind == "yen" else str(answer)]
