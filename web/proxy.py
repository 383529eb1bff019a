"""The few lines above a form that say whose words are typed in, when they were said and how they came (代行入力)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from engine.proxies import WAYS, Proxy
from forms import moments
from forms.errors import Problem
from web import door


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was typed in these lines; `proxy` is None while something is wrong with it."""

    said_by: str = ""
    day: str = ""
    time: str = ""
    way: str = ""
    proxy: Proxy | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def by_path(self) -> Mapping[str, str]:
        """The sentence for each wrong input."""
        return {one.path: one.sentence for one in self.problems}


def blank() -> Told:
    """Before anything is typed."""
    return Told()


def asked() -> bool:
    """Whether the page was opened, or its form sent, for somebody else's answer."""
    return request.values.get("_proxy") == "1"


def typed() -> Told:
    """What was typed, judged."""
    said_by, way = request.form.get("_said_by", "").strip()[:80], request.form.get("_way", "")
    day, time = request.form.get("_said_on", "").strip(), request.form.get("_said_at", "").strip()
    problems = []
    if not said_by:
        problems.append(Problem(path="_said_by", label="だれの答えか", sentence="「だれの答えか」を入力してください"))
    if way not in WAYS:
        problems.append(Problem(path="_way", label="受け取り方", sentence="「受け取り方」を選んでください"))
    at = None
    try:
        at = moments.read_datetime(f"{day} {time or '0:00'}") if day else None
        if at is None:
            problems.append(Problem(path="_said_on", label="答えた日", sentence="「答えた日」を入力してください"))
        elif at > door.now():
            problems.append(Problem(path="_said_on", label="答えた日", sentence="「答えた日」は今日までの日にしてください"))
    except ValueError as error:
        problems.append(Problem(path="_said_on", label="答えた日", sentence=f"「答えた日」：{error}"))
    proxy = Proxy(said_by=said_by, said_at=at, way=way) if at is not None and not problems else None
    return Told(said_by=said_by, day=day, time=time, way=way, proxy=proxy, problems=tuple(problems))
