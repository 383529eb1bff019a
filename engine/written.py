"""What a completed form writes beyond its record, in the same transaction: consent rows, grounds, secrecy told.

Only what the law gives force beyond a diagram stands here; everything else is drawn.
"""

from collections.abc import Mapping
from typing import Any

from engine import consent, meetings, runtime
from engine.facts import OF_THE_TOWN
from engine.held import Held
from engine.records import Record
from engine.standing import MeetingItem
from engine.tasks import Task
from forms.fields import every
from forms.schema import Form


def before(held: Held, task: Task, form: Form, answers: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The answers as they will be kept, and what the engine adds for the diagram; refuses what the law forbids."""
    if form.key == "F-B05":
        return consent.who_is_meant(held, answers), {}
    if form.key == "F-B06":
        items = _variable(held, task, "items")
        meetings.ensure_decidable(held.session, items, answers, now=held.now)
        return answers, {"douiSaki": meetings.of_items(held.session, items, now=held.now)}
    return answers, {}


def after(held: Held, task: Task, form: Form, record: Record, answers: Mapping[str, Any], person: Any) -> None:
    """Write what the answers say; `person` is the diagram's own variable of that name."""
    if form.key == "F-B05":
        consent.from_answer(held, record, answers)
    elif form.key == "F-A02":
        consent.from_assessment(held, record, answers)
    elif form.key == "F-X03":
        consent.from_withdrawal(held, answers, person)
    elif form.key == "F-B23":
        consent.from_review(held, record, answers)
    elif (form.key == "F-B07" and answers.get("shuhiZumi")) or (form.key == "F-B06" and answers.get("shuhi")):
        meetings.told_of_secrecy(
            held.session, held.by.staff_id or 0, on=held.now.date(), by=held.by, now=held.now
        )


def person_of(held: Held, task: Task, form: Form) -> Any:
    """The person whom a step of the consent process is about."""
    return _variable(held, task, "person") if form.key == "F-X03" else None


def about(held: Held, form: Form, answers: Mapping[str, Any], compartment: str | None) -> list[int] | None:
    """Whom a record concerns: the persons of its item, or the one that its form names; None is the whole household."""
    if compartment:
        item = held.session.get(MeetingItem, compartment)
        return list(item.persons) if item is not None and item.persons else None
    if held.case.kind in OF_THE_TOWN:
        return None
    named = [
        answers.get(one.key) for one in every(form.fields) if one.source == "person" and one.path == one.key
    ]
    ids = [int(str(one)) for value in named for one in (value if isinstance(value, list) else [value]) if str(one or "").isdecimal()]
    return ids or None


def _variable(held: Held, task: Task, name: str) -> Any:
    return runtime.read(held.compiled.definition, held.instance.state, task.token, name, now=held.now)
