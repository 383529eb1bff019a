"""How long things take in the town (days, log-normal: median and nine tenths, handbook §6.3), within office hours."""

import math
from datetime import datetime, time, timedelta
from random import Random

from engine.calendar import Calendar
from engine.db import JST

MORNING, EVENING = time(8, 40), time(17, 0)
Z90 = 1.2816
#: Element → (median, P90) in days from the task's arrival to its completion.
USUAL = {
    "A-10": (0.01, 0.02), "A-25": (0.03, 0.06), "A-30": (0.4, 3), "A-35": (1, 2), "A-40": (4, 18), "A-47": (1, 2),
    "A-50": (20, 27), "A-68": (1, 2), "A-70": (1, 4), "R-10": (0.1, 0.5), "R-20": (1.8, 7), "R-40": (1, 2),
    "R-46": (0.5, 2), "R-50": (0.5, 1), "R-60": (4, 14), "R-80": (1, 3), "B-10": (0.5, 2), "B-20": (1, 2.5),
    "B-40": (14, 26), "B-45": (2, 5), "B-55": (20, 28), "B-57": (3, 8), "B-60": (10, 20), "B-65": (1, 3),
    "B-70": (3, 7), "B-100": (2, 5), "B-112": (20, 26), "B-121": (2, 5), "B-141": (5, 10), "B-150": (8, 15),
    "B-170": (2, 5), "B-175": (2, 5), "K-10": (1, 3), "K-20": (1, 3), "K-30": (0.5, 1), "K-50": (0.1, 0.2),
    "K-60": (1, 3), "K-70": (1, 4), "Y-10": (3, 8), "Y-20": (0.2, 1),
}  # fmt: skip
OTHERWISE = (1.0, 3.0)


def delay(element: str, rng: Random, pace: float) -> timedelta:
    """How long this step takes this time."""
    median, tenth = USUAL.get(element, OTHERWISE)
    days = median * math.exp(rng.gauss(0, 1) * math.log(tenth / median) / Z90)
    return timedelta(days=min(days, tenth * 1.5) * pace, minutes=rng.randint(8, 40))


def office(moment: datetime, calendar: Calendar, rng: Random) -> datetime:
    """This moment, or the next one at which somebody is at a desk."""
    local = moment.astimezone(JST)
    if local.time() > EVENING:
        local = datetime.combine(local.date() + timedelta(days=1), MORNING, JST)
    if local.time() < MORNING:
        local = datetime.combine(local.date(), MORNING, JST)
    if not calendar.is_business_day(local.date()):
        local = datetime.combine(calendar.add_business_days(local.date(), 1), MORNING, JST)
    if local.time() == MORNING:
        local += timedelta(minutes=rng.randint(0, 170))
    return local
