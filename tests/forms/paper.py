"""Small forms for the tests."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

from forms import schema
from forms.fields import Choice

NOW = dt.datetime(2026, 4, 18, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
AGENCIES = (Choice(value="fukushi", label="福祉課"), Choice(value="shakyo", label="社会福祉協議会"))


def form_of(*components, rules=(), **root):
    tree = {"type": "default", "schemaVersion": 19, "id": "T-01", "title": "試しの様式", "components": list(components)}
    return schema.read(json.dumps({**tree, "properties": {"class": "L3", "rules": list(rules)}, **root}).encode())


def field(kind, key, label=None, **more):
    return {"type": kind, "key": key, "label": label or key, **more}


def values(*pairs):
    return [{"value": value, "label": label} for value, label in pairs]


