"""What tired staff type becomes answers, or every problem at once with nothing lost."""

import dataclasses
from datetime import date

import pytest

from forms.errors import AnswersRefused
from tests.forms.paper import field, form_of, values

REQUIRED = {"validate": {"required": True}}
YES_NO = values(("yes", "はい"), ("no", "いいえ"))


def read(form, context, **raw):
    return form.read({key: text if isinstance(text, list) else [text] for key, text in raw.items()}, context=context)


def told(form, context, raw):
    with pytest.raises(AnswersRefused) as error:
        form.read(raw, context=context)
    return [problem.sentence for problem in error.value.problems]


@pytest.mark.parametrize(("kind", "text", "answer"), [
    ("yen", "５３，７００円", 53700),
    ("yen", "¥1,200", 1200),
    ("int", "ー３", -3),
    ("kana", "ﾎｸｴｲ ﾀﾛｳ", "ホクエイ　タロウ"),
    ("kana", "ほくえい", "ホクエイ"),
    ("zip", "〒６８２ー０１０１", "682-0101"),
    ("zip", "6820101", "682-0101"),
    ("tel", "０８５８−３７−３１１１", "0858-37-3111"),
    ("tel", "090 1234 5678", "09012345678"),
])
def test_words_typed_in_any_width_come_out_in_one_shape(context, kind, text, answer):
    form = form_of(field("textfield", "a", properties={"type": kind}))
    assert read(form, context, a=text)["a"] == answer


@pytest.mark.parametrize(("text", "answer"), [
    ("R8.4.18", "2026-04-18"),
    ("令和8年4月18日(土)", "2026-04-18"),
    ("令和元年5月1日", "2019-05-01"),
    ("Ｈ３１．４．３０", "2019-04-30"),
    ("昭和64年1月7日", "1989-01-07"),
    ("S20/8/15", "1945-08-15"),
    ("大正元年7月30日", "1912-07-30"),
    ("2026/4/18", "2026-04-18"),
    ("2026-04-18", "2026-04-18"),
    ("20260418", "2026-04-18"),
])
def test_days_are_read_in_eras_and_western_years(context, text, answer):
    assert read(form_of(field("datetime", "a", subtype="date")), context, a=text)["a"] == answer


@pytest.mark.parametrize("text", ["昭和64年1月8日", "平成元年1月7日", "R8.2.30", "2026/13/1", "あした", "R8"])
def test_days_that_never_were_are_refused(context, text):
    form = form_of(field("datetime", "a", "面談日", subtype="date"))
    assert told(form, context, {"a": [text]})[0].startswith("「面談日」を")


@pytest.mark.parametrize("raw", [
    {"a": ["R8.4.18"], "a.time": ["9:05"]},
    {"a": ["R8.4.18 9:05"]},
    {"a": ["2026-04-18T09:05"]},
    {"a": ["2026年4月18日"], "a.time": ["午前９時５分"]},
])
def test_a_moment_is_a_day_and_a_time_of_the_town(context, raw):
    form = form_of(field("datetime", "a", subtype="datetime"))
    assert form.read(raw, context=context)["a"] == "2026-04-18T09:05:00+09:00"


def test_a_day_without_its_time_is_told(context):
    assert "両方" in told(form_of(field("datetime", "a", subtype="datetime")), context, {"a": ["R8.4.18"]})[0]


def test_every_problem_is_told_at_once_and_what_was_typed_is_kept(context):
    form = form_of(
        field("textfield", "a", "氏名", **REQUIRED),
        field("select", "b", "経路", values=YES_NO, **REQUIRED),
        field("number", "c", "人数", decimalDigits=0, validate={"min": 0, "max": 20}),
        field("textarea", "d", "内容", validate={"minLength": 10}),
        field("radio", "e", "答え", values=YES_NO),
    )
    typed = {"a": ["  "], "b": [""], "c": ["２１"], "d": ["短い"], "e": ["maybe"]}
    with pytest.raises(AnswersRefused) as error:
        form.read(typed, context=context)
    assert [problem.sentence for problem in error.value.problems] == [
        "「氏名」を入力してください",
        "「経路」を選んでください",
        "「人数」は20以下で入力してください（いま21）",
        "「内容」は10文字以上で入力してください（いま2文字）",
        "「答え」は、示された選択肢から選んでください",
    ]
    assert error.value.kept == typed


def test_a_hidden_field_is_neither_asked_nor_read(context):
    form = form_of(
        field("radio", "shiru", values=YES_NO),
        field("textfield", "riyu", "理由", conditional={"hide": '=shiru != "no"'}, **REQUIRED),
    )
    assert read(form, context, shiru="yes", riyu="残っていた字") == {"shiru": "yes", "riyu": None}
    assert told(form, context, {"shiru": ["no"]}) == ["「理由」を入力してください"]


