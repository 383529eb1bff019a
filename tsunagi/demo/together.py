"""Cases of several agencies, the ones that stand still, and the golden stories (handbook §6.2, §6.5)."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from engine.calendar import Calendar
from engine.db import JST
from tsunagi.demo.course import Course
from tsunagi.demo.ordinary import PARTNERS, consultation
from tsunagi.demo.words import theme, themes

#: The step before: done at the moment from which the one after it shall wait.
BEFORE = {
    "A-30": "A-10", "A-40": "A-30", "R-20": "R-10", "R-60": "R-20", "B-10": "A-40", "B-20": "B-10", "B-40": "B-20",
    "B-60": "B-40", "B-65": "B-60", "B-70": "B-65",
}  # fmt: skip
#: Days from the opening to that moment.
LEAD = {"A": 1, "R": 6, "B-10": 8, "B-20": 9, "B-40": 12, "B-60": 34, "B-65": 48, "B-70": 55}
#: (element, theme, desk, business days past due): 注意 from 0, 停滞 from 2, 要介入 from 5.
STANDING_STILL = (
    ("A-40", "rubbish", "hokatsu", 3), ("R-60", "young_job", "konkyu", 3), ("B-10", "grey_zone", "shogai_hokuei", 3),
    ("B-20", "single_parent", "kosodate", 3), ("B-40", "bills", "konkyu", 3), ("B-60", "double_care", "hokatsu", 3),
    ("A-30", "mental", "shogai_chubu", 1), ("A-40", "truancy", "kosodate", 1), ("R-20", "withdrawn", "shakyo", 1),
    ("R-60", "debt", "konkyu", 1), ("B-20", "no_kin", "hokatsu", 1), ("B-40", "8050", "hokatsu", 1),
    ("B-40", "mental", "shogai_hokuei", 1), ("B-60", "young_carer", "kosodate", 1), ("B-65", "neighbour", "fukushi", 1),
    ("B-70", "bills", "fukushi", 1),
)  # fmt: skip
#: (element, hours since the consultation was opened): not late yet.
FRESH = (("A-30", 4), ("A-40", 48), ("A-70", 29), ("R-10", 7), ("R-20", 24), ("R-60", 96), ("R-80", 216))
GROUND = "（合成）滞納が続く世帯で、母の介護と子の孤立が見え、町の中で必要な範囲に限って伝えるため。"
Days = Callable[[str, int], int]


def together(now: datetime, calendar: Calendar, days: Days) -> Iterator[Course]:
    """All of them; `days` tells how many business days a step has (table D5), by element and urgency."""
    yield from stories(now, calendar)
    yield from in_need(now, calendar)
    for number, (element, key, desk, late) in enumerate(STANDING_STILL):
        since = _back(now, calendar, days(element, 3) + late)
        yield _waiting(f"still-{number}", element, key, desk, since=since, calendar=calendar)
    for number, ago in enumerate((28, 96, 140, 165, 12)):
        yield several(f"open-{number}", now - timedelta(days=ago), calendar)
    yield _fresh("fresh-intake", "A-10", now - timedelta(minutes=25), calendar)
    yield _waiting(
        "open-accept", "B-20", "discharge", "hokatsu", since=_back(now, calendar, 1), calendar=calendar
    )
    yield several(
        "open-decide", now - timedelta(days=74), calendar, theme_key="single_parent", desk="kosodate", rests=frozenset({"B-100"}), pace=0.4,
        at={"K-50": _back(now, calendar, 2), "K-70": _back(now, calendar, 1)},
    )  # fmt: skip
    yield several(
        "open-meet", now - timedelta(days=58), calendar, theme_key="mental", desk="shogai_hokuei", rests=frozenset({"K-10"}), pace=0.4,
        at={"B-70": _back(now, calendar, 1)},
    )  # fmt: skip
    yield several(
        "open-evaluate", now - timedelta(days=190), calendar, theme_key="debt", desk="konkyu", rests=frozenset({"B-150"}), pace=0.3,
        at={"B-112": _back(now, calendar, 2)},
    )  # fmt: skip
    for number, ago in enumerate((352, 343, 338, 330)):
        yield several(f"closed-{number}", now - timedelta(days=ago), calendar, closed=True)
    for number, (element, hours) in enumerate(FRESH):
        yield _fresh(f"fresh-{number}", element, now - timedelta(hours=hours), calendar)


def several(
    key: str,
    opened: datetime,
    calendar: Calendar,
    *,
    closed: bool = False,
    theme_key: str = "",
    **more: object,
) -> Course:
    """A household that needs several agencies: consult, apply, assess, plan, decide, support, and, if `closed`, end."""
    rng = Random(key)
    about = theme(theme_key) if theme_key else rng.choices(themes(), [one["multi"] for one in themes()])[0]
    desk = rng.choice(about["windows"])
    partners = PARTNERS[desk]
    said: dict[str, tuple[dict[str, object], ...]] = {}
    if closed:
        # Consent is limited in time: here it ends with the support.
        said = {
            "Y-10": ({"kigen": (opened + timedelta(days=300)).date().isoformat()},),
            "B-170": ({"follow": False},),
        }
    usual: dict[str, object] = {
        "desk": desk, "theme_key": about["key"], "needs": _needs(about["needs"], rng), "taiou": ("05", "02"), "agencies": partners[:2],
        "lead": desk, "urgency": rng.choice([2, 3, 3, 3]), "said": said, "rests": frozenset({"Y-30"}) if closed else frozenset(),
        "pace": 0.35 if closed else 0.7, "replies": (), "sheets": (),
    }  # fmt: skip
    return consultation(key, rng, _office(opened.date(), calendar), **{**usual, **more})  # type: ignore[arg-type]  # fields by name


def in_need(now: datetime, calendar: Calendar) -> Iterator[Course]:
    """要介入: nobody answers a sheet; consent refused at high risk for 130 days; whose holder has moved on."""
    sent, returned, again = (_back(now, calendar, count) for count in (9, 8, 6))
    yield consultation(
        "red-reply", Random("red-reply"), sent - timedelta(hours=1), desk="kosodate", theme_key="single_parent", urgency=2,
        taiou=("03", "02"), sheets=("konkyu",), needs=("20",), replies=({"kekka": "3", "fusoku": ["連絡先"]},), rests=frozenset({"R-20#1"}),
        at={"A-10": sent - timedelta(minutes=50), "A-30": sent - timedelta(minutes=35), "A-40": sent - timedelta(minutes=15), "R-10": sent,
            "R-20": returned, "R-40": again},
    )  # fmt: skip
    yield several(
        "red-consent", now - timedelta(days=153), calendar, theme_key="8050", desk="hokatsu", consent="なし", councils=("同意の働きかけ",),
        said={"Y-10": ({"kekka": "4"},), "B-40": ({"risk": ["孤立死", "医療未受診"]},)}, rests=frozenset({"B-55"}), urgency=2, pace=0.5,
        agencies=("konkyu", "shakyo"), lead="hokatsu",
    )  # fmt: skip
    yield _waiting(
        "red-holder", "B-10", "alcohol", "konkyu", since=_back(now, calendar, 12), calendar=calendar
    )


def stories(now: datetime, calendar: Calendar) -> Iterator[Course]:
    """The golden stories as far as consultation, referral and cooperation carry them."""
    year = now.year - 1 if (now.month, now.day) >= (10, 20) else now.year - 2
    start = _office(date(year, 4, 3), calendar)
    yield several(
        "story-8050", start, calendar, theme_key="8050", process="P-A2", start="R-SE", desk="zeimu",
        facts={"src": "zeimu", "urgency": 3}, urgency=3, channel="11", sheets=("fukushi",), taiou=("05",), consent="一部",
        agencies=("hokatsu", "konkyu", "shakyo"), lead="konkyu", councils=("同意の働きかけ",), evaluations=("2", "1"),
        said={
            "R-10": ({"douiKind": "04", "konkyoRiyu": GROUND},),
            "B-170": ({"shuTanto": "konkyu", "riyu": "01", "follow": True},),
        },
        at={"R-10": start + timedelta(minutes=40), "R-20": _office(date(year, 4, 7), calendar)}, story="8050・滞納からの気づき", pace=1.0,
    )  # fmt: skip
    first = _back(now, calendar, 11)
    yield several(
        "story-no-door", first, calendar, theme_key="alcohol", desk="rinks", needs=("06", "24"), taiou=("03", "05"), urgency=3,
        sheets=("shogai_hokuei", "konkyu"), agencies=("konkyu", "shogai_hokuei"), lead="fukushi",
        replies=({"kekka": "4", "jitaiRiyu": "01", "daitai": "konkyu"}, {"kekka": "4", "jitaiRiyu": "05", "daitai": "fukushi"}),
        said={"R-50": ({"sai": "指名", "kikan": "fukushi"},)}, pace=0.15, story="どこにも当てはまらない",
    )  # fmt: skip
    for number, ago in enumerate((240, 31, 6)):
        yield consultation(
            f"story-quake-{number}", Random(f"quake-{number}"), _office((now - timedelta(days=ago)).date(), calendar), desk="fukushi",
            theme_key="quake", needs=("38",), taiou=("02",), urgency=3, story="地震のあと",
        )  # fmt: skip


def _waiting(
    key: str, element: str, theme_key: str, desk: str, *, since: datetime, calendar: Calendar
) -> Course:
    """A case whose `element` waits since a moment and is left to the reader."""
    rng = Random(key)
    many = element.startswith("B")
    before = LEAD.get(element, LEAD.get(element[0], 1))
    opened = _office((since - timedelta(days=before)).date(), calendar)
    taiou = ("05",) if many else ("03", "02") if element.startswith("R") else ("02",)
    return consultation(
        key, rng, opened, desk=desk, theme_key=theme_key, urgency=3, taiou=taiou, sheets=(PARTNERS[desk][0],), replies=({"kekka": "1"},),
        needs=_needs(theme(theme_key)["needs"], rng) if many else tuple(theme(theme_key)["needs"][:1]),
        agencies=PARTNERS[desk][:2], lead=desk,
        rests=frozenset({element}), at={BEFORE[element]: since}, pace=0.2,
    )  # fmt: skip


def _fresh(key: str, element: str, opened: datetime, calendar: Calendar) -> Course:
    rng = Random(key)
    taiou = ("03", "02") if element.startswith("R") else ("01",) if element == "A-70" else ("02",)
    return consultation(
        key, rng, opened if element == "A-10" else _office(opened.date(), calendar, opened), desk="hokatsu",
        theme_key=rng.choice(["dementia", "carer", "discharge"]), urgency=3,
        taiou=taiou, sheets=("shakyo",), replies=({"kekka": "1"},), needs=("09",), rests=frozenset({element}), pace=0.02,
    )  # fmt: skip


def _needs(known: list[str], rng: Random) -> tuple[str, ...]:
    further = [need for need in ("20", "04", "29", "30", "10", "22") if need not in known]
    return tuple(dict.fromkeys([*known, *rng.sample(further, max(0, 5 - len(known)))]))


def _back(now: datetime, calendar: Calendar, count: int) -> datetime:
    return datetime.combine(calendar.add_business_days(now.astimezone(JST).date(), -count), time(10, 30), JST)


def _office(day: date, calendar: Calendar, wanted: datetime | None = None) -> datetime:
    """Half past nine of the day, or of the next business day; the wanted moment where it is in office hours."""
    if not calendar.is_business_day(day):
        day = calendar.add_business_days(day, -1)
    if (
        wanted is not None
        and time(9, 0) <= wanted.astimezone(JST).time() <= time(16, 0)
        and wanted.astimezone(JST).date() == day
    ):
        return wanted
    return datetime.combine(day, time(9, 30), JST)
