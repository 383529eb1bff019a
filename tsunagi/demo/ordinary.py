"""The consultations of a year (handbook §6.2): windows, channels, urgencies and needs in their proportions."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from random import Random

from engine.calendar import Calendar
from engine.db import JST
from tsunagi.demo import people
from tsunagi.demo.course import Course, Said
from tsunagi.demo.words import Theme, theme, themes

#: Window → its share of a year's consultations, and how many of them are passed on (percent).
WINDOWS = {
    "hokatsu": (40, 7), "shogai_hokuei": (5, 15), "shogai_chubu": (3, 15), "rinks": (2, 15), "kosodate": (19, 8),
    "konkyu": (4, 30), "fukushi": (9, 40), "shakyo": (8, 20),
}  # fmt: skip
#: Channel (C01) → percent.
CHANNELS = {"02": 42, "01": 24, "03": 12, "12": 9, "11": 5, "13": 4, "07": 2, "05": 2}
URGENCIES = {1: 2, 2: 12, 3: 56, 4: 30}
#: Month → how busy it is against the others.
SEASONS = {3: 1.2, 4: 1.15, 5: 1.15, 8: 0.95, 11: 1.1, 12: 1.1}
#: Weekday → percent.
WEEKDAYS = (25, 19, 19, 19, 18)
#: To whom a window passes on what it does not carry alone.
PARTNERS = {
    "hokatsu": ("shakyo", "konkyu", "shogai_hokuei"), "shogai_hokuei": ("konkyu", "hokatsu", "shakyo"),
    "shogai_chubu": ("konkyu", "shogai_hokuei", "shakyo"), "rinks": ("shogai_hokuei", "kosodate", "konkyu"),
    "kosodate": ("shogai_hokuei", "konkyu", "shakyo"), "konkyu": ("shakyo", "shogai_hokuei", "hokatsu"),
    "fukushi": ("konkyu", "hokatsu", "shogai_hokuei"), "shakyo": ("hokatsu", "konkyu", "shogai_hokuei"),
}  # fmt: skip
RETURNED: Said = {"kekka": "3", "fusoku": ["連絡先", "これまでの対応"]}
JOINTLY: Said = {"kekka": "2", "copyOk": True}
ACCEPTED: Said = {"kekka": "1"}


def ordinary(count: int, *, now: datetime, calendar: Calendar) -> Iterator[Course]:
    """So many consultations of the last twelve months, most of them over by now."""
    for number in range(count):
        rng = Random(f"ordinary/{number}")
        opened = _moment(rng, now, calendar)
        desk = rng.choices(list(WINDOWS), [share for share, _ in WINDOWS.values()])[0]
        yield consultation(f"ordinary-{number}", rng, opened, desk=desk)


def consultation(
    key: str, rng: Random, opened: datetime, *, desk: str, theme_key: str = "", **more: object
) -> Course:
    """One consultation at a desk; what is not said comes by its proportion."""
    about = theme(theme_key) if theme_key else _theme(rng, desk)
    urgency = 4 if about.get("light") else rng.choices(list(URGENCIES), list(URGENCIES.values()))[0]
    usual: dict[str, object] = {
        "household": people.invent(about, rng, today=opened.date()),
        "needs": tuple(about["needs"][: 1 if rng.random() < 0.6 else 2]),
        "urgency": urgency,
        "channel": rng.choices(list(CHANNELS), list(CHANNELS.values()))[0],
        "event": about.get("event", ""),
        **_outcome(rng, desk, about),
    }
    return Course(key=key, theme=about, opened_at=opened, desk=desk, **{**usual, **more})  # type: ignore[arg-type]  # fields by name


def _outcome(rng: Random, desk: str, about: Theme) -> dict[str, object]:
    """What comes of it: information only, support of one's own, or a つなぐシート and its reply."""
    if about.get("light"):
        return {"taiou": ("01",)}
    if rng.random() * 100 < WINDOWS.get(desk, (0, 0))[1] * 1.6:
        sheets = tuple(rng.sample(PARTNERS[desk], 2))
        draw = rng.random()
        if draw < 0.08:
            return {"taiou": ("03", "02"), "sheets": (sheets[0],), "replies": (RETURNED, ACCEPTED)}
        if draw < 0.13:
            declined: Said = {"kekka": "4", "jitaiRiyu": rng.choice(["01", "03", "04"]), "daitai": sheets[1]}
            return {"taiou": ("03", "02"), "sheets": sheets, "replies": (declined, ACCEPTED)}
        if draw < 0.21:
            return {"taiou": ("03", "02"), "sheets": (sheets[0],), "replies": (JOINTLY,)}
        return {"taiou": ("03", "02"), "sheets": (sheets[0],), "replies": (ACCEPTED,)}
    return {"taiou": ("01",) if rng.random() < 0.35 else ("02",)}


def _theme(rng: Random, desk: str) -> Theme:
    known = [
        one
        for one in themes()
        if desk in one["windows"] or (desk in ("shogai_chubu", "rinks") and "shogai_hokuei" in one["windows"])
    ]
    return rng.choices(known, [one["share"] for one in known])[0]


def _moment(rng: Random, now: datetime, calendar: Calendar) -> datetime:
    """A moment in office hours of the last twelve months: busy months, Mondays and mornings more often."""
    while True:
        day = (now - timedelta(days=rng.randint(2, 364))).astimezone(JST).date()
        wanted = (
            SEASONS.get(day.month, 1.0) / 1.2 * (WEEKDAYS[day.weekday()] / 25 if day.weekday() < 5 else 0)
        )
        if calendar.is_business_day(day) and rng.random() < wanted:
            break
    hour = rng.randint(9, 11) if rng.random() < 0.55 else rng.randint(13, 16)
    return datetime.combine(day, time(hour, rng.randint(0, 59)), JST)
