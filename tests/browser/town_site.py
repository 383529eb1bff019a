"""What browser tests say of a town's site."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.town import Town
from tsunagi.demo import town as seeding

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A served town."""

    town: Town
    address: str

    def sign_in(self, page: Page, login: str) -> None:
        page.goto(f"{self.address}/sign-in")
        page.get_by_label("利用者名").fill(login)
        page.get_by_label("パスワード").fill(seeding.PASSWORD)
        page.get_by_role("button", name="入る").click()
        page.wait_for_url(f"{self.address}/")

    def opens(self, page: Page, path: str) -> Page:
        page.goto(f"{self.address}{path}")
        return page

    def takes_in(self, page: Page) -> str:
        """A consultation begun; returns the path of its task."""
        self.opens(page, "/intake").get_by_role("main").get_by_role("button", name="受け付ける").click()
        page.wait_for_url("**/tasks/*")
        return page.url.removeprefix(self.address)


def findings(page: Page) -> list[str]:
    """What axe finds on a page, as sentences."""
    page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
    return [
        f"{one['id']}: {one['help']} {json.dumps([node['html'][:160] for node in one['nodes'][:3]], ensure_ascii=False)}"
        for one in found["violations"]
    ]


@cache
def _axe() -> str:
    return AXE.read_text("utf-8")
