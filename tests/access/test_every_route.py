"""Every route of the application has a rule here, and every role tries every route; a new route without a rule fails.

The case that is tried is a secret one of 包括, with which nobody who tries has to do.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.agencies import Membership, Staff
from engine.casebook import Case, Instance
from engine.people import Person
from engine.records import Record
from engine.tasks import Task
from tests import databases
from tests.town import Town
from tests.web.visitor import Visitor, application

MARK = "梟山のふくろうが鳴く"
NAME = "梟山"
#: One member of staff for each role of handbook §3.2.
WHO = {
    "uke": "konkyu-uke1", "ka": "zeimu-ka1", "sui": "fukushi-sui1", "kcho": "fukushi-kcho1", "kik": "ayumi-kik1", "out": "jinkokai-out1",
    "san": "shakyo-san1", "sc": "shakyo_chiiki-sc1", "ver": "jimukyoku-ver1", "min": "minsei-min1", "ppo": "soumu-ppo1",
    "sys": "jimukyoku-sys1",
}  # fmt: skip
#: For anybody at all: the door itself, its pictures, and other systems, which prove themselves by a signature.
ANYBODY = {"static", "auth.sign_in", "auth.enter", "auth.sign_out", "hooks.take", "watching.health", "watching.ready", "watching.metrics"}
#: For whoever is signed in: one's own inbox and account, and what concerns no person.
STAFF = {
    "inbox.page", "inbox.claim", "inbox.put_away", "account.page", "account.password", "account.change", "account.end_others",
    "intake.page", "intake.start", "search.page", "search.look", "printing.blank", "reports.standing", "reports.standing_csv",
    "emergency.page", "emergency.progress", "emergency.grid", "emergency.save", "emergency.paper", "emergency.pack", "emergency.unpack",
    "registers.index", "registers.page", "registers.blank", "registers.add", "registers.entry", "registers.change", "registers.export",
    "registers.bringing", "registers.look", "registers.take", "registers.undo", "overrides.end",
    "beginnings.page", "beginnings.begin", "inbox.hand_over", "inbox.printed", "account.set_mail", "rhythm.mine", "rhythm.seen",
}  # fmt: skip
COORDINATORS = {"sui", "kcho"}
BOTH_AND_SYSTEM = {"sui", "kcho", "sys"}
ROLES: dict[str, set[str]] = {
    "overrides.listed": {"ppo", "sui", "kcho"}, "overrides.review": {"ppo"}, "overrides.open_district": COORDINATORS,
    "overrides.end_districts": COORDINATORS, "emergency.begin": {"kcho"}, "hooks.page": BOTH_AND_SYSTEM,
    **{f"evaluation.{key}": {"ver", "sui", "kcho"} for key in ("page", "pack", "table", "chapter", "needs")},
    "past.page": COORDINATORS, "past.look": COORDINATORS, "past.take": COORDINATORS,
    **{f"rhythm.{page}": COORDINATORS for page in ("reminding", "set_reminding", "calendar", "switch")}, "rhythm.jobs": BOTH_AND_SYSTEM,
    "reports.incidents": BOTH_AND_SYSTEM, "reports.mend": BOTH_AND_SYSTEM,
    "reports.retry": BOTH_AND_SYSTEM, "reports.skip": BOTH_AND_SYSTEM, "hooks.waiting": COORDINATORS,
    "hooks.again": COORDINATORS, "hooks.withdraw": COORDINATORS, "hooks.withdraw_early": COORDINATORS,
}  # fmt: skip
#: Blueprints that are one role's altogether.
WHOLE = {"admin": {"sys"}, "journals": {"ppo"}, "coordinators": COORDINATORS}
#: A person's matter: only by `engine.access`.
MATTER = {
    "cases.page", "cases.act", "cases.drawing", "records.page", "records.attachment", "records.correction", "records.correct",
    "records.raise_class", "printing.record", "notes.page", "notes.write", "consents.page", "consents.start", "consents.withdraw",
    "items.page", "items.promote", "items.answer", "items.told", "impartial.page", "impartial.declare", "impartial.lift", "overrides.page",
    "overrides.begin", "emergency.shorten", "tasks.page", "tasks.draft", "tasks.complete", "tasks.claim", "tasks.release",
    "tasks.delegate", "tasks.begin_activity",
}  # fmt: skip
SHUT = {403, 404}
#: Something sent with a POST that needs more than its address before it looks at the case.
SENT = {"overrides.begin": {"reason": "11", "circumstances": "い" * 30, "level": "2", "without": "時間がない", "hours": "2"}}


@pytest.fixture(scope="module")
def tried(sqlite_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Town, dict[str, Any]]]:
    """A town with one secret case of 包括, and what its addresses are made of."""
    with databases.sqlite(sqlite_town, tmp_path_factory.mktemp("routes")) as database:
        town = Town(database)
        app = application(town)
        clerk = Visitor(app.test_client()).signs_in("hokatsu-uke1").opens("/intake").presses("受け付ける")
        clerk.presses("相談を受け付ける", keiro="02", gaiyo=MARK, known="判明", sei=NAME, mei="森子", seiKana="フクロウ", meiKana="モリコ")
        with database.transaction() as session:
            session.scalars(select(Case)).one().secret = True
            staff = Staff(login=WHO["min"], name="合成 民生", password_hash=session.scalars(select(Staff.password_hash)).first() or "-")
            session.add(staff)
            session.flush()
            session.add(Membership(staff_id=staff.id, agency="jumin", role="min"))
            known = {
                "case_id": 1, "task_id": session.scalar(select(func.max(Task.id))), "record_id": session.scalar(select(Record.id)),
                "instance_id": session.scalar(select(Instance.id)), "person_id": session.scalar(select(Person.id)),
            }  # fmt: skip
        yield app, town, known


def rule_of(endpoint: str) -> tuple[str, set[str]]:
    """anybody, staff, matter or roles (with which); KeyError where nobody has said who may come in."""
    if endpoint in ANYBODY:
        return "anybody", set()
    if endpoint in STAFF:
        return "staff", set()
    if endpoint in MATTER:
        return "matter", set()
    if endpoint in ROLES:
        return "roles", ROLES[endpoint]
    return "roles", WHOLE[endpoint.split(".")[0]]


def routes(app: Any, known: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(endpoint, method, address) of everything that the application answers."""
    for rule in app.url_map.iter_rules():
        given = {name: known.get(name, {"action": "suspension", "key": "F-A10"}.get(name, 1)) for name in rule.arguments}
        address = app.url_map.bind("localhost").build(rule.endpoint, given, method=sorted(rule.methods)[0])
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, address


