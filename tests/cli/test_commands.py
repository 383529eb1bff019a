"""The commands: their help, their exit codes, their sentences. Run as a user runs them: as programs."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import click
import pytest

from engine import agencies, journal, sessions
from engine.db import JST, Database
from engine.settings import Settings
from engine.vault import open_ring
from tests.databases import VAULT
from tsunagi.cli import tsunagi
from tsunagi.demo import town

SEAT = agencies.Seat(agency="fukushi", role="uke")
TABLE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="https://example.org/d">
  <inputData id="i" name="日数"><variable name="日数" typeRef="number"/></inputData>
  <decision id="e" name="遅れ">
    <variable name="遅れ" typeRef="boolean"/>
    <informationRequirement id="r"><requiredInput href="#i"/></informationRequirement>
    <literalExpression id="l"><text>日数 &gt; 5</text></literalExpression>
  </decision>
</definitions>
"""
DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="https://example.org/d">
  <bpmn:process id="P" name="試し" isExecutable="true">
    <bpmn:startEvent id="S" name="始め"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="S" targetRef="T"/>
    <bpmn:userTask id="T" name="聴き取る"><bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing></bpmn:userTask>
    <bpmn:sequenceFlow id="f2" sourceRef="T" targetRef="{end}"/>
    <bpmn:endEvent id="E" name="終わり"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"""


def run(
    *arguments: str | Path, said: str = "", settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command as a program, with no settings but these."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TSUNAGI_")}
    return subprocess.run(
        [sys.executable, "-m", "tsunagi.cli", *map(str, arguments)],
        input=said, env={**clean, **(settings or {})}, capture_output=True, text=True, encoding="utf-8", timeout=60,
    )  # fmt: skip


def commands(group: click.Group = tsunagi, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def options_of(command: click.Command) -> list[str]:
    return [name for option in command.params if isinstance(option, click.Option) for name in option.opts]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "okure.dmn"
    file.write_text(TABLE, "utf-8")
    return file


@pytest.fixture
def diagram(tmp_path: Path) -> Path:
    file = tmp_path / "tameshi.bpmn"
    file.write_text(DIAGRAM.format(end="E"), "utf-8")
    return file


@pytest.fixture
def settings(sqlite_town: Path, tmp_path: Path) -> dict[str, str]:
    """Those of a town with agencies, roles and published processes."""
    shutil.copyfile(sqlite_town, tmp_path / "town.sqlite")
    keys = {name: base64.b64encode(key).decode() for name, key in VAULT.keys.items()}
    (tmp_path / "keys.json").write_text(json.dumps({"current": VAULT.current, "keys": keys}))
    return {
        "TSUNAGI_DATABASE_URL": f"sqlite:///{tmp_path / 'town.sqlite'}",
        "TSUNAGI_KEYS": str(tmp_path / "keys.json"),
    }


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_every_command_explains_itself_in_japanese(path: tuple[str, ...]) -> None:
    shown = run(*path, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"使い方: tsunagi {' '.join(path)}")
    assert "指定:" in shown.stdout
    assert "Show this message" not in shown.stdout


def test_the_documentation_names_every_command_option_and_setting() -> None:
    told = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
    names = [name for path, command in commands() for name in (f"tsunagi {' '.join(path)}", *options_of(command))]
    missing = [name for name in names if not re.search(rf"{re.escape(name)}[ `\n]", told)]
    missing += [f"TSUNAGI_{name.upper()}" for name in Settings.__dataclass_fields__ if f"`TSUNAGI_{name.upper()}`" not in told]
    assert missing == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing"], "命令が必要です"),
        (["check"], "FILE が必要です"),
        (["check", "nowhere.bpmn"], "ファイルはありません"),
        (["check", "--hose", "x.bpmn"], "「--hose」という指定はありません"),
        (["trace", "x.bpmn", "--input", "{"], "JSON として読めません"),
        (["trace", "x.bpmn", "--input", "[]"], "オブジェクト"),
        (["trace", "x.bpmn", "--messages", "{}"], "配列"),
        (["trace", "x.bpmn", "y.bpmn"], "対象が多すぎます"),
        (["decide"], "--decision"),
        (["publish", "nowhere"], "フォルダーはありません"),
        (["user", "add", "mori"], "--name が必要です"),
        (["serve", "--port", "many"], "--port の値が合いません"),
    ],
)
def test_a_command_written_wrongly_is_refused_with_a_sentence_and_2(arguments: list[str], sentence: str) -> None:
    refused = run(*arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert sentence in refused.stderr
    assert "--help" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "verify-journal"])
def test_without_settings_all_missing_names_are_told(command: str) -> None:
    refused = run(command)
    assert refused.returncode == 1
    assert "TSUNAGI_DATABASE_URL、TSUNAGI_KEYS" in refused.stderr


def test_decide_answers_as_json(table: Path) -> None:
    answer = run("decide", table, "--decision", "遅れ", "--input", '{"日数": 6}', "--json")
    assert (answer.returncode, json.loads(answer.stdout)) == (0, {"value": True, "warnings": []})


def test_decide_says_when_nothing_could_be_evaluated(table: Path) -> None:
    answer = run("decide", table, "--decision", "早さ", "--input", "{}", "--json")
    assert answer.returncode == 1
    assert "早さ" in json.loads(answer.stdout)["error"]


def test_decide_answers_line_by_line(table: Path) -> None:
    asked = [{"file": str(table), "decision": "遅れ", "input": {"日数": days}} for days in (5, 6)]
    answers = run("decide", "--lines", said="".join(json.dumps(one) + "\n" for one in [*asked, "what"]))
    read = [json.loads(line) for line in answers.stdout.splitlines()]
    assert [line.get("value") for line in read] == [False, True, None]
    assert "error" in read[2]
    assert answers.returncode == 0


def test_trace_runs_a_diagram_to_its_end(diagram: Path) -> None:
    traced = run("trace", diagram, "--json", "--answers", '{"T": {"x": 1}}')
    lines = [json.loads(line) for line in traced.stdout.splitlines()]
    assert traced.returncode == 0
    assert [line["element"] for line in lines[:-1] if line["event"] == "completed"] == ["S", "T", "E"]
    assert lines[-1] == {"event": "end", "state": "finished", "waiting": [], "variables": {"x": 1}}


def test_trace_leaves_a_task_open_that_is_answered_null(diagram: Path) -> None:
    traced = run("trace", diagram, "--json", "--answers", '{"T": null}')
    assert json.loads(traced.stdout.splitlines()[-1])["waiting"] == ["T"]
    assert traced.returncode == 0


def test_trace_refuses_a_broken_diagram_with_3(tmp_path: Path) -> None:
    file = tmp_path / "broken.bpmn"
    file.write_text(DIAGRAM.format(end="nowhere"), "utf-8")
    traced = run("trace", file, "--json")
    assert traced.returncode == 3
    assert json.loads(traced.stdout.splitlines()[-1])["state"] == "refused"


def test_check_finds_nothing_in_a_sound_diagram_and_an_error_in_a_broken_one(diagram: Path, tmp_path: Path) -> None:
    sound = run("check", diagram, "--json")
    assert sound.returncode == 0
    assert [f for f in json.loads(sound.stdout)["findings"] if f["severity"] == "error"] == []
    broken = tmp_path / "broken.bpmn"
    broken.write_text(DIAGRAM.format(end="nowhere"), "utf-8")
    found = run("check", broken, "--json")
    errors = [f for f in json.loads(found.stdout)["findings"] if f["severity"] == "error"]
    assert found.returncode == 1
    assert set(errors[0]) == {"severity", "rule", "element", "line", "message", "trace"}
    assert run("check", broken).stdout.startswith("broken.bpmn:")


def test_the_towns_rules_apply_when_asked_for(diagram: Path) -> None:
    house = run("check", diagram, "--house", "--json")
    assert house.returncode == 1
    assert any(f["element"] == "T" for f in json.loads(house.stdout)["findings"])


def test_a_check_starts_at_once(diagram: Path) -> None:
    loaded = (
        "import sys; from tsunagi.cli import tsunagi; tsunagi(['check', sys.argv[1]], standalone_mode=False); "
        "print([name for name in ('sqlalchemy', 'flask', 'gunicorn') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", loaded, str(diagram)], capture_output=True, text=True, encoding="utf-8")
    assert shown.stdout.splitlines()[-1] == "[]", shown.stderr


def test_migrating_brings_a_database_to_the_newest_schema(tmp_path: Path) -> None:
    names = {"TSUNAGI_DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite'}", "TSUNAGI_KEYS": str(tmp_path / "keys.json")}
    for command in (("serve",), ("worker",), ("migrate", "--check")):
        refused = run(*command, settings=names)
        assert refused.returncode == 1
        assert "tsunagi migrate" in refused.stderr
    assert run("migrate", settings=names).returncode == 0
    assert "新しい版の形です" in run("migrate", "--check", settings=names).stdout


def test_the_journal_is_verified_exported_and_compared(settings: dict[str, str], tmp_path: Path) -> None:
    heads = tmp_path / "heads.json"
    assert "書き換えられていません" in run("verify-journal", "--export", heads, settings=settings).stdout
    assert run("verify-journal", "--against", heads, settings=settings).returncode == 0
    heads.write_text('[{"book": "case:1", "length": 3, "head": "00"}]', "utf-8")
    broken = run("verify-journal", "--against", heads, settings=settings)
    assert broken.returncode == 1
    assert "case:1" in broken.stdout
    heads.write_text("{}x", "utf-8")
    assert "控えではありません" in run("verify-journal", "--against", heads, settings=settings).stderr


def test_a_user_is_added_once_and_can_log_in(settings: dict[str, str]) -> None:
    order = (
        "user", "add", "mori", "--name", "森 花子", "--agency", "fukushi", "--role", "uke", "--password-stdin",
    )  # fmt: skip
    added = run(*order, said="correct horse battery\n", settings=settings)
    assert (added.returncode, added.stdout) == (0, "mori を加えました。\n")
    again = run(*order, said="correct horse battery\n", settings=settings)
    assert again.returncode == 1
    assert "もう使われています" in again.stderr
    database = Database(settings["TSUNAGI_DATABASE_URL"], VAULT)
    with database.transaction() as session:
        staff = agencies.by_login(session, "mori")
        assert sessions.check_password(staff, "correct horse battery")
        assert staff.must_change
        assert agencies.actor(session, staff, today=datetime.now(JST).date()).seats == (SEAT,)
        assert journal.verify(session) == []
    database.close()


@pytest.mark.parametrize(
    ("agency", "role", "password", "sentence"),
    [
        ("nowhere", "uke", "correct horse battery", "「nowhere」はありません"),
        ("fukushi", "king", "correct horse battery", "「king」はありません"),
        ("fukushi", "uke", "short", "文字以上"),
    ],
)
def test_a_user_needs_an_agency_a_role_and_a_long_password(
    settings: dict[str, str], agency: str, role: str, password: str, sentence: str
) -> None:
    refused = run(
        "user", "add", "mori", "--name", "森", "--agency", agency, "--role", role, "--password-stdin",
        said=f"{password}\n", settings=settings,
    )  # fmt: skip
    assert refused.returncode == 1
    assert sentence in refused.stderr


def test_a_folder_is_published_as_the_next_version(settings: dict[str, str]) -> None:
    folder = Path(str(files("processes"))) / "pathways" / "referral"
    published = run("publish", folder, "--note", "試し", settings=settings)
    assert (published.returncode, published.stderr) == (0, "")
    assert "第2版を公開しました" in published.stdout


def test_what_the_house_refuses_is_not_published(settings: dict[str, str], diagram: Path) -> None:
    refused = run("publish", diagram.parent, settings=settings)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[0].startswith("公開できません")
    assert "聴き取る" in refused.stderr


def test_a_folder_without_a_diagram_is_not_published(settings: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    refused = run("publish", folder, settings=settings)
    assert refused.returncode == 1
    assert ".bpmn" in refused.stderr


def test_the_worker_stops_when_told(settings: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tsunagi.cli", "worker"], env={**os.environ, **settings}, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            said = [process.stderr.readline()]
            while said[-1] and "started" not in said[-1]:
                said.append(process.stderr.readline())
            assert "started" in said[-1], said
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_the_demo_town_is_founded_once_and_names_people_who_exist(tmp_path: Path) -> None:
    first = run("demo", "--prepare", "--folder", tmp_path)
    assert first.returncode == 0, first.stderr
    database = Database(f"sqlite:///{tmp_path / 'tsunagi.sqlite'}", open_ring(tmp_path / "keys.json"))
    named = re.findall(r"\b[a-z_]+-[a-z]+[0-9]\b", first.stdout)
    with database.transaction() as session:
        assert len(named) >= 5
        for login in named:
            assert sessions.check_password(agencies.by_login(session, login), town.PASSWORD)
        staff = len(agencies.staff_names(session, range(1, 200)))
    second = run("demo", "--prepare", "--folder", tmp_path)
    assert second.returncode == 0
    assert "前からの町をそのまま使います" in second.stdout
    with database.transaction(write=False) as session:
        assert len(agencies.staff_names(session, range(1, 200))) == staff
    database.close()
