"""What happens by the calendar: housekeeping and processes that begin on a date."""

import logging

from sqlalchemy.orm import Session

from engine import housekeeping, schedules
from engine.jobs import Errand, Finish, carries_out

log = logging.getLogger("tsunagi.worker")


@carries_out("housekeeping", "片づける")
def _tidy(errand: Errand) -> Finish:
    def finish(session: Session) -> None:
        told = housekeeping.tidy(session, now=errand.now)
        log.info("housekeeping: %s", " ".join(f"{name}={count}" for name, count in told.items() if count))

    return finish


@carries_out("process.start", "予定の手続きを始める")
def _begin(errand: Errand) -> Finish:
    """The case that it opens and the end of the job are one transaction: it begins once."""

    def finish(session: Session) -> None:
        schedules.begin_process(session, str(errand.particulars["schedule"]), now=errand.now)

    return finish
