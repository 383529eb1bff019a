"""A form is read whole, or every reason why not is told."""

import pytest

from forms import schema
from forms.errors import FormError
from tests.forms.paper import field, form_of, values


def refused(*components, rules=()):
    with pytest.raises(FormError) as error:
        form_of(*components, rules=rules)
    return [finding.sentence for finding in error.value.findings]


def test_everything_that_we_do_not_render_is_told_at_once():
    sentences = refused(
        {"type": "button", "label": "送信"},
        field("iframe", "x"),
        field("textfield", "番号"),
        field("select", "s", values=[]),
        field("number", "n", validate={"min": "たくさん"}),
    )
    assert any("部品「button」は使えません" in s for s in sentences)
    assert any("部品「iframe」は使えません" in s for s in sentences)
    assert any("英字で始まる英数字" in s for s in sentences)
    assert any("選択肢がありません" in s for s in sentences)
    assert any("「たくさん」は数ではありません" in s for s in sentences)


def test_a_condition_over_an_unknown_field_is_refused():
    assert refused(field("textfield", "a", conditional={"hide": "=b = null"})) == [
        "条件が読む「b」という項目は、この様式にありません。"
    ]


def test_an_expression_that_is_not_feel_is_refused():
    assert "を読めません" in refused(field("textfield", "a", properties={"requiredIf": "a =="}))[0]


def test_two_fields_cannot_have_one_name():
    assert "2度あります" in refused(field("textfield", "a"), field("number", "a"))[0]


def test_a_rule_points_at_a_field_and_says_what_is_wrong():
    assert refused(field("textfield", "a"), rules=[{"when": "a = null", "field": "b", "say": "だめです"}])
    assert refused(field("textfield", "a"), rules=[{"when": "a = null", "field": "a"}])


def test_a_table_cannot_hold_a_table():
    inner = {"type": "dynamiclist", "path": "inner", "label": "中", "components": [field("textfield", "a")]}
    assert "表の中に表は置けません。" in refused({"type": "dynamiclist", "path": "t", "label": "外", "components": [inner]})


def test_dynamic_choices_are_refused():
    assert "valuesExpression" in refused(field("select", "s", valuesExpression="=x", values=values(("1", "一"))))[0]


@pytest.mark.parametrize("source", [b"", b"[]", b"{", b'"x"', b"\xff"])
def test_what_is_no_form_at_all_is_refused(source):
    with pytest.raises(FormError, match="JSON"):
        schema.read(source)


def test_code_lists_give_the_choices_and_can_be_narrowed():
    form = form_of(field("select", "kinkyu", properties={"codes": "C07", "only": "1,2"}))
    assert [choice.value for choice in form.fields[0].choices] == ["1", "2"]
    assert refused(field("select", "s", properties={"codes": "C99"}))
    assert "C07 に 9" in refused(field("select", "s", properties={"codes": "C07", "only": "1,9"}))[0]


def test_every_input_has_a_class_from_the_form_or_its_own():
    form = form_of(field("textfield", "a"), field("textfield", "b", properties={"class": "L4"}))
    assert form.classes == {"a": "L3", "b": "L4"}


def test_the_digest_tells_versions_apart():
    assert form_of(field("textfield", "a")).digest != form_of(field("textfield", "b")).digest


def test_the_shape_is_exported_as_json_schema():
    form = form_of(
        field("textfield", "a", validate={"required": True, "maxLength": 5}),
        {"type": "dynamiclist", "path": "t", "label": "表", "components": [field("number", "n")]},
    )
    shape = form.json_schema()
    assert shape["required"] == ["a"]
    assert shape["properties"]["a"]["maxLength"] == 5
    assert shape["properties"]["t"]["items"]["properties"]["n"]["anyOf"][0]["type"] == "number"
