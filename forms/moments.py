"""Days and times as people of the town write and read them: 令和7年4月18日(金), R7.4.18, 2025/4/18."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")
WEEKDAYS = "月火水木金土日"


@dataclass(frozen=True, slots=True)
class Era:
    """An era of the Japanese calendar: the day it began (元号法; before it, 太政官布告 and 詔書)."""

    name: str
    letter: str
    began: dt.date


ERAS = (
    Era("令和", "R", dt.date(2019, 5, 1)),
    Era("平成", "H", dt.date(1989, 1, 8)),
    Era("昭和", "S", dt.date(1926, 12, 25)),
    Era("大正", "T", dt.date(1912, 7, 30)),
    Era("明治", "M", dt.date(1868, 1, 25)),
)
_ERA_DAY = re.compile(r"([MTSHR]|明治?|大正?|昭和?|平成?|令和?)\.?\s*(元|\d{1,2})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?")
_PLAIN_DAY = re.compile(r"(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?")
_PACKED_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"(午前|午後)?\s*(\d{1,2})(?::|時)\s*(\d{1,2})?\s*分?(?::\d{2})?")
_WEEKDAY = re.compile(r"\s*\([月火水木金土日]\)\s*$")


def read_date(text: str) -> dt.date:
    """A day in 元号 or western years, full or half width; ValueError with what is wrong, in Japanese."""
    plain = _WEEKDAY.sub("", unicodedata.normalize("NFKC", text).strip().upper())
    if era := _ERA_DAY.fullmatch(plain):
        return _era_day(era[1], 1 if era[2] == "元" else int(era[2]), int(era[3]), int(era[4]))
    match = _PLAIN_DAY.fullmatch(plain) or _PACKED_DAY.fullmatch(plain)
    if not match:
        raise ValueError("日付として読めません。例「R7.4.18」「令和7年4月18日」「2025/4/18」のように入力してください")
    return _day(int(match[1]), int(match[2]), int(match[3]))


def read_time(text: str) -> dt.time:
    """A time of day such as 9:05, 9時5分, 午後1時; ValueError in Japanese."""
    match = _TIME.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not match:
        raise ValueError("時刻として読めません。例「9:05」「13時30分」のように入力してください")
    hour = int(match[2]) + (12 if match[1] == "午後" and int(match[2]) < 12 else 0)
    minute = int(match[3] or 0)
    if hour > 23 or minute > 59:
        raise ValueError("時刻は0:00から23:59までで入力してください")
    return dt.time(hour, minute)


def read_datetime(text: str) -> dt.datetime:
    """A day and a time of the town (Asia/Tokyo), also ISO text; ValueError in Japanese."""
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        moment = dt.datetime.fromisoformat(plain) if "T" in plain else None
    except ValueError:
        moment = None
    if moment:
        return moment.astimezone(TOKYO) if moment.tzinfo else moment.replace(tzinfo=TOKYO)
    day, _, time = plain.replace("日 ", "日").replace("日", "日 ").strip().rpartition(" ")
    if not day:
        raise ValueError("日付と時刻の両方を入力してください")
    return dt.datetime.combine(read_date(day), read_time(time), TOKYO)


def era_year(day: dt.date) -> str:
    """令和7年, 令和元年."""
    era = _era(day)
    year = day.year - era.began.year + 1
    return f"{era.name}{'元' if year == 1 else year}年"


def write_date(day: dt.date) -> str:
    """令和7年4月18日(金)."""
    return f"{era_year(day)}{day.month}月{day.day}日({WEEKDAYS[day.weekday()]})"


def write_short(day: dt.date) -> str:
    """R7.4.18."""
    era = _era(day)
    return f"{era.letter}{day.year - era.began.year + 1}.{day.month}.{day.day}"


def write_day(day: dt.date) -> str:
    """4/18(金), for rows where the year is plain."""
    return f"{day.month}/{day.day}({WEEKDAYS[day.weekday()]})"


def write_datetime(moment: dt.datetime) -> str:
    """令和7年4月18日(金) 9:05, in the town's time."""
    here = moment.astimezone(TOKYO)
    return f"{write_date(here.date())} {write_time(here)}"


def write_time(moment: dt.datetime | dt.time) -> str:
    """9:05."""
    return f"{moment.hour}:{moment.minute:02}"


def _era(day: dt.date) -> Era:
    return next((era for era in ERAS if day >= era.began), ERAS[-1])


def _era_day(name: str, year: int, month: int, day: int) -> dt.date:
    index = next(i for i, era in enumerate(ERAS) if name[0] in (era.letter, era.name[0]))
    era = ERAS[index]
    found = _day(era.began.year + year - 1, month, day)
    if found < era.began or (index and found >= ERAS[index - 1].began):
        raise ValueError(f"{era.name}{year}年{month}月{day}日という日はありません（元号の変わり目を確かめてください）")
    return found


def _day(year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise ValueError(f"{year}年{month}月{day}日という日はありません。実在する日付を入力してください") from None
