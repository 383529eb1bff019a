"""What the machine tells of itself: alive, ready, numbers, log lines; and never of anybody."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from engine import migrations
from engine.settings import Settings
from tests.town import Town
from tests.web.visitor import Visitor
from tsunagi import logs
from web.app import create_app
from worker import loop

MARKER = "ひみつのしるし"


@pytest.fixture
def client(town: Town, tmp_path: Path) -> FlaskClient:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "metrics").write_text("word\n")
    settings = Settings(database_url=town.database.url, keys=Path("none"), secrets=tmp_path / "secrets")
    app = create_app(settings, database=town.database, clock=lambda: town.now)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Where the log goes while the test runs."""
    root, stream = logging.getLogger(), io.StringIO()
    before = (root.handlers[:], root.level)
    logs.set_up(stream)
    yield stream
    root.handlers[:] = before[0]
    root.setLevel(before[1])


def test_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/health").json == {"status": "ok"}
    assert (client.get("/ready").status_code, client.get("/ready").json) == (200, {"status": "ok"})


def test_not_ready_on_an_older_form_but_on_a_newer_one(client: FlaskClient, town: Town) -> None:
    for told, status in (("0001", 503), ("9999", 200)):
        with town.database.transaction() as session:
            session.execute(text(f"UPDATE alembic_version SET version_num = '{told}'"))
        assert client.get("/ready").status_code == status
        assert client.get("/health").status_code == 200


def test_the_numbers_say_how_it_stands_and_name_nobody(client: FlaskClient, town: Town) -> None:
    town.opens("hokatsu")
    town.completes("hokatsu", "A-10", gaiyo=f"{MARKER}で電気が止まっている。", sei="山本", mei="花子")
    loop.once(town.database, now=town.now)
    told = client.get("/metrics").text
    assert "tsunagi_tasks_open 1.0" in told
    assert 'tsunagi_cases{status="open"} 1.0' in told
    assert "tsunagi_workers_alive" in told
    for word in (MARKER, "山本", "R8-相-0001", "hokatsu"):
        assert word not in told


def test_the_numbers_are_for_this_machine_and_who_has_the_word(client: FlaskClient) -> None:
    elsewhere = {"environ_base": {"REMOTE_ADDR": "10.0.0.7"}}
    assert client.get("/metrics", **elsewhere).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}, **elsewhere).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer word"}, **elsewhere).status_code == 200


def test_a_failure_is_logged_without_what_was_typed(client: FlaskClient, town: Town, lines: io.StringIO) -> None:
    visitor = Visitor(client).signs_in("jimukyoku-sys1").opens("/admin/staff")
    with town.database.transaction() as session:
        session.execute(text("DROP TABLE notice" if town.database.url.startswith("sqlite") else "DROP TABLE notice CASCADE"))
        session.execute(text("ALTER TABLE membership RENAME TO gone"))
    visitor.client.get(f"/admin/staff?search={MARKER}")
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert any("Error" in str(line.get("error")) for line in found)
    assert MARKER not in lines.getvalue()


def test_a_databases_own_words_are_not_written_down(town: Town, lines: io.StringIO) -> None:
    log, plain = logging.getLogger("sqlalchemy.other"), io.StringIO()
    try:
        with town.database.transaction() as session:
            session.execute(text("INSERT INTO role (code, name) VALUES (:code, :name)"), {"code": None, "name": MARKER})
    except Exception as error:
        log.exception("could not write %s", MARKER)
        plain.write(str(error))
    assert MARKER in plain.getvalue()
    line = json.loads(lines.getvalue())
    assert line["what"] == "could not write %s"
    assert line["error"][0].endswith("IntegrityError")
    assert any("test_watching.py" in place for place in line["places"])
    assert MARKER not in lines.getvalue()


def test_our_own_lines_are_written_out(lines: io.StringIO) -> None:
    logging.getLogger("tsunagi.worker").info("job %s failed", 7)
    line = json.loads(lines.getvalue())
    assert (line["what"], line["level"], line["log"]) == ("job 7 failed", "info", "tsunagi.worker")


def test_the_newest_form_is_known_once(town: Town) -> None:
    with town.database.transaction(write=False) as session:
        assert migrations.is_current(session)
        assert migrations.revision(session) == migrations.head()
