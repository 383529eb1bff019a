"""A coordinator draws in a real browser: panel, autosave, check on the diagram, publish; all in Japanese, all from here."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from engine import definitions
from processes.bpmn import read
from processes.differences import differences
from tests.browser.town_site import Site, findings
from tests.town import Town


class Desk:
    """A coordinator's desk at a town's site."""

    def __init__(self, site: Site) -> None:
        self.town: Town = site.town
        self.address = site.address

    def draft(self, key: str = "P-A") -> str:
        """The diagram of the draft, '' if there is none."""
        with self.town.database.transaction(write=False) as session:
            held = definitions.draft(session, key)
        return "" if held is None else main(held[1])

    def published(self, key: str = "P-A") -> tuple[int, str]:
        """Number and diagram of the current version."""
        with self.town.database.transaction(write=False) as session:
            version = definitions.current(session, key)
            return version.number, main(definitions.files_of(session, version.id))


def main(files: dict[str, str]) -> str:
    return next(text for name, text in files.items() if name.endswith(".bpmn") and "/" not in name)


@pytest.fixture
def desk(site: Site, page: Page) -> Iterator[Desk]:
    """A coordinator signed in at a browser that may ask nobody but the town's server."""
    abroad: list[str] = []
    wrong: list[str] = []
    page.route("**/*", lambda route: _only_here(route, site.address, abroad))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda said: wrong.append(said.text) if said.type == "error" and "409" not in said.text else None,
    )
    page.set_viewport_size({"width": 1400, "height": 900})
    site.sign_in(page, "fukushi-sui1")
    yield Desk(site)
    assert abroad == []
    assert wrong == []


def _only_here(route: Route, address: str, abroad: list[str]) -> None:
    if route.request.url.startswith((address, "data:", "blob:")):
        route.continue_()
    else:
        abroad.append(route.request.url)
        route.abort()


def open_editor(page: Page, desk: Desk, key: str = "P-A") -> None:
    page.goto(f"{desk.address}/processes/{key}/editor")
    page.wait_for_selector('[data-island="modeler"][data-ready]')


def select(page: Page, element: str) -> None:
    page.evaluate(
        "async id => { const { modeler } = await document.querySelector('[data-island]').editor;"
        " modeler.get('selection').select(modeler.get('elementRegistry').get(id)); }",
        element,
    )


def saved(page: Page) -> None:
    expect(page.locator("[data-part=status]")).to_contain_text(re.compile(r"保存しました \d{1,2}:\d\d"))


def test_a_name_and_a_due_date_are_changed_kept_and_published(page: Page, desk: Desk) -> None:
    open_editor(page, desk)
    page.locator('[data-element-id="A-10"]').click()
    page.get_by_label("名前", exact=True).fill("相談を聞いて受け付ける")
    page.get_by_label("期限の決め方").select_option(label="営業日の数")
    page.get_by_label("営業日の数", exact=True).fill("４")
    saved(page)
    page.wait_for_timeout(1500)
    assert 'name="相談を聞いて受け付ける"' in desk.draft()
    assert 'name="due" value="4"' in desk.draft()
    page.get_by_role("link", name="公開する").click()
    expect(page.locator("main")).to_contain_text("相談を聞いて受け付ける")
    page.get_by_label("変えたこと").fill("窓口の言い方に合わせた")
    page.get_by_role("button", name="公開する").click()
    expect(page.locator("main")).to_contain_text("第2版を公開しました")
    number, diagram = desk.published()
    assert number == 2
    assert 'name="相談を聞いて受け付ける"' in diagram


def test_a_word_typed_just_before_publishing_is_not_lost(page: Page, desk: Desk) -> None:
    open_editor(page, desk)
    page.locator('[data-element-id="A-10"]').click()
    page.get_by_label("職員への説明").fill("まず名前を名のる")
    page.get_by_role("link", name="公開する").click()
    expect(page.locator("main")).to_contain_text("まず名前を名のる")


