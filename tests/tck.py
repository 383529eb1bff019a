"""Runs the conformance kit of DMN (its Technology Compatibility Kit) against our engine.

    python -m tests.tck DIR [--failures] [--strict] [FOLDER…]

DIR holds `compliance-level-2` and `compliance-level-3`.  Prints passed / all by level.  Exit 0 if level 2 passes whole,
level 3 to 97 %, and every folder in which a case failed stands with its reason in `docs/dmn.md`; else exit 1.
A case that asks for an error is passed by null; with `--strict` a warning must say why.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from processes import dmn, feel
from processes.dmn.lines import beside

_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_NOW = datetime(2026, 1, 5, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
_LEAST = {"compliance-level-2": 1.0, "compliance-level-3": 0.97}
_TOLERANCE = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Outcome:
    level: str
    folder: str
    case: str
    node: str
    passed: bool
    told: str


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tck", description="Runs the DMN conformance kit.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("folders", nargs="*", help="only folders whose name begins so")
    parser.add_argument("--failures", action="store_true", help="list what failed")
    parser.add_argument("--strict", action="store_true", help="an expected error needs a warning")
    asked = parser.parse_args(arguments)
    outcomes = list(run(asked.directory, tuple(asked.folders), asked.strict))
    if not outcomes:
        sys.stderr.write(f"no test cases found in {asked.directory}\n")
        return 2
    for outcome in outcomes:
        if asked.failures and not outcome.passed:
            _say(f"{outcome.level}/{outcome.folder} {outcome.case} {outcome.node}: {outcome.told}")
    for level in sorted({outcome.level for outcome in outcomes}):
        verdicts = [outcome.passed for outcome in outcomes if outcome.level == level]
        _say(f"{level}: {sum(verdicts)} / {len(verdicts)} ({100 * sum(verdicts) / len(verdicts):.1f} %)")
    problems = list(_problems(outcomes))
    for problem in problems:
        _say(problem)
    return 1 if problems else 0


def _problems(outcomes: list[Outcome]) -> Iterator[str]:
    for level, least in _LEAST.items():
        verdicts = [outcome.passed for outcome in outcomes if outcome.level == level]
        if verdicts and sum(verdicts) < least * len(verdicts):
            yield f"{level}: less than {least:.0%}"
    reasons = known_reasons()
    for folder in dict.fromkeys(outcome.folder for outcome in outcomes if not outcome.passed):
        if folder not in reasons:
            yield f"{folder}: fails, and docs/dmn.md does not say why (--failures shows the cases)"


def known_reasons() -> dict[str, str]:
    """Folders in which cases fail, with the reason, as docs/dmn.md lists them."""
    text = Path(__file__).parents[1].joinpath("docs", "dmn.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]
    return {row[0]: row[2] for row in rows if len(row) == 3 and row[0][:4].isdecimal()}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def run(directory: Path, folders: tuple[str, ...], strict: bool) -> Iterator[Outcome]:
    """The outcome of every expected result in the kit, in the order of the folders."""
    for cases in sorted(directory.glob("compliance-level-*/*/*.xml")):
        folder = cases.parent
        if folders and not folder.name.startswith(folders):
            continue
        root = etree.parse(cases).getroot()
        if etree.QName(root).localname != "testCases":
            continue
        name = root.findtext("{*}modelName") or ""
        for case in root.iter("{*}testCase"):
            yield from _case(folder, name.strip(), case, strict)


def _case(folder: Path, model_name: str, case: etree._Element, strict: bool) -> Iterator[Outcome]:
    inputs = {node.get("name", ""): _value(node) for node in case.iterchildren("{*}inputNode")}
    for node in case.iterchildren("{*}resultNode"):
        name = node.get("name", "")
        wanted = node.find("{*}expected")
        expected = _value(wanted) if wanted is not None else None
        is_error = node.get("errorResult") == "true"
        try:
            passed, told = _verdict(folder / model_name, case, name, inputs, expected, is_error, strict)
        except dmn.DmnError as error:
            passed, told = is_error, f"refused: {error}"
        except KeyError as error:
            passed, told = is_error, f"no decision {error}"
        yield Outcome(folder.parent.name, folder.name, case.get("id", ""), name, passed, told)


def _verdict(
    path: Path,
    case: etree._Element,
    name: str,
    inputs: dict[str, Any],
    expected: Any,
    is_error: bool,
    strict: bool,
) -> tuple[bool, str]:
    invocable = case.get("invocableName")
    decided = _model(path).decide(invocable or name, inputs, now=_NOW)
    value = decided.value
    if invocable and isinstance(value, dict) and len(list(case.iterchildren("{*}resultNode"))) > 1:
        value = value.get(name)
    told = f"got {value!r}, expected {'an error' if is_error else repr(expected)}; {list(decided.warnings)}"
    if is_error:
        return value is None and (bool(decided.warnings) or not strict), told
    return _same(value, expected), told


_MODELS: dict[Path, dmn.Model] = {}


def _model(path: Path) -> dmn.Model:
    if path not in _MODELS:
        _MODELS[path] = dmn.read(path.read_bytes(), resolve=beside(path), lenient=True)
    return _MODELS[path]


def _value(node: etree._Element) -> Any:
    if node.get(_NIL) == "true":
        return None
    components: dict[str, Any] = {}
    for child in node.iterchildren("{*}*"):
        kind = etree.QName(child).localname
        if kind == "value":
            return _literal(child)
        if kind == "list":
            return (
                None
                if child.get(_NIL) == "true"
                else [_value(item) for item in child.iterchildren("{*}item")]
            )
        if kind == "component":
            components[child.get("name", "")] = _value(child)
    return components or None


def _literal(node: etree._Element) -> Any:
    text = node.text or ""
    kind = (node.get(_TYPE) or "xsd:string").rpartition(":")[2]
    if node.get(_NIL) == "true":
        return None
    if kind in ("decimal", "double", "integer", "int", "float", "long"):
        return Decimal(text.strip())
    if kind == "boolean":
        return text.strip() in ("true", "1")
    if kind in ("date", "time", "dateTime", "duration", "dayTimeDuration", "yearMonthDuration"):
        return feel.from_json({"@": text.strip()})
    return text


def _same(value: Any, expected: Any) -> bool:
    if isinstance(value, Decimal) and isinstance(expected, Decimal):
        return abs(value - expected) <= max(_TOLERANCE, abs(expected) * _TOLERANCE)
    if isinstance(value, list) and isinstance(expected, list):
        return len(value) == len(expected) and all(map(_same, value, expected))
    if isinstance(value, dict) and isinstance(expected, dict):
        return value.keys() == expected.keys() and all(_same(value[key], expected[key]) for key in value)
    return type(value) is type(expected) and bool(value == expected)


if __name__ == "__main__":
    sys.exit(main())
