"""What a service task asks of the world outside: done as a job, its result given back to the waiting process once.

Before anything is done the job looks whether the process still waits; the result and the job's
end are one move. The outside part may happen again after a death, always under the same key.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from engine import cases
from engine.errors import NotOpen
from engine.jobs import Errand, Finish, Handler, NotNow, carries_out

Result = Callable[[Session], Mapping[str, Any]]
Work = Callable[[Errand, Mapping[str, Any]], Result | None]
STANDS = timedelta(hours=6)


def operation(name: str, label: str, *, version: int = 1) -> Callable[[Work], Work]:
    """Register the work of an outside operator: it does its part and returns what gives the diagram its result.

    What it returns runs within the move, so that rows which belong to the result are written with it.
    """

    def register(work: Work) -> Work:
        carries_out(name, label, version=version)(_handler(work))
        return work

    return register


def _handler(work: Work) -> Handler:
    def carry_out(errand: Errand) -> Finish | None:
        with errand.database.transaction(write=False) as session:
            if not _waits(session, errand, lock=False):
                return None
        result = work(errand, errand.particulars.get("parameters", {}))

        def finish(session: Session) -> None:
            if _waits(session, errand, lock=True):
                cases.answer_call(
                    session, errand.instance_id or 0, str(errand.particulars["token"]),
                    result(session) if result is not None else {}, now=errand.now,
                )  # fmt: skip

        return finish

    return carry_out


def _waits(session: Session, errand: Errand, *, lock: bool) -> bool:
    """Whether the process still waits for this; withdrawn meanwhile, there is nothing left to do."""
    try:
        return cases.call_waits(session, errand.instance_id or 0, str(errand.particulars["token"]), lock=lock)
    except NotOpen as stands:
        raise NotNow(stands.sentence, after=STANDS, counts=False) from stands