def test_hiding_one_field_hides_what_hangs_on_it(context):
    form = form_of(
        field("radio", "a", values=YES_NO),
        field("radio", "b", values=YES_NO, conditional={"hide": '=a != "yes"'}),
        field("textfield", "c", conditional={"hide": '=b != "yes"'}),
    )
    assert read(form, context, a="no", b="yes", c="x") == {"a": "no", "b": None, "c": None}


def test_a_group_without_a_name_hides_everything_in_it(context):
    inner = [field("textfield", "b", **REQUIRED)]
    group = {"type": "group", "label": "連絡先", "conditional": {"hide": '=a != "yes"'}, "components": inner}
    form = form_of(field("radio", "a", values=YES_NO), group)
    assert read(form, context, a="no", b="x") == {"a": "no", "b": None}


def test_a_field_can_be_required_by_another_answer(context):
    form = form_of(field("radio", "a", values=YES_NO), field("textfield", "b", "中身", properties={"requiredIf": 'a = "yes"'}))
    assert read(form, context, a="no")["b"] is None
    assert told(form, context, {"a": ["yes"]}) == ["「中身」を入力してください"]


def test_rules_compare_days_as_days(context):
    form = form_of(
        field("datetime", "von", "開始", subtype="date"), field("datetime", "bis", "終了", subtype="date"),
        rules=[
            {"when": "von > bis", "field": "bis", "say": "「終了」は「開始」より後にしてください"},
            {"when": "von > today()", "field": "von", "say": "「開始」は今日までにしてください"},
        ],
    )
    assert read(form, context, von="R8.4.1", bis="R8.4.2")
    assert told(form, context, {"von": ["R8.5.2"], "bis": ["2026/4/30"]}) == [
        "「終了」は「開始」より後にしてください", "「開始」は今日までにしてください",
    ]


def table(**more):
    columns = [field("textfield", "name", "名前", **REQUIRED), field("checkbox", "main", "主担当")]
    return {"type": "dynamiclist", "path": "t", "label": "役割", "components": columns, **more}


def test_a_table_keeps_its_rows_and_drops_blank_ones(context):
    raw = {"t.rows": ["0", "4", "2"], "t.0.name": ["甲"], "t.4.name": [" "], "t.2.name": ["乙"], "t.2.main": ["on"]}
    assert form_of(table()).read(raw, context=context)["t"] == [{"name": "甲", "main": False}, {"name": "乙", "main": True}]


def test_a_problem_in_a_row_names_the_row(context):
    raw = {"t.rows": ["0", "7"], "t.0.name": ["甲"], "t.7.main": ["on"]}
    assert told(form_of(table()), context, raw) == ["「役割」の2行目：「名前」を入力してください"]


def test_a_table_can_be_required(context):
    form = form_of(table(properties={"required": "true"}))
    assert told(form, context, {"t.rows": ["0"]}) == ["「役割」を1行以上入力してください"]


def test_a_rule_counts_a_tables_rows(context):
    rule = {"when": "count(t[main = true]) != 1", "field": "t", "say": "主担当は1つだけにしてください"}
    form = form_of(table(), rules=[rule])
    assert told(form, context, {"t.0.name": ["甲"], "t.1.name": ["乙"]}) == ["主担当は1つだけにしてください"]
    assert form.read({"t.0.name": ["甲"], "t.0.main": ["on"]}, context=context)


def test_a_row_sees_its_own_answers_first(context):
    columns = [
        field("radio", "a", values=YES_NO),
        field("textfield", "b", "訳", conditional={"hide": '=a != "yes"'}, **REQUIRED),
    ]
    form = form_of({"type": "dynamiclist", "path": "t", "label": "表", "components": columns})
    raw = {"t.0.a": ["yes"], "t.0.b": ["x"], "t.1.a": ["no"], "t.1.b": ["y"]}
    assert form.read(raw, context=context)["t"] == [{"a": "yes", "b": "x"}, {"a": "no", "b": None}]


def test_a_group_with_a_name_nests_its_answers(context):
    person = {"type": "group", "path": "target", "label": "本人", "components": [
        field("textfield", "sei"), field("textfield", "mei", conditional={"hide": "=target.sei = null"}),
    ]}  # fmt: skip
    form = form_of(person)
    assert form.read({"target.sei": ["北"], "target.mei": ["花"]}, context=context) == {"target": {"sei": "北", "mei": "花"}}
    assert form.read({"target.mei": ["花"]}, context=context) == {"target": {"sei": None, "mei": None}}


def test_agencies_come_from_the_page(context):
    form = form_of(field("select", "to", "紹介先", properties={"type": "agencies"}))
    assert read(form, context, to=["shakyo", "fukushi"])["to"] == ["fukushi", "shakyo"]
    assert told(form, context, {"to": ["elsewhere"]})


