"""Staff of several agencies, each at a browser of their own: they find a task in the inbox, fill in its form and press its button."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from engine.agencies import Staff
from engine.casebook import Case
from engine.db import JST
from tests.browser.town_site import Site

LOOK = """all => all.map(one => ({
  kind: one.type, value: one.value, controls: 'controls' in one.dataset,
  stands: !['radio', 'checkbox'].includes(one.type) || one.checked,
}))"""


@dataclass(slots=True, kw_only=True)
class Colleagues:
    """Everybody who has a hand in the case; who was idle too long signs in again, as at work."""

    site: Site
    browser: Browser
    at: dict[str, BrowserContext] = field(default_factory=dict)
    agencies: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)

    def takes_in(self, agency: str) -> None:
        """A consultation begins at an agency's desk; the town's `case_id` means its case from here on."""
        page = self._opened(self._login(agency, "uke"), "/intake")
        page.get_by_role("main").get_by_role("button", name="受け付ける").click()
        page.wait_for_url("**/tasks/*")
        with self.site.town.database.transaction(write=False) as session:
            number = page.get_by_role("heading", level=1).locator(".number").inner_text().removeprefix("— ")
            self.site.town.case_id = session.query(Case.id).where(Case.number == number).scalar()

    def completes(self, agency: str, step: str, **said: Any) -> None:
        """An agency's task: from the inbox, through its form, to the case's page."""
        town = self.site.town
        task, answers = town.task(step, agency=agency), town.would_answer(agency, step, **said)
        self.agencies.add(agency)
        page = self._opened(self._login(agency, task.role), f"/?tab=all&search={town.case().number}")
        page.locator("a[data-open]", has_text=task.title).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(task.title)
        _fill_in(page, answers, needed=frozenset(said))
        page.locator("[data-finish]").click()
        expect(page.locator("#problems, .told").first).to_be_visible()
        assert not page.locator("#problems").count(), f"{step}: {page.locator('#problems').inner_text()}"

    def reads(self, agency: str, role: str = "") -> str:
        """What the case's page tells an agency."""
        return self._opened(self._login(agency, role), f"/cases/{self.site.town.case_id}").locator("main").inner_text()

    def close(self) -> None:
        for context in self.at.values():
            context.close()

    def _login(self, agency: str, role: str) -> str:
        with self.site.town.database.transaction(write=False) as session:
            staff_id = self.site.town.staff(agency, role).staff_id
            return session.get_one(Staff, staff_id).login

    def _opened(self, login: str, path: str) -> Page:
        if login not in self.at:
            self.at[login] = self.browser.new_context(locale="ja-JP")
            fresh = self.at[login].new_page()
            fresh.set_default_timeout(10_000)
            fresh.on("pageerror", lambda error: self.said.append(str(error)))
            fresh.on("console", lambda line: self.said.append(line.text) if "Security Policy" in line.text else None)
        page = self.at[login].pages[0]
        self.site.opens(page, path)
        if "/sign-in" in page.url:
            self.site.sign_in(page, login)
            self.site.opens(page, path)
        return page


def _fill_in(page: Page, answers: Mapping[str, Any], *, needed: frozenset[str]) -> None:
    """Parts that an answer brings up are filled in when they have come; what the page does not ask is left."""
    left = {name: value for name, value in answers.items() if _says(value)}
    while placed := [name for name in _parts(page) if name in left]:
        for name in placed:
            _answer(page, name, left.pop(name))
    assert not needed.intersection(left), f"この画面では聞かれません: {sorted(needed.intersection(left))}"


def _says(value: Any) -> bool:
    return value not in (None, "", [], {})


def _parts(page: Page) -> list[str]:
    names: list[str] = page.locator("[data-part]").evaluate_all("all => all.map(one => one.dataset.part)")
    return names


def _answer(page: Page, name: str, value: Any) -> None:
    if isinstance(value, dict):
        _fill_in(page, {f"{name}.{key}": inner for key, inner in value.items()}, needed=frozenset())
        return
    part = page.locator(f"[data-part='{name}']")
    closed = part.locator("xpath=ancestor-or-self::details[not(@open)]")
    if closed.count():
        closed.first.locator("summary").first.click()
    if isinstance(value, list) and isinstance(value[0], dict):
        _answer_rows(page, name, value)
        return
    inputs = part.locator(f"[name='{name}']:not([type=hidden])")
    looks = inputs.evaluate_all(LOOK)
    if looks and _standing(looks) != _wanted(value):
        _type(part, name, inputs.first, looks[0]["kind"], value)
        if looks[0]["controls"]:
            inputs.first.evaluate("one => one.blur()")
            page.locator("form[data-draft]:not([aria-busy])").wait_for()


def _answer_rows(page: Page, name: str, rows: list[Mapping[str, Any]]) -> None:
    part = page.locator(f"[data-part='{name}']")
    shown = part.locator("fieldset.row")
    while (count := shown.count()) < len(rows):
        part.get_by_role("button", name=re.compile("^行を足す")).click()
        expect(shown).to_have_count(count + 1)
    numbers = part.locator(f"input[name='{name}.rows']").evaluate_all("all => all.map(one => one.value)")
    for number, row in zip(numbers, rows, strict=False):
        _answer(page, f"{name}.{number}", row)


def _type(part: Locator, name: str, first: Locator, kind: str, value: Any) -> None:
    if kind == "radio":
        part.locator(f"[name='{name}'][value='{value}']").check()
    elif kind == "checkbox" and isinstance(value, bool):
        first.set_checked(value)
    elif kind == "checkbox":
        for one in value:
            part.locator(f"[name='{name}'][value='{one}']").check()
    elif kind == "select-one":
        first.select_option(str(value))
    elif part.locator(f"[name='{name}.time']").count():
        at = datetime.fromisoformat(value).astimezone(JST)
        first.fill(f"{at:%Y/%m/%d}")
        part.locator(f"[name='{name}.time']").fill(f"{at:%H:%M}")
    else:
        first.fill(str(value))


def _standing(looks: list[dict[str, Any]]) -> list[str]:
    return sorted(one["value"] for one in looks if one["stands"])


def _wanted(value: Any) -> list[str]:
    if isinstance(value, bool):
        return ["on"] if value else []
    return sorted(str(one) for one in value) if isinstance(value, list) else [str(value)]
