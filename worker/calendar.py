"""What happens by the calendar: housekeeping and processes that begin on a date."""

import logging

from sqlalchemy.orm import Session

from engine import housekeeping, journal, schedules
from engine.errors import Refused
from engine.jobs import Errand, Finish, NotNow, carries_out

log = logging.getLogger("tsunagi.worker")


@carries_out("housekeeping", "片づける")
def _tidy(errand: Errand) -> Finish:
    def finish(session: Session) -> None:
        told = housekeeping.tidy(session, now=errand.now)
        log.info("housekeeping: %s", " ".join(f"{name}={count}" for name, count in told.items() if count))

    return finish


@carries_out("journal.heads", "操作履歴の末尾の控えを書く")
def _heads(errand: Errand) -> None:
    """One file a day into the folder of the settings; without one there is nothing to do."""
    folder = errand.settings.heads
    if folder is None:
        return
    if not folder.is_dir():
        raise Refused("操作履歴の控えを書くフォルダー（TSUNAGI_HEADS）がありません。つながっているかを確かめて、やり直してください。")
    try:
        with errand.database.transaction(write=False) as session:
            journal.export(session, folder / f"heads-{errand.now:%Y-%m-%d}.json")
    except OSError as failed:
        raise NotNow(f"操作履歴の控えを書けません（{type(failed).__name__}）。") from failed


@carries_out("process.start", "予定の手続きを始める")
def _begin(errand: Errand) -> Finish:
    """The case that it opens and the end of the job are one transaction: it begins once."""

    def finish(session: Session) -> None:
        schedules.begin_process(session, str(errand.particulars["schedule"]), now=errand.now)

    return finish
