"""A team's list on A4, landscape: what it needs to find the households, and room to write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import typst

from engine.agencies import Actor
from engine.disasters import Disaster
from engine.sweeps import Home
from forms import moments
from web.printing import fonts


def listed(
    disaster: Disaster, team: str, homes: Sequence[Home], labels: Mapping[str, str], *, by: Actor, now: datetime
) -> bytes:
    """The PDF: one line a household, addresses under 支援措置 masked, the answers known so far."""
    rows = [
        {
            "place": home.row.place, "name": home.person.name, "kana": home.person.kana, "address": home.person.address,
            "tel": home.person.tel, "why": "　".join(text for text in (home.person.reason, home.person.care) if text),
            "others": "、".join(other.name for other in home.others), "answer": labels.get(home.row.answer, ""),
        }
        for home in homes
    ]  # fmt: skip
    said = {
        "title": f"安否確認の一覧　{team}", "name": disaster.name, "tag": disaster.tag, "drill": disaster.drill, "rows": rows,
        "choices": [f"{value} {label}" for value, label in labels.items()], "printed": f"印刷 {moments.write_datetime(now)}　{by.name}",
    }  # fmt: skip
    return typst.compile(
        Path(__file__).with_name("print") / "households.typ", format="pdf",
        sys_inputs={"paper": json.dumps(said, ensure_ascii=False)}, font_paths=[fonts()], ignore_system_fonts=True,
    )  # fmt: skip
