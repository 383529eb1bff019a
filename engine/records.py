"""Records: submitted forms, immutable, versioned, sealed; and drafts and attachments.

Nothing here is read but through a Sight: fields above its class are masked, compartments
stay shut, and what is masked is said so.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column
from sqlalchemy.types import JSON

from engine import journal, nameless, people
from engine.access import Reach, Sight, looked_at, write_read
from engine.agencies import Actor, Seat
from engine.casebook import Case
from engine.db import Base, Moment, vault_of
from engine.definitions import compiled
from engine.errors import Conflict, Invalid, NotAllowed, NotFound
from engine.tasks import Task
from forms.fields import Field, every
from forms.schema import Form

#: Under this name a correction's reason is sealed with its answers; no form's field can be called so.
REASON = "@reason"
LEVELS = {"L1": 1, "L2": 2, "L3": 3, "L4": 4, "L5": 5}


class Record(Base):
    """One version of a submitted form; a correction is a new row with the same `root_id`."""

    __tablename__ = "record"
    __table_args__ = (Index("record_by_case", "case_id", "form"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    instance_id: Mapped[int | None]
    task_id: Mapped[int | None]
    version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"))
    element: Mapped[str] = mapped_column(String(80), default="")
    form: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(120))
    root_id: Mapped[int | None]
    number: Mapped[int] = mapped_column(default=1)
    latest: Mapped[bool] = mapped_column(default=True)
    author_id: Mapped[int | None]
    agency: Mapped[str] = mapped_column(String(40), default="")
    role: Mapped[str] = mapped_column(String(20), default="")
    source: Mapped[str] = mapped_column(String(20), default="画面")
    at: Mapped[datetime] = mapped_column(Moment)
    raised: Mapped[int] = mapped_column(default=0)
    compartment: Mapped[str | None] = mapped_column(String(80))
    about: Mapped[list[int] | None] = mapped_column(JSON)
    sealed: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    proxy: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))


class Draft(Base):
    """What somebody has typed for a task and not yet submitted, exactly as typed."""

    __tablename__ = "task_draft"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    saved_at: Mapped[datetime] = mapped_column(Moment)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Attachment(Base):
    """A file handed in with a form; name and content are sealed."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    task_id: Mapped[int | None]
    record_id: Mapped[int | None] = mapped_column(index=True)
    field: Mapped[str] = mapped_column(String(80), default="")
    agency: Mapped[str] = mapped_column(String(40), default="")
    compartment: Mapped[str | None] = mapped_column(String(80))
    level: Mapped[int] = mapped_column(default=3)
    media_type: Mapped[str] = mapped_column(String(80), default="application/octet-stream")
    size: Mapped[int]
    added_by: Mapped[int | None]
    added_at: Mapped[datetime] = mapped_column(Moment)
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = deferred(mapped_column(LargeBinary))


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A record as one person may see it: answers without what is masked, and the labels of what is."""

    record: Record
    form: Form
    answers: Mapping[str, Any]
    masked: tuple[str, ...]
    reason: str = ""


def of_case(session: Session, seen: Sight) -> list[Record]:
    """The latest version of each record of a case that this sight reaches, oldest first."""
    rows = session.scalars(
        select(Record).where(Record.case_id == seen.case_id, Record.latest).order_by(Record.at, Record.id)
    )
    return [record for record in rows if reach_of(seen, record).opens]


def versions(session: Session, seen: Sight, record: Record) -> list[Record]:
    """All versions of one record, newest first."""
    rows = session.scalars(
        select(Record)
        .where(Record.case_id == seen.case_id, Record.root_id == record.root_id)
        .order_by(Record.number.desc())
    )
    return [version for version in rows if reach_of(seen, version).opens]


def find(session: Session, seen: Sight, record_id: int) -> Record:
    """One record of the case; refuses alike what is not there and what may not be seen."""
    record = session.get(Record, record_id)
    if record is None or record.case_id != seen.case_id or not reach_of(seen, record).opens:
        raise NotFound("その記録はないか、あなたには開けません。")
    return record


def open_record(
    session: Session, actor: Actor, case: Case, record_id: int, *, purpose: str, now: datetime
) -> tuple[Sight, Record]:
    """Find one record for reading, journalled as one read with the ground on which this record is open."""
    seen = looked_at(session, actor, case, now=now)
    record = find(session, seen, record_id)
    write_read(
        session, actor, seen, target=f"record:{record.id}", purpose=purpose, now=now, reach=reach_of(seen, record)
    )
    return seen, record


def read(session: Session, seen: Sight, record: Record, case: Case, *, on_paper: bool = False) -> Read:
    """Open one record through a sight: fields that it does not reach are left out and named in `masked`.

    Where somebody of the case is shielded (DV等支援措置), addresses and telephones are special
    care (L4) whatever the form says, and never go on paper.
    """
    reach = reach_of(seen, record)
    if not reach.opens:
        raise NotAllowed("この記録は、あなたの機関では開けません。")
    form = form_of(session, record)
    answers = opened(session, record, case)
    hidden = people.is_shielded(session, case.id) and (on_paper or reach.plain < LEVELS["L4"])
    masked = [
        one
        for one in every(form.fields)
        if one.asks and (not _shown(reach, record, one) or (hidden and _tells_where(one)))
    ]
    reason = str(answers.pop(REASON, ""))
    labels = [one.label for one in masked if _strike(answers, one.path.split("."))]
    return Read(
        record=record,
        form=form,
        answers=answers,
        masked=tuple(dict.fromkeys(labels)),
        reason="" if masked else reason,
    )


def _shown(reach: Reach, record: Record, one: Field) -> bool:
    return reach.shows(max(LEVELS[one.class_], record.raised), one.item)


def _tells_where(one: Field) -> bool:
    return one.kind in ("tel", "zip") or one.key.startswith("addr") or "住所" in one.label or "電話" in one.label


def _strike(answers: Any, path: list[str]) -> bool:
    """Take one field out of the answers, in every row of a table; True when there was something to hide."""
    if isinstance(answers, list):
        struck = [_strike(row, path) for row in answers]
        return any(struck)
    if not isinstance(answers, dict) or path[0] not in answers:
        return False
    if len(path) > 1:
        return _strike(answers[path[0]], path[1:])
    struck = answers.pop(path[0])
    return struck is not None and struck is not False and struck not in ("", [])


def form_of(session: Session, record: Record) -> Form:
    """The form in the version that the record was written with."""
    return compiled(session, record.version_id).forms[record.form]


def write(
    session: Session,
    case: Case,
    *,
    form: Form,
    answers: Mapping[str, Any],
    version_id: int,
    by: Actor,
    seat: Seat,
    now: datetime,
    title: str,
    element: str = "",
    instance_id: int | None = None,
    task_id: int | None = None,
    raised: int = 0,
    compartment: str | None = None,
    about: list[int] | None = None,
    source: str = "画面",
) -> Record:
    """Add a record's first version; it is its own root, set when its id is known."""
    nameless.ensure(session, version_id, form, answers)
    record = Record(
        case_id=case.id,
        instance_id=instance_id,
        task_id=task_id,
        version_id=version_id,
        element=element,
        form=form.key,
        title=title,
        author_id=by.staff_id,
        agency=seat.agency,
        role=seat.role,
        source=source,
        at=now,
        raised=raised,
        compartment=compartment,
        about=about,
        sealed=_sealed(session, case, "record", answers),
    )
    session.add(record)
    return record


