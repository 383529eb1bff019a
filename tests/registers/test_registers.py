"""The town's registers: filled from the plan, changed by coordinators one by one or from a file, taken back."""

from collections import Counter
from datetime import date

import pytest

from engine import agencies, register_files, registers
from engine.errors import Conflict, NotAllowed, Refused
from engine.registers import Wish
from forms import sheets
from forms.registers import registers as known
from tests.town import Town

TODAY = date(2026, 4, 3)


def entries(town: Town, key: str, on: date | None = TODAY) -> list[registers.Listed]:
    with town.database.transaction(write=False) as session:
        return registers.listed(session, known()[key], on=on)


def resource(name: str, **more: object) -> dict[str, object]:
    return {
        "meisho": name, "shubetsu": "01", "shusai": "自治会", "jigyo": None, "chiku": "hojo", "sedai": [], "taishoZo": [],
        "gyoshu": None, "teiin": 10, "riyo": 4, "joken": None, "idou": None, "renraku": None, "kakuninBi": "2026-04-01", **more,
    }  # fmt: skip


def takes_in(town: Town, key: str, text: str, *, role: str = "sui") -> tuple[str, list[register_files.Line]]:
    register = known()[key]
    head, rows = sheets.read(text.encode(), name="file.csv")
    with town.database.transaction() as session:
        lines = register_files.preview(session, register, head, rows, now=town.now)
        batch, refused = register_files.take(session, register, lines, by=town.staff("fukushi", role), now=town.now)
    return batch, [*lines, *refused]


def test_the_plans_counts_stand_in_the_registers(town: Town) -> None:
    programmes = entries(town, "programme")
    bases = Counter[str]()
    for one in programmes:
        bases[one.answers["go"]] += one.answers["kyoten"] or 0
    assert bases == {"1": 6, "2": 1, "3": 6, "4": 1, "5": 5}
    assert sum(bases.values()) == 19
    assert {section for one in programmes for section in [one.answers["shokan"]]} == {"福祉課", "教育総務課"}
    outreach = [one for one in entries(town, "contract", on=None) if one.answers["jigyo"] == "事0012"]
    assert len({one.answers["hojin"] for one in outreach}) == 5
    with_inbox = {code for one in programmes for code in one.answers["kikan"]}
    assert len(with_inbox | {"jimukyoku"}) == 17


def test_a_programme_keeps_its_old_name_for_its_old_period(town: Town) -> None:
    before = {one.code: one for one in entries(town, "programme", on=date(2021, 6, 1))}
    after = {one.code: one for one in entries(town, "programme")}
    assert before["事0010"].answers["meisho"] == "共助の基盤づくり事業"
    assert after["事0010"].answers["meisho"] == "生活困窮者支援等のための地域づくり事業"
    assert after["事0010"].answers["kyumei"] == "共助の基盤づくり事業"


def test_what_is_written_out_is_read_back_the_same(town: Town) -> None:
    for key in ("programme", "agency", "resource", "contract", "code"):
        register = known()[key]
        with town.database.transaction(write=False) as session:
            rows = register_files.export(session, register, now=town.now)
            for source, name in (
                (sheets.as_csv(register_files.columns(register), rows, encoding="utf-8-sig"), "a.csv"),
                (sheets.as_workbook(register.form.title, register_files.columns(register), rows), "a.xlsx"),
            ):
                head, read = sheets.read(source, name=name)
                lines = register_files.preview(session, register, head, read, now=town.now)
                assert {line.fate for line in lines} == {"same"}, [line for line in lines if line.fate != "same"][:2]


def test_a_file_tells_every_wrong_row_and_takes_the_right_ones(town: Town) -> None:
    batch, lines = takes_in(
        town, "resource",
        "番号,名称,種別,主催・運営,地区,最後に確かめた日\n"
        ",あさの体操,居場所・サロン,自治会,北条,R8.4.1\n"
        ",なぞの会,居場所,自治会,北条,2026/4/1\n"
        ",名なし,居場所・サロン,,北条,2026/13/1\n",
    )  # fmt: skip
    assert [line.fate for line in lines] == ["new", "wrong", "wrong"]
    assert "「種別」に「居場所」という選択肢はありません。" in lines[1].sentences
    assert len(lines[2].sentences) == 2
    added = [one for one in entries(town, "resource") if one.answers["meisho"] == "あさの体操"]
    assert [one.code for one in added] == ["資0015"]
    assert added[0].answers["chiku"] == "hojo"
    assert batch


