"""`tsunagi decide`: one question to one file, answered as plain JSON values."""

from __future__ import annotations

import datetime as std
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from processes import feel

from ..sources import source_of
from . import DmnError, Model, read
from .reading import read_definitions

_FOLDER_LIMIT = 500


def decide_file(
    path: str | Path, decision: str, input_json: Any, *, now: std.datetime | None = None
) -> dict[str, Any]:
    """`{"value": …, "warnings": […]}`, or `{"error": sentence}` if nothing could be evaluated.

    `input_json` is a JSON object (or its text): input name → value, dates as `{"@": "2026-11-23"}`.  Imports are
    looked for beside the file: by their location, then by their namespace in any `*.dmn` of the folder.
    """
    try:
        inputs = feel.from_json(_read(input_json) if isinstance(input_json, str) else input_json)
        if inputs is not None and not isinstance(inputs, dict):
            return {"error": "入力は {「名前」: 値} の形の JSON で渡してください。"}
        decided = load(Path(path)).decide(decision, inputs or {}, now=now)
    except DmnError as error:
        return {"error": " ".join(finding.message for finding in error.findings[:20])}
    except feel.FeelValueError as error:
        return {"error": f"入力を読めません。{error}。"}
    except (json.JSONDecodeError, RecursionError):
        return {"error": "入力が JSON として読めません。"}
    except (OSError, ValueError):
        return {"error": "ファイルを開けません。場所と名前を確かめてください。"}
    except KeyError:
        return {"error": f"「{decision}」という判断（または判断サービス）は、このファイルにありません。"}
    try:
        return {"value": feel.to_json(decided.value, exact=True), "warnings": list(decided.warnings)}
    except feel.FeelValueError as error:
        return {"value": None, "warnings": [*decided.warnings, f"{error}"]}


def decide_line(line: str, *, now: std.datetime | None = None) -> dict[str, Any]:
    """One line of `tsunagi decide --lines`: `{"file": …, "decision": …, "input": {…}}`."""
    try:
        asked = _read(line)
        path, decision, inputs = asked["file"], asked["decision"], asked.get("input") or {}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return {"error": '一行ごとに {"file": …, "decision": …, "input": {…}} の形の JSON で渡してください。'}
    return decide_file(str(path), str(decision), inputs, now=now)


def _read(text: str) -> Any:
    """JSON whose numbers keep every digit that FEEL has."""
    return json.loads(text, parse_float=Decimal)


_LOADED: dict[tuple[str, int, int], Model] = {}


def load(path: Path) -> Model:
    """The model in a file, read once as long as the file and its neighbours stay the same."""
    path = path.resolve()
    newest = max((one.stat().st_mtime_ns for one in _neighbours(path)), default=0)
    key = (str(path), path.stat().st_mtime_ns, newest)
    if key not in _LOADED:
        if len(_LOADED) > 64:
            _LOADED.clear()
        _LOADED[key] = read(source_of(path), resolve=beside(path), lenient=True)
    return _LOADED[key]


def beside(path: Path) -> Any:
    """The resolver that finds imports in the folder of a file, and nowhere else."""

    def resolve(namespace: str, location: str | None) -> bytes:
        files = _neighbours(path)
        if location:
            wanted = location.replace("\\", "/").rsplit("/", 1)[-1]
            files = sorted(files, key=lambda one: one.name != wanted)
        for one in files:
            try:
                source = source_of(one)
                if read_definitions(source).namespace == namespace:
                    return source
            except (DmnError, OSError):
                continue
        raise LookupError(namespace)

    return resolve


def _neighbours(path: Path) -> list[Path]:
    return sorted(path.parent.glob("*.dmn"))[:_FOLDER_LIMIT]
