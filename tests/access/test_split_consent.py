"""Golden story 1 (8050・滞納からの気づき): the mother agrees, the son does not; items split; words leave by promotion."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import access, cases, consent, meetings, records
from engine.casebook import Case
from engine.errors import Invalid, NotFound
from engine.journal import verify
from engine.records import Record
from engine.standing import Compartment, MeetingItem
from tests.stories.test_whole_matter import in_days, plan
from tests.town import Town

MOTHER, SON = "合成 母", "合成 息子"
SHARED = ["konkyu", "shakyo", "hokatsu"]
ITEMS = ["基本", "相談内容", "課題", "健康", "障がい", "介護", "家計", "就労", "家族", "子", "住まい", "その他"]
SAID_OF_SON = "夜は台所の明かりがついている"


def begun(town: Town) -> int:
    """税務課's sheet reaches 福祉課, becomes a matter of several agencies, and consent is asked of both."""
    case_id = town.opens("zeimu", process="P-A2", at="R-SE", facts={"src": "zeimu", "urgency": 3})
    town.completes("zeimu", "R-10", to="fukushi", douiKind="04", konkyoRiyu="滞納の相談から、世帯に支えが要る。", sei="合成", mei="母",
                   tokumei=False)  # fmt: skip
    assert town.sees("zeimu") == ["つなぐシートを書く"]
    town.completes("fukushi", "R-20", kekka="1")
    town.completes("fukushi", "R-60", sesshoku="会えた")
    town.completes("fukushi", "A-40", taiou="05", kinkyu="3")
    town.completes("fukushi", "B-10")
    town.completes("fukushi", "B-20", kekka="受理", shuKikan="konkyu")
    answers(town, MOTHER, "2")
    asks(town)
    answers(town, SON, "4")
    return case_id


def asks(town: Town) -> None:
    """Somebody begins to explain consent to a further person."""
    by = town.staff("konkyu")
    with town.database.transaction() as session:
        facts = {"lead": "konkyu", "desk": "konkyu"}
        cases.start(session, town.case_id, "P-B2", facts=facts, by=by, seat=by.seats[0], now=town.now, at="Y-SE2")


def answers(town: Town, person: str, state: str) -> None:
    given: dict[str, Any] = {"teikyosaki": SHARED, "koumoku": ITEMS, "kigen": in_days(town, 360)} if state != "4" else {}
    town.completes("konkyu", "Y-10", personName=person, kekka=state, houhou="口頭", tachiai="合成 立会", **given)


def reads(town: Town, agency: str, form: str) -> set[str]:
    """The fields of the newest record of a form that an agency reads in the case; none where it is shut."""
    with town.database.transaction(write=False) as session:
        case = session.get_one(Case, town.case_id)
        seen = access.sight(session, town.staff(agency), case, now=town.now)
        found = [one for one in records.of_case(session, seen) if one.form == form] if seen else []
        return set(records.read(session, seen, found[-1], case).answers) if seen and found else set()


def meets(town: Town, case_id: int, decides: str, **minutes: Any) -> int:
    """The meeting that gathers is held; whoever is invited answers and confirms. Gives the meeting's id."""
    with town.database.transaction(write=False) as session:
        meeting = session.scalars(select(Case.id).where(Case.kind == "会", Case.status == "open").order_by(Case.id.desc())).first()
    assert meeting
    town.case_id = meeting
    at = (town.now + timedelta(days=7)).isoformat(timespec="minutes")
    town.completes("fukushi", "会議を設定する", nichiji=at, houhou="対面", shoshuKikan=[*SHARED, "rinks"], shuhi=True)
    for agency, step in town.open_steps():
        if step == "K-20":
            town.completes(agency, step, shusseki="出席", shuhiZumi=True)
    town.completes("fukushi", "K-30")
    town.waits(days=8)
    while ("fukushi", "K-50") in town.open_steps():
        town.completes("fukushi", "K-50", kekka=decides, honninDenta="伝える", taisekiKakunin=True, **minutes)
    for agency, step in town.open_steps():
        if step == "K-70":
            town.completes(agency, step, kekka="確認")
    town.case_id = case_id
    return meeting


