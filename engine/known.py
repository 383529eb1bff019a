"""What the checks of a diagram need to know of a form."""

from collections.abc import Iterable, Mapping

from forms.fields import Field, every
from forms.schema import Form
from forms.schema import read as read_form
from processes.house import KnownForm


def known_forms(sources: Iterable[bytes]) -> dict[str, KnownForm]:
    """The forms of a bundle as the checks see them, by key; raises FormError for one that cannot be read."""
    return {form.key: known_form(form) for form in map(read_form, sources)}


def known_form(form: Form) -> KnownForm:
    """Which fields steer, which are written freely, and what may be chosen."""
    top = list(_top(form.fields))
    return KnownForm(
        key=form.key,
        coded=frozenset(one.age or one.key for one in top if one.coded or one.age or one.kind == "table"),
        free=frozenset(one.key for one in every(form.fields) if one.asks and not one.coded)
        - frozenset(one.key for one in every(form.fields) if one.coded or one.kind == "table"),
        choices=_choices(top),
        required=frozenset(one.key for one in top if one.required and one.hide is None),
    )


def _top(fields: Iterable[Field]) -> Iterable[Field]:
    for one in fields:
        if one.kind == "group" and not one.key:
            yield from _top(one.children)
        elif one.key:
            yield one


def _choices(fields: Iterable[Field]) -> Mapping[str, tuple[str, ...]]:
    return {
        one.key: tuple(choice.value for choice in one.choices)
        for one in fields
        if one.kind == "one" and one.choices
    }