def test_an_attachment_must_be_one_of_the_pages_own(context):
    form = form_of(field("filepicker", "f", "写真", accept=".png,.jpg"))
    assert read(form, context, f="a1")["f"] == ["a1"]
    assert told(form, context, {"f": ["zz"]})
    assert told(form, dataclasses.replace(context, files={"a1": "x.exe"}), {"f": ["a1"]})


def test_a_draft_keeps_anything_as_typed_but_nothing_foreign(context):
    form = form_of(field("number", "n"), table(), field("datetime", "at", subtype="datetime"))
    raw = {"n": ["まだ"], "t.rows": ["3"], "t.3.name": [" 甲 "], "at.time": ["九時"], "csrf": ["x"], "t.3.other": ["y"]}
    assert form.draft(raw) == {"n": ["まだ"], "t.rows": ["3"], "t.3.name": [" 甲 "], "at.time": ["九時"]}


def test_answers_can_be_typed_again_for_a_correction(context):
    form = form_of(
        field("datetime", "at", subtype="datetime"), field("datetime", "d", subtype="date"), table(),
        field("textfield", "y", properties={"type": "yen"}), field("checklist", "m", values=YES_NO),
    )
    raw = {"at": ["R8.4.18 9:05"], "d": ["S20.8.15"], "t.0.name": ["甲"], "y": ["1,200"], "m": ["yes"]}
    answers = form.read(raw, context=context)
    assert form.read(form.typed(answers), context=context) == answers
    assert form.accept(answers, context=context) == answers


def test_only_coded_answers_may_enter_the_engine(context):
    form = form_of(
        field("textarea", "gaiyo"), field("select", "k", values=YES_NO), field("checkbox", "b"),
        field("textfield", "to", properties={"type": "agency"}), table(),
    )
    raw = {"gaiyo": ["秘密のことば"], "k": ["yes"], "b": ["on"], "to": ["shakyo"], "t.0.name": ["甲"], "t.0.main": ["on"]}
    read = form.read(raw, context=context)
    assert form.coded(read, on=date(2026, 1, 5)) == {"k": "yes", "b": True, "to": "shakyo", "t": [{"main": True}]}


def test_reading_shows_labels_and_the_towns_dates(context):
    form = form_of(
        field("datetime", "d", "面談日", subtype="date"), field("select", "k", "経路", values=YES_NO), table(),
        field("textfield", "y", "金額", properties={"type": "yen"}), field("textfield", "n", "備考"),
    )
    answers = form.read({"d": ["R8.4.18"], "k": ["yes"], "t.0.name": ["甲"], "y": ["53700"]}, context=context)
    lines = form.describe(answers, context=context)
    assert [(line.label, line.display) for line in lines] == [
        ("面談日", "令和8年4月18日(土)"), ("経路", "はい"), ("役割", "1行"), ("金額", "53,700円"), ("備考", "—"),
    ]
    assert lines[2].table.rows == (("甲", "いいえ"),)


def test_nothing_is_typed_twice(context):
    group = {"type": "group", "path": "target", "label": "本人", "components": [field("textfield", "sei")]}
    form = form_of(
        field("textfield", "gaiyo"), group, field("textfield", "me", properties={"type": "agency", "prefill": "=me.agency"}),
        field("datetime", "d", subtype="date", properties={"prefill": "=today()"}),
        field("datetime", "t", subtype="datetime", properties={"prefill": "=now()"}),
        field("textfield", "own", properties={"prefill": "none"}),
        field("textfield", "who", properties={"type": "staff", "prefill": "me"}),
        field("textfield", "story", properties={"prefill": "F-A01.gaiyo"}),
    )
    before = [("F-A01", {"gaiyo": "相談", "target": {"sei": "北"}, "own": "前の字"})]
    assert form.prefill(before, context=context) == {
        "gaiyo": ["相談"], "target.sei": ["北"], "me": ["fukushi"], "d": ["R8.4.18"], "t": ["R8.4.18 9:00"], "story": ["相談"],
    }


def test_what_a_page_shows_follows_what_is_typed(context):
    form = form_of(
        field("radio", "a", values=YES_NO, **REQUIRED),
        field("textfield", "b", conditional={"hide": '=a != "yes"'}, properties={"requiredIf": 'a = "yes"'}),
    )
    assert form.shown({}, context=context).hidden == {"b"}
    assert form.shown({"a": ["yes"]}, context=context).required == {"a", "b"}


def test_of_a_birth_only_the_age_reaches_a_process():
    form = form_of(field("datetime", "birth", "生年月日", subtype="date", properties={"age": "birthAge"}))
    for birth, age in (("1950-01-06", 75), ("1950-01-05", 76), (None, None)):
        assert form.coded({"birth": birth}, on=date(2026, 1, 5)) == {"birthAge": age}
