"""What happens by itself, on pages: notices, mail, reminders, the calendar, the worker; and many tasks at once."""

import io
from datetime import timedelta

import pypdf
from sqlalchemy import select

from engine import jobs, notices, preferences, reminders, schedules
from engine.agencies import Staff
from engine.definitions import Draft, Process
from engine.jobs import Pulse
from engine.journal import Entry, verify
from engine.tasks import Task


def staff(town, login):
    with town.database.transaction(write=False) as session:
        return session.scalars(select(Staff).where(Staff.login == login)).one()


def held_by(town):
    with town.database.transaction(write=False) as session:
        return list(session.scalars(select(Task.holder_id).where(Task.status == "open").order_by(Task.id)))


def test_a_notice_is_read_by_whom_it_is_for_and_by_nobody_else(town, visit):
    town.opens("hokatsu")
    task = town.open_tasks()[0]
    me, other = staff(town, "hokatsu-uke1"), staff(town, "konkyu-uke1")
    with town.database.transaction() as session:
        for words in ("今日が期限です", "期限を2営業日過ぎました"):
            notices.give(session, [me.id], about=words, words=words, now=town.now, case_id=task.case_id, task_id=task.id)
        theirs = notices.give(session, [other.id], about="x", words="ほかの人の知らせ", now=town.now)[0].id
    desk = visit("hokatsu-uke1").opens("/")
    assert "2件まだ読んでいません" in desk.page.text_content()
    assert "ほかの人の知らせ" not in desk.opens("/notices").text()
    assert desk.page.xpath(f"//main//a[@href='/tasks/{task.id}']")
    desk.presses("読んだ")
    assert "1件を読んだことにしました。" in desk.text()
    token = desk.value("_csrf")
    desk.client.post("/notices/seen", data={"_csrf": token, "notice": str(theirs)})
    with town.database.transaction(write=False) as session:
        assert notices.unseen(session, other.id) == 1
        assert notices.unseen(session, me.id) == 1


def test_one_says_where_mail_goes_and_whether_a_digest_is_wanted(town, visit):
    me = visit("hokatsu-uke1").opens("/account")
    me.presses("メールの設定を変える", mail="a b@example")
    assert me.answer.status_code == 422
    me.opens("/account").presses("メールの設定を変える", mail="uke1@hokatsu.example")
    assert me.value("mail") == "uke1@hokatsu.example"
    assert me.value("digest") == "on"
    form = {"_csrf": me.value("_csrf"), "mail": "uke1@hokatsu.example"}
    me.client.post("/account/mail", data=form)
    assert me.opens("/account").value("digest") is None
    with town.database.transaction(write=False) as session:
        assert preferences.without(session, preferences.MAIL, "digest", "no") == {staff(town, "hokatsu-uke1").id}


def test_a_coordinator_changes_when_tasks_are_reminded_of(town, visit):
    chief = visit("fukushi-kcho1").opens("/reminders")
    with town.database.transaction(write=False) as session:
        half = next(step for step in reminders.steps(session) if step.percent is not None).key
    chief.presses("この決まりにする", **{f"{half}.number": "0"})
    assert chief.answer.status_code == 422
    chief.opens("/reminders").presses("この決まりにする", **{f"{half}.number": "60", f"{half}.to_sui": "on"})
    assert "督促の決まりを変えました。" in chief.text()
    assert chief.value(f"{half}.number") == "60"
    with town.database.transaction(write=False) as session:
        step = session.get_one(reminders.Step, half)
        assert (step.percent, step.to_sui) == (60, True)
        assert verify(session) == []
    assert visit("hokatsu-uke1").opens("/reminders").answer.status_code == 403


def test_what_begins_by_the_calendar_is_seen_and_switched_off(town, visit):
    with town.database.transaction() as session:
        schedules.refresh(session, now=town.now)
        rows = len(schedules.rows(session))
    assert rows
    chief = visit("fukushi-sui1").opens("/schedules")
    assert len(chief.page.xpath("//tbody/tr")) == rows
    chief.presses("止める")
    assert "止めている" in chief.text()
    chief.presses("動かす")
    assert "止めている" not in chief.text()