def test_one_agrees_and_one_does_not(town: Town) -> None:
    case_id = begun(town)
    town.completes("fukushi", "B-40", douiZentai="一部", hanigai=False)
    assert reads(town, "hokatsu", "F-B03") == set(), "one person's consent opens nothing of the household"
    while any(step == "B-45" for _, step in town.open_steps()):
        town.completes(next(agency for agency, step in town.open_steps() if step == "B-45"), "B-45", kanyo="なし")

    meeting = meets(town, case_id, "同意の働きかけ", houshin=SAID_OF_SON)
    with town.database.transaction(write=False) as session:
        item = session.scalars(select(MeetingItem).where(MeetingItem.meeting_id == meeting)).one()
        names = {one.person.id: one.name for one in consent.of_case(session, session.get_one(Case, case_id), now=town.now)}
        assert (item.function, item.proposed, [names[one] for one in item.persons]) == ("A", "分割", [SON])

    promotes(town, meeting, item.item)
    town.completes("fukushi", "プラン案をつくる", **plan(town))
    for agency in ("konkyu", "shakyo", "hokatsu"):
        town.completes(agency, "自分の役割を確認する", kekka="引き受ける")
    town.completes("konkyu", "B-70", ikou="同意")
    second = meets(town, case_id, "プラン適切")
    with town.database.transaction(write=False) as session:
        both = session.scalars(select(MeetingItem).where(MeetingItem.meeting_id == second)).all()
        joint = next(one for one in both if one.function == "B")
        assert [names[one] for one in joint.persons] == [MOTHER]
        admitted = set(session.scalars(select(Compartment.agency).where(Compartment.item == joint.item)))
        assert admitted == {"fukushi", *SHARED}, "サポートりんくす is not among those to whom the mother agreed"
    town.completes("fukushi", "支援決定をする", kettei="決定")

    town.waits(days=100)
    asks(town)
    answers(town, SON, "2")
    assert {"risk", "sections"} <= reads(town, "hokatsu", "F-B03"), "now everybody in the household has agreed"
    assert "joho" in reads(town, "hokatsu", "F-K04")

    for agency in ("konkyu", "shakyo", "hokatsu"):
        town.completes(agency, "B-112", joutai="3")
    judged = {"juudaiMikanryo": False, "riskKaishou": True, "yakuwariGoui": True}
    town.completes("fukushi", "プランを評価する", hantei="1", honninIshi="確認した", **judged)
    meets(town, case_id, "終結相当")
    town.completes("fukushi", "終結を決める", kettei="決定", riyu="01", shuTanto="konkyu", follow=False)
    town.completes("konkyu", "B-175", kekka="受けた")
    with town.database.transaction(write=False) as session:
        assert verify(session) == []
        assert session.get_one(Case, case_id).lead == "konkyu"


def promotes(town: Town, meeting: int, item: str) -> None:
    """What was said of the son may leave the 支援会議 on another ground than consent, as the agency that said it agrees."""
    with town.database.transaction() as session:
        minutes = session.scalars(select(Record).where(Record.compartment == item, Record.form == "F-B08")).one()
        told = {one.agency: one.staff_id for one in meetings.members(session, item) if one.told_on}
        asker = next(one for one in town.colleagues("fukushi", "sui") if one.staff_id == told["fukushi"])
        seen = access.sight(session, asker, session.get_one(Case, meeting), now=town.now)
        assert seen
        asks_for = {"words": SAID_OF_SON, "source": "konkyu", "by": asker, "seat": asker.seats[0], "now": town.now}
        with pytest.raises(Invalid, match="有効な同意"):
            meetings.ask_promotion(session, seen, minutes, ground="01", **asks_for)
        asked = meetings.ask_promotion(session, seen, minutes, ground="04", **asks_for)
        assert asked.record_id is None
        with pytest.raises(NotFound):
            meetings.answer_promotion(session, asked.id, agrees=True, by=town.staff("hokatsu"), now=town.now)
        meetings.answer_promotion(session, asked.id, agrees=True, by=town.staff("konkyu"), now=town.now)
    assert "joho" in reads(town, "konkyu", "F-K04"), "the lead reads it as an ordinary record"
    assert reads(town, "hokatsu", "F-K04") == set(), "the son has not agreed to share it"


def test_a_withdrawal_ends_sharing_at_once_and_asks_for_the_ground(town: Town) -> None:
    begun(town)
    asks(town)
    answers(town, SON, "2")
    town.completes("fukushi", "B-40", douiZentai="全員", hanigai=False)
    while any(step == "B-45" for _, step in town.open_steps()):
        town.completes(next(agency for agency, step in town.open_steps() if step == "B-45"), "B-45", kanyo="なし")
    with town.database.transaction() as session:
        case = session.get_one(Case, town.case_id)
        mother = next(one for one in consent.of_case(session, case, now=town.now) if one.name == MOTHER)
        by = town.staff("konkyu")
        gone = consent.withdraw(session, case, mother.person.id, by=by, seat=by.seats[0], now=town.now)
    assert gone == sorted(SHARED)
    assert reads(town, "hokatsu", "F-B03") == set()
    assert {("fukushi", "BC-20"), ("konkyu", "Y-70")} <= set(town.open_steps()), "the ground is asked anew, the agencies are told"
    with town.database.transaction(write=False) as session:
        case = session.get_one(Case, town.case_id)
        states = {one.name: one.state for one in consent.of_case(session, case, now=town.now)}
    assert states == {MOTHER: "撤回", SON: "有効"}


def test_consent_ends_with_its_last_day(town: Town) -> None:
    begun(town)
    with town.database.transaction(write=False) as session:
        case = session.get_one(Case, town.case_id)
        known = {one.name: one.person.id for one in consent.of_case(session, case, now=town.now)}
        assert consent.receivers(session, case, [known[MOTHER]], now=town.now) == set(SHARED)
        assert consent.receivers(session, case, list(known.values()), now=town.now) == set()
        assert consent.receivers(session, case, [known[MOTHER]], now=town.now + timedelta(days=361)) == set()
