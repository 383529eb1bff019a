"""A member of staff at a browser without JavaScript: opens pages, fills in what they show, presses buttons."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from engine.settings import Settings
from tests.town import Town
from tsunagi.demo import town as seeding
from web.app import create_app


class Visitor:
    """One browser.  `page` is what it shows now."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page: Any = None
        self.answer: TestResponse

    def opens(self, address: str) -> "Visitor":
        return self._shown(self.client.get(address))

    def signs_in(self, login: str, password: str = seeding.PASSWORD) -> "Visitor":
        self.opens("/sign-in")
        return self.presses("入る", login=login, password=password)

    def presses(self, button: str, **typed: Any) -> "Visitor":
        """Fill in the form that holds this button and press it; a name with `__` stands for a dotted one."""
        found = next(
            (one for one in self.page.iter("button") if one.text_content().strip().startswith(button)), None
        )
        assert found is not None, f"「{button}」というボタンがありません: {self.text()[:400]}"
        form = self._form_of(found)
        fields = {**values_of(form), **{name.replace("__", "."): value for name, value in typed.items()}}
        if found.get("name"):
            fields[found.get("name")] = found.get("value", "")
        place = found.get("formaction") or form.get("action") or self.answer.request.path
        send = self.client.post if form.get("method") == "post" else self.client.get
        told = {"data": fields} if form.get("method") == "post" else {"query_string": fields}
        return self._shown(send(place, **told))  # type: ignore[arg-type]  # Werkzeug's test client takes either

    def text(self) -> str:
        return re.sub(r"\s+", " ", self.page.xpath("string(//main)"))

    def title(self) -> str:
        return str(self.page.xpath("string(//title)")).strip()

    def problems(self) -> list[str]:
        return [str(one.text_content()) for one in self.page.xpath("//section[@id='problems']//li")]

    def value(self, name: str) -> Any:
        return values_of(self.page).get(name)

    def _form_of(self, button: Any) -> Any:
        named = button.get("form")
        return self.page.get_element_by_id(named) if named else next(button.iterancestors("form"))

    def _shown(self, answer: TestResponse) -> "Visitor":
        while answer.status_code in (301, 302, 303):
            answer = self.client.get(answer.headers["Location"])
        self.answer = answer
        self.page = html.fromstring(answer.data) if answer.mimetype == "text/html" else None
        return self


def values_of(form: Any) -> dict[str, Any]:
    """What a browser would send of a form as it stands."""
    found: dict[str, list[str]] = {}
    for one in form.xpath(".//input[@name] | .//select[@name] | .//textarea[@name]"):
        kind = one.get("type", "")
        if one.tag == "select":
            found.setdefault(one.get("name"), []).extend(
                one.xpath("./option[@selected]/@value") or one.xpath("./option[1]/@value")
            )
        elif one.tag == "textarea":
            found.setdefault(one.get("name"), []).append((one.text or "").removeprefix("\n"))
        elif kind not in ("checkbox", "radio", "file") or one.get("checked") is not None:
            found.setdefault(one.get("name"), []).append(one.get("value", "on" if kind == "checkbox" else ""))
    return {name: texts if len(texts) > 1 else texts[0] for name, texts in found.items() if texts}


def application(town: Town, **changed: Any) -> Any:
    """The pages of a town, at the town's own time."""
    told: Mapping[str, Any] = {"database_url": town.database.url, "keys": Path("none"), **changed}
    app = create_app(Settings(**told), database=town.database, clock=lambda: town.now)
    app.testing = True
    return app