def test_every_route_has_a_rule(tried: Any) -> None:
    app, _, known = tried
    without = sorted({endpoint for endpoint, _, _ in routes(app, known) if not _ruled(endpoint)})
    assert without == [], "say in this file who may open these"


def test_nobody_comes_in_without_signing_in(tried: Any) -> None:
    app, _, known = tried
    for endpoint, method, address in routes(app, known):
        if rule_of(endpoint)[0] != "anybody":
            answer = app.test_client().open(address, method=method)
            assert answer.status_code in (303, 400, 401), (endpoint, answer.status_code)
            assert MARK.encode() not in answer.data


@pytest.mark.parametrize("role", sorted(WHO))
def test_a_role_opens_what_is_its_own_and_nothing_of_the_secret_case(tried: Any, role: str) -> None:
    app, _, known = tried
    visitor = Visitor(app.test_client()).signs_in(WHO[role])
    token = re.search(rb'name="_csrf" value="([^"]+)"', visitor.opens("/account").answer.data)
    assert token, visitor.title()
    for endpoint, method, address in routes(app, known):
        kind, roles = rule_of(endpoint)
        if kind == "anybody" or (method != "GET" and (kind == "staff" or role in roles)):
            continue
        sent = {"data": {**SENT.get(endpoint, {}), "_csrf": token[1].decode()}} if method != "GET" else {}
        answer = visitor.client.open(address, method=method, **sent)
        told = (role, endpoint, method, answer.status_code)
        assert MARK.encode() not in answer.data, told
        assert NAME.encode() not in answer.data, told
        if kind == "matter":
            assert answer.status_code in SHUT, told
        if kind == "roles" and role not in roles:
            assert answer.status_code == 403, told
        if kind == "roles" and role in roles:
            assert answer.status_code != 403, told


def _ruled(endpoint: str) -> bool:
    try:
        rule_of(endpoint)
    except KeyError:
        return False
    return True
