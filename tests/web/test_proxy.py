"""代行入力: the paper of somebody without a screen, typed in by staff; whose words and from when stays with the record."""

from collections.abc import Callable

from sqlalchemy import select

from engine.journal import Entry, verify
from engine.records import Record
from tests.town import Town
from tests.web.visitor import Visitor

TODAY = {"_said_by": "合成 山田（民生児童委員）", "_said_on": "R8.4.1", "_said_at": "14:30", "_way": "紙"}


def taken_in(town: Town) -> int:
    town.opens("hokatsu")
    return town.task("相談を受け付ける").id


def test_a_paper_is_typed_in_for_somebody_else(town: Town, visit: Callable[[str], Visitor]) -> None:
    task = taken_in(town)
    counsellor = visit("hokatsu-uke1").opens(f"/tasks/{task}")
    counsellor.opens(f"/tasks/{task}?_proxy=1")
    counsellor.presses("相談を受け付ける", keiro="02", gaiyo="孫の世話で疲れている。")
    assert "「だれの答えか」を入力してください" in counsellor.problems()
    assert counsellor.answer.status_code == 422
    counsellor.presses("相談を受け付ける", **TODAY)
    with town.database.transaction(write=False) as session:
        record = session.scalars(select(Record)).one()
        assert record.source == "代行入力"
        line = session.scalars(select(Entry).where(Entry.action == "代行入力")).one()
        assert line.particulars["way"] == "紙"
        assert line.particulars["said_at"].startswith("2026-04-01T14:30")
        assert "山田" not in str(line.particulars)
        assert verify(session) == []
    counsellor.opens(f"/cases/{town.case_id}/records/1")
    assert "合成 山田（民生児童委員）" in counsellor.text()
    assert "R8.4.1(水) 14:30（紙）" in counsellor.text()
    assert "ほかの人の答えを代わりに入力した" in counsellor.opens(f"/cases/{town.case_id}").text()


def test_what_was_said_lies_in_the_past_and_nothing_typed_is_lost(town: Town, visit: Callable[[str], Visitor]) -> None:
    counsellor = visit("hokatsu-uke1").opens(f"/tasks/{taken_in(town)}?_proxy=1")
    counsellor.presses("相談を受け付ける", **{**TODAY, "_said_on": "R8.4.20"}, gaiyo="孫の世話で疲れている。")
    assert any("今日までの日" in one for one in counsellor.problems())
    assert counsellor.value("_said_by") == TODAY["_said_by"]
    assert counsellor.value("_said_on") == "R8.4.20"


def test_the_town_types_in_for_others_where_it_has_to_do_with_the_case_and_never_for_itself(
    town: Town, visit: Callable[[str], Visitor]
) -> None:
    case = town.opens("hokatsu")
    town.completes("hokatsu", "相談を受け付ける", komari=["20"], omoKomari="20", uketsukeKikan="hokatsu")
    town.completes("hokatsu", "つなぐシートを書く", to="konkyu", douiKind="03")
    answer = town.task("つなぐシートに答える").id
    manager = visit("fukushi-sui1").opens(f"/tasks/{answer}?_proxy=1")
    assert manager.answer.status_code == 403, "the town has nothing to do with this case yet"
    town.completes("konkyu", "つなぐシートに答える", kekka="1")
    town.completes("konkyu", "R-60", sesshoku="会えた")
    town.completes("hokatsu", "返信を確認する", kanyo="関与を続ける")
    town.completes("konkyu", "一次アセスメントをする", taiou="05", kinkyu="3")
    town.completes("konkyu", "多機関協働を申し込む")
    own = town.task("受理を判断する")
    assert own.agency == "fukushi"
    assert visit("konkyu-uke1").opens(f"/tasks/{own.id}?_proxy=1").answer.status_code == 403
    town.completes("fukushi", "受理を判断する", kekka="受理", shuKikan="konkyu")
    waiting = next(task for task in town.open_tasks() if task.agency == "konkyu" and task.form)
    assert visit("kosodate-uke1").opens(f"/tasks/{waiting.id}?_proxy=1").answer.status_code == 403
    manager.opens(f"/cases/{case}")
    assert "代わりに入力する" in manager.text()
    manager.opens(f"/tasks/{waiting.id}")
    assert "だれの答えを入力しますか" in manager.text()
    assert "代わってもらう" not in manager.text()
    with town.database.transaction(write=False) as session:
        read = session.scalars(select(Entry).where(Entry.action == "閲覧", Entry.purpose == "代行入力")).all()
        assert read, "opening another agency's task for it is journalled as such"
