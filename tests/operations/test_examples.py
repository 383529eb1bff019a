"""The examples on the page of operations are whole: what systemd and compose would read of them, and commands that there are."""

import configparser
import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from engine.settings import Settings
from tests.cli.test_commands import commands
from tsunagi.server import FINISH_WITHIN

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
UNITS = re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
COMPOSE: dict[str, Any] = yaml.safe_load(next(iter(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))))
SECTIONS = {
    "Unit": {"Description", "After", "Wants", "Requires"},
    "Service": {
        "Type", "User", "EnvironmentFile", "ExecStart", "Restart", "RestartSec", "TimeoutStopSec", "NoNewPrivileges",
        "ProtectSystem", "ProtectHome", "PrivateTmp", "ReadWritePaths",
    },
    "Timer": {"OnCalendar", "Persistent"},
    "Install": {"WantedBy"},
}  # fmt: skip


def read(unit: str) -> configparser.ConfigParser:
    known = configparser.ConfigParser(interpolation=None, strict=True)
    known.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names are told apart by case
    known.read_string(unit)
    return known


def test_every_unit_has_the_sections_and_names_that_systemd_knows() -> None:
    assert len(UNITS) >= 4
    for unit in UNITS:
        known = read(unit)
        assert set(known.sections()) <= set(SECTIONS)
        for section in known.sections():
            assert set(known[section]) <= SECTIONS[section], unit


def test_a_unit_gives_what_it_runs_time_to_finish() -> None:
    for unit in UNITS:
        service = read(unit)["Service"] if read(unit).has_section("Service") else {}
        if service.get("Restart"):
            assert int(service["TimeoutStopSec"]) > FINISH_WITHIN


def test_the_composition_is_whole() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        for other in service.get("depends_on", ()):
            assert other in services, name
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in COMPOSE["volumes"], name
        for secret in service.get("secrets", ()):
            assert secret in COMPOSE["secrets"], name
    assert services["worker"]["deploy"]["replicas"] > 1
    assert services["web"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_every_command_and_setting_on_the_page_exists() -> None:
    known: dict[str, click.Command] = {" ".join(path): command for path, command in commands()}
    for words in re.findall(r"tsunagi ((?:[a-z]+-?)+(?: [a-z]+)?)[^\n`]*", PAGE):
        assert words in known or words.split()[0] in known, words
    for name in set(re.findall(r"TSUNAGI_([A-Z_]+)", PAGE)):
        assert name.lower() in Settings.__dataclass_fields__ or name in ("DATABASE_URL", "LOG"), name


@pytest.mark.parametrize("command", re.findall(r"command: tsunagi (.*)", PAGE) + re.findall(r"ExecStart=\S*/tsunagi (.*)", PAGE))
def test_what_is_started_is_a_command_with_options_that_it_has(command: str) -> None:
    words = command.strip("`」 はだけが違います。").split()
    found = dict(commands())[(words[0],)]
    found.make_context(words[0], words[1:], resilient_parsing=False)
