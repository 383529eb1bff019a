"""Registers in the browser: a coordinator enters, corrects, brings a file in and takes it back; others read."""

import io
from collections.abc import Callable

from tests.web.visitor import Visitor


def test_everybody_reads_and_only_keepers_change(visit: Callable[[str], Visitor]) -> None:
    clerk = visit("zeimu-ka1").opens("/registers")
    assert "用語集" in clerk.text()
    assert "担い手" not in clerk.text()
    assert "ほくえい支え愛協議体" in clerk.opens("/registers/body").text()
    assert "新しく登録する" not in clerk.text()
    assert clerk.opens("/registers/body/new").answer.status_code == 403
    assert clerk.opens("/registers/supporter").answer.status_code == 403
    assert clerk.opens("/registers/supporter/file.csv").answer.status_code == 403


def test_a_coordinator_enters_a_resource_and_a_slip_costs_nothing_typed(visit: Callable[[str], Visitor]) -> None:
    sui = visit("fukushi-sui1").opens("/registers/resource/new")
    sui.presses("登録する", meisho="合成の体操会", shubetsu="01", shusai="自治会", kakuninBi="R8.13.1")
    assert sui.answer.status_code == 422
    assert any("最後に確かめた日" in problem for problem in sui.problems())
    assert sui.value("meisho") == "合成の体操会"
    sui.presses("登録する", kakuninBi="R8.4.1")
    assert "合成の体操会" in sui.text()


def test_a_file_is_looked_at_taken_in_and_taken_back(visit: Callable[[str], Visitor]) -> None:
    sui = visit("fukushi-sui1").opens("/registers/place/import")
    text = "番号,場所の名称,受ける機関\n,合成の集会所,福祉課（多機関協働）\n,ふしぎな所,ない機関\n"
    form = next(one for one in sui.page.forms if one.get("enctype"))
    token = form.fields["_csrf"]
    sent = sui.client.post(
        "/registers/place/import",
        data={"_csrf": token, "file": (io.BytesIO(text.encode("cp932")), "places.csv")},
        content_type="multipart/form-data",
    )
    looked = sui._shown(sent)
    assert "まだ取り込んでいません" in looked.text()
    assert "「受ける機関」に「ない機関」という選択肢はありません" in looked.text()
    looked.presses("1件を取り込む")
    assert "1件を取り込みました" in sui.text()
    assert "合成の集会所" in sui.opens("/registers/place").text()
    sui.opens("/registers/place/import").presses("この取込み（1件）を取り消す")
    assert "合成の集会所" not in sui.opens("/registers/place").text()
    assert "（取り消しました）" in sui.opens("/registers/place/import").text()


def test_what_is_written_out_opens_as_a_table(visit: Callable[[str], Visitor]) -> None:
    sui = visit("fukushi-sui1")
    assert sui.opens("/registers/programme/file.cp932").answer.data.decode("cp932").startswith('"番号","事業名"')
    assert sui.opens("/registers/programme/file.xlsx").answer.data.startswith(b"PK")
