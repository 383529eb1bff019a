# ruff: noqa: E501  (a diagram in one line reads best in one piece)
"""Variables that an expression reads: never set, perhaps not set, written at the same time."""

from processes.checking import check
from processes.house_values import KnownForm
from tests.runtime.drawing import draw

RESULT = "<extensionElements><spiffworkflow:variableName>{}</spiffworkflow:variableName></extensionElements>"
FORM = '| <extensionElements><spiffworkflow:properties><spiffworkflow:property name="form" value="{}"/></spiffworkflow:properties></extensionElements>'


def warned(text, rule, **given):
    return [f for f in check(draw(text), name="図.bpmn", **given) if f.rule == rule]


def script(name, variable, text="1"):
    return f"scriptTask {name}\n| <script>{text}</script>{RESULT.format(variable)}"


READS = "exclusiveGateway g\nscriptTask x\n| <script>{y: 1}</script>\nendEvent e\ng > x if 点数 > 3\ng > e default\nx > e"


def test_a_variable_that_no_step_sets_is_named():
    [found] = warned(f"startEvent s\n{script('a', '点')}\n{READS}\ns > a > g", "never-set")
    assert "「点数」" in found.message
    assert found.severity == "warning"
    assert warned(f"startEvent s\n{script('a', '点数')}\n{READS}\ns > a > g", "never-set") == []


def test_a_step_that_people_answer_may_set_anything_unless_its_form_is_known():
    text = f"startEvent s\nuserTask a\n{FORM.format('F-1')}\n{READS}\ns > a > g"
    assert warned(text, "never-set") == []
    known = {"F-1": KnownForm(key="F-1", coded=frozenset({"区分"}))}
    assert [f.rule for f in warned(text, "never-set", forms=known)] == ["never-set"]
    known = {"F-1": KnownForm(key="F-1", coded=frozenset({"点数"}))}
    assert warned(text, "never-set", forms=known) == []


def test_the_way_round_the_writer_is_shown():
    text = (
        f"startEvent s\nexclusiveGateway h\n{script('a', '点数')}\nexclusiveGateway m\n{READS}\n"
        "s > h\nh > a if z = 1\nh > m default\na > m > g"
    )
    [found] = warned(text, "maybe-unset")
    assert [step.element for step in found.trace] == ["s", "h", "m"]
    assert warned(text.replace("m > g", f"w > m2 > g\nexclusiveGateway m2\n{script('w', '点数')}\nm > w"), "maybe-unset") == []


def test_a_parallel_join_brings_together_what_its_branches_set():
    text = f"startEvent s\nparallelGateway p\nparallelGateway j\n{script('a', '点数')}\nuserTask b\n{READS}\ns > p\np > a > j\np > b > j\nj > g"
    assert warned(text, "maybe-unset") == []


def test_an_expression_that_asks_whether_the_variable_is_there_is_left_alone():
    text = f"startEvent s\n{READS}\ns > g".replace("点数 > 3", "is defined(点数) and 点数 > 3")
    assert warned(text, "never-set") == []


def test_steps_open_together_that_write_the_same_are_named():
    service = '| <extensionElements><spiffworkflow:serviceTaskOperator id="o" resultVariable="{}"/></extensionElements>'
    text = (
        f"startEvent s\nparallelGateway p\nparallelGateway j\nserviceTask a\n{service.format('結果')}\nserviceTask b\n"
        f"{service.format('%s')}\nendEvent e\ns > p\np > a > j\np > b > j\nj > e"
    )
    [found] = warned(text % "結果", "concurrent-writers")
    assert "「結果」" in found.message
    assert warned(text % "別の結果", "concurrent-writers") == []
    one_after_the_other = text.replace("p > b > j", "p > j\na > b > j").replace("p > a > j", "p > a")
    assert warned(one_after_the_other % "結果", "concurrent-writers") == []