def test_a_taken_in_file_can_be_taken_back_whole(town: Town) -> None:
    before = entries(town, "resource", on=None)
    batch, _ = takes_in(
        town, "resource",
        "番号,名称,種別,主催・運営,最後に確かめた日,有効期間のはじめ\n"
        "資0001,こけないからだ講座（新）,教室・講座,地域包括支援センター,2026/4/1,2022/4/1\n"
        ",あさの体操,居場所・サロン,自治会,2026/4/1,2026/4/1\n",
    )  # fmt: skip
    assert len(entries(town, "resource", on=None)) == len(before) + 1
    with town.database.transaction() as session:
        assert registers.undo(session, known()["resource"], batch, by=town.staff("fukushi", "sui"), now=town.now) == 2
    assert entries(town, "resource", on=None) == before


def test_a_file_is_not_taken_back_over_somebody_elses_later_change(town: Town) -> None:
    batch, _ = takes_in(
        town, "resource", "番号,名称,種別,主催・運営,最後に確かめた日\nX1,あさの体操,居場所・サロン,自治会,2026/4/1\n"
    )
    register, staff = known()["resource"], town.staff("fukushi", "sui")
    place = next(one.place for one in entries(town, "resource") if one.code == "X1")
    wish = Wish(code="X1", answers=resource("ゆうべの体操"), valid_from=TODAY)
    with town.database.transaction() as session:
        registers.change(session, register, place, wish, by=staff, now=town.now)
    with pytest.raises(Conflict, match="取り込んだあとに変えられています"), town.database.transaction() as session:
        registers.undo(session, register, batch, by=staff, now=town.now)
    assert "ゆうべの体操" in {one.answers["meisho"] for one in entries(town, "resource")}


def test_two_periods_of_one_number_do_not_overlap(town: Town) -> None:
    register, staff = known()["resource"], town.staff("fukushi", "sui")
    wish = Wish(code="資0001", answers=resource("二つめ"), valid_from=TODAY)
    with pytest.raises(Refused, match="有効期間を先に終える"), town.database.transaction() as session:
        registers.add(session, register, wish, by=staff, now=town.now)


def test_a_code_that_the_town_adds_is_offered_and_an_ended_one_only_read(town: Town) -> None:
    register, staff = known()["code"], town.staff("fukushi", "sui")
    with town.database.transaction() as session:
        new = {"list": "C06", "value": "90", "label": "空き家の心配", "note": None}
        registers.add(session, register, Wish(code="", answers=new, valid_from=TODAY), by=staff, now=town.now)
        old = {"list": "C06", "value": "21", "label": "債務", "note": None}
        ended = Wish(code="C06-21", answers=old, valid_from=date(2018, 4, 1), valid_until=date(2026, 3, 31))
        registers.change(session, register, "C06-21", ended, by=staff, now=town.now)
    with town.database.transaction(write=False) as session:
        offered = {one.value: one.label for one in registers.changed_codes(session, on=TODAY)["C06"]}
        told = {one.value: one.label for one in registers.changed_codes(session, on=None)["C06"]}
    assert offered["90"] == "空き家の心配"
    assert "21" not in offered
    assert told["21"] == "債務"


def test_a_supporters_name_stands_sealed(town: Town) -> None:
    register, staff = known()["supporter"], town.staff("shakyo_chiiki", "sc")
    answers = {"shimei": "合成 はなこ", "kana": None, "chiku": None, "dekiru": ["見守り・声かけ"], "renraku": None, "doiBi": "2026-04-01"}
    with town.database.transaction() as session:
        registers.add(session, register, Wish(code="", answers=answers, valid_from=TODAY), by=staff, now=town.now)
    with town.database.transaction(write=False) as session:
        row = session.query(registers.Entry).filter_by(register="supporter").one()
        assert row.facts == {}
        assert "はなこ".encode() not in (row.sealed or b"")
    assert [one.answers["shimei"] for one in entries(town, "supporter")] == ["合成 はなこ"]
    with pytest.raises(NotAllowed):
        registers.register_for("supporter", town.staff("税務課", "ka"))


def test_an_agency_added_from_a_file_has_an_inbox_the_same_day(town: Town) -> None:
    takes_in(town, "agency", "番号,名称,種別\nhoikuen,北栄こども園,子ども\n")
    with town.database.transaction(write=False) as session:
        assert "hoikuen" in {one.code for one in agencies.current(session, today=TODAY)}


@pytest.mark.parametrize(
    ("source", "name", "sentence"),
    [
        (b"\x81", "a.csv", "文字として読めません"), (b"\xff\xfe\x00", "a.csv", "CSV として読めません"),
        (b"PK\x03\x04broken", "a.xlsx", "Excel として読めません"),
        (b"", "a.csv", "1行目に列の名前がありません"),
        ("名称,名称\n".encode(), "a.csv", "同じ名前の列が2つあります"),
    ],
)
def test_a_file_that_is_no_table_is_told_plainly(source: bytes, name: str, sentence: str) -> None:
    with pytest.raises(sheets.SheetError, match=sentence):
        sheets.read(source, name=name)
