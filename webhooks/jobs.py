"""What the worker does for other systems."""

from sqlalchemy.orm import Session

from engine.errors import Stopped
from engine.jobs import Errand, Finish, carries_out
from engine.runtime import StepFailed
from webhooks import arriving


@carries_out("receipt", "届いた知らせをケースに届ける")
def _arrive(errand: Errand) -> Finish:
    """What arrives, and that it has arrived, is one transaction with the job's end."""

    def finish(session: Session) -> None:
        try:
            arriving.arrive(session, int(errand.particulars["receipt"]), now=errand.now)
        except StepFailed as failed:
            # No instance may be known yet, so the incident is the job's: it names the place in the diagram.
            raise Stopped(f"届いた知らせで手続きの図に支障がありました。{failed.sentence}") from failed

    return finish
