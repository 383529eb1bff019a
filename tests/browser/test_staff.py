"""The pages of staff in a real browser: the whole sheet with rows, drafts that save themselves, keys, axe."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.town_site import Site, findings

pytestmark = pytest.mark.browser
STORY = "娘の代わりに孫を育てているが、家賃が払えず困っている。"


def opened(page: Page, title: str) -> None:
    page.locator("summary", has_text=title).click()


def saved(page: Page) -> None:
    expect(page.locator("[data-saved]")).to_have_text(re.compile("下書きを保存しました"))


def test_a_consultation_is_taken_in_with_rows_and_nothing_is_lost(site: Site, staff: Page) -> None:
    place = site.takes_in(staff)
    staff.get_by_label("相談経路").select_option("02")
    staff.get_by_label("相談の内容").fill(STORY)
    opened(staff, "世帯・その他")
    staff.get_by_role("button", name="行を足す").click()
    rows = staff.locator("[data-part='others'] fieldset.row")
    expect(rows).to_have_count(2)
    staff.locator("[name='others.0.sei'], [name='others.0.mei']").first.fill("花子")
    expect(staff.get_by_label("相談の内容")).to_have_value(STORY)
    staff.get_by_role("button", name="下書きを保存する").last.click()
    saved(staff)
    site.opens(staff, place)
    expect(staff.get_by_label("相談の内容")).to_have_value(STORY)
    expect(staff.locator("[name^='others.0.']").nth(0)).to_be_attached()
    assert "花子" in staff.locator("[name='others.0.sei'], [name='others.0.mei']").first.input_value()
    staff.get_by_role("button", name=re.compile("2行目を消す")).click()
    expect(rows).to_have_count(1)
    staff.locator("[data-finish]").click()
    expect(staff.get_by_role("heading", level=1)).to_have_text("R8-相-0001")


def test_a_draft_saves_itself_while_one_types(site: Site, staff: Page) -> None:
    place = site.takes_in(staff)
    staff.get_by_label("相談の内容").press_sequentially("まだ途中です")
    saved(staff)
    expect(staff.get_by_label("相談の内容")).to_be_focused()
    site.opens(staff, place)
    expect(staff.get_by_label("相談の内容")).to_have_value("まだ途中です")


def test_whoever_was_signed_out_meanwhile_loses_no_word(site: Site, staff: Page) -> None:
    place = site.takes_in(staff)
    site.town.now += timedelta(minutes=40)
    staff.get_by_label("相談経路").select_option("02")
    staff.get_by_label("相談の内容").fill(STORY)
    staff.locator("[data-finish]").click()
    expect(staff.locator("[data-saved]")).to_have_text(re.compile("保存できませんでした"))
    expect(staff.get_by_label("相談の内容")).to_have_value(STORY)
    site.sign_in(staff.context.new_page(), "hokatsu-uke1")
    staff.locator("[data-finish]").click()
    expect(staff.get_by_role("heading", level=1)).to_have_text("R8-相-0001")
    assert place


def test_parts_appear_as_answers_ask_for_them_and_leave_what_is_being_typed(site: Site, staff: Page) -> None:
    site.takes_in(staff)
    before = staff.locator("[data-part]").count()
    with staff.expect_response(re.compile("/tasks/")):
        staff.get_by_label("相談経路").select_option("07")
        staff.get_by_label("相談の内容").press_sequentially("打っているあいだに")
    expect(staff.get_by_label("相談の内容")).to_have_value("打っているあいだに")
    expect(staff.get_by_label("相談の内容")).to_be_focused()
    expect(staff.locator("[data-part]")).not_to_have_count(before)
    staff.get_by_label("相談経路").select_option("01")
    expect(staff.locator("[data-part]")).to_have_count(before)
    expect(staff.get_by_label("相談の内容")).to_have_value("打っているあいだに")


def test_problems_come_first_and_lead_to_their_fields(site: Site, staff: Page) -> None:
    site.takes_in(staff)
    staff.locator("[data-finish]").click()
    expect(staff.locator("#problems")).to_be_focused()
    expect(staff).to_have_title(re.compile("^エラー: "))
    staff.locator("#problems a").first.click()
    expect(staff.get_by_label("相談経路")).to_be_in_viewport()


def test_enter_in_a_field_never_completes_a_step(site: Site, staff: Page) -> None:
    place = site.takes_in(staff)
    staff.get_by_label("日付").first.press("Enter")
    saved(staff)
    assert staff.url.endswith(place)


def test_the_inbox_listens_to_keys_but_not_while_one_types(site: Site, staff: Page) -> None:
    site.takes_in(staff)
    site.takes_in(staff)
    site.opens(staff, "/?tab=mine")
    staff.keyboard.press("j")
    expect(staff.locator("tr.here")).to_have_count(1)
    staff.keyboard.press("/")
    expect(staff.locator("[data-key=search]")).to_be_focused()
    staff.keyboard.type("jk?x")
    expect(staff.locator("[data-key=search]")).to_have_value("jk?x")
    expect(staff.locator("#keys")).not_to_be_visible()
    site.opens(staff, "/?tab=mine")
    staff.keyboard.press("?")
    expect(staff.locator("#keys")).to_be_visible()
    staff.keyboard.press("Escape")
    staff.keyboard.press("j")
    staff.keyboard.press("j")
    staff.keyboard.press("k")
    staff.keyboard.press("Enter")
    expect(staff).to_have_url(re.compile("/tasks/1$"))


def test_pages_are_whole_on_a_narrow_screen(site: Site, staff: Page) -> None:
    place = site.takes_in(staff)
    staff.set_viewport_size({"width": 360, "height": 740})
    for path in ("/", place, "/cases/1", "/search", "/intake"):
        site.opens(staff, path)
        assert staff.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_axe_finds_nothing_on_any_page_of_staff(site: Site, staff: Page) -> None:
    place = site.takes_in(staff)
    found = {f"{place} (refused)": _refused(staff)}
    staff.get_by_label("相談経路").select_option("02")
    staff.get_by_label("相談の内容").fill(STORY)
    staff.locator("[data-finish]").click()
    staff.wait_for_url("**/cases/*")
    record = "/cases/1/records/1"
    for path in (
        "/?tab=all", "/?tab=mine&search=nothing", "/search", "/intake", "/account", "/account/password", "/cases/1",
        "/cases/1/diagrams/1", record, f"{record}/correction", "/reports/stuck", "/nowhere",
    ):  # fmt: skip
        found[path] = findings(site.opens(staff, path))
    for task in (
        staff.context.pages[0].request.get(f"{site.address}/cases/1").text().split('href="/tasks/')[1:2]
    ):
        found["task"] = findings(site.opens(staff, f"/tasks/{task.split(chr(34))[0]}"))
    assert {path: told for path, told in found.items() if told} == {}


def _refused(page: Page) -> list[str]:
    page.locator("[data-finish]").click()
    expect(page.locator("#problems")).to_be_visible()
    return findings(page)
