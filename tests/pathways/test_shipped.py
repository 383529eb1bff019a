"""The pathways, tables and forms that come with the application: each is publishable, and the main lines run as
the handbook tells them."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine import runtime
from engine.bundles import gather, shipped, shipped_names
from engine.known import known_forms
from engine.operators import EFFECTS, OPERATORS
from forms.answers import Context
from forms.errors import AnswersRefused
from forms.fields import Choice, every
from forms.schema import read as read_form
from processes import bpmn, checking, dmn
from processes.bpmn_values import Bounds
from processes.house import HouseRules
from tsunagi.tracing import trace_file

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "processes" / "tables"
LIBRARY = ROOT / "forms" / "library"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
PATHWAYS = (
    "aftermath", "collaboration", "community", "consent", "consult", "contract", "emergency",
    "evaluation", "liaison", "meeting", "outreach", "participation", "publicity", "referral", "safety", "statutory_report", "training",
)
EXAMPLES: list[dict[str, Any]] = json.loads((TABLES / "examples.json").read_text("utf-8"))
TOWN = json.loads((ROOT / "tsunagi" / "demo" / "agencies.json").read_text("utf-8"))
#: What the grid of gaps cannot follow: columns that look into lists.
LOOKS_INTO_LISTS = "dmn-grid-unknown"


def trace(
    folder: Path, pathway: str, answers: Mapping[str, Any], *, messages: Any = (), until: str = "P900D", **given: Any
) -> list[dict[str, Any]]:
    """Run one shipped diagram alone, with the diagrams and tables that it is published with."""
    for name, text in shipped(pathway).items():
        (folder / Path(name).name).write_text(text, "utf-8")
    lines, _ = trace_file(folder / f"{pathway}.bpmn", inputs={"desk": "konkyu", "lead": "konkyu", "caseId": 5, **given},
                          answers=answers, messages=messages, until=until)
    return lines


def passed(lines: list[dict[str, Any]]) -> list[str]:
    return [line["element"] for line in lines if line["event"] == "completed"]


def ended(lines: list[dict[str, Any]]) -> str:
    problem = next((line["message"] for line in lines if line["event"] == "incident"), "")
    return f"{lines[-1]['state']}{problem}"


def closed(item: str, result: str, at: str, **more: Any) -> dict[str, Any]:
    """The result of a meeting item, as P-B1 sends it."""
    payload = {"item": item, "kinou": "A", "kekka": result, "risk": [], "komari": [], "atarashiiShu": None,
               "tsuikaKikan": [], "kankeiKikan": [], **more}
    return {"name": "meeting.item.closed", "payload": payload, "at": at}


def test_all_six_pathways_are_shipped() -> None:
    assert set(PATHWAYS) <= set(shipped_names())


@pytest.mark.parametrize("pathway", PATHWAYS)
def test_a_shipped_diagram_is_publishable(pathway: str) -> None:
    """The check finds nothing at all, house rules included."""
    bundle = gather(shipped(pathway))
    rules = HouseRules(
        agencies=frozenset(agency["code"] for agency in TOWN["agencies"]), roles=frozenset(TOWN["roles"]),
        forms=known_forms(bundle.forms.values()), operators=OPERATORS,
    )
    found = checking.check(bundle.main, name=bundle.name, called=bundle.called, decisions=bundle.decisions,
                           forms=known_forms(bundle.forms.values()), house=rules)
    assert [f"{one.element} {one.message}" for one in found] == []


@pytest.mark.parametrize("pathway", PATHWAYS)
def test_everything_is_drawn(pathway: str) -> None:
    """Every node, lane and line has its place; no two tasks, events or gateways lie on each other."""
    bundle = gather(shipped(pathway))
    diagram = bpmn.read(bundle.main, name=bundle.name)
    (process,) = diagram.processes.values()
    assert set(process.nodes) | set(process.lanes) <= set(diagram.shapes)
    assert set(process.flows) == set(diagram.edges)
    small = [(node.id, diagram.shapes[node.id]) for node in process.nodes.values() if not node.is_scope and not node.attached_to]
    lying = [(one, other) for i, (one, a) in enumerate(small) for other, b in small[i + 1:] if _meet(a, b)]
    assert lying == []
    written = [(key, box) for key, box in diagram.labels.items() if key in process.nodes or process.flows[key].name]
    assert [(key, node) for key, box in written for node, other in small if key != node and _meet(box, other)] == []
    assert [(key, other) for i, (key, box) in enumerate(written) for other, b in written[i + 1:] if _meet(box, b)] == []


def _meet(a: Bounds, b: Bounds) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


@pytest.mark.parametrize("pathway", PATHWAYS)
def test_every_task_tells_staff_what_to_do(pathway: str) -> None:
    bundle = gather(shipped(pathway))
    (process,) = bpmn.read(bundle.main, name=bundle.name).processes.values()
    tasks = [node for node in process.nodes.values() if node.kind == "userTask"]
    assert tasks
    assert [task.id for task in tasks if not task.instructions or not task.properties.get("stage")] == []
    assert bundle.readme.startswith("# P-")


@pytest.mark.parametrize("pathway", PATHWAYS)
def test_due_dates_name_rows_of_the_table(pathway: str) -> None:
    (process,) = bpmn.read(gather(shipped(pathway)).main, name=pathway).processes.values()
    text = (TABLES / "D5.dmn").read_text("utf-8")
    rows = {node.properties["due"][3:] for node in process.nodes.values() if node.properties.get("due", "").startswith("D5:")}
    assert [row for row in sorted(rows) if f'<text>"{row}"</text>' not in text] == []


@pytest.mark.parametrize("table", sorted(path.name for path in TABLES.glob("*.dmn")))
def test_a_table_is_sound(table: str) -> None:
    found = [one for one in dmn.check((TABLES / table).read_bytes()) if one.rule != LOOKS_INTO_LISTS]
    assert [one.message for one in found] == []
    assert any(example["table"] == table.removesuffix(".dmn") for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example['table']}-{example['why']}")
def test_a_table_decides_as_the_town_expects(example: dict[str, Any]) -> None:
    model = dmn.read((TABLES / f"{example['table']}.dmn").read_bytes())
    value: Any = model.decide(example.get("decision", example["table"]), example["input"], now=NOW).value
    wanted = example["value"]
    assert ({key: value[key] for key in wanted} if isinstance(wanted, dict) else value) == wanted


@pytest.mark.parametrize("urgency", [1, 2, 3, 4])
def test_silence_is_the_answers_due_date_and_five_days(urgency: int) -> None:
    answer: Any = dmn.read((TABLES / "D5.dmn").read_bytes()).decide("D5", {"task": "つなぎ回答", "urgency": urgency}, now=NOW).value
    silence = dmn.read((TABLES / "D5S.dmn").read_bytes()).decide("D5S", {"urgency": urgency}, now=NOW).value
    assert silence == (answer["days"] if answer["unit"] == "営業日" else 0) + 5


@pytest.mark.parametrize("form", sorted(path.name for path in LIBRARY.glob("*.form.json")))
def test_a_form_reads(form: str) -> None:
    read = read_form((LIBRARY / form).read_bytes())
    assert form == f"{read.key}.form.json"
    assert read.title != read.key


def test_a_consultation_needs_only_when_how_who_and_what() -> None:
    form = read_form((LIBRARY / "F-A01.form.json").read_bytes())
    context = Context(now=NOW, choices={"staff": (Choice(value="1", label="例"),)})
    given = form.accept({"uketsukeAt": "2026-01-05T08:00:00+09:00", "keiro": "02", "uketsukeSha": "1",
                         "gaiyo": "お金がなくて困っています"}, context=context)
    assert form.coded(given, on=date(2026, 1, 5))["keiro"] == "02"
    assert "gaiyo" not in form.coded(given, on=date(2026, 1, 5))
    with pytest.raises(AnswersRefused) as refused:
        form.accept({}, context=context)
    assert {problem.path for problem in refused.value.problems} == {"uketsukeAt", "keiro", "uketsukeSha", "gaiyo"}


CONTACT = {"attempts": [{"at": "2026-01-05T10:00:00+09:00", "shudan": "電話", "kekka": "つながった"}]}


def test_a_consultation_ends_with_information(tmp_path: Path) -> None:
    lines = trace(tmp_path, "consult", {"A-30": CONTACT, "A-40": {"taiou": "01"}, "A-70": {"kubun": "情報提供で完了"}})
    assert ended(lines) == "finished"
    assert passed(lines)[-3:] == ["A-X12", "A-75", "A-80"]


def test_own_support_goes_on_until_it_is_ended(tmp_path: Path) -> None:
    lines = trace(tmp_path, "consult", {"A-30": CONTACT, "A-40": {"taiou": "02"},
                                        "A-50": [{"keizoku": "続ける"}, {"keizoku": "終える"}], "A-70": {"kubun": "自機関支援終了"}})
    assert ended(lines) == "finished"
    assert passed(lines).count("A-50") == 2


def test_an_emergency_with_abuse_reports_and_helps_at_once(tmp_path: Path) -> None:
    lines = trace(tmp_path, "consult", {"A-10": {"inochi": "あり", "komari": ["16"]}, "A-40": {"taiou": "02"},
                                        "A-50": {"keizoku": "終える"}, "A-70": {"kubun": "自機関支援終了"}})
    assert ended(lines) == "finished"
    assert {"A-25", "A-27"} <= set(passed(lines))
    assert "A-30" not in passed(lines)
    assert passed(lines).count("A-46") == 0, "a report once started is not started again"


def test_three_failed_calls_ask_for_another_way(tmp_path: Path) -> None:
    tries = [{"at": f"2026-01-0{day}T10:00:00+09:00", "shudan": "電話", "kekka": "留守"} for day in (5, 6, 7)]
    lines = trace(tmp_path, "consult", {"A-30": [{"attempts": tries[:1]}, {"attempts": tries[:2]}, {"attempts": tries}],
                                        "A-35": {"saku": "終了"}, "A-70": {"kubun": "連絡不能"}})
    assert ended(lines) == "finished"
    assert passed(lines).count("A-30") == 3


def test_a_referral_from_a_consultation_moves_the_case(tmp_path: Path) -> None:
    lines = trace(tmp_path, "consult", {
        "A-30": CONTACT, "A-40": {"taiou": "03", "tsunagiSaki": ["hokatsu"]}, "R-10": {"to": "hokatsu", "douiKind": "04"},
        "R-20": {"kekka": "1"}, "R-60": {"sesshoku": "会えた"}, "R-80": {"kanyo": "関与を終える"},
        "A-68": {"honnin": "つながった"}, "A-70": {"kubun": "つなぎ完了"}})
    done = passed(lines)
    assert ended(lines) == "finished"
    assert done.index("R-70") < done.index("R-60") < done.index("R-75") < done.index("A-60")
    assert done[-1] == "A-82"


SHEET = {"to": "fukushi", "douiKind": "04", "kinkyu": "3"}


def test_a_section_of_the_office_sends_a_sheet_that_is_accepted(tmp_path: Path) -> None:
    lines = trace(tmp_path, "referral", {"R-10": SHEET, "R-20": {"kekka": "1"}, "R-60": {"sesshoku": "電話のみ"},
                                         "R-80": {"kanyo": "関与を続ける"}}, desk="zeimu")
    assert ended(lines) == "finished"
    assert lines[-1]["variables"]["kekkaTsunagi"]["owari"] == "受理"


def test_a_returned_sheet_passes_the_ground_check_again(tmp_path: Path) -> None:
    lines = trace(tmp_path, "referral", {"R-10": SHEET, "R-20": [{"kekka": "3"}, {"kekka": "3"}, {"kekka": "3"}],
                                         "R-50": {"sai": "多機関協働へ"}}, desk="zeimu")
    assert ended(lines) == "finished"
    assert passed(lines).count("R-40") == 2
    assert passed(lines).count("R-12") == 3
    assert passed(lines)[-1] == "R-EE4"


def test_a_ground_that_does_not_hold_sends_nothing(tmp_path: Path) -> None:
    lines = trace(tmp_path, "referral", {"R-10": {**SHEET, "to": "jinkokai"}, "R-14": None}, desk="zeimu")
    assert lines[-1]["waiting"] == ["R-14"]
    assert "R-15" not in passed(lines)


def test_the_second_decline_goes_to_the_coordinator(tmp_path: Path) -> None:
    lines = trace(tmp_path, "referral", {
        "R-10": [SHEET, {**SHEET, "to": "hokatsu"}, SHEET], "R-20": {"kekka": "4", "daitai": "hokatsu", "jitaiRiyu": "01"},
        "R-46": {"tsugiKata": "別の機関へつなぐ", "saki": "hokatsu"}, "R-50": None}, desk="zeimu")
    assert lines[-1]["waiting"] == ["R-50"]
    assert passed(lines).count("R-46") == 1


def test_the_second_forwarding_goes_to_the_coordinator(tmp_path: Path) -> None:
    lines = trace(tmp_path, "referral", {
        "R-10": SHEET, "R-20": [{"kekka": "5", "daitai": "hokatsu"}, {"kekka": "5", "daitai": "konkyu"}], "R-50": None}, desk="zeimu")
    assert lines[-1]["waiting"] == ["R-50"]
    assert passed(lines).count("R-12") == 2


def test_silence_goes_to_the_coordinator_who_names_an_agency(tmp_path: Path) -> None:
    lines = trace(tmp_path, "referral", {"R-10": SHEET, "R-20": None, "R-50": {"sai": "指名", "kikan": "hokatsu"},
                                         "R-22": {"kekka": "2"}, "R-60": {"sesshoku": "会えた"}}, desk="zeimu")
    done = passed(lines)
    assert ended(lines) == "finished"
    assert done.index("R-T3") < done.index("R-50") < done.index("R-22") < done.index("R-70")
    assert lines[-1]["variables"]["kekkaTsunagi"]["owari"] == "共同受理"


PLAN: dict[str, Any] = {
    "B-10": {"kinkyu": "3", "doui": [{"jotai": "3"}]},
    "B-20": {"kekka": "受理", "shuKikan": "konkyu", "kankeiKikan": ["konkyu", "hokatsu"], "betsuKyogitai": "なし"},
    "B-40": {"kadai": [{"komari": "20"}], "risk": ["なし"], "douiZentai": "全員", "taishoNinzu": 1},
    "B-60": {"yakuwari": [{"agency": "konkyu", "kigen": "2026-03-01", "shu": True}, {"agency": "hokatsu", "kigen": "2026-03-01"}],
             "kikanTo": "2026-06-30", "monitor": "30"},
    "B-65": {"kekka": "引き受ける"}, "B-70": {"ikou": "同意"}, "B-100": {"kettei": "決定"},
    "B-112": [{"joutai": "2"}, {"joutai": "3"}],
    "B-121": {"riskUp": False}, "B-150": {"hantei": "1", "honninIshi": "確認した", "riskKaishou": True, "douiZentai": "全員"},
    "B-170": {"kettei": "決定", "riyu": "01", "shuTanto": "hokatsu", "follow": True}, "B-175": {"kekka": "受けた"},
    "B-186": {"jotai": "安定"},
}


def test_cooperation_from_application_to_the_last_follow_up(tmp_path: Path) -> None:
    lines = trace(tmp_path, "collaboration", PLAN, messages=[closed("5-B1", "プラン適切", "P20D"), closed("5-B2", "終結相当", "P220D")])
    done = passed(lines)
    assert ended(lines) == "finished"
    assert [step for step in done if step in ("B-40", "B-80", "B-100", "B-150", "B-160", "B-170", "B-175", "B-180")] == [
        "B-40", "B-80", "B-100", "B-150", "B-160", "B-170", "B-175", "B-180"]
    assert done.count("B-186") == 2
    assert lines[-1]["variables"]["lead"] == "hokatsu"


def test_without_consent_the_support_meeting_comes_first_and_the_plan_after_consent(tmp_path: Path) -> None:
    answers = {**PLAN, "B-40": {**PLAN["B-40"], "douiZentai": "なし"}, "B-112": {"joutai": "3"}}
    lines = trace(tmp_path, "collaboration", answers, messages=[
        closed("5-B1", "同意の働きかけ", "P10D"),
        {"name": "consent.changed", "payload": {"person": "1", "state": "3", "teikyosaki": ["hokatsu"]}, "at": "P50D"},
        closed("5-B2", "プラン適切", "P70D"), closed("5-B3", "終結相当", "P300D")])
    done = passed(lines)
    assert ended(lines) == "finished"
    assert done.index("B-50A") < done.index("B-C1") < done.index("B-60") < done.index("B-80")


def test_a_missing_agency_is_asked_and_the_plan_made_anew(tmp_path: Path) -> None:
    lines = trace(tmp_path, "collaboration", PLAN, messages=[
        closed("5-B1", "別機関必要", "P20D", tsuikaKikan=["rinks"]), closed("5-B2", "プラン適切", "P40D"),
        closed("5-B3", "終結相当", "P300D")])
    done = passed(lines)
    assert ended(lines) == "finished"
    assert done.index("B-90") < [i for i, step in enumerate(done) if step == "B-60"][1]


def test_the_plans_end_closes_support_that_is_not_reported(tmp_path: Path) -> None:
    lines = trace(tmp_path, "collaboration", {**PLAN, "B-112": None},
                  messages=[closed("5-B1", "プラン適切", "P20D"), closed("5-B2", "中断", "P220D")])
    done = passed(lines)
    assert ended(lines) == "finished"
    assert done.count("B-121") == 3, "after the plan's first month every sixty days (D9)"
    assert done.index("B-145") < done.index("B-150") < done.index("B-165")


def test_a_withdrawal_is_looked_at_and_an_interruption_ends_the_case(tmp_path: Path) -> None:
    lines = trace(tmp_path, "collaboration", {**PLAN, "B-112": None, "ES-10": {"chudanRiyu": "転出"}}, messages=[
        closed("5-B1", "プラン適切", "P20D"),
        {"name": "consent.changed", "payload": {"person": "1", "state": "5", "teikyosaki": None}, "at": "P60D"},
        {"name": "case.interrupt", "payload": {}, "at": "P70D"}])
    assert ended(lines) == "finished"
    assert {"BC-20", "ES-10", "ES-EE"} <= set(passed(lines))
    assert lines[-1]["variables"]["doui"] == "なし"


ITEM = {"caseId": 7, "item": "7-A1", "purpose": "方針協議", "kinou": "A", "agencies": ["hokatsu", "konkyu", "fukushi"], "urgency": 3}
OTHER = {"caseId": 8, "item": "8-B1", "purpose": "プラン適切性", "kinou": "B", "agencies": ["hokatsu"], "urgency": 3}
MEETING = {"nichiji": "2026-01-20T10:00:00+09:00", "houhou": "対面", "anken": [], "shoshuKikan": ["rinks"]}


def test_one_meeting_gathers_the_items_of_two_cases(tmp_path: Path) -> None:
    lines = trace(tmp_path, "meeting", {"K-10": MEETING, "K-50": [{"kekka": "プラン作成へ"}, {"kekka": "プラン適切", "shigenFusoku": True}],
                                        "K-70": [{"kekka": "確認"}, {"kekka": "修正希望"}]},
                  messages=[{"name": "meeting.item.requested", "payload": one, "at": "PT0H"} for one in (ITEM, OTHER)])
    done = passed(lines)
    assert ended(lines) == "finished"
    assert done.count("K-81") == 2
    assert done.count("K-20") == 5, "papers follow the item: every agency is asked for each of its items"
    assert done.count("K-85") == 1, "an item of function A tells nothing of its missing resources"


def test_missing_resources_of_a_support_meeting_go_out_only_when_nobody_can_be_known(tmp_path: Path) -> None:
    answers = {"K-10": MEETING, "K-50": {"kekka": "見守り", "shigenFusoku": True}, "K-70": {"kekka": "確認"}, "K-75": None}
    told = [{"name": "meeting.item.requested", "payload": ITEM, "at": "PT0H"}]
    assert "K-85" not in passed(trace(tmp_path, "meeting", answers, messages=told))
    done = passed(trace(tmp_path, "meeting", {**answers, "K-75": {"kakuninE": True}}, messages=told))
    assert done.index("K-75") < done.index("K-85")


def test_an_urgent_item_is_not_left_in_a_meeting_that_gathers_for_weeks() -> None:
    """What asks for a meeting joins the one that gathers, but an emergency opens its own; the meeting agrees."""
    texts = {name: (ROOT / "processes" / "pathways" / name / f"{name}.bpmn").read_text("utf-8") for name in shipped_names()}
    throws = [one for name, text in texts.items() if name != "meeting" for one in re.findall(r'name="correlation" value=(.*) />', text)
              if "gathering" in one]
    assert len(throws) >= 6
    assert all("kinkyu-" in one and "urgency = 1" in one or "kinkyuKaigi" in one for one in throws)
    assert any("items[1].urgency = 1" in one for one in re.findall(r'name="correlation" value=(.*) />', texts["meeting"]))


def test_monitoring_comes_sooner_where_risk_is_high_and_progress_is_put_before_a_meeting(tmp_path: Path) -> None:
    answers = {**PLAN, "B-112": None, "B-121": [{"risk": ["自死"], "riskUp": False, "shinchoku": True}, {"risk": ["なし"]}],
               "B-100": {"kettei": "決定"}}
    lines = trace(tmp_path, "collaboration", answers, until="P110D",
                  messages=[closed("5-B1", "プラン適切", "P20D"), closed("5-P1", "継続検討", "P60D")])
    asked = [line["at"][:10] for line in lines if line["event"] == "completed" and line["element"] == "B-121"]
    assert (date.fromisoformat(asked[1]) - date.fromisoformat(asked[0])).days == 14
    assert {"B-130", "B-131", "B-136"} <= set(passed(lines))
    assert "B-150" not in passed(lines), "the support goes on"


def test_a_meeting_that_wants_a_new_plan_ends_the_support_early(tmp_path: Path) -> None:
    answers = {**PLAN, "B-112": None, "B-121": {"riskUp": True, "risk": ["医療未受診"]}, "B-125": {"youhi": "要"},
               "B-150": None}
    lines = trace(tmp_path, "collaboration", answers,
                  messages=[closed("5-B1", "プラン適切", "P20D"), closed("5-P1", "再プラン", "P60D")])
    done = passed(lines)
    assert done.index("B-125") < done.index("B-130") < done.index("B-149")
    assert lines[-1]["waiting"] == ["B-150"]
    assert "B-145" not in done


def test_abuse_found_in_monitoring_is_reported_at_once(tmp_path: Path) -> None:
    answers = {**PLAN, "B-112": None, "B-121": {"risk": ["虐待", "DV"], "riskUp": False}}
    done = passed(trace(tmp_path, "collaboration", answers, until="P60D", messages=[closed("5-B1", "プラン適切", "P20D")]))
    assert done.index("B-126") < done.index("B-128")


def test_declines_count_over_all_sheets_of_the_case(tmp_path: Path) -> None:
    """One decline and then own support; the next decline is the second and comes to the 推進員."""
    lines = trace(tmp_path, "consult", {
        "A-30": CONTACT, "A-40": {"taiou": "03", "tsunagiSaki": ["hokatsu"]}, "R-10": {"to": "hokatsu", "douiKind": "04"},
        "R-20": {"kekka": "4", "daitai": "fukushi", "jitaiRiyu": "01"}, "R-46": {"tsugiKata": "自機関で対応する"}, "R-50": None})
    assert lines[-1]["waiting"] == ["R-50"]
    assert passed(lines).count("R-46") == 1


def test_abuse_learnt_at_a_meeting_is_told_before_the_minutes_are_confirmed(tmp_path: Path) -> None:
    lines = trace(tmp_path, "meeting", {"K-10": MEETING, "K-50": {"kekka": "見守り", "komari": ["16"]}, "K-70": None},
                  messages=[{"name": "meeting.item.requested", "payload": ITEM, "at": "PT0H"}])
    done = passed(lines)
    assert ended(lines) == "finished"
    assert done.index("K-57") < done.index("K-T3")
    assert {"K-82"} <= set(done)
    assert "K-81" not in done, "the result is told once"


def test_abuse_found_in_the_assessment_is_reported_before_the_agencies_answer(tmp_path: Path) -> None:
    answers = {**PLAN, "B-40": {**PLAN["B-40"], "risk": ["虐待"], "kodomo": True}, "B-45": None}
    lines = trace(tmp_path, "collaboration", answers, until="P1D")
    assert "B-37" in passed(lines)
    assert "B-PG2" not in passed(lines), "the agencies are still being asked"


def test_silence_about_minutes_is_agreement(tmp_path: Path) -> None:
    lines = trace(tmp_path, "meeting", {"K-10": MEETING, "K-20": None, "K-50": {"kekka": "継続検討"}, "K-70": None},
                  messages=[{"name": "meeting.item.requested", "payload": ITEM, "at": "PT0H"}])
    assert ended(lines) == "finished"
    assert {"K-T2", "K-T3", "K-81"} <= set(passed(lines))


def test_consent_is_renewed_or_expires(tmp_path: Path) -> None:
    lines = trace(tmp_path, "consent", {"Y-10": [{"kekka": "1"}, {"kekka": "8"}, {"kekka": "2", "kigen": "2026-12-01"}],
                                        "Y-60": {"tsugi": "もう一度説明する"}, "Y-30": None})
    assert ended(lines) == "finished"
    assert passed(lines)[-2:] == ["Y-45", "Y-EE3"]


def test_consent_is_withdrawn_at_any_time(tmp_path: Path) -> None:
    lines = trace(tmp_path, "consent", {"Y-10": {"kekka": "3", "person": "4"}},
                  messages=[{"name": "consent.withdraw", "key": "4", "payload": {}, "at": "P10D"}])
    assert ended(lines) == "finished"
    done = passed(lines)
    assert done.index("Y-75") < done.index("Y-70"), "the ground is asked again at once; telling the agencies comes after"


def test_a_report_is_followed_until_safety_is_known(tmp_path: Path) -> None:
    lines = trace(tmp_path, "statutory_report", {"X-20": {"anzen": "未確認"}, "X-30": [{"anzen": "未確認"}, {"anzen": "確認済"}]},
                  shurui=["児童虐待", "DV"])
    assert ended(lines) == "finished"
    assert passed(lines).count("X-10") == 2
    assert passed(lines).count("X-40") == 2


def test_a_consultation_in_the_future_or_long_past_is_questioned() -> None:
    form = read_form((LIBRARY / "F-A01.form.json").read_bytes())
    context = Context(now=NOW, choices={"staff": (Choice(value="1", label="例"),)})
    said = {"keiro": "02", "uketsukeSha": "1", "gaiyo": "お金がなくて困っています"}
    for moment, field in (("2026-01-09T08:00:00+09:00", "uketsukeAt"), ("2025-12-01T08:00:00+09:00", "okureRiyu")):
        with pytest.raises(AnswersRefused) as refused:
            form.accept({**said, "uketsukeAt": moment}, context=context)
        assert [problem.path for problem in refused.value.problems] == [field]


REACHING: dict[str, Any] = {
    "C-05": {"kinkyu": "3"}, "C-10": {"shori": "アウトリーチ検討"}, "C-23": {"hojin": "shakyo_out"}, "C-30": {"kekka": "受ける"},
    "C-40": [{"hannou": "0", "anzen": "異常なし"}, {"hannou": "4", "anzen": "異常なし"}, {"hannou": "6", "anzen": "異常なし"}],
    "C-74": {"kettei": "決定"}, "C-80": [{"anzen": "異常なし"}, {"hyokaHe": True}], "C-85": {"hantei": "1"},
    "C-95": {"kettei": "決定", "riyu": "03"}, "C-99": {"jotai": "安定"},
}


def test_outreach_from_a_tip_to_the_last_follow_up(tmp_path: Path) -> None:
    lines = trace(tmp_path, "outreach", REACHING, messages=[
        closed("5-C1", "アウトリーチへ", "P5D"), {"name": "consent.changed", "payload": {"person": "1", "state": "3"}, "at": "P10D"},
        closed("5-C2", "プラン適切", "P20D"), closed("5-C3", "終結相当", "P40D")])
    done = passed(lines)
    assert ended(lines) == "finished"
    main = ["C-05", "C-10", "C-23", "C-30", "C-60", "C-70", "C-74", "C-85", "C-95", "C-97"]
    assert [step for step in done if step in main] == main
    assert (done.count("C-40"), done.count("C-80"), done.count("C-99")) == (3, 2, 2)
    assert done.index("C-20") < done.index("C-23"), "before consent only the support meeting speaks of the household"


def test_outreach_that_nobody_answers_goes_back_to_the_meeting(tmp_path: Path) -> None:
    answers = {**REACHING, "C-40": {"hannou": "0", "anzen": "異常なし"}, "C-95": None}
    lines = trace(tmp_path, "outreach", answers, messages=[closed("5-C1", "アウトリーチへ", "P5D"), closed("5-C2", "見守り", "P30D")])
    assert passed(lines).count("C-40") == 6
    assert lines[-1]["waiting"] == ["C-95"], "the town ends it, not the corporation"


def test_two_corporations_that_cannot_lead_to_one_that_is_named(tmp_path: Path) -> None:
    answers = {**REACHING, "C-30": {"kekka": "受けられない"}, "C-32": {"hojin": "minori"}, "C-40": None}
    lines = trace(tmp_path, "outreach", answers, messages=[closed("5-C1", "アウトリーチへ", "P5D")])
    assert (passed(lines).count("C-30"), passed(lines).count("C-32")) == (2, 1)
    assert lines[-1]["waiting"] == ["C-40"]


def test_a_tip_is_looked_at_again_after_three_months(tmp_path: Path) -> None:
    answers = {**REACHING, "C-10": {"shori": "様子を見る"}, "C-15": [{"kekka": "動きなし"}, {"kekka": "検討へ"}]}
    lines = trace(tmp_path, "outreach", answers)
    assert passed(lines).count("C-15") == 2
    assert lines[-1]["waiting"] == ["C-21"]


def test_abuse_met_on_a_visit_is_reported_at_once(tmp_path: Path) -> None:
    answers = {**REACHING, "C-40": [{"hannou": "4", "anzen": "気になる", "risk": ["DV"]}, None]}
    assert "C-43" in passed(trace(tmp_path, "outreach", answers, messages=[closed("5-C1", "アウトリーチへ", "P5D")]))


def test_a_withdrawn_consent_makes_outreach_look_at_its_ground(tmp_path: Path) -> None:
    lines = trace(tmp_path, "outreach", {**REACHING, "C-80": None}, messages=[
        closed("5-C1", "アウトリーチへ", "P5D"), {"name": "consent.changed", "payload": {"person": "1", "state": "3"}, "at": "P10D"},
        closed("5-C2", "プラン適切", "P20D"), {"name": "consent.changed", "payload": {"person": "1", "state": "5"}, "at": "P30D"}])
    assert "BC-20" in passed(lines)


JOINING: dict[str, Any] = {
    "D-10": {"planYouhi": "不要"}, "D-20": [{"nai": True}, {"nai": False}], "D-25": {"tsugi": "2026-01-20"},
    "D-30": {"kaitou": "受入可", "kaishi": "2026-02-10"}, "D-40": [{"tsuzuke": "休む"}, {"tsuzuke": "続ける"}],
    "D-50": {"kaishi": "2026-02-10"}, "D-61": {"keizoku": "継続", "antei": True}, "D-90": {"kekka": "定着"},
    "D-95": {"kettei": "決定", "riyu": "04"},
}


def test_participation_is_followed_at_two_weeks_one_three_and_six_months(tmp_path: Path) -> None:
    lines = trace(tmp_path, "participation", JOINING)
    assert ended(lines) == "finished"
    asked = [line["at"][:10] for line in lines if line["event"] == "completed" and line["element"] == "D-61"]
    assert asked == ["2026-02-24", "2026-03-12", "2026-05-11", "2026-08-09"]
    assert {"D-21", "D-25", "D-41", "D-95"} <= set(passed(lines)), "nothing fitting is told to community building"


def test_participation_with_a_plan_is_decided_by_the_town(tmp_path: Path) -> None:
    lines = trace(tmp_path, "participation", {**JOINING, "D-10": {"planYouhi": "要"}, "D-1A": {"kettei": "決定"}},
                  messages=[{"name": "consent.changed", "payload": {"person": "1", "state": "3"}, "at": "P2D"},
                            closed("5-D1", "プラン適切", "P9D")])
    done = passed(lines)
    assert ended(lines) == "finished"
    assert done.index("D-15") < done.index("D-152") < done.index("D-18") < done.index("D-1A") < done.index("D-20")
    waiting = trace(tmp_path, "participation", {**JOINING, "D-10": [{"planYouhi": "要"}, None]})
    assert waiting[-1]["waiting"] == ["D-10"], "without consent there is no plan: the wish is asked again"
    assert "D-16" not in passed(waiting)


def test_a_host_that_cannot_take_and_a_pause_are_met_with_another_way(tmp_path: Path) -> None:
    answers = {**JOINING, "D-20": {"nai": False}, "D-30": [{"kaitou": "不可"}, {"kaitou": "受入可"}], "D-40": {"tsuzuke": "続ける"},
               "D-61": {"keizoku": "休止"}, "D-65": {"saku": "別の資源"}}
    done = passed(trace(tmp_path, "participation", answers, until="P60D"))
    assert done.count("D-20") >= 3
    assert "D-65" in done


def test_a_consultation_leads_to_outreach_and_to_participation(tmp_path: Path) -> None:
    for result, end in (("08", "A-87"), ("09", "A-88")):
        assert passed(trace(tmp_path, "consult", {"A-30": CONTACT, "A-40": {"taiou": result}}))[-1] == end
    tries = [{"at": f"2026-01-0{day}T10:00:00+09:00", "shudan": "電話", "kekka": "留守"} for day in (5, 6, 7)]
    assert passed(trace(tmp_path, "consult", {"A-30": {"attempts": tries}, "A-35": {"saku": "アウトリーチへ"}}))[-1] == "A-87"


def test_what_a_liaison_meeting_decides_comes_to_each_sections_inbox(tmp_path: Path) -> None:
    answers = {"J-05": {"nichiji": "2026-01-20T10:00:00+09:00", "kakuka": ["zeimu", "suido"]}, "J-10": None, "J-30": None,
               "J-20": {"kettei": [{"kikan": "zeimu", "kigen": "2026-03-01"}, {"kikan": "suido", "kigen": "2026-03-01"}]}}
    done = passed(trace(tmp_path, "liaison", answers))
    assert {"J-T1", "J-T2", "J-EE"} <= set(done), "silence holds nothing up"
    assert done.count("J-40") == 2, "one for each decision"


def test_a_contract_that_ends_gives_everything_back_before_it_is_over(tmp_path: Path) -> None:
    lines = trace(tmp_path, "contract", {"PM-10": {"hojin": "minori", "owariHi": "2026-03-31", "tsuzuke": "終了"}})
    assert passed(lines)[-3:] == ["PM-40", "PM-50", "PM-EE"]
    assert lines[-2]["at"][:10] >= "2026-03-31"
    assert passed(trace(tmp_path, "contract", {"PM-10": {"tsuzuke": "継続"}}))[-1] == "PM-EE1"


@pytest.mark.parametrize("pathway", PATHWAYS)
def test_no_date_of_birth_reaches_the_engine(pathway: str) -> None:
    """A date that says who somebody is never stands in the state of a process: a birth gives its age (個人情報保護法2条)."""
    bundle = gather(shipped(pathway))
    fields = [one for form in map(read_form, bundle.forms.values()) for one in every(form.fields)]
    dates = {one.key for one in fields if "生年月日" in one.label and one.coded}
    program = runtime.compile(bundle.main, called=bundle.called, decisions=bundle.decisions, effects=EFFECTS)
    assert dates & program.reads == set()
