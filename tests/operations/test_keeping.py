"""The keeper's commands, run as programs: a real town is set up, backed up, examined and moved."""

import json
import os
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.db import JST, Database
from engine.jobs import Pulse
from engine.vault import open_ring
from tests.cli.test_commands import run


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """Settings of a town that is migrated and empty."""
    (tmp_path / "secrets").mkdir()
    settings = {
        "TSUNAGI_DATABASE_URL": f"sqlite:///{tmp_path / 'tsunagi.sqlite'}", "TSUNAGI_KEYS": str(tmp_path / "keys.json"),
        "TSUNAGI_SECRETS": str(tmp_path / "secrets"), "TSUNAGI_SECURE_COOKIE": "1",
    }  # fmt: skip
    assert run("migrate", settings=settings).returncode == 0
    return settings


def test_a_real_town_is_set_up_from_the_command_line(place: dict[str, str]) -> None:
    def does(*arguments: str, said: str = "") -> str:
        done = run(*arguments, said=said, settings=place)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "役割を 2" not in does("role", "add", "--shipped")
    assert "役割を 0" in does("role", "add", "--shipped")
    does("role", "add", "sodan", "--name", "相談員")
    does("agency", "add", "fukushi", "--name", "福祉課", "--kind", "町の課")
    does("agency", "add", "madoguchi", "--name", "総合窓口", "--kind", "町の課", "--tel", "0858-00-0000")
    does("user", "add", "ishiga", "--name", "石賀", "--agency", "fukushi", "--role", "sui", "--password-stdin", said="enough 2026\n")
    does("user", "seat", "ishiga", "--agency", "madoguchi", "--role", "sodan", "--from", "2026-04-01", "--until", "2099-03-31")
    does("agency", "end", "madoguchi", "--on", "2098-03-31")
    listed = does("agency", "list")
    assert "fukushi\t福祉課\t1人" in listed
    assert "madoguchi\t総合窓口\t1人" in listed
    assert "2098-03-31まで" in listed
    assert "sodan\t相談員" in does("role", "list")
    assert "書き換えられていません" in does("verify-journal")
    again = run("agency", "add", "fukushi", "--name", "福祉課", "--kind", "町の課", settings=place)
    assert (again.returncode, "もう使われています" in again.stderr) == (1, True)
    unknown = run("user", "seat", "ishiga", "--agency", "nowhere", "--role", "sui", settings=place)
    assert (unknown.returncode, "fukushi" in unknown.stderr) == (1, True)


def test_the_doctor_finds_what_is_wrong_and_says_what_to_do(place: dict[str, str], tmp_path: Path) -> None:
    sick = run("doctor", "--backups", tmp_path / "backups", settings=place)
    assert sick.returncode == 1
    assert "[誤り] 自動処理: 動いていません" in sick.stdout
    assert "[誤り] 控え: 控えが1つもありません" in sick.stdout
    assert run("backup", tmp_path / "backups", settings=place).returncode == 0
    database = Database(place["TSUNAGI_DATABASE_URL"], open_ring(Path(place["TSUNAGI_KEYS"])))
    with database.transaction() as session:
        moment = datetime.now(JST)
        session.add(Pulse(name="here:1", kinds={}, started_at=moment, seen_at=moment + timedelta(seconds=30)))
    well = run("doctor", "--backups", tmp_path / "backups", settings=place)
    assert "[誤り]" not in well.stdout or "ディスク" in well.stdout
    assert "[よい] 操作履歴: 書き換えられていません。" in well.stdout
    assert "[よい] 自動処理: 1 つ動いています。" in well.stdout
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    database.close()
    os.chmod(place["TSUNAGI_KEYS"], stat.S_IRUSR | stat.S_IRGRP)
    old = run("doctor", settings=place)
    assert old.returncode == 1
    assert "tsunagi migrate" in old.stdout
    assert "[注意] 鍵束" in old.stdout
    Path(place["TSUNAGI_KEYS"]).unlink()
    keyless = run("doctor", settings=place)
    assert (keyless.returncode, "[誤り] 鍵束" in keyless.stdout) == (1, True)
    assert not Path(place["TSUNAGI_KEYS"]).exists()
    assert "[誤り] 設定" in run("doctor", settings={}).stdout


def test_backup_and_restore_as_programs(place: dict[str, str], tmp_path: Path) -> None:
    made = run("backup", tmp_path / "backups", settings=place)
    assert (made.returncode, "鍵束は入っていません" in made.stdout) == (0, True)
    file = next((tmp_path / "backups").glob("*.sqlite"))
    assert json.loads(file.with_name(file.name + ".json").read_text())["kind"] == "sqlite"
    refused = run("restore", file, settings=place)
    assert (refused.returncode, "--replace" in refused.stderr) == (1, True)
    assert run("restore", file, "--replace", settings=place).returncode == 0
    empty = {**place, "TSUNAGI_KEYS": str(tmp_path / "no-keys.json")}
    lacking = run("restore", file, "--replace", settings=empty)
    assert (lacking.returncode, "鍵束" in lacking.stderr) == (1, True)
    other = run("move-database", "--to", f"sqlite:///{tmp_path / 'other.sqlite'}", settings=place)
    assert (other.returncode, "すべて合いました" in other.stdout) == (0, True), other.stderr
