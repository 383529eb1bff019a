"""Random towns, cases, consents, meetings and staff: no read path returns a field that the literal reading of D8 does not grant."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from engine import access, definitions, people, records
from engine.agencies import CLOCK, Actor, Agency, Seat, Staff
from engine.casebook import Case, Instance, Relation
from engine.db import JST, Database
from engine.definitions import compiled
from engine.moves import new_case
from engine.people import Particulars
from engine.records import Record
from engine.standing import (
    Basis,
    Compartment,
    Consent,
    DistrictView,
    Grant,
    Interest,
    MeetingItem,
    Override,
    Secrecy,
)
from engine.tasks import Task
from tests.access.literal import Reading
from tests.engine.small import diagram, flow, task

NOW = datetime(2026, 10, 21, 10, 0, tzinfo=JST)
AGENCIES = ("fukushi", "hokatsu", "konkyu", "zeimu", "shakyo", "soumu")
SEATS = (
    ("fukushi", "sui"), ("fukushi", "kcho"), ("fukushi", "uke"), ("hokatsu", "uke"), ("konkyu", "uke"), ("zeimu", "ka"),
    ("shakyo", "san"), ("shakyo", "sc"), ("shakyo", "out"), ("konkyu", "kik"), ("konkyu", "min"), ("soumu", "ppo"),
    ("soumu", "sys"), ("soumu", "ver"),
)  # fmt: skip
#: Key → (class, item) of the fields of the tests' form, all filled in.
FIELDS = {"kihon": (2, ""), "naiyo": (3, ""), "kakei": (3, "家計"), "byomei": (4, ""), "kenko": (4, "健康"), "kaigi": (5, "")}
FORM = {
    "schemaVersion": 19, "type": "default", "id": "F-T", "properties": {"class": "L3", "title": "試験"},
    "components": [
        {"type": "textfield", "key": key, "label": key, "properties": {"class": f"L{level}", **({"item": item} if item else {})}}
        for key, (level, item) in FIELDS.items()
    ],
}  # fmt: skip
ITEMS = ("基本", "相談内容", "家計", "健康", "障がい")
#: One agency stands more often than others, so that what concerns an agency meets in one.
OFTEN = ("konkyu", "konkyu", "konkyu", "konkyu", *AGENCIES)
KINDS = ("主担当", "受付", "紹介元", "紹介先", "紹介先", "関与", "関与", "関与", "関与")
UNTIL = (None, None, -40, -1, 5)


def drawn_town(rng: Random) -> dict[str, Any]:
    """Everything that stands about one case. Every choice is even: few towns must meet many rules."""

    def several(most: int, *choices: Any, least: int = 0) -> list[tuple[Any, ...]]:
        return [tuple(rng.choice(one) for one in choices) for _ in range(rng.randint(least, most))]

    persons = rng.choice((0, 1, 1, 2, 2))
    return {
        "kind": rng.choice(("相", "多", "多", "多", "会", "会", "気")), "closed": rng.choice((None, None, None, None, None, 10, 60)),
        "secret": rng.random() < 0.2, "people": persons,
        "relations": several(4, OFTEN, KINDS, (False, False, False, True), least=1),
        "tasks": several(3, OFTEN, ("uke", "sui", "kcho", "kik", ""), ("open", "open", "done")),
        "records": several(3, AGENCIES, (0, 0, 0, 3, 4), (None, None, None, "a", "b"), (None, None, 0, 1), least=1),
        "grants": several(2, OFTEN, (0, 1, 2), UNTIL),
        "consents": several(2, (0, 1), (None, *OFTEN), ITEMS, ("2", "3", "3", "4", "5", "1"), UNTIL, (None, None, "撤回", "更新")),
        "agreed": [(rng.choice(OFTEN), [rng.sample(ITEMS, rng.randint(0, len(ITEMS))) for _ in range(persons)])
                   for _ in range(rng.randint(0, 3))],
        "items": [(item, rng.choice("AB"), rng.sample(AGENCIES, rng.randint(0, 4)), rng.choice(UNTIL))
                  for item in "ab" if rng.random() < 0.7],
        "told": {number for number in range(len(SEATS)) if rng.random() < 0.5},
        "overrides": several(2, range(len(SEATS)), (2, 3, 4), UNTIL),
        "districts": several(1, OFTEN, ("大栄", "北条"), UNTIL), "instead": several(1, OFTEN, UNTIL) if rng.random() < 0.3 else [],
        "conflicts": set(rng.sample(range(len(SEATS)), rng.choice((0, 0, 1, 2)))),
    }  # fmt: skip


@pytest.fixture(scope="module")
def office(sqlite_template: Any, tmp_path_factory: Any) -> Iterator[Database]:
    """Agencies, staff and one process with the form; every example is rolled back."""
    from tests import databases

    with databases.sqlite(sqlite_template, tmp_path_factory.mktemp("access")) as database:
        with database.transaction() as session:
            session.add_all([Agency(code=code, name=code, kind="その他") for code in AGENCIES])
            session.flush()
            session.add_all([Staff(id=number + 1, login=f"{a}-{r}", name=f"合成{number}", password_hash="-")
                             for number, (a, r) in enumerate(SEATS)])  # fmt: skip
            files = diagram('<bpmn:startEvent id="S"/>' + task("a", "聞く") + '<bpmn:endEvent id="E"/>' + flow("S", "a") + flow("a", "E"))
            files["F-T.form.json"] = json.dumps(FORM, ensure_ascii=False)
            definitions.adopt(session, "T", files, by=CLOCK, now=NOW)
        yield database


@settings(max_examples=90, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 2**40))
def test_no_field_without_a_ground_that_the_table_grants(office: Database, seed: int) -> None:
    with Session(office.pool, info={"vault": office.vault}) as session:
        case = furnished(session, drawn_town(Random(seed)))
        for number, (agency, role) in enumerate(SEATS):
            compare(session, Actor(staff_id=number + 1, name="合成", seats=(Seat(agency=agency, role=role),)), case)
        two = (Seat(agency="konkyu", role="uke"), Seat(agency="shakyo", role="san"))
        compare(session, Actor(staff_id=5, name="合成", seats=two), case, exactly=False)
        session.rollback()


def compare(session: Session, actor: Actor, case: Case, *, exactly: bool = True) -> None:
    """Every read path of one person against the literal reading; with one seat also that nothing granted is withheld."""
    literal = Reading(session, actor, case, NOW)
    seen = access.sight(session, actor, case, now=NOW)
    assert (seen is not None) == literal.exists(), (actor.seats, "existence")
    listed = session.query(Case.id).filter(Case.id == case.id, *access.visible_cases(session, actor)).all()
    assert not listed or literal.exists() or case.status == "closed", (actor.seats, "a list tells of a case")
    if seen is None:
        return
    assert seen.level == literal.level(), (actor.seats, "what stands in no record")
    shown = {record.id: set(records.read(session, seen, record, case).answers) for record in records.of_case(session, seen)}
    for record in session.query(Record).filter_by(case_id=case.id):
        for key, (level, item) in FIELDS.items():
            granted = literal.field(record, max(level, record.raised), item)
            returned = key in shown.get(record.id, set())
            assert granted or not returned, (actor.seats, key, record.compartment, seen.stage, "WITHOUT GROUND")
            assert returned or not granted or not exactly, (actor.seats, key, record.compartment, seen.stage, "withheld")


def furnished(session: Session, said: dict[str, Any]) -> Case:
    """The rows of one drawn town."""
    by = Actor(staff_id=1, name="合成", seats=(Seat(agency="fukushi", role="sui"),))
    case, _ = new_case(session, said["kind"], by=by, now=NOW - timedelta(days=90))
    case.secret, case.district = said["secret"], "大栄"
    version = definitions.current(session, "T")
    instance = Instance(case_id=case.id, version_id=version.id, key="T", state=b"", started_at=NOW)
    session.add(instance)
    session.flush()
    persons = [
        people.note(session, case, Particulars(name=f"合成 {n}"), place="世帯員", shielded=False, record_id=None, now=NOW).id
        for n in range(said["people"])
    ]
    for agency, kind, over in said["relations"]:
        session.add(Relation(case_id=case.id, agency=agency, kind=kind, since=NOW, until=NOW if over else None))
    for number, (agency, role, status) in enumerate(said["tasks"]):
        session.add(Task(case_id=case.id, instance_id=instance.id, token=str(number), element="a", title="用件", agency=agency,
                         role=role, status=status, created_at=NOW))  # fmt: skip
    form = compiled(session, version.id).forms["F-T"]
    made = []
    for agency, raised, item, about in said["records"]:
        author = Seat(agency=agency, role="uke")
        made.append(records.write(
            session, case, form=form, answers=dict.fromkeys(FIELDS, "文"), version_id=version.id, by=by, seat=author, now=NOW,
            title="記録", raised=raised, compartment=item, about=None if about is None or about >= len(persons) else [persons[about]],
        ))  # fmt: skip
    session.flush()
    _agreements(session, said, case, persons, made)
    _openings(session, said, case, persons)
    if said["closed"]:
        case.status, case.closed_at = "closed", NOW - timedelta(days=said["closed"])
    session.flush()
    return case


def _agreements(session: Session, said: dict[str, Any], case: Case, persons: list[int], made: list[Record]) -> None:
    for agency, which, until in said["grants"]:
        if which < len(made):
            session.add(Grant(case_id=case.id, record_id=made[which].id, agency=agency, ground="01", since=NOW, until=then(until)))
    drawn = [*said["consents"], *((person, agency, item, "3", None, None) for agency, by_person in said["agreed"]
             for person, items in enumerate(by_person) for item in sorted(items))]  # fmt: skip
    for who, agency, item, state, until, ended in drawn:
        if who < len(persons):
            session.add(Consent(case_id=case.id, person_id=persons[who], agency=agency, item=item if agency else "", state=state,
                                since=NOW - timedelta(days=60), until=None if until is None else (NOW + timedelta(days=until)).date(),
                                ended_at=NOW - timedelta(days=1) if ended else None, ended_how=ended or ""))  # fmt: skip
            session.flush()


def _openings(session: Session, said: dict[str, Any], case: Case, persons: list[int]) -> None:
    for item, function, members, until in said["items"]:
        session.add(MeetingItem(item=item, case_id=case.id, meeting_id=case.id, function=function, persons=persons, decided_at=NOW))
        session.add_all([Compartment(item=item, agency=one, since=NOW, until=then(until)) for one in members])
    for number in said["told"]:
        session.add(Secrecy(staff_id=number + 1, told_on=NOW.date(), noted_at=NOW))
    for number, level, until in said["overrides"]:
        session.add(Override(case_id=case.id, staff_id=number + 1, agency="", role="", reason="11", without_consent="時間がない",
                             level=level, opened_at=NOW - timedelta(days=50), until=then(until) or NOW, review_by=NOW,
                             sealed=b""))  # fmt: skip
    for agency, district, until in said["districts"]:
        session.add(DistrictView(event="訓練", district=district, agency=agency, since=NOW - timedelta(days=50), until=then(until) or NOW))
    for agency, until in said["instead"]:
        session.add(Basis(case_id=case.id, agency=agency, ground="05", since=NOW, until=then(until)))
    for number in said["conflicts"]:
        session.add(Interest(case_id=case.id, staff_id=number + 1, kind="親族", declared_at=NOW))


def then(days: int | None) -> datetime | None:
    return None if days is None else NOW + timedelta(days=days)
