"""The log: one JSON object a line, and nothing in it that a person wrote or that names one.

Our own lines carry ids only and are written out. Of other programs' lines only the fixed text
is kept, without what they put in; of an error its kind and the places in the program, never
its message: a database's message repeats what it was asked to write.
"""

import json
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import IO, Any

OURS = "tsunagi"
FRAMES = 12


class JsonLines(logging.Formatter):
    """A record as one line of JSON: at, level, log, what; with an error its kinds and places."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, always valid JSON."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "log": record.name, "what": _what(record), "process": record.process,
        }  # fmt: skip
        if record.exc_info and record.exc_info[0] is not None:
            line |= {"error": _kinds(record.exc_info[1]), "places": _places(record.exc_info[2])}
        return json.dumps(line, ensure_ascii=False)


def set_up(stream: IO[str] | None = None) -> None:
    """Write JSON lines to standard error; `TSUNAGI_LOG=text` writes them for people, with the same silence."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Text() if os.environ.get("TSUNAGI_LOG") == "text" else JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(logging.INFO)


def server_log() -> dict[str, Any]:
    """The web server's own log through the same form (gunicorn's `logconfig_dict`)."""
    lines = {"level": "INFO", "handlers": ["lines"], "propagate": False}
    return {
        "version": 1, "disable_existing_loggers": False,
        "formatters": {"lines": {"()": _Text if os.environ.get("TSUNAGI_LOG") == "text" else JsonLines}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
        "root": {"level": "WARNING", "handlers": ["lines"]},
        "loggers": {"gunicorn.error": lines, OURS: lines},
    }  # fmt: skip


class _Text(JsonLines):
    def format(self, record: logging.LogRecord) -> str:
        line = json.loads(super().format(record))
        error = f" {' ← '.join(line['error'])} {' ← '.join(line['places'])}" if "error" in line else ""
        return f"{line['at']} {line['log']} {line['level'].upper()} {line['what']}{error}"


def _what(record: logging.LogRecord) -> str:
    ours = record.name == OURS or record.name.startswith(f"{OURS}.")
    try:
        return record.getMessage() if ours else str(record.msg)
    except (TypeError, ValueError):
        return str(record.msg)


def _kinds(error: BaseException | None) -> list[str]:
    kinds: list[str] = []
    while error is not None and len(kinds) < FRAMES:
        kinds.append(f"{type(error).__module__}.{type(error).__name__}")
        error = error.__cause__ or error.__context__
    return kinds


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return [f"{os.path.basename(frame.filename)}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
