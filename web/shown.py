"""How values are shown: dates of the town, titles of tasks, signs beside colours."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Flask, g

from engine.db import JST
from engine.readers import OFFICER
from engine.tasks import Task
from forms import moments
from web.door import MANAGERS, now, settings

URGENCY = {1: "1 緊急", 2: "2 高い", 3: "3 中", 4: "4 低い"}
STATUS = {"open": "進行中", "suspended": "停止中", "closed": "終結", "withdrawn": "中断"}


def register(app: Flask) -> None:
    """Give every template these filters and names."""
    app.jinja_env.filters.update(
        day=day,
        short=short,
        moment=moment,
        clock=clock,
        until=until,
        act=act,
        born=born,
        urgency=urgency,
        status=status,
        ago=ago,
    )
    app.context_processor(_given)


def day(value: date | datetime | None) -> str:
    """令和7年4月18日(金)."""
    return moments.write_date(_day(value)) if value else "—"


def short(value: date | datetime | None) -> str:
    """R7.4.18."""
    return moments.write_short(_day(value)) if value else "—"


def moment(value: datetime | None) -> str:
    """R7.4.18(金) 9:05."""
    if value is None:
        return "—"
    here = value.astimezone(JST)
    return (
        f"{moments.write_short(here.date())}({moments.WEEKDAYS[here.weekday()]}) {moments.write_time(here)}"
    )


def clock(value: datetime) -> str:
    """9:05."""
    return moments.write_time(value.astimezone(JST))


def until(task: Task) -> str:
    """4/18(金)まで; with the year where it is another one."""
    if task.due_at is None:
        return "期限なし"
    due = task.due_at.astimezone(JST).date()
    return f"{moments.write_day(due) if due.year == now().year else moments.write_short(due)}まで"


def born(text: str) -> str:
    """A birth date of a record as S55.9.9; as it stands if it is no date."""
    try:
        return moments.write_short(date.fromisoformat(text))
    except ValueError:
        return text


def act(title: str) -> str:
    """What the button of a task says: its own verb, or that it is done."""
    return title if title.endswith(tuple("うくぐすつぬぶむる")) else f"{title}を済ませる"


def ago(value: datetime) -> str:
    """今日, きのう, 3日前."""
    days = (now().astimezone(JST).date() - value.astimezone(JST).date()).days
    return {0: "今日", 1: "きのう"}.get(days, f"{days}日前")


def urgency(value: int | None) -> str:
    """緊急度 in words."""
    return URGENCY.get(value or 0, "未定")


def status(value: str) -> str:
    """The state of a case in words."""
    return STATUS.get(value, value)


def _day(value: date | datetime) -> date:
    return value.astimezone(JST).date() if isinstance(value, datetime) else value


def _given() -> dict[str, Any]:
    who = g.get("actor")
    return {
        "me": who, "account": g.get("staff"), "town": settings().town_name, "now": now(),
        "manages": bool(who and who.roles & MANAGERS), "administers": bool(who and "sys" in who.roles),
        "watches": bool(who and OFFICER in who.roles),
        "assesses": bool(who and who.roles & {"ver", *MANAGERS}),
        "begins_work": bool(who and who.roles & {"sc", "sui", "ver"}),
    }  # fmt: skip
