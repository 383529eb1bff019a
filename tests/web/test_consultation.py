"""A consultation taken in, its sheet written, corrected, printed: in a browser without JavaScript."""

import io
import re
from datetime import timedelta

from sqlalchemy import func, select

from engine.casebook import Case
from engine.records import Record
from engine.tasks import Task
from tests.web.visitor import values_of

STORY = "娘の代わりに孫を育てているが、家賃が払えず困っている。"
NEEDED = {"keiro": "02", "gaiyo": STORY}


def taken_in(visitor):
    return visitor.opens("/intake").presses("受け付ける")


def count(town, what):
    with town.database.transaction(write=False) as session:
        return session.scalar(select(func.count()).select_from(what))


def test_four_answers_are_enough_to_take_a_consultation_in(visit, town):
    visitor = taken_in(visit("hokatsu-uke1"))
    assert re.match(r"\d+/\d+\(.\)まで 相談を受け付ける — R8-相-0001", visitor.title())
    visitor.presses("相談を受け付ける", **NEEDED)
    assert visitor.title().startswith("R8-相-0001")
    assert "進めました" in visitor.text()
    assert count(town, Record) == 1


def test_a_start_pressed_twice_opens_one_case(visit, town):
    visitor = visit("hokatsu-uke1").opens("/intake")
    first = visitor.page
    visitor.presses("受け付ける")
    visitor.page = first
    visitor.presses("受け付ける")
    assert count(town, Case) == 1


def test_what_is_missing_is_told_and_what_was_typed_stays(visit, town):
    visitor = taken_in(visit("hokatsu-uke1")).presses("相談を受け付ける", gaiyo="短い", sei="北栄")
    assert visitor.answer.status_code == 422
    assert visitor.title().startswith("エラー:")
    assert visitor.problems() == [
        "「相談経路」を選んでください",
        "「相談の内容」は10文字以上で入力してください（いま2文字）",
    ]
    assert visitor.value("gaiyo") == "短い"
    assert visitor.value("sei") == "北栄"
    for target in visitor.page.xpath("//section[@id='problems']//a/@href"):
        assert visitor.page.get_element_by_id(target.removeprefix("#")) is not None
    again = visit("hokatsu-uke1").opens(visitor.answer.request.path.removesuffix("/completion"))
    assert again.value("sei") == "北栄"


def test_a_draft_keeps_everything_that_was_typed_with_its_rows(visit):
    visitor = taken_in(visit("hokatsu-uke1"))
    place = visitor.answer.request.path
    visitor.presses("行を足す", gaiyo="まだ途中", others__0__sei="花子")
    visitor.presses("行を足す", others__1__sei="次郎")
    visitor.presses("1行目を消す")
    again = visit("hokatsu-uke1").opens(place)
    assert again.value("gaiyo") == "まだ途中"
    assert "花子" not in values(again)
    assert "次郎" in values(again)
    assert "下書きを保存しました" in again.text()


def test_a_draft_is_its_writers_own(visit):
    visitor = taken_in(visit("hokatsu-uke1")).presses("下書きを保存する", gaiyo="自分だけの下書き")
    other = visit("hokatsu-uke2").opens(visitor.answer.request.path)
    assert "自分だけの下書き" not in values(other)


def test_a_browser_saves_the_draft_by_itself(visit, town):
    visitor = taken_in(visit("hokatsu-uke1"))
    told = {"_csrf": visitor.value("_csrf"), "gaiyo": "打ちかけ"}
    answer = visitor.client.post(
        f"{visitor.answer.request.path}/draft", data=told, headers={"Accept": "application/json"}
    )
    assert answer.json == {"saved": f"{town.now:%H:%M}"}
    assert visitor.opens(visitor.answer.request.path).value("gaiyo") == "打ちかけ"


def test_a_repeated_click_does_nothing_twice(visit, town):
    visitor = taken_in(visit("hokatsu-uke1"))
    page = visitor.page
    visitor.presses("相談を受け付ける", **NEEDED)
    visitor.page = page
    visitor.presses("相談を受け付ける", **NEEDED)
    assert visitor.title().startswith("R8-相-0001")
    assert count(town, Record) == 1