@pytest.mark.parametrize("key", ["P-A", "P-A2", "P-B", "P-B1", "P-B2", "P-X1"])
def test_every_shipped_diagram_opens_and_is_saved_without_loss(page: Page, desk: Desk, key: str) -> None:
    open_editor(page, desk, key)
    expect(page.locator("[data-part=findings]")).to_be_hidden()
    before = desk.published(key)[1]
    text = page.evaluate(
        "async () => (await (await document.querySelector('[data-island]').editor).modeler.saveXML({ format: true })).xml"
    )
    old, new = read(before.encode(), name="x"), read(text.encode(), name="x")
    assert [str(one) for one in differences(old, new)] == []
    assert old.shapes.keys() == new.shapes.keys()


def test_a_planted_problem_is_shown_on_its_element_and_in_the_list(page: Page, desk: Desk) -> None:
    open_editor(page, desk)
    page.locator('[data-element-id="A-10"]').click()
    page.get_by_label("期限の決め方").select_option(label="（選んでください）")
    page.get_by_role("button", name="点検する").click()
    expect(page.locator("[data-part=findings] h2")).to_contain_text("直すところが")
    mark = page.locator('.djs-overlays[data-container-id="A-10"] .finding-mark.error')
    expect(mark).to_be_visible()
    item = page.locator("[data-part=findings] li", has_text="A-10").first
    item.get_by_role("button", name="図で見る").click()
    expect(page.locator(".panel-findings")).to_contain_text("期限")


def test_a_deadlock_is_played_on_the_diagram(page: Page, desk: Desk) -> None:
    open_editor(page, desk)
    page.evaluate(
        """async () => {
          const { modeler } = await document.querySelector('[data-island]').editor;
          const modeling = modeler.get('modeling'), registry = modeler.get('elementRegistry');
          const task = registry.get('A-10'), flow = task.outgoing[0], next = flow.target;
          const at = (x, y) => ({ x: task.x + x, y: task.y + y });
          const make = type => modeler.get('elementFactory').createShape({ type });
          const fork = modeling.createShape(make('bpmn:ExclusiveGateway'), at(10, -140), task.parent);
          const join = modeling.createShape(make('bpmn:ParallelGateway'), at(110, -140), task.parent);
          modeling.reconnectEnd(flow, fork, at(10, -140));
          const one = modeling.connect(fork, join), other = modeling.connect(fork, join);
          modeling.updateProperties(fork, { default: other.businessObject });
          modeling.updateProperties(one, { conditionExpression: modeler.get('moddle').create('bpmn:FormalExpression', { body: '1 = 1' }) });
          modeling.connect(join, next);
        }"""
    )
    page.get_by_role("button", name="点検する").click()
    play = (
        page.locator("[data-part=findings] li")
        .get_by_role("button", name="どうしてそうなるか見る")
        .first
    )
    play.click()
    expect(page.locator(".case-dot").first).to_be_attached()
    expect(page.locator("[data-part=trace] .outcome")).to_be_visible(timeout=20_000)
    expect(page.locator("[data-part=trace] .way-there li").first).to_have_text(re.compile(".+"))
    expect(page.locator(".djs-element.trapped")).to_have_count(1)


def test_two_coordinators_at_once_see_both_versions(page: Page, desk: Desk) -> None:
    open_editor(page, desk)
    with desk.town.database.transaction() as session:
        files = definitions.files_of(session, definitions.current(session, "P-A").id)
        name = next(name for name in files if name.endswith(".bpmn") and "/" not in name)
        files[name] = files[name].replace('name="相談を受け付ける"', 'name="ほかの人の名前"')
        definitions.save_draft(
            session, "P-A", files, revision=0, by=desk.town.staff("fukushi", "kcho"), now=desk.town.now
        )
    page.locator('[data-element-id="A-10"]').click()
    page.get_by_label("名前", exact=True).fill("わたしの名前")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("ほかの人の名前")
    expect(dialog).to_contain_text("わたしの名前")
    with page.expect_download() as kept:
        dialog.get_by_role("button", name="自分の内容で続ける").click()
    assert "ほかの人の名前" in kept.value.path().read_text("utf-8")
    saved(page)
    assert "わたしの名前" in desk.draft()


