"""For the officer of personal information: who read whom, the monthly sample, unusual looks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from engine import agencies, journal, people, readers, review, unusual
from engine.casebook import Case
from engine.db import JST
from engine.errors import Refused
from engine.journal import Entry
from engine.people import Person
from engine.readers import OFFICER, Readers
from engine.unusual import Watch
from forms import moments, words
from web import door, printing
from web.door import only

pages = Blueprint("journals", __name__, url_prefix="/journal")
HEAD = ["いつ", "機関", "役割", "何を", "根拠", "段階"]
#: So many days are looked through when the page is opened.
DAYS = 31


@pages.get("")
@only(OFFICER)
def desk() -> str:
    """The three questions, and the months that were reviewed."""
    with door.reading() as session:
        return render_template(
            "journal.html", reviews=review.every(session), months=_months(door.now()), found=None, sought="",
            staff_names=agencies.staff_names(session, [one.signed_by or 0 for one in review.every(session)]),
        )  # fmt: skip


@pages.post("/people")
@only(OFFICER)
def look() -> str:
    """Find the person who asks: by the case's number or by name, without showing anything of the matter."""
    sought = request.form.get("sought", "").strip()
    with door.writing() as session:
        found = _people(session, sought) if sought else []
        return render_template(
            "journal.html", reviews=review.every(session), months=_months(door.now()), found=found, sought=sought,
            staff_names={},
        )  # fmt: skip


@pages.get("/people/<int:person_id>")
@only(OFFICER)
def person(person_id: int) -> str:
    """だれが私の記録を見たか: every look, refused tries too."""
    with door.writing() as session:
        told = readers.of_person(session, person_id, by=door.actor(), purpose="本人からの照会", now=door.now())
        return render_template("readers.html", told=told, **_names(session, told.lines))


@pages.get("/people/<int:person_id>.pdf")
@only(OFFICER)
def person_pdf(person_id: int) -> Response:
    """The answer for the person, on paper: agency, role, when and why; the names of staff only if so decided."""
    named = request.args.get("named") == "1"
    with door.writing() as session:
        told = readers.of_person(session, person_id, by=door.actor(), purpose="本人への回答の印刷", now=door.now())
        names = _names(session, told.lines)
        content, count = _paper(told, names, named=named)
        line = journal.Line(
            action=journal.PRINTED, by=door.actor(), case_id=told.case.id, target=f"person:{person_id}",
            ground="個人情報保護管理者", particulars={"pages": count},
        )  # fmt: skip
        journal.write(session, line, now=door.now())
    return printing.pdf(content, f"{told.case.number}-readers")


@pages.post("/reviews")
@only(OFFICER)
def draw() -> Answer:
    """Draw a month's sample."""
    with door.writing() as session:
        drawn = review.draw(session, request.form.get("month", ""), by=door.actor(), now=door.now())
        review_id = drawn.id
    return door.there("journals.sample", review_id=review_id)


@pages.get("/reviews/<int:review_id>")
@only(OFFICER)
def sample(review_id: int) -> str:
    """The sample's lines, to be judged one by one."""
    with door.writing() as session:
        return _sample(session, review_id, {}, "")


@pages.post("/reviews/<int:review_id>")
@only(OFFICER)
def sign_off(review_id: int) -> Answer | tuple[str, int]:
    """Sign the month's review."""
    said = {int(name[5:]): value for name, value in request.form.items() if name.startswith("line-") and name[5:].isdecimal()}
    with door.writing() as session:
        try:
            review.sign_off(session, review_id, said, by=door.actor(), now=door.now())
        except Refused as error:
            return _sample(session, review_id, said, error.sentence), 422
    return door.there("journals.sample", review_id=review_id)


@pages.get("/unusual")
@only(OFFICER)
def strange() -> str:
    """Looks of relatives, of namesakes at the same address, without relation, in bulk, at night."""
    watch = _watch()
    with door.writing() as session:
        found = unusual.report(session, watch, by=door.actor(), now=door.now())
        return render_template(
            "unusual.html", found=found, watch=watch, kinds=unusual.KINDS, last=watch.until - timedelta(days=1),
            numbers=_numbers(session, [one.entry for one in found]), **_names(session, [one.entry for one in found]),
        )  # fmt: skip