def test_who_comes_second_is_told_and_finds_what_she_typed(visit, town):
    first, second = visit("hokatsu-uke1"), visit("hokatsu-uke2")
    taken_in(first).presses("係に戻す")
    place = "/tasks/1"
    first.opens(place)
    second.opens(place)
    first.presses("相談を受け付ける", **NEEDED)
    town.now += timedelta(minutes=1)
    second.presses("相談を受け付ける", keiro="01", gaiyo="二人目が書いた、消えてはならない言葉です。")
    assert second.answer.status_code == 409
    assert "先に済ませました" in second.text()
    assert "二人目が書いた、消えてはならない言葉です。" in second.text()
    assert count(town, Record) == 1


def test_another_agency_neither_opens_nor_completes(visit, town):
    visitor = taken_in(visit("hokatsu-uke1"))
    visitor.presses("相談を受け付ける", **NEEDED)
    other = visit("konkyu-uke1")
    assert other.opens("/tasks/1").answer.status_code == 403
    assert other.opens("/cases/1").answer.status_code == 403
    assert other.opens("/cases/1/records/1").answer.status_code == 403
    assert other.opens("/cases/1/records/1.pdf").answer.status_code == 403
    assert STORY not in other.answer.text


def test_a_record_is_corrected_by_a_new_version_and_the_old_one_stays(visit):
    visitor = taken_in(visit("hokatsu-uke1")).presses("相談を受け付ける", **NEEDED)
    visitor.opens("/cases/1/records/1/correction")
    visitor.presses("訂正して新しい版にする", gaiyo="聞き直した内容に書きかえました。")
    assert visitor.problems() == ["「訂正の理由」を入力してください"]
    visitor.presses("訂正して新しい版にする", gaiyo="聞き直した内容に書きかえました。", _reason="聞きちがい")
    assert "第2版" in visitor.text()
    assert "聞き直した内容" in visitor.text()
    visitor.opens("/cases/1/records/1")
    assert STORY in visitor.text()
    assert "古い版" in visitor.text()


def test_the_case_shows_what_happened_and_where_it_stands(visit):
    visitor = taken_in(visit("hokatsu-uke1")).presses("相談を受け付ける", **NEEDED)
    visitor.opens("/cases/1")
    assert "相談を受け付ける：済ませた" in visitor.text()
    assert visitor.page.xpath("//*[local-name()='svg'][contains(@class, 'diagram')]")
    visitor.opens("/cases/1/diagrams/1")
    assert visitor.page.xpath("//ol[@class='outline']/li[contains(@class, 'active')]")
    assert visitor.page.xpath("//ol[@class='outline']/li[contains(@class, 'done')]")


def test_a_note_is_written_at_any_time_and_once(visit, town):
    visitor = taken_in(visit("hokatsu-uke1")).presses("相談を受け付ける", **NEEDED)
    visitor.opens("/cases/1/notes/F-A10").presses("書いた内容を記録する", naiyo="電話で話した。")
    assert visitor.answer.status_code == 422
    assert visitor.value("naiyo") == "電話で話した。"
    wanted = {"naiyo": "電話で話した。", **first_choices(visitor)}
    page = visitor.page
    visitor.presses("書いた内容を記録する", **wanted)
    assert "記録しました" in visitor.text()
    visitor.page = page
    visitor.client.post("/cases/1/notes/F-A10", data={**values_of(page), **wanted})
    assert count(town, Record) == 2
    assert visit("konkyu-uke1").opens("/cases/1/notes/F-A10").answer.status_code == 403


def test_a_case_rests_and_goes_on(visit, town):
    visitor = taken_in(visit("hokatsu-uke1")).presses("相談を受け付ける", **NEEDED).opens("/cases/1")
    visitor.presses("このケースを停止する")
    assert visitor.answer.status_code == 422
    visitor.opens("/cases/1").presses("このケースを停止する", reason="入院")
    assert "停止中" in visitor.text()
    visitor.presses("このケースを再開する")
    assert "進行中" in visitor.text()


