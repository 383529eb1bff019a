"""Candidates among the local resources (資源の候補): the register's entries scored by table D12, best first, with reasons.

A person chooses; the score only orders. What the register does not say counts neither way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from engine import registers
from engine.agencies import today_of
from engine.definitions import compiled, current
from engine.registers import Listed
from forms.registers import registers as known

TABLE, BEST = "D12", 5
#: The register's words for whom a resource takes, as attributes (C05).
ATTRIBUTES = {"都会からの転入者": "18", "男性高齢者": "19", "ひきこもり傾向": "15", "未就労": "16", "依存症": "26"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the person wants: kinds (C19), own district (C18), own attributes (C05), what to avoid."""

    kinds: Sequence[str] = ()
    district: str = ""
    attributes: Sequence[str] = ()
    avoids: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A resource with its points and why it has them."""

    code: str
    name: str
    points: int
    reasons: tuple[str, ...]


def candidates(session: Session, wishes: Wishes, *, process: str, now: datetime, best: int = BEST) -> list[Candidate]:
    """The best resources of today's register by the table that comes with `process`, points first, then name."""
    table = compiled(session, current(session, process).id).tables[TABLE]
    today = today_of(now)
    scored = []
    for entry in registers.listed(session, known()["resource"], on=today):
        rows: Any = table.decide(TABLE, _facts(entry, wishes, today), now=now).value or []
        scored.append(
            Candidate(
                code=entry.code, name=str(entry.answers.get("meisho") or entry.code), points=int(sum(row["ten"] for row in rows)),
                reasons=tuple(str(row["riyu"]) for row in rows),
            )
        )  # fmt: skip
    return sorted(scored, key=lambda one: (-one.points, one.name))[:best]


def _facts(entry: Listed, wishes: Wishes, today: date) -> dict[str, Any]:
    said = entry.answers
    seen = said.get("kakuninBi")
    room, used = said.get("teiin"), said.get("riyo")
    return {
        "kibou": list(wishes.kinds), "chiku": wishes.district or None, "zokusei": list(wishes.attributes), "ng": list(wishes.avoids),
        "shubetsu": said.get("shubetsu"), "shigenChiku": said.get("chiku"),
        "sougei": "あり" if said.get("idou") == "送迎あり" else "なし",
        "taisho": [ATTRIBUTES[name] for name in said.get("taishoZo") or [] if name in ATTRIBUTES], "jisseki": used,
        "aki": None if room is None or used is None else room - used,
        "kakuninTsuki": None if not seen else (today - date.fromisoformat(str(seen))).days // 30, "tokucho": [],
    }  # fmt: skip
