"""Forms (様式): the list, and one form's questions as a table."""

from __future__ import annotations

from flask import render_template
from sqlalchemy.orm import Session

from engine import bundles, definitions
from engine.errors import NotFound
from forms.fields import every
from forms.schema import Form
from web import door
from web.coordinators.choices import form_of
from web.coordinators.pages import coordinator, pages
from web.coordinators.work import library_forms

KINDS = {
    "text": "短い文", "long": "長い文", "number": "数", "int": "整数", "yen": "円", "kana": "フリガナ", "zip": "郵便番号",
    "tel": "電話番号", "date": "日付", "datetime": "日時", "time": "時刻", "bool": "はい・いいえ", "one": "1つ選ぶ", "many": "いくつか選ぶ",
    "file": "添付", "files": "添付（いくつか）", "group": "まとまり", "table": "表", "note": "説明", "separator": "区切り",
}  # fmt: skip


@pages.get("/forms")
@coordinator
def all_forms() -> str:
    """All forms and the processes that ask with them."""
    with door.reading() as session:
        forms = sorted(_known(session).values(), key=lambda form: form.key)
        return render_template("coordinators/forms.html", forms=forms, used=_used(session))


@pages.get("/forms/<form>")
@coordinator
def one_form(form: str) -> str:
    """A form's questions: label, kind, choices, whether required, class."""
    with door.reading() as session:
        found = _known(session).get(form)
        if found is None:
            raise NotFound(f"様式「{form}」はありません。様式の一覧から選び直してください。")
        return render_template("coordinators/form.html", form=found, fields=list(every(found.fields)), kinds=KINDS, used=_used(session))


def _known(session: Session) -> dict[str, Form]:
    sources = dict(library_forms())
    for _, version in definitions.processes(session):
        if version:
            files = definitions.files_of(session, version.id)
            sources.update({name: text for name, text in files.items() if name.endswith(".form.json")})
    return {form.key: form for form in map(form_of, sources.values()) if form is not None}


def _used(session: Session) -> dict[str, list[str]]:
    used: dict[str, list[str]] = {}
    for process, version in definitions.processes(session):
        if version:
            bundle = bundles.gather(definitions.files_of(session, version.id))
            for key in sorted(set(bundles.FORM_OF_TASK.findall(bundle.main.decode()))):
                used.setdefault(key, []).append(process.key)
    return used