def raise_class(
    session: Session, case: Case, record: Record, level: int, *, by: Actor, seat: Seat, now: datetime
) -> Record:
    """Let all of a record count at least as this class (L2 … L4); a class once raised is never lowered."""
    if record.agency not in by.agencies:
        raise NotAllowed("区分を上げられるのは、この記録を書いた機関だけです。")
    if not 2 <= level <= 4:
        raise Invalid("区分は L2、L3、L4 のどれかにしてください。")
    if level <= record.raised:
        raise Invalid(f"この記録の区分は、もう L{record.raised} です。区分は下げられません。")
    before = record.raised
    session.execute(
        update(Record)
        .where(Record.case_id == case.id, or_(Record.id == record.id, Record.root_id == (record.root_id or record.id)))
        .values(raised=level)
    )
    session.execute(
        update(Attachment)
        .where(Attachment.record_id == record.id, Attachment.level < level)
        .values(level=level)
    )
    line = journal.Line(
        action="区分を上げる", by=by, seat=seat, case_id=case.id, target=f"record:{record.id}",
        particulars={"from": before, "to": level},
    )  # fmt: skip
    journal.write(session, line, now=now)
    return record


def correct(
    session: Session,
    case: Case,
    record: Record,
    answers: Mapping[str, Any],
    *,
    by: Actor,
    seat: Seat,
    now: datetime,
    reason: str,
) -> Record:
    """A new version of a record (訂正): the old one stays readable. Only its own agency corrects it."""
    if record.agency not in by.agencies:
        raise NotAllowed("訂正は、この記録を書いた機関だけができます。")
    if not record.latest:
        raise Conflict("ほかの人が先に訂正しました。新しい版を開いて、もう一度訂正してください。")
    nameless.ensure(session, record.version_id, form_of(session, record), answers)
    root = record.root_id or record.id
    record.latest, record.root_id = False, root
    newer = Record(
        case_id=case.id,
        instance_id=record.instance_id,
        task_id=record.task_id,
        version_id=record.version_id,
        element=record.element,
        form=record.form,
        title=record.title,
        root_id=root,
        number=record.number + 1,
        author_id=by.staff_id,
        agency=record.agency,
        role=seat.role,
        source=record.source,
        at=now,
        raised=record.raised,
        compartment=record.compartment,
        about=record.about,
        sealed=_sealed(session, case, "record", {**answers, REASON: reason[:400]}),
    )
    session.add(newer)
    session.flush()
    # What was typed in a meeting's compartment does not leave it: there the reason is sealed with the record alone.
    said = "" if record.compartment else reason
    line = journal.Line(
        action="訂正", by=by, seat=seat, case_id=case.id, target=f"record:{newer.id}", reason=said
    )
    journal.write(session, line, now=now)
    return newer


