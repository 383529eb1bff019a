"""An event as CloudEvents 1.0 tells it, whatever it came as: CloudEvents, Standard Webhooks' own shape, or LINE's.

Only what is read here is ever used of what another system sends. Text that no database could
keep, numbers that are none, and nesting without end are refused as unreadable.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

#: Ids and types are kept in the open: printable ASCII without spaces, never a sentence.
NAME = re.compile(r"[!-~]{1,120}")
DEEPEST = 20


class Unreadable(Exception):
    """What came is no event; nothing of it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event (CloudEvents 1.0 §3): `subject` is what it is about, `time` ISO 8601 or empty, `data` an object."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    data: Mapping[str, Any]

    def sealed(self) -> bytes:
        """As bytes, for a receipt."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def opened(cls, plain: bytes) -> "Event":
        """The reverse of `sealed`."""
        return cls(**json.loads(plain))


def of_standard(body: bytes, *, message_id: str, source: str) -> Event:
    """CloudEvents' structured mode, or `{"type", "timestamp", "data"}` as Standard Webhooks proposes it.

    The id is `webhook-id`: it is what was signed and what a repeat carries again.
    """
    tree = _tree(body)
    cloud = "specversion" in tree
    if cloud and tree["specversion"] != "1.0":
        raise Unreadable("specversion")
    if cloud and not (_is_name(tree.get("id")) and isinstance(tree.get("source"), str)):
        raise Unreadable("id, source")
    data, time = tree.get("data", {}), tree.get("time" if cloud else "timestamp", "")
    subject = tree.get("subject", "")
    if not (isinstance(data, dict) and isinstance(subject, str) and len(subject) <= 120):
        raise Unreadable("data, subject")
    return Event(
        id=_name(message_id), source=source, type=_name(tree.get("type")), subject=subject, time=_time(time), data=data
    )


def of_line(body: bytes, *, source: str) -> list[Event]:
    """LINE's events, each by its `webhookEventId`; their type is `line.` and LINE's own (`line.message` …)."""
    listed = _tree(body).get("events")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise Unreadable("events")
    return [
        Event(
            id=_name(one.get("webhookEventId")), source=source, type=_name(f"line.{one.get('type')}"), subject="",
            time=_line_time(one.get("timestamp")), data=one,
        )
        for one in listed
    ]  # fmt: skip


def _tree(body: bytes) -> dict[str, Any]:
    try:
        tree = json.loads(body.decode("utf-8"), parse_constant=_no_number)
        json.dumps(tree, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise Unreadable("JSON") from None
    if not isinstance(tree, dict) or _depth(tree) > DEEPEST:
        raise Unreadable("JSON")
    return tree


def _no_number(text: str) -> float:
    raise ValueError(text)


def _depth(value: Any) -> int:
    layers, depth = [value], 0
    while layers:
        depth += 1
        inner = [one.values() if isinstance(one, dict) else one for one in layers if isinstance(one, dict | list)]
        layers = [item for items in inner for item in items]
        if depth > DEEPEST:
            break
    return depth


def _name(value: object) -> str:
    if not _is_name(value):
        raise Unreadable("id, type")
    return str(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def _time(value: object) -> str:
    if value in ("", None):
        return ""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise Unreadable("time") from None
    if moment.tzinfo is None:
        raise Unreadable("time")
    return moment.isoformat()


def _line_time(value: object) -> str:
    if not isinstance(value, int) or not 0 < value < 10**14:
        raise Unreadable("timestamp")
    return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="seconds")
