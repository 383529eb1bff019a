"""Published processes: a diagram with its tables and forms, one immutable version after another.

A version is whole in itself: called diagrams, decision tables and forms are copied into
it at publish, so that a running case never changes under anybody's hands.
"""

import base64
import hashlib
import json
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column
from sqlalchemy.types import JSON

from engine import journal, ruling, runtime
from engine.agencies import Actor, Agency, Role
from engine.bundles import Bundle, gather
from engine.db import Base, Moment
from engine.errors import Conflict, Invalid, NotFound
from engine.known import known_forms
from engine.operators import EFFECTS, OPERATORS, misused
from forms.errors import FormError
from forms.schema import Form
from forms.schema import read as read_form
from processes import checking, dmn
from processes.bpmn import DiagramError, Node
from processes.bpmn import read as read_diagram
from processes.findings import Finding
from processes.house import HouseRules


class Process(Base):
    """A process that coordinators know by a key (P-A …)."""

    __tablename__ = "process"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    current_id: Mapped[int | None]


class Version(Base):
    """One published version; `files` is the whole bundle, packed."""

    __tablename__ = "process_version"
    __table_args__ = (UniqueConstraint("key", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(ForeignKey("process.key"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64))
    starts: Mapped[list[str]] = mapped_column(JSON, default=list)
    opens: Mapped[str] = mapped_column(String(20), default="same")
    note: Mapped[str] = mapped_column(String(400), default="")
    published_at: Mapped[datetime] = mapped_column(Moment)
    published_by: Mapped[int | None]
    files: Mapped[bytes] = deferred(mapped_column(LargeBinary))


class Draft(Base):
    """A coordinator's unpublished work on a process; `revision` grows with every save."""

    __tablename__ = "process_draft"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    revision: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime] = mapped_column(Moment)
    saved_by: Mapped[int | None]
    files: Mapped[bytes] = deferred(mapped_column(LargeBinary))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compiled:
    """A version ready to run: definition, forms by key, decision tables by file stem; the same one is the same object."""

    version_id: int
    bundle: Bundle
    definition: runtime.Definition
    forms: Mapping[str, Form]
    tables: Mapping[str, dmn.Model]

    def node(self, element: str) -> Node:
        """A node by its id, wherever in the diagram or in one that it calls."""
        return next(
            p.process.nodes[element] for p in self.definition.programs.values() if element in p.process.nodes
        )

    def lane_properties(self, process_id: str, element: str) -> dict[str, str]:
        """What the lanes around a node say; the inner lane wins."""
        process = self.definition.programs[process_id].process
        lane = process.lanes.get(process.nodes[element].lane or "")
        said: dict[str, str] = {}
        while lane is not None:
            said = {**lane.properties, **said}
            lane = process.lanes.get(lane.parent or "")
        return said


_ready: dict[str, Compiled] = {}
_lock = threading.Lock()


def publish(
    session: Session, key: str, files: Mapping[str, str], *, by: Actor, now: datetime, note: str = ""
) -> Version:
    """Check everything and add the next immutable version; refuses with all problems at once (Invalid)."""
    errors = tuple(f for f in check(session, files) if f.severity == "error")
    if errors:
        raise Invalid(f"公開できません。直すところが{len(errors)}件あります。", errors)
    return adopt(session, key, files, by=by, now=now, note=note)


def adopt(
    session: Session, key: str, files: Mapping[str, str], *, by: Actor, now: datetime, note: str = ""
) -> Version:
    """Add the next version without asking the checks; the kernel still refuses what it cannot run exactly."""
    bundle = gather(files)
    definition = runtime.compile(
        bundle.main, called=bundle.called, decisions=bundle.decisions, effects=EFFECTS
    )
    known = session.get(Process, key, with_for_update=True)
    if known is None:
        known = Process(key=key, name=definition.name)
        session.add(known)
        session.flush()
    number = (session.scalar(select(func.max(Version.number)).where(Version.key == key)) or 0) + 1
    version = Version(
        key=key,
        number=number,
        name=definition.name,
        digest=_digest(files),
        starts=sorted(definition.start_messages),
        opens=definition.main.process.properties.get("case", "same"),
        note=note,
        published_at=now,
        published_by=by.staff_id,
        files=pack(files),
    )
    session.add(version)
    session.flush()
    known.current_id, known.name = version.id, definition.name
    line = journal.Line(
        action="公開",
        by=by,
        target=f"process:{key}",
        particulars={"version": number, "digest": version.digest},
    )
    journal.write(session, line, now=now, book=journal.open_book(session, "house"))
    draft = session.get(Draft, key)
    if draft is not None:
        session.delete(draft)
    return version


def check(session: Session, files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Every finding about a bundle, house rules included."""
    bundle = gather(files)
    try:
        forms = known_forms(bundle.forms.values())
    except FormError as error:
        raise Invalid("様式に直すところがあります。", error.findings) from error
    access = bundle.decisions.get(f"{ruling.TABLE}.dmn")
    found = checking.check(
        bundle.main, name=bundle.name, called=bundle.called, decisions=bundle.decisions, forms=forms,
        house=HouseRules(
            agencies=frozenset(session.scalars(select(Agency.code))), roles=frozenset(session.scalars(select(Role.code))),
            forms=forms, operators=OPERATORS,
        ),
    )  # fmt: skip
    return (*found, *(ruling.problems(access) if access else ()), *_misuses(files))


def _misuses(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Outside operators that are given what they do not know, or lack what they need."""
    try:
        diagram = read_diagram(gather(files).main, name="main")
    except DiagramError:
        return ()
    return tuple(
        Finding(
            rule="house-operator", element=node.id, line=node.line,
            message=f"「{node.name or node.id}」の自動の処理：{sentence}図の右の欄で直してください。",
        )
        for process in diagram.processes.values() for node in process.nodes.values() if node.operator is not None
        for sentence in misused(node.operator.id, {one.id: one.value for one in node.operator.parameters})
    )  # fmt: skip


def current(session: Session, key: str) -> Version:
    """The version that new cases start with."""
    version = session.scalar(
        select(Version).join(Process, Process.current_id == Version.id).where(Process.key == key)
    )
    if version is None:
        raise NotFound(f"手続き「{key}」は公開されていません。進行管理の担当に知らせてください。")
    return version


def started_by(session: Session, message: str) -> Version | None:
    """The current version that a message of this name starts, if there is one."""
    versions = session.scalars(
        select(Version).join(Process, Process.current_id == Version.id).order_by(Version.key)
    )
    return next((version for version in versions if message in version.starts), None)


def versions(session: Session, key: str) -> list[Version]:
    """All versions of a process, newest first."""
    return list(session.scalars(select(Version).where(Version.key == key).order_by(Version.number.desc())))


def processes(session: Session) -> list[tuple[Process, Version | None]]:
    """Every process with its current version, by key."""
    rows = session.execute(
        select(Process, Version).outerjoin(Version, Process.current_id == Version.id).order_by(Process.key)
    )
    return [(process, version) for process, version in rows]


def compiled(session: Session, version_id: int) -> Compiled:
    """A version ready to run; kept in memory, because versions never change."""
    ready = _ready.get(f"{session.bind.url if session.bind else ''}#{version_id}")  # type: ignore[union-attr]  # a session of ours is bound to a pool
    if ready is None:
        ready = _compile(version_id, files_of(session, version_id))
        with _lock:
            _ready[f"{session.bind.url if session.bind else ''}#{version_id}"] = ready  # type: ignore[union-attr]  # as above
    return ready


def files_of(session: Session, version_id: int) -> dict[str, str]:
    """The bundle of a version: file name → text."""
    packed = session.scalar(select(Version.files).where(Version.id == version_id))
    if packed is None:
        raise NotFound("その版はありません。")
    return unpack(packed)


def save_draft(
    session: Session, key: str, files: Mapping[str, str], *, revision: int, by: Actor, now: datetime
) -> Draft:
    """Keep unpublished work. `revision` is the one that the writer started from (0: none yet).

    Raises Conflict when somebody else saved meanwhile: nothing of either is lost.
    """
    held = session.get(Draft, key, with_for_update=True)
    if (held.revision if held else 0) != revision:
        raise Conflict("ほかの人が先に保存しました。両方の内容を見くらべて、どちらを残すか選んでください。")
    if held is None:
        held = Draft(key=key, revision=0, saved_at=now, files=b"")
        session.add(held)
    held.revision, held.saved_at, held.saved_by, held.files = revision + 1, now, by.staff_id, pack(files)
    session.flush()
    return held


def draft(session: Session, key: str) -> tuple[Draft, dict[str, str]] | None:
    """Unpublished work on a process, if any."""
    held = session.get(Draft, key)
    return (held, unpack(held.files)) if held else None


def discard_draft(session: Session, key: str) -> None:
    """Throw unpublished work away."""
    held = session.get(Draft, key)
    if held is not None:
        session.delete(held)


def pack(files: Mapping[str, str]) -> bytes:
    """File name → text as bytes for one column."""
    return zlib.compress(json.dumps(dict(files), ensure_ascii=False, sort_keys=True).encode())


def unpack(packed: bytes) -> dict[str, str]:
    """The reverse of `pack`."""
    files: dict[str, str] = json.loads(zlib.decompress(packed))
    return files


def _compile(version_id: int, files: Mapping[str, str]) -> Compiled:
    bundle = gather(files)
    return Compiled(
        version_id=version_id,
        bundle=bundle,
        definition=runtime.compile(
            bundle.main, called=bundle.called, decisions=bundle.decisions, effects=EFFECTS
        ),
        forms={form.key: form for form in map(read_form, bundle.forms.values())},
        tables={
            name.removesuffix(".dmn"): dmn.read(source, resolve=None)
            for name, source in bundle.decisions.items()
        },
    )


def _digest(files: Mapping[str, str]) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(base64.b64encode(name.encode()) + b":" + base64.b64encode(files[name].encode()) + b"\n")
    return whole.hexdigest()