def latest_answers(session: Session, seen: Sight, case: Case, forms: tuple[str, ...]) -> dict[str, Any]:
    """What is known already from these forms, newest winning: for prefilling, so that nothing is typed twice."""
    known: dict[str, Any] = {}
    for record in of_case(session, seen):
        if record.form in forms:
            known.update(
                {
                    key: value
                    for key, value in read(session, seen, record, case).answers.items()
                    if value not in (None, "", [])
                }
            )
    return known


def save_draft(
    session: Session, case: Case, task_id: int, typed: Mapping[str, list[str]], *, by: Actor, now: datetime
) -> datetime:
    """Keep what is typed so far; returns when it was saved."""
    held = session.get(Draft, (task_id, by.staff_id))
    sealed = _sealed(session, case, "draft", typed)
    if held is None:
        session.add(Draft(task_id=task_id, staff_id=by.staff_id or 0, saved_at=now, sealed=sealed))
    else:
        held.saved_at, held.sealed = now, sealed
    return now


def draft(
    session: Session, case: Case, task_id: int, *, by: Actor
) -> tuple[dict[str, list[str]], datetime] | None:
    """The actor's own draft for a task."""
    held = session.get(Draft, (task_id, by.staff_id))
    if held is None:
        return None
    typed: dict[str, list[str]] = json.loads(
        vault_of(session).open(held.sealed, wrapped=case.data_key, about=f"draft:{case.id}")
    )
    return typed, held.saved_at


def drop_draft(session: Session, task_id: int, *, by: Actor) -> None:
    """Forget a draft once its task is done."""
    session.execute(delete(Draft).where(Draft.task_id == task_id, Draft.staff_id == by.staff_id))


def keep_files(session: Session, task: Task, record: Record, form: Form) -> None:
    """Bind files that were uploaded with a task's draft to its record."""
    if any(one.kind in ("file", "files") for one in every(form.fields)):
        session.execute(
            update(Attachment)
            .where(Attachment.task_id == task.id, Attachment.record_id.is_(None))
            .values(record_id=record.id, compartment=record.compartment)
        )


