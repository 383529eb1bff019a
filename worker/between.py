"""Messages from one case to many: each is brought in a move of its own, so that a thousand cases are not held at once."""

from sqlalchemy.orm import Session

from engine import cases
from engine.agencies import CLOCK
from engine.jobs import Errand, Finish, carries_out


@carries_out("tell", "ほかのケースに知らせる")
def _tell(errand: Errand) -> Finish:
    """Bring the message; its arrival and the job's end are one transaction."""

    def finish(session: Session) -> None:
        said = errand.particulars
        cases.send(session, errand.case_id or 0, said["name"], said["payload"], by=CLOCK, now=errand.now)

    return finish
