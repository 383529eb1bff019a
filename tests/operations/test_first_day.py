"""A real town's first day, command by command as docs/operations.md tells it: no demo, no invented people."""

import io
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from engine import journal
from engine.agencies import Staff
from engine.db import JST, Database
from engine.definitions import Process
from engine.schedules import Schedule
from engine.vault import open_ring
from tests.databases import _free_port
from tsunagi import cli, shipping

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings of a town to be, and no others."""
    for folder in ("secrets", "heads"):
        (tmp_path / folder).mkdir()
    for name in [name for name in os.environ if name.startswith("TSUNAGI_")]:
        monkeypatch.delenv(name)
    settings = {
        "TSUNAGI_DATABASE_URL": f"sqlite:///{tmp_path / 'tsunagi.sqlite'}", "TSUNAGI_KEYS": str(tmp_path / "keys.json"),
        "TSUNAGI_SECRETS": str(tmp_path / "secrets"), "TSUNAGI_HEADS": str(tmp_path / "heads"),
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return settings


def first_day() -> list[list[str]]:
    """The commands of the page's chapter 「はじめに」, without the settings and without what goes on running."""
    told = PAGE.partition("## はじめに")[2].partition("```sh")[2].partition("```")[0]
    lines = [line for line in told.splitlines() if line.startswith("tsunagi ") and not re.match(r"tsunagi (serve|worker|doctor)", line)]
    return [[word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)][1:] for line in lines]


def test_the_first_day_as_the_page_tells_it(
    place: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in first_day():
        monkeypatch.setattr("sys.stdin", io.StringIO("correct horse 2026\n"))
        assert cli._run(words) == 0, (words, capsys.readouterr().err)
    database = Database(place["TSUNAGI_DATABASE_URL"], open_ring(Path(place["TSUNAGI_KEYS"])))
    with database.transaction() as session:
        assert (session.scalar(select(func.count()).select_from(Process).where(Process.current_id.is_not(None))) or 0) >= 15
        assert session.scalar(select(func.count()).select_from(Staff).where(Staff.synthetic)) == 0
        early = datetime.now(JST) - timedelta(minutes=1)
        session.execute(update(Schedule).where(Schedule.key == "heads").values(next_at=early))
    port = _free_port()

    def starts(*words: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-m", "tsunagi.cli", *words], stderr=subprocess.DEVNULL)

    running = [starts("serve", "--port", str(port), "--workers", "1"), starts("worker")]
    try:
        assert waited(lambda: answers(f"http://127.0.0.1:{port}/ready") == 200)
        assert "入る" in urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=10).read().decode()
        assert waited(lambda: any((tmp_path / "heads").glob("heads-*.json"))), "the worker knows the settings"
        cli._run(["doctor"])
        well = capsys.readouterr().out
        assert "[よい] 自動処理: 1 つ動いています。" in well
        assert "[よい] 操作履歴の控え: 0 時間前に書きました。" in well
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(40) for process in running]
    assert codes == [0, 0]
    (heads,) = (tmp_path / "heads").glob("heads-*.json")
    with database.transaction(write=False) as session:
        assert journal.verify(session, journal.exported(heads)) == []
    database.close()


def test_before_its_agencies_are_there_nothing_shipped_is_published(
    place: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli._run(["migrate"]) == 0
    assert cli._run(["publish", "--shipped"]) == 1
    said = capsys.readouterr().err
    assert all(code in said for code in shipping.AGENCIES)
    assert cli._run(["publish"]) == 2


def answers(address: str) -> int:
    try:
        return int(urllib.request.urlopen(address, timeout=5).status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def waited(holds: Callable[[], bool], within: float = 60) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.2)
    return holds()