def test_whoever_directs_sees_whether_the_workers_live(town, visit):
    chief = visit("jimukyoku-sys1").opens("/jobs")
    assert "いま動いている実行係がありません" in chief.text()
    with town.database.transaction() as session:
        session.add(Pulse(name="ひとつめ", started_at=town.now, seen_at=town.now))
        session.add(Pulse(name="ふたつめ", started_at=town.now, seen_at=town.now - timedelta(minutes=10)))
        jobs.enqueue(session, "digest", key="k", run_at=town.now)
    told = chief.opens("/jobs").text()
    assert "実行係が1つ動いています。" in told
    assert "返事がない" in told
    assert "まとめのメールを用意する" in told


def test_several_tasks_are_handed_over_and_printed_at_once(town, visit):
    town.opens("hokatsu")
    town.opens("hokatsu")
    first, second = (str(number) for number in _open(town))
    me = visit("hokatsu-uke1").opens("/?tab=unclaimed")
    colleague = staff(town, "hokatsu-uke2")
    me.presses("渡す", task=[first, second], to="")
    assert me.answer.status_code == 422
    me.opens("/?tab=unclaimed").presses("渡す", task=[first, second], to=str(colleague.id))
    assert "2件を渡しました。" in me.text()
    assert held_by(town) == [colleague.id, colleague.id]
    stranger = visit("konkyu-uke1").opens("/")
    form = {"_csrf": stranger.value("_csrf"), "task": [first, second], "to": str(staff(town, "konkyu-uke1").id)}
    assert stranger.client.post("/handovers", data=form).status_code == 403
    assert held_by(town) == [colleague.id, colleague.id]
    paper = pypdf.PdfReader(io.BytesIO(stranger.client.post("/tasks.pdf", data=form).data))
    assert "R8-相-0001" not in paper.pages[0].extract_text()
    form["_csrf"] = me.opens("/?tab=all").value("_csrf")
    paper = pypdf.PdfReader(io.BytesIO(me.client.post("/tasks.pdf", data=form).data))
    assert "R8-相-0001" in paper.pages[0].extract_text()
    with town.database.transaction(write=False) as session:
        printed = session.scalars(select(Entry).where(Entry.action == "印刷").order_by(Entry.id)).all()
        assert [len(line.particulars["tasks"]) for line in printed] == [0, 2]


def _open(town):
    with town.database.transaction(write=False) as session:
        return list(session.scalars(select(Task.id).where(Task.status == "open").order_by(Task.id)))


def test_the_last_filter_is_kept_said_and_cleared_with_one_click(town, visit):
    town.opens("hokatsu")
    me = visit("hokatsu-uke1").opens("/?tab=unclaimed").presses("しぼる", process="P-G", search="合成 花子")
    assert "この条件に合う用件はありません。" in me.text()
    again = visit("hokatsu-uke1").opens("/?tab=unclaimed")
    assert "前回と同じしぼり方で見ています" in again.text()
    assert again.value("process") == "P-G"
    assert again.value("search") == "", "what was searched for may be a name and is not kept"
    clear = again.page.xpath("//main//a[text()='すべて見る']/@href")[0]
    assert "前回と同じ" not in again.opens(clear).text()
    assert "前回と同じ" not in visit("hokatsu-uke1").opens("/?tab=unclaimed").text()


def test_an_older_version_comes_back_as_a_draft_and_overwrites_nobodys_work(town, visit):
    chief = visit("fukushi-sui1")
    chief.opens("/processes/P-H/versions/1")
    assert "この版から下書きを作る" not in chief.text(), "it is the current one"
    with town.database.transaction() as session:
        current = session.get_one(Process, "P-H").current_id
        session.get_one(Process, "P-H").current_id = session.get_one(Process, "P-E").current_id
    chief.opens("/processes/P-H/versions/1").presses("この版から下書きを作る")
    assert chief.answer.status_code == 200
    with town.database.transaction() as session:
        assert session.get_one(Draft, "P-H").revision == 1
        session.get_one(Process, "P-H").current_id = session.get_one(Process, "P-E").current_id
    chief.opens("/processes/P-H/versions/1").presses("この版から下書きを作る")
    assert chief.answer.status_code == 409
    assert current
