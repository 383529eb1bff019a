"""A process's files: the diagram, the diagrams that it calls, decision tables, forms."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as resources
from importlib.resources.abc import Traversable

from engine.errors import Invalid

FORM_OF_TASK = re.compile(r'name="form"\s+value="([^"]+)"')
CALLED = re.compile(r'calledElement="([^"]+)"')
PROCESS = re.compile(r'<(?:\w+:)?process\b[^>]*\bid="([^"]+)"')
PREFILL = re.compile(r'name="prefill"\s+value="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The parts of one version, by file name, as bytes."""

    name: str
    main: bytes
    called: Mapping[str, bytes]
    decisions: Mapping[str, bytes]
    forms: Mapping[str, bytes]
    readme: str


def gather(files: Mapping[str, str]) -> Bundle:
    """Sort a flat folder into parts: the diagram that is not under `called/` is the main one."""
    mains = [name for name in files if name.endswith(".bpmn") and not name.startswith("called/")]
    if len(mains) != 1:
        raise Invalid(
            f"図（.bpmn）はちょうど1つ必要ですが、{len(mains)}個ありました。1つだけ置いてください。"
        )
    return Bundle(
        name=mains[0],
        main=files[mains[0]].encode(),
        called=_part(files, ".bpmn", "called/"),
        decisions=_part(files, ".dmn"),
        forms=_part(files, ".form.json"),
        readme=files.get("README.md", ""),
    )


def shipped_names() -> list[str]:
    """Folder names of the pathways that come with the application."""
    return sorted(
        place.name
        for place in resources("processes").joinpath("pathways").iterdir()
        if place.is_dir() and any(file.name.endswith(".bpmn") for file in place.iterdir())
    )


def shipped(name: str) -> dict[str, str]:
    """The files of a shipped pathway, whole: with called diagrams, tables and forms beside it."""
    place = resources("processes").joinpath("pathways").joinpath(name)
    return complete({file.name: file.read_text("utf-8") for file in place.iterdir() if file.is_file()})


def complete(files: Mapping[str, str]) -> dict[str, str]:
    """A folder's files, and what the application has of what they name and lack: called diagrams, tables, forms."""
    found = dict(files)
    _add_called(found)
    for table in resources("processes").joinpath("tables").iterdir():
        if table.name.endswith(".dmn"):
            found.setdefault(table.name, table.read_text("utf-8"))
    _add_forms(found)
    return found


def process_key(files: Mapping[str, str]) -> str:
    """The id of the main diagram's first process: the key under which it is published."""
    found = PROCESS.search(gather(files).main.decode())
    if found is None:
        raise Invalid("図に手続き（process）がありません。図を確かめてください。")
    return found.group(1)


def _add_called(found: dict[str, str]) -> None:
    by_process = {}
    for name in shipped_names():
        place = resources("processes").joinpath("pathways").joinpath(name)
        for file in (f for f in place.iterdir() if f.name.endswith(".bpmn")):
            text = file.read_text("utf-8")
            by_process.update(dict.fromkeys(PROCESS.findall(text), (file.name, text)))
    waiting = [text for name, text in found.items() if name.endswith(".bpmn")]
    while waiting:
        for process in CALLED.findall(waiting.pop()):
            if (
                process in by_process
                and f"called/{by_process[process][0]}" not in found
                and by_process[process][0] not in found
            ):
                file_name, text = by_process[process]
                found[f"called/{file_name}"] = text
                waiting.append(text)


def _add_forms(found: dict[str, str]) -> None:
    library = resources("forms").joinpath("library")
    diagrams = [text for name, text in found.items() if name.endswith(".bpmn")]
    keys = {key for text in diagrams for key in FORM_OF_TASK.findall(text)} | {"F-A10", "F-X04", "F-K04"}
    for key in sorted(keys):
        form: Traversable = library.joinpath(f"{key}.form.json")
        if form.is_file():
            found.setdefault(f"{key}.form.json", form.read_text("utf-8"))


def _part(files: Mapping[str, str], ending: str, below: str = "") -> dict[str, bytes]:
    return {
        name.removeprefix(below): text.encode()
        for name, text in files.items()
        if name.endswith(ending) and (name.startswith(below) if below else "/" not in name)
    }
