"""What the decision tables said in a case, in words, for its timeline: which table, which row, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from engine.casebook import Instance
from engine.definitions import Compiled, compiled
from engine.journal import Entry
from processes.dmn import words_of_row


def told(session: Session, entries: Iterable[Entry], instances: Sequence[Instance]) -> Mapping[int, tuple[str, ...]]:
    """Journal entry → a sentence for each decision taken in its step."""
    versions = {one.id: one.version_id for one in instances}
    found = {}
    for entry in entries:
        said = entry.particulars or {}
        version = versions.get(said.get("instance") or 0)
        if version is not None and said.get("decided"):
            ready = compiled(session, version)
            found[entry.id] = tuple(_sentence(ready, one) for one in said["decided"])
    return found


def _sentence(ready: Compiled, decided: Mapping[str, Any]) -> str:
    model = ready.definition.decisions.get(decided["decision"])
    if model is None:
        return f"{decided['decision']}で判定した"
    offer = next((one for one in model.decisions if decided["decision"] in (one.id, one.name)), None)
    title = offer.question or offer.name if offer else decided["decision"]
    rows = [words_of_row(model, table, number, decision=decision) for decision, table, number in decided.get("rows", ())]
    return f"{title}：{'／'.join(rows) if rows else '当てはまる行なし'}"
