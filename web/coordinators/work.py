"""A coordinator's work on a process: the draft if there is one, else what is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files as resources

from sqlalchemy.orm import Session

from engine import bundles, definitions
from engine.agencies import Actor
from engine.errors import NotFound
from processes import bpmn
from processes.bpmn_values import Diagram, Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """`revision` is that of the draft, 0 if there is none; `main` the file name of the diagram."""

    key: str
    revision: int
    saved_at: datetime | None
    saved_by: int | None
    files: dict[str, str]

    @property
    def main(self) -> str:
        return bundles.gather(self.files).name

    @property
    def source(self) -> bytes:
        return self.files[self.main].encode()

    def diagram(self) -> Diagram:
        """The diagram as values; raises DiagramError if it cannot be read."""
        return bpmn.read(self.source, name=self.main)

    def process(self) -> Process:
        """The diagram's own process."""
        return next(iter(self.diagram().processes.values()))


def on(session: Session, key: str) -> Work:
    """The work on a process; NotFound if there is neither draft nor version."""
    held = definitions.draft(session, key)
    if held:
        row, files = held
        return Work(key=key, revision=row.revision, saved_at=row.saved_at, saved_by=row.saved_by, files=files)
    known = session.get(definitions.Process, key)
    if known is None or known.current_id is None:
        raise NotFound(f"手続き「{key}」はありません。手続きの一覧から選び直してください。")
    files = definitions.files_of(session, known.current_id)
    return Work(key=key, revision=0, saved_at=None, saved_by=None, files=files)


def keep(session: Session, work: Work, files: Mapping[str, str], *, revision: int, by: Actor, now: datetime) -> Work:
    """Save changed files over the work; `revision` is the one the change began from (else Conflict)."""
    whole = completed({**work.files, **files})
    row = definitions.save_draft(session, work.key, whole, revision=revision, by=by, now=now)
    return Work(key=work.key, revision=row.revision, saved_at=row.saved_at, saved_by=row.saved_by, files=whole)


def completed(files: Mapping[str, str]) -> dict[str, str]:
    """The files with every form, table and called diagram of the library that they name and do not hold."""
    whole = dict(files)
    for name, text in library_tables().items():
        whole.setdefault(name, text)
    _add_called(whole)
    diagrams = [text for name, text in whole.items() if name.endswith(".bpmn")]
    for key in sorted({key for text in diagrams for key in bundles.FORM_OF_TASK.findall(text)}):
        name = f"{key}.form.json"
        if name in library_forms():
            whole.setdefault(name, library_forms()[name])
    return whole


@lru_cache(maxsize=1)
def library_forms() -> Mapping[str, str]:
    """All forms that come with the application: file name → text."""
    return _texts("forms", "library", ".form.json")


@lru_cache(maxsize=1)
def library_tables() -> Mapping[str, str]:
    """All decision tables that come with the application."""
    return _texts("processes", "tables", ".dmn")


@lru_cache(maxsize=1)
def library_diagrams() -> Mapping[str, tuple[str, str]]:
    """All diagrams that come with the application: process id → (file name, text)."""
    found = {}
    for name in bundles.shipped_names():
        for file, text in bundles.shipped(name).items():
            if file.endswith(".bpmn") and "/" not in file:
                found.update(dict.fromkeys(bundles.PROCESS.findall(text), (file, text)))
    return found


def _add_called(whole: dict[str, str]) -> None:
    waiting = [text for name, text in whole.items() if name.endswith(".bpmn")]
    held = {process for text in waiting for process in bundles.PROCESS.findall(text)}
    while waiting:
        for process in bundles.CALLED.findall(waiting.pop()):
            if process not in held and process in library_diagrams():
                file, text = library_diagrams()[process]
                whole[f"called/{file}"] = text
                held.update(bundles.PROCESS.findall(text))
                waiting.append(text)


def _texts(package: str, folder: str, ending: str) -> dict[str, str]:
    place = resources(package).joinpath(folder)
    return {file.name: file.read_text("utf-8") for file in place.iterdir() if file.name.endswith(ending)}