def test_an_attachment_is_kept_even_if_the_form_is_refused(visit, town):
    visitor = taken_in(visit("hokatsu-uke1"))
    field = visitor.page.xpath("//input[@type='file']/@name")
    told = {
        "_csrf": visitor.value("_csrf"),
        field[0]: (io.BytesIO(b"picture"), "写真.png"),
        "_submission": "x",
    }
    place = visitor.answer.request.path
    answer = visitor.client.post(f"{place}/completion", data=told, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "写真.png" in answer.text
    visitor.opens(place).presses("相談を受け付ける", **NEEDED)
    visitor.opens("/cases/1/attachments/1")
    assert visitor.answer.data == b"picture"
    assert visitor.answer.headers["Content-Disposition"].startswith("attachment")


def test_a_case_is_found_by_its_number_and_by_a_person(visit, town):
    visitor = taken_in(visit("hokatsu-uke1"))
    visitor.presses(
        "相談を受け付ける",
        **NEEDED,
        known="判明",
        sei="髙橋",
        mei="花子",
        seiKana="タカハシ",
        meiKana="ハナコ",
    )
    visitor.opens("/search").presses("さがす", sought="Ｒ８-相-0001")
    assert visitor.title().startswith("R8-相-0001")
    visitor.opens("/search").presses("さがす", sought="高橋花子")
    assert "1件" in visitor.text()
    other = visit("konkyu-uke1").opens("/search").presses("さがす", sought="高橋花子")
    assert "内容は、相談支援包括化推進員に連絡してください" in other.text()
    assert "主担当" not in other.text(), "the name of the agency in charge already tells"
    assert STORY not in other.text()


def test_the_inbox_tells_whose_and_until_when(visit, town):
    taken_in(visit("hokatsu-uke1")).presses("相談を受け付ける", **NEEDED)
    colleague = visit("hokatsu-uke2").opens("/?tab=unclaimed")
    assert "R8-相-0001" in colleague.text()
    assert "未着手" in colleague.text()
    colleague.presses("担当する")
    assert "自分が担当" in colleague.text()
    assert "さんが担当しています" in visit("hokatsu-uke1").opens(colleague.answer.request.path).text()
    assert visit("konkyu-uke1").opens("/?tab=all").text().count("R8-相-0001") == 0


def test_overdue_comes_first_and_is_told_in_words(visit, town):
    taken_in(visit("hokatsu-uke1"))
    town.now += timedelta(days=30)
    visitor = visit("hokatsu-uke1").opens("/?tab=overdue")
    assert "期限超過" in visitor.text()
    assert visitor.page.xpath("//tr[contains(@class, 'overdue')]")


def test_filters_stand_in_the_address(visit):
    visitor = taken_in(visit("hokatsu-uke1"))
    assert "R8-相-0001" in visitor.opens("/?tab=mine&search=0001").text()
    assert "この条件に合う用件はありません" in visitor.opens("/?tab=mine&search=9999").text()


def test_no_task_is_lost_when_somebody_leaves(visit, town):
    taken_in(visit("hokatsu-uke1"))
    with town.database.transaction(write=False) as session:
        assert session.scalar(select(Task.holder_id)) is not None
    visitor = visit("hokatsu-uke1").opens("/tasks/1").presses("係に戻す")
    assert "R8-相-0001" in visitor.opens("/?tab=unclaimed").text()


def first_choices(visitor):
    """The first choice of every required list of a page."""
    told = {}
    for one in visitor.page.xpath("//input[@type='radio' or @type='checkbox']"):
        told.setdefault(one.get("name"), one.get("value"))
    for one in visitor.page.xpath("//select"):
        told.setdefault(one.get("name"), one.xpath("./option/@value")[1])
    return told


def values(visitor):
    return [
        text
        for held in values_of(visitor.page).values()
        for text in (held if isinstance(held, list) else [held])
    ]
