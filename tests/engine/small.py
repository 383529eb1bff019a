"""A small process of the tests' own, and an office with two agencies: what the engine does, apart from the pathways."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import cases, definitions
from engine.agencies import CLOCK, Actor, Agency, Membership, Role, Staff, actor
from engine.db import JST, Database
from engine.tasks import Task
from forms.answers import Context

NOW = datetime(2026, 4, 3, 9, 0, tzinfo=JST)

FORM = {
    "schemaVersion": 19, "type": "default", "id": "F-T", "properties": {"class": "L3"},
    "components": [
        {"type": "select", "key": "kekka", "label": "結果", "values": [{"value": "1", "label": "進む"}, {"value": "2", "label": "待つ"}],
         "validate": {"required": True}},
        {"type": "textarea", "key": "memo", "label": "メモ", "properties": {"class": "L4"}},
    ],
}  # fmt: skip


def task(element: str, name: str, *, agency: str = "@受付", due: str = "3", extra: str = "") -> str:
    said = {"form": "F-T", "agency": agency, "role": "uke", "due": due, "stage": "A受付"}
    properties = "".join(f'<spiffworkflow:property name="{k}" value="{v}"/>' for k, v in said.items())
    return (
        f'<bpmn:userTask id="{element}" name="{name}"><bpmn:extensionElements><spiffworkflow:properties>{properties}'
        f"</spiffworkflow:properties>{extra}</bpmn:extensionElements></bpmn:userTask>"
    )


def flow(source: str, target: str, condition: str = "") -> str:
    text = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>' if condition else ""
    return f'<bpmn:sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}">{text}</bpmn:sequenceFlow>'


def diagram(body: str, *, key: str = "T", roots: str = "", properties: str = "") -> dict[str, str]:
    """A bundle with this body in one process, and the one form."""
    extension = f"<bpmn:extensionElements><spiffworkflow:properties>{properties}</spiffworkflow:properties></bpmn:extensionElements>"
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="D" targetNamespace="tsunagi">'
        f'{roots}<bpmn:process id="{key}" name="試験" isExecutable="true">{extension if properties else ""}{body}'
        "</bpmn:process></bpmn:definitions>"
    )
    return {f"{key}.bpmn": xml, "F-T.form.json": json.dumps(FORM, ensure_ascii=False)}


TWO_STEPS = diagram(
    '<bpmn:startEvent id="S"/>' + task("a", "聞く") + '<bpmn:exclusiveGateway id="g" default="g-b"/>' + task("b", "書く")
    + '<bpmn:endEvent id="E"/>' + flow("S", "a") + flow("a", "g") + flow("g", "b") + flow("b", "E") + flow("g", "E", 'kekka = "2"')
)  # fmt: skip


class Office:
    """Two agencies, two members of staff at the first and one at the second."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, NOW
        with database.transaction() as session:
            session.add_all([Agency(code=c, name=n, kind="その他") for c, n in (("one", "一の窓口"), ("two", "二の窓口"))])
            session.add_all([Role(code="uke", name="受付"), Role(code="sui", name="推進員")])
            session.flush()
            for login, agency, role in (("ann", "one", "uke"), ("ben", "one", "uke"), ("cho", "two", "uke"), ("sui", "two", "sui")):
                staff = Staff(login=login, name=f"合成{login}", password_hash="-")
                session.add(staff)
                session.flush()
                session.add(Membership(staff_id=staff.id, agency=agency, role=role))

    def who(self, login: str) -> Actor:
        with self.database.transaction(write=False) as session:
            return actor(session, session.scalars(select(Staff).where(Staff.login == login)).one(), today=self.now.date())

    def publishes(self, files: Mapping[str, str], key: str = "T") -> None:
        """Without the house's rules for pictures and labels, which these small diagrams do not need to keep."""
        with self.database.transaction() as session:
            definitions.adopt(session, key, files, by=CLOCK, now=self.now)

    def opens(self, key: str = "T", **facts: Any) -> int:
        with self.database.transaction() as session:
            case, _ = cases.open_case(session, key, by=self.who("ann"), desk="one", now=self.now, facts=facts)
            return case.id

    def open_tasks(self, case_id: int) -> list[Task]:
        with self.database.transaction(write=False) as session:
            return list(session.scalars(select(Task).where(Task.case_id == case_id, Task.status == "open").order_by(Task.id)))

    def steps(self, case_id: int) -> list[str]:
        return [task.element for task in self.open_tasks(case_id)]

    def completes(self, case_id: int, element: str, *, by: str = "ann", submission: str = "", **said: Any) -> cases.Moved:
        found = next(task for task in self.open_tasks(case_id) if task.element == element)
        context = Context(now=self.now)
        answers = {"kekka": "1", **said}
        who = self.who(by)
        return cases.attempt(
            self.database,
            lambda session: cases.complete(
                session, found.id, lambda form: form.accept(answers, context=context), by=who, now=self.now,
                submission=submission or f"{found.id}-{by}",
            ),
            now=self.now, task_id=found.id,
        )  # fmt: skip
