"""The town's own house: sections that meet without speaking of persons, and a contract that ends without leaving anything open."""

from datetime import timedelta

from tests.town import Town


def test_what_the_sections_decided_reaches_their_inboxes(town: Town) -> None:
    town.opens("fukushi", process="P-J", at="J-SE")
    meets = (town.now + timedelta(days=14)).isoformat(timespec="minutes")
    town.completes("fukushi", "連絡会を計画する", shurui="事業担当者", nichiji=meets, kakuka=["zeimu", "suido"])
    town.completes("zeimu", "議題を出す", gidai="滞納の通知に相談先を載せる")
    town.waits(days=15)
    assert ("suido", "J-10") not in town.open_steps(), "who had nothing to say does not hold the meeting up"
    decided = [{"kikan": "zeimu", "nani": "通知の裏面に相談先を刷る", "kigen": (town.now + timedelta(days=30)).date().isoformat()}]
    town.completes("fukushi", "連絡会の記録を書く", kettei=decided, kojinNashi=True)
    town.completes("zeimu", "J-30", kakunin="確認")
    town.waits(days=11)
    assert town.open_steps() == [("zeimu", "J-40")]
    town.completes("zeimu", "J-40")
    assert town.case().status == "closed"


def test_a_contract_ends_with_a_certificate_and_closed_doors(town: Town) -> None:
    town.opens("fukushi", process="P-M", at="PM-SE")
    ends = (town.now + timedelta(days=30)).date().isoformat()
    town.completes("fukushi", "続けるか終えるかを確かめる", hojin="jinkokai", owariHi=ends, tsuzuke="終了")
    town.completes("fukushi", "進行中の支援を引き継ぐ", saki="hokatsu", kensu=0, owatta=True)
    assert town.open_steps() == [], "nothing is asked before the day on which the contract ends"
    town.waits(days=31)
    town.completes("jinkokai", "返却・消去を証明する", kaeshi="返却", shoumeiBango="合成-1", account=True)
    town.completes("fukushi", "利用を止めたことを確かめる", teishi=True)
    assert town.case().status == "closed"


def test_a_contract_that_goes_on_asks_for_nothing_more(town: Town) -> None:
    town.opens("fukushi", process="P-M", at="PM-SE")
    town.completes("fukushi", "続けるか終えるかを確かめる", tsuzuke="継続")
    assert town.case().status == "closed"