def test_a_condition_is_built_from_the_forms_own_questions(page: Page, desk: Desk) -> None:
    open_editor(page, desk)
    flow = page.evaluate(
        """async () => {
          const { modeler } = await document.querySelector('[data-island]').editor;
          const found = modeler.get('elementRegistry').find(each => each.type === 'bpmn:SequenceFlow'
            && each.source.type === 'bpmn:ExclusiveGateway' && each.source.businessObject.default !== each.businessObject);
          modeler.get('modeling').updateProperties(found, { conditionExpression: undefined });
          modeler.get('selection').select(found);
          return found.id;
        }"""
    )
    page.get_by_role("button", name="条件を作る").click()
    page.get_by_label("質問").select_option(index=1)
    question = page.get_by_label("質問").input_value()
    saved(page)
    page.wait_for_timeout(1500)
    body = re.search(rf'id="{flow}".*?</bpmn:sequenceFlow>', desk.draft(), re.DOTALL)
    assert body is not None
    assert question in body[0]


def test_the_kind_changes_but_the_number_stays_and_undo_goes_back(page: Page, desk: Desk) -> None:
    open_editor(page, desk)
    kind = page.evaluate(
        """async () => {
          const { modeler } = await document.querySelector('[data-island]').editor;
          const registry = modeler.get('elementRegistry');
          modeler.get('bpmnReplace').replaceElement(registry.get('A-10'), { type: 'bpmn:ManualTask' });
          return registry.get('A-10').type;
        }"""
    )
    assert kind == "bpmn:ManualTask"
    select(page, "A-10")
    expect(page.get_by_label("記入する様式")).to_have_value("F-A01")
    page.get_by_role("button", name="元に戻す").click()
    saved(page)
    assert '<bpmn:userTask id="A-10"' in desk.draft()


def test_menus_and_tools_speak_japanese(page: Page, desk: Desk) -> None:
    open_editor(page, desk)
    page.locator('[data-element-id="A-10"]').click()
    for opened in ("replace", "append"):
        page.locator(f'.djs-context-pad [data-action="{opened}"]').click()
        expect(page.locator(".djs-popup")).to_be_visible()
        assert not re.search(r"[A-Za-z]{3}", page.locator(".djs-popup").inner_text())
        page.keyboard.press("Escape")
    titles = page.locator(".djs-palette .entry, .djs-context-pad .entry").evaluate_all(
        "all => all.map(each => each.title)"
    )
    assert titles
    assert [title for title in titles if re.search(r"[A-Za-z]{3}", title)] == []
    assert (
        page.evaluate("async () => [...(await document.querySelector('[data-island]').editor).missing]") == []
    )
    expect(page.locator(".bjs-powered-by")).to_be_visible()


def test_a_table_is_changed_in_the_browser_and_kept(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.address}/processes/P-A/tables/D2/editor")
    page.wait_for_selector('[data-island="dmn"][data-ready]')
    rules = page.locator(".tjs-container tbody tr .rule-index, .tjs-container td.rule-index").count()
    page.locator("[data-part=row]").click()
    saved(page)
    with desk.town.database.transaction(write=False) as session:
        held = definitions.draft(session, "P-A")
    assert held is not None
    assert held[1]["D2.dmn"].count("<rule ") == rules + 1
    assert (
        page.evaluate("async () => [...(await document.querySelector('[data-island]').editor).missing]") == []
    )


@pytest.mark.parametrize(
    "place",
    [
        "",
        "P-A",
        "P-A/steps?step=A-10",
        "P-A/publication",
        "P-A/versions/1",
        "tables",
        "P-A/tables/D5",
        "forms",
        "forms/F-A01",
        "P-A/editor",
    ],
)
def test_coordinators_pages_are_for_everybody(page: Page, desk: Desk, place: str) -> None:
    page.goto(f"{desk.address}/processes/{place}")
    if place.endswith("editor"):
        page.wait_for_selector("[data-ready]")
        select(page, "A-10")
    assert findings(page) == []
