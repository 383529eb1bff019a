"""Invented people: combinations of our own lists, telephones and addresses that do not exist."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from tsunagi.demo.words import Theme

GENERATIONS = ((0, 17, "child"), (18, 39, "young"), (40, 64, "middle"), (65, 200, "old"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """One invented person; `relation` is a code of C02 towards the one the case is about."""

    sei: str
    mei: str
    sei_kana: str
    mei_kana: str
    sex: str
    birth: date
    relation: str

    @property
    def name(self) -> str:
        """氏 名."""
        return f"{self.sei} {self.mei}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """The one the case is about, and who lives with him or her."""

    target: Invented
    others: tuple[Invented, ...]
    tel: str
    address: str
    district: str

    def as_answers(self) -> dict[str, Any]:
        """What form F-A01 asks about them."""
        target = self.target
        return {
            "known": "判明", "sei": target.sei, "mei": target.mei, "seiKana": target.sei_kana, "meiKana": target.mei_kana,
            "sex": target.sex, "birth": target.birth.isoformat(), "zip": "689-0000", "addr": self.address,
            "chiku": self.district, "addrKind": "住民票どおり", "tel1": self.tel, "setaiNinzu": 1 + len(self.others),
            "others": [
                {
                    "sei": other.sei, "mei": other.mei, "seiKana": f"{other.sei_kana}{other.mei_kana}", "sex": other.sex,
                    "birth": other.birth.isoformat(), "relation": other.relation,
                }
                for other in self.others
            ],
        }  # fmt: skip


def invent(theme: Theme, rng: Random, *, today: date) -> Household:
    """A household for this theme, the same for the same `rng`."""
    sei, sei_kana = rng.choice(_lists()["surnames"])
    target = _person(
        rng,
        sei,
        sei_kana,
        theme["sex"] if rng.random() < 0.8 else rng.choice("12"),
        theme["age"],
        "01",
        today,
    )
    others = tuple(
        _person(rng, sei, sei_kana, sex, (low, high), relation, today)
        for relation, low, high, sex in theme["others"]
    )
    return Household(
        target=target,
        others=others,
        tel=f"0858-00-{rng.randint(1000, 9999)}",
        address=f"北栄町架空{rng.randint(1, 9)}丁目{rng.randint(1, 30)}番地（自治会コード{rng.randint(1, 63):02d}）",
        district="hojo" if rng.random() < 0.45 else "daiei",
    )


def names() -> frozenset[str]:
    """Every surname and given name that may occur, and their kana: what must not be found outside a sealed record."""
    lists = _lists()
    pairs = [
        *lists["surnames"],
        *(pair for by_age in lists["given"].values() for pairs in by_age.values() for pair in pairs),
    ]
    return frozenset(text for pair in pairs for text in pair)


def staff_name(number: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """Surname and given name of the town's so many-th member of staff, each with its kana; no household bears them."""
    known = _lists()["staff"]
    surname, given = (
        known["surnames"][number % len(known["surnames"])],
        known["given"][number % len(known["given"])],
    )
    return (surname[0], surname[1]), (given[0], given[1])


def _person(
    rng: Random, sei: str, sei_kana: str, sex: str, ages: tuple[int, int], relation: str, today: date
) -> Invented:
    age = rng.randint(*ages)
    generation = next(name for low, high, name in GENERATIONS if low <= age <= high)
    mei, mei_kana = rng.choice(_lists()["given"][sex][generation])
    birth = date(today.year - age - 1, rng.randint(1, 12), rng.randint(1, 28))
    return Invented(
        sei=sei, mei=mei, sei_kana=sei_kana, mei_kana=mei_kana, sex=sex, birth=birth, relation=relation
    )


@cache
def _lists() -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads(files("tsunagi").joinpath("demo", "people.json").read_text("utf-8"))
    return read