def _people(session: Session, sought: str) -> list[tuple[Case, Person]]:
    exact = session.scalar(select(Case.id).where(Case.number == words.plain(sought).upper()))
    ids = [exact] if exact else people.search(session, sought, by=door.actor(), now=door.now())
    named = set() if exact else people.bearing(session, sought)
    rows = session.execute(
        select(Case, Person).join(Person, Person.case_id == Case.id).where(Case.id.in_(ids)).order_by(Case.id, Person.id)
    )
    return [(case, one) for case, one in rows if exact or one.id in named]


def _paper(told: Readers, names: dict[str, Any], *, named: bool) -> tuple[bytes, int]:
    head = [("ケース番号", told.case.number), ("対象", told.place), ("作成日", moments.write_date(agencies.today_of(door.now()))),
            ("閲覧の数", f"{len(told.lines)}件")]  # fmt: skip
    rows = [
        [
            moments.write_datetime(entry.at.astimezone(JST)), names["agencies"].get(entry.agency, entry.agency),
            names["roles"].get(entry.role, entry.role) + (f" {names['staff_names'].get(entry.staff_id, '')}" if named else ""),
            f"{entry.action} {entry.purpose}" + ("（開けませんでした）" if entry.outcome == journal.REFUSED else ""),
            entry.ground, entry.stage,
        ]
        for entry in told.lines
    ]  # fmt: skip
    return printing.listed(
        "記録を見た人の一覧", "閲覧のお知らせ", head, [("記録を見た人", HEAD, rows)], handling="本人交付用",
        note="この一覧は、操作履歴から作りました。分からないことは、町の個人情報保護の担当におたずねください。",
    )  # fmt: skip


def _sample(session: Session, review_id: int, said: dict[int, str], refusal: str) -> str:
    found = review.find(session, review_id)
    lines = review.lines(session, found)
    again, whole = review.sample(session, found.month, found.size)
    return render_template(
        "review.html", review=found, lines=lines, judgements=review.JUDGEMENTS, said=said, refusal=refusal,
        same=again == found.entries and whole == found.drawn_from, numbers=_numbers(session, lines), **_names(session, lines),
    )  # fmt: skip


def _names(session: Session, lines: Sequence[Entry]) -> dict[str, Any]:
    return {
        "agencies": agencies.names(session), "roles": agencies.role_names(session),
        "staff_names": agencies.staff_names(session, [entry.staff_id or 0 for entry in lines]),
    }  # fmt: skip


def _numbers(session: Session, lines: Sequence[Entry]) -> dict[int, str]:
    ids = {entry.case_id for entry in lines if entry.case_id}
    return dict(session.execute(select(Case.id, Case.number).where(Case.id.in_(ids))).all())


def _watch() -> Watch:
    today = agencies.today_of(door.now())
    since, last = _day("since") or today - timedelta(days=DAYS), _day("until") or today
    known = door.settings()
    return Watch(
        since=_midnight(since), until=_midnight(last) + timedelta(days=1),
        night_from=_number("night_from", known.night_from, 23), night_until=_number("night_until", known.night_until, 23),
        bulk=max(2, _number("bulk", known.bulk, 9999)),
    )  # fmt: skip


def _day(name: str) -> date | None:
    text = request.args.get(name, "").strip()
    try:
        return moments.read_date(text) if text else None
    except ValueError as error:
        raise Refused(f"期間の{error}。前の画面に戻って入力してください。") from error


def _number(name: str, otherwise: int, most: int) -> int:
    text = words.plain(request.args.get(name, "")).strip()
    if not text:
        return otherwise
    if not text.isdecimal() or int(text) > most:
        raise Refused(f"{most}までの数が必要ですが、「{text[:20]}」でした。前の画面に戻って入力してください。")
    return int(text)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=JST)


def _months(now: datetime) -> list[str]:
    here, found = now.astimezone(JST).date().replace(day=1), []
    for _ in range(12):
        here = (here - timedelta(days=1)).replace(day=1)
        found.append(f"{here:%Y-%m}")
    return found
