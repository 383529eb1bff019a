"""Every check of a diagram or a decision model before it may run, all findings at once:

    hardened XML → schema → elements and expressions → soundness → data flow → (with house rules) the house

A file that cannot be read at all gives the findings that say why; nothing here raises for what a file holds."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from processes import dmn
from processes.bpmn import DiagramError, read
from processes.bpmn_values import Diagram, Process
from processes.dataflow import flow_findings
from processes.findings import Finding, Severity
from processes.house import HouseRules, KnownForm, house_findings
from processes.lint import Beside, lint
from processes.schema import violations
from processes.soundness import verify
from processes.sources import LIMIT, source_of

__all__ = ["HouseRules", "KnownForm", "check", "check_file"]

_NONE: Mapping[str, bytes] = MappingProxyType({})
_UNPLAYABLE = frozenset({"dangling-flow", "crossing-flow", "boundary-without-host"})
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "information")


def check(
    source: bytes,
    *,
    name: str,
    called: Mapping[str, bytes] = _NONE,
    decisions: Mapping[str, bytes] = _NONE,
    forms: Mapping[str, KnownForm] | None = None,
    house: HouseRules | None = None,
) -> tuple[Finding, ...]:
    """What is wrong with the file `name` (.bpmn or .dmn), in the order of its lines.

    `called` are further diagrams and `decisions` DMN files, by file name; `forms` what is known of the forms, by
    key; `house` the rules of the house, judged only if given."""
    if name.lower().endswith(".dmn") or _is_dmn(source):
        return _ordered(_dmn_findings(source, decisions))
    return _ordered(_diagram(source, name, called, decisions, forms, house))


def check_file(path: Path, *, house: HouseRules | None = None) -> tuple[Finding, ...]:
    """What is wrong with the file; called diagrams and decision tables are looked for beside it. Raises OSError if
    the file itself cannot be opened."""
    path = path.absolute()
    return check(
        source_of(path),
        name=path.name,
        called=beside(path, ".bpmn"),
        decisions=beside(path, ".dmn"),
        forms=house.forms if house is not None else None,
        house=house,
    )


def beside(path: Path, suffix: str) -> dict[str, bytes]:
    """The other files with this suffix in the folder of `path`, by file name. A folder of `pathways` also sees the
    pathways next to it and the `tables` they share."""
    folders = [path.parent]
    if path.parent.parent.name == "pathways":
        folders += sorted(f for f in path.parent.parent.iterdir() if f.is_dir() and f != path.parent)
        folders.append(path.parent.parent.parent / "tables")
    found: dict[str, bytes] = {}
    for other in (other for folder in folders for other in sorted(folder.glob(f"*{suffix}"))):
        if other != path and other.is_file() and other.stat().st_size <= LIMIT:
            found.setdefault(other.name, source_of(other))
    return found


def _is_dmn(source: bytes) -> bool:
    head = source[:4096]
    return b"/DMN/" in head and b"/BPMN/" not in head


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    once = {(f.rule, f.element, f.line, f.message): f for f in findings}
    return tuple(sorted(once.values(), key=lambda f: (_SEVERITIES.index(f.severity), f.line or 0, f.rule)))


def _diagram(
    source: bytes, name: str, called: Mapping[str, bytes], decisions: Mapping[str, bytes],
    forms: Mapping[str, KnownForm] | None, house: HouseRules | None,
) -> Iterator[Finding]:
    try:
        diagram = read(source, name=name)
    except DiagramError as error:
        yield from error.findings
        return
    surroundings = _beside(diagram, called, decisions, house)
    written = lint(diagram, surroundings)
    told = {finding.element for finding in written if finding.severity == "error"}
    yield from (one for one in violations(source) if one.severity != "error" or one.element not in told or not told)
    yield from written
    if not any(finding.rule in _UNPLAYABLE for finding in written):
        yield from verify(diagram)
        yield from flow_findings(diagram, surroundings, forms)
    if house is not None:
        yield from house_findings(diagram, house)


def _beside(
    diagram: Diagram, called: Mapping[str, bytes], decisions: Mapping[str, bytes], house: HouseRules | None
) -> Beside:
    processes: dict[str, Process] = {}
    for file, source in called.items():
        for process in _processes(source, file):
            processes[process.id] = process
    processes.update(diagram.processes)
    asked = any(node.decision for process in diagram.processes.values() for node in process.nodes.values())
    offers = _offers(tuple(sorted(decisions.items()))) if asked else {}
    return Beside(
        processes=processes, decisions=frozenset(offers), inputs=offers,
        operators=house.operators if house is not None else None,
    )


@lru_cache(maxsize=256)
def _processes(source: bytes, file: str) -> tuple[Process, ...]:
    """A neighbour that cannot be read offers nothing; its own check tells why."""
    try:
        return tuple(read(source, name=file).processes.values())
    except DiagramError:
        return ()


@lru_cache(maxsize=64)
def _offers(decisions: tuple[tuple[str, bytes], ...]) -> dict[str, frozenset[str]]:
    """Ids and names of all decisions and services of these files, with the inputs that each needs."""
    found: dict[str, frozenset[str]] = {}
    for _, source in decisions:
        try:
            model = dmn.read(source, resolve=_resolver(dict(decisions)), lenient=True)
        except dmn.DmnError:
            continue
        for offer in model.decisions:
            for key in (offer.id, offer.name):
                found[key] = frozenset(offer.inputs)
    return found


def _resolver(files: Mapping[str, bytes]) -> dmn.Resolve:
    def resolve(namespace: str, location: str | None) -> bytes:
        file = (location or "").rpartition("/")[2]
        if file in files:
            return files[file]
        for source in files.values():
            if f'namespace="{namespace}"'.encode() in source:
                return source
        raise LookupError(namespace)

    return resolve


def _dmn_findings(source: bytes, beside: Mapping[str, bytes]) -> Iterator[Finding]:
    for one in dmn.check(source, _resolver(beside)):
        yield Finding(
            rule=one.rule, severity=one.severity, element=one.element or None, line=one.line or None, message=one.message
        )
