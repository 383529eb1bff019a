"""What the yearly evaluation's operators do: targets into the register, a year's figures settled."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from engine import evaluation
from engine.held import Held
from engine.moves import effect
from engine.records import Record, opened


@effect("evaluation.targets")
def _targets(held: Held, said: Mapping[str, Any]) -> None:
    """The targets of the form just handed in (F-G11) become the year's."""
    answers = _targets_of(held)
    rows = [
        {"programme": row["jigyo"], "indicator": row["shihyo"], "value": row["mokuhyoChi"], "source": row["dasho"]}
        for row in answers["mokuhyoHyo"]
    ]
    evaluation.put_targets(held.session, int(answers["nendo"]), rows, by=held.by.staff_id, now=held.now)


@effect("evaluation.freeze")
def _freeze(held: Held, said: Mapping[str, Any]) -> None:
    """The figures of the year that was planned are settled."""
    evaluation.settle_year(held.session, int(_targets_of(held)["nendo"]), by=held.by.staff_id, now=held.now)


def _targets_of(held: Held) -> dict[str, Any]:
    record = held.session.scalars(
        select(Record)
        .where(Record.instance_id == held.instance.id, Record.form == "F-G11", Record.latest)
        .order_by(Record.id.desc())
        .limit(1)
    ).one()
    return opened(held.session, record, held.case)