def attach(
    session: Session,
    case: Case,
    *,
    name: str,
    media_type: str,
    content: bytes,
    by: Actor,
    seat: Seat,
    now: datetime,
    task_id: int | None = None,
    field: str = "",
    level: int = 3,
    compartment: str | None = None,
) -> Attachment:
    """Store a file with a case at once, so that a refused form does not lose it."""
    vault, key = vault_of(session), case.data_key or b""
    attachment = Attachment(
        case_id=case.id,
        task_id=task_id,
        field=field,
        agency=seat.agency,
        compartment=compartment,
        level=level,
        media_type=media_type,
        size=len(content),
        added_by=by.staff_id,
        added_at=now,
        sealed_name=vault.seal(name.encode(), wrapped=key, about=f"file:{case.id}"),
        sealed=vault.seal(content, wrapped=key, about=f"file:{case.id}"),
    )
    session.add(attachment)
    session.flush()
    journal.write(
        session,
        journal.Line(action="添付", by=by, seat=seat, case_id=case.id, target=f"attachment:{attachment.id}"),
        now=now,
    )
    return attachment


def attachments(session: Session, seen: Sight, case: Case) -> list[tuple[Attachment, str]]:
    """Files of a case that this sight reaches, with their names."""
    rows = session.scalars(select(Attachment).where(Attachment.case_id == case.id).order_by(Attachment.id))
    return [(file, _name(session, file, case)) for file in rows if _reaches_file(seen, file)]


def of_task(session: Session, case: Case, task_id: int) -> list[tuple[Attachment, str]]:
    """Files handed in with a task that is not completed yet, with their names; for who works on the task."""
    rows = session.scalars(select(Attachment).where(Attachment.task_id == task_id, Attachment.record_id.is_(None)).order_by(Attachment.id))
    return [(file, _name(session, file, case)) for file in rows]


def open_attachment(
    session: Session, seen: Sight, case: Case, attachment_id: int, *, by: Actor, now: datetime
) -> tuple[str, str, bytes]:
    """Name, media type and content of one file, journalled."""
    file = session.get(Attachment, attachment_id)
    if file is None or file.case_id != case.id or not _reaches_file(seen, file):
        raise NotFound("その添付はないか、あなたには開けません。")
    line = journal.Line(
        action="添付を開く",
        by=by,
        seat=seen.seat,
        case_id=case.id,
        target=f"attachment:{file.id}",
        ground=seen.ground,
    )
    journal.write(session, line, now=now)
    return (
        _name(session, file, case),
        file.media_type,
        vault_of(session).open(file.sealed, wrapped=case.data_key, about=f"file:{case.id}"),
    )


def count(session: Session, case_id: int) -> int:
    """How many records a case has (its latest versions)."""
    return (
        session.scalar(
            select(func.count()).select_from(Record).where(Record.case_id == case_id, Record.latest)
        )
        or 0
    )


def sealed_proxy(session: Session, case: Case, said: Mapping[str, Any]) -> bytes:
    """Whose words a record typed for somebody else holds, sealed like the words."""
    return _sealed(session, case, "proxy", said)


def opened_proxy(session: Session, record: Record, case: Case) -> dict[str, Any] | None:
    """Whose words a record holds, when and how they came; None if its author's own."""
    if record.proxy is None:
        return None
    said: dict[str, Any] = json.loads(
        vault_of(session).open(record.proxy, wrapped=case.data_key, about=f"proxy:{case.id}")
    )
    return said


def reach_of(seen: Sight, record: Record) -> Reach:
    """How far a sight reaches in one record."""
    return seen.reach(
        record_id=record.root_id or record.id,
        agency=record.agency,
        compartment=record.compartment,
        about=record.about,
    )


def _reaches_file(seen: Sight, file: Attachment) -> bool:
    reach = seen.reach(record_id=file.record_id or 0, agency=file.agency, compartment=file.compartment)
    return reach.shows(file.level)


def _name(session: Session, file: Attachment, case: Case) -> str:
    return vault_of(session).open(file.sealed_name, wrapped=case.data_key, about=f"file:{case.id}").decode()


def _sealed(session: Session, case: Case, what: str, content: Mapping[str, Any]) -> bytes:
    plain = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
    return vault_of(session).seal(plain, wrapped=case.data_key or b"", about=f"{what}:{case.id}")


def opened(session: Session, record: Record, case: Case) -> dict[str, Any]:
    """All answers of a record, unsealed: for the engine's own rules, never for a screen."""
    answers: dict[str, Any] = json.loads(
        vault_of(session).open(record.sealed, wrapped=case.data_key, about=f"record:{case.id}")
    )
    return answers
