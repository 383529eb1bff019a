"""Random walks over every shipped process: an open case always waits, a finished one asks nobody, also after restarts."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest

from engine import bundles, cases
from tests.town import Town
from tests.walks.walking import DESKS, Walk

STEPS = 36
WALKS = {"sqlite": 2, "postgresql": 1}


def consult(town: Town, rng: Random) -> None:
    """A consultation at any desk."""
    town.opens(rng.choice(DESKS), process="P-A", at="A-SE1")


def referral(town: Town, rng: Random) -> None:
    """A section of the town office writes a sheet."""
    src = rng.choice(["zeimu", "suido", "kenko"])
    town.opens(src, process="P-A2", at="R-SE", facts={"src": src, "urgency": 3})


def told(name: str, payload: Mapping[str, Any]) -> Callable[[Town, Random], None]:
    """A process that a message starts, within a case at a desk."""

    def start(town: Town, rng: Random) -> None:
        desk = rng.choice(DESKS)
        town.opens(desk, process="P-A", at="A-SE1")
        with town.database.transaction() as session:
            by = town._staff(session, desk, "")
            said = {"desk": desk, "urgency": rng.randint(1, 4), **payload, "caseId": town.case_id}
            cases.send(session, town.case_id, name, said, by=by, now=town.now)

    return start


def emergency(town: Town, rng: Random) -> None:
    """The chief of the welfare section turns the emergency mode on."""
    town.opens("fukushi", process="P-F", at="M-SE")


def household(town: Town, rng: Random) -> None:
    """One household that a team has to find."""
    facts = {"han": "han1", "eventTag": "R8-地震-0403", "kunren": rng.random() < 0.5, "urgency": 2}
    town.opens("fukushi", process="P-F2", at="S-SE", facts=facts)


def at_desk(agency: str, process: str, start: str) -> Callable[[Town, Random], None]:
    """A process that staff of an agency begin themselves."""
    return lambda town, rng: void(town.opens(agency, process=process, at=start))


def void(case_id: int) -> None:
    """A walk looks at the town, not at one case."""


STARTS: dict[str, Callable[[Town, Random], None]] = {
    "P-A": consult,
    "P-A2": referral,
    "P-B": told("takikan.request", {"komari": ["15", "20"], "zokusei": [], "tsuhoSumi": []}),
    "P-B1": told(
        "meeting.item.requested",
        {"item": "walk-1", "purpose": "方針協議", "kinou": "A", "agencies": ["hokatsu", "fukushi"]},
    ),
    "P-B2": told("consent.start", {"agencies": ["hokatsu", "fukushi"], "lead": "hokatsu"}),
    "P-C": told("outreach.request", {}),
    "P-D": told("participation.request", {}),
    "P-E": at_desk("shakyo_chiiki", "P-E", "E-SE2"),
    "P-G": at_desk("jimukyoku", "P-G", "G-SE2"),
    "P-H": at_desk("fukushi", "P-H", "H-SE"),
    "P-I": at_desk("jimukyoku", "P-I", "I-SE"),
    "P-F": emergency,
    "P-F2": household,
    "P-F3": told("emergency.shortcut", {"tokurei": "口頭同意", "kikan": "hokatsu", "eventTag": "R8-地震-0403"}),
    "P-J": at_desk("fukushi", "P-J", "J-SE"),
    "P-M": at_desk("fukushi", "P-M", "PM-SE"),
    "P-X1": told("report.start", {"shurui": ["児童虐待"]}),
}


@pytest.mark.parametrize("key", sorted(STARTS))
def test_a_case_always_waits_for_somebody_or_something(town: Town, key: str) -> None:
    kind = "sqlite" if town.database.url.startswith("sqlite") else "postgresql"
    for number in range(WALKS[kind]):
        rng = Random(f"{key}/{number}")
        STARTS[key](town, rng)
        walk = Walk(town=town, rng=rng, restart_every=1)
        walk.check()
        walk.steps(STEPS)


def test_every_shipped_process_is_walked() -> None:
    shipped = {bundles.process_key(bundles.shipped(name)) for name in bundles.shipped_names()}
    assert shipped <= STARTS.keys()
