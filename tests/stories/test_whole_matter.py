"""One household the whole way: consultation, referral, 包括的支援会議, plan, 支援決定, support, evaluation, closure.

The main line of the first golden story: six agencies have their hands in it.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from engine.casebook import Case
from engine.journal import verify
from tests.town import Town


def in_days(town: Town, days: int) -> str:
    return (town.now.date() + timedelta(days=days)).isoformat()


def plan(town: Town) -> dict[str, Any]:
    return {
        "yakuwari": [{"agency": "konkyu", "shu": True}, {"agency": "shakyo"}, {"agency": "hokatsu"}],
        "kikanFrom": in_days(town, 0), "kikanTo": in_days(town, 180), "nextEval": in_days(town, 170),
        "honnin": "口頭", "monitor": "60",
    }  # fmt: skip


def meets(town: Town, case_id: int, *, decides: str, invited: list[str]) -> None:
    """The 推進員 holds the meeting that gathers; every invited agency answers and confirms the minutes."""
    with town.database.transaction(write=False) as session:
        meeting = session.scalars(select(Case.id).where(Case.kind == "会", Case.status == "open").order_by(Case.id.desc())).first()
    assert meeting
    town.case_id = meeting
    held_at = (town.now + timedelta(days=7)).isoformat(timespec="minutes")
    town.completes("fukushi", "会議を設定する", nichiji=held_at, houhou="対面", shoshuKikan=invited, shuhi=True)
    for agency, step in town.open_steps():
        if step == "K-20":
            town.completes(agency, step, shusseki="出席")
    town.completes("fukushi", "K-30")
    town.waits(days=8)
    town.completes("fukushi", "K-50", kekka=decides, honninDenta="伝える")
    for agency, step in town.open_steps():
        if step == "K-70":
            town.completes(agency, step, kekka="確認")
    assert town.case().status == "closed"
    town.case_id = case_id


def test_from_consultation_to_closure(town: Town) -> None:
    case_id = town.opens("hokatsu")
    town.completes("hokatsu", "相談を受け付ける", komari=["20"], omoKomari="20", uketsukeKikan="hokatsu")
    town.completes("hokatsu", "つなぐシートを書く", to="konkyu", douiKind="03")
    town.completes("konkyu", "つなぐシートに答える", kekka="1")
    town.completes("konkyu", "R-60", sesshoku="会えた")
    town.completes("hokatsu", "返信を確認する", kanyo="関与を続ける")
    town.restarts()
    town.completes("konkyu", "一次アセスメントをする", taiou="05", kinkyu="3")
    town.completes("konkyu", "多機関協働を申し込む")
    town.completes("fukushi", "受理を判断する", kekka="受理", shuKikan="konkyu")
    assert town.case().number.startswith("R8-多-")
    town.completes("konkyu", "Y-10", kekka="2", houhou="口頭", kigen=in_days(town, 360))
    town.completes("fukushi", "B-40")
    while ("konkyu", "B-45") in town.open_steps() or ("hokatsu", "B-45") in town.open_steps():
        town.completes(next(agency for agency, step in town.open_steps() if step == "B-45"), "B-45", kanyo="なし")
    town.completes("fukushi", "プラン案をつくる", **plan(town))
    for agency in ("konkyu", "shakyo", "hokatsu"):
        town.completes(agency, "自分の役割を確認する", kekka="引き受ける")
    town.completes("konkyu", "B-70", ikou="同意")
    meets(town, case_id, decides="プラン適切", invited=["konkyu", "shakyo", "hokatsu"])
    town.completes("fukushi", "支援決定をする", kettei="決定")
    assert [step for step in town.open_steps() if step[1] == "B-112"] == [
        ("hokatsu", "B-112"), ("konkyu", "B-112"), ("shakyo", "B-112"),
    ]  # fmt: skip

    town.waits(days=61)
    town.completes("konkyu", "モニタリングをする", riskUp=False)
    town.restarts()
    for agency in ("konkyu", "shakyo", "hokatsu"):
        town.completes(agency, "B-112", joutai="3")
    town.completes(
        "fukushi", "プランを評価する", hantei="1", honninIshi="確認した", juudaiMikanryo=False, riskKaishou=True, yakuwariGoui=True,
    )  # fmt: skip
    meets(town, case_id, decides="終結相当", invited=["konkyu", "shakyo"])
    town.completes("fukushi", "終結を決める", kettei="決定", riyu="01", shuTanto="konkyu", follow=True)
    town.completes("konkyu", "B-175", kekka="受けた")
    town.waits(days=95)
    town.completes("konkyu", "B-186", jotai="安定")
    town.waits(days=95)
    town.completes("konkyu", "B-186", jotai="安定")
    with town.database.transaction(write=False) as session:
        assert verify(session) == []
        case = session.get_one(Case, case_id)
        assert (case.lead, case.closed_reason) == ("konkyu", "01")


def test_a_report_runs_beside_and_stops_nothing(town: Town) -> None:
    town.opens("hokatsu")
    town.completes("hokatsu", "相談を受け付ける", komari=["17"], omoKomari="17", uketsukeKikan="hokatsu")
    steps = town.open_steps()
    assert ("hokatsu", "X-10") in steps
    assert {step for _, step in steps} & {"A-30", "A-25", "R-10"}
