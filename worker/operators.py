"""The outside operators: mail to an agency, a notice as PDF, a date as a calendar file."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typst
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import records
from engine.access import TOWN
from engine.agencies import CLOCK, Agency, Membership, Seat, Staff, today_of
from engine.casebook import Case
from engine.db import JST
from engine.errors import Refused
from engine.jobs import Errand
from forms import moments
from worker import mail
from worker.outside import Result, operation

MOST = 500
HALF_HOUR = 30


@operation("mail.send", "機関にメールで知らせる")
def send_mail(errand: Errand, said: Mapping[str, Any]) -> Result:
    """Case number, what it is about in the coordinator's words, and a link; to everybody at the agency with an address."""
    with errand.database.transaction(write=False) as session:
        case = session.get_one(Case, errand.case_id)
        to = _addresses(session, str(said.get("agency") or ""), str(said.get("role") or ""), errand.now)
        number = case.number
    if not to:
        raise Refused(
            f"機関「{said.get('agency')}」にメールの宛先が登録されていません。宛先を登録してやり直すか、電話で伝えて飛ばしてください。"
        )
    about = _told(said, "about")
    link = [f"{errand.settings.address.rstrip('/')}/cases/{errand.case_id}"] if errand.settings.address else []
    mail.send(errand.settings, to, subject=f"【つなぎ】{about}", lines=[f"{number}　{about}", *link], key=errand.key)
    return lambda session: {"sent": len(to)}


@operation("paper.pdf", "通知のPDFを作る")
def make_paper(errand: Errand, said: Mapping[str, Any]) -> Result:
    """A page with number, date, addressee, title and the coordinator's text, attached to the case."""
    with errand.database.transaction(write=False) as session:
        case = session.get_one(Case, errand.case_id)
        agency = session.get(Agency, str(said.get("agency") or ""))
        number, to = case.number, f"{agency.name}　御中" if agency else ""
    content = typst.compile(
        Path(__file__).with_name("letter.typ"), format="pdf", font_paths=[_fonts()], ignore_system_fonts=True,
        sys_inputs={"letter": json.dumps({
            "number": number, "day": moments.write_date(today_of(errand.now)), "to": to, "from": errand.settings.town_name,
            "title": _told(said, "title"), "body": _told(said, "body"),
        }, ensure_ascii=False)},
    )  # fmt: skip
    assert isinstance(content, bytes)
    return _attached(errand, content, f"{number}-通知.pdf", "application/pdf")


@operation("calendar.file", "予定のファイルを作る")
def make_calendar(errand: Errand, said: Mapping[str, Any]) -> Result:
    """One event (RFC 5545) with the case's number and a title, attached to the case; its UID comes from the job's key."""
    start = _moment(said)
    minutes = said.get("minutes")
    length = timedelta(minutes=float(minutes) if isinstance(minutes, int | float) else HALF_HOUR)
    with errand.database.transaction(write=False) as session:
        number = session.get_one(Case, errand.case_id).number
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tsunagi//JP", "METHOD:PUBLISH", "BEGIN:VEVENT",
        f"UID:{sha256(errand.key.encode()).hexdigest()[:40]}@tsunagi", f"DTSTAMP:{_utc(errand.now)}", f"DTSTART:{_utc(start)}",
        f"DTEND:{_utc(start + length)}", f"SUMMARY:{_escaped(number + ' ' + _told(said, 'title'))}", "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    content = "".join(f"{_folded(line)}\r\n" for line in lines).encode()
    return _attached(errand, content, f"{number}-予定.ics", "text/calendar")


def _attached(errand: Errand, content: bytes, name: str, media_type: str) -> Result:
    """The file is stored with the move that takes the result: made twice, it is attached once."""

    def result(session: Session) -> Mapping[str, Any]:
        case = session.get_one(Case, errand.case_id)
        file = records.attach(
            session, case, name=name, media_type=media_type, content=content, by=CLOCK,
            seat=Seat(agency=case.lead or TOWN, role=""), now=errand.now, level=2,
        )  # fmt: skip
        return {"attachment": file.id}

    return result


def _addresses(session: Session, agency: str, role: str, now: datetime) -> list[str]:
    """The agency's own address, and those of its people (in a role, if told) who want mail."""
    today = today_of(now)
    people = select(Staff.mail).join(Membership, Membership.staff_id == Staff.id).where(
        Membership.agency == agency, Staff.active, Staff.mail != "", Membership.valid_from <= today,
        or_(Membership.valid_until.is_(None), Membership.valid_until >= today),
    )  # fmt: skip
    if role:
        people = people.where(Membership.role == role)
    own = session.scalar(select(Agency.mail).where(Agency.code == agency)) or ""
    return sorted({*session.scalars(people), *([own] if own else [])})


def _told(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refused(f"「{name}」に言葉が要りますが、ありません。値を直してやり直すか、図を直してください。")
    return " ".join(value.split())[:MOST]


def _moment(said: Mapping[str, Any]) -> datetime:
    value = said.get("at")
    text = str(value.get("@", "") if isinstance(value, Mapping) else value or "").partition("@")[0]
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"始まりの日時が要りますが、「{text[:40]}」でした。値を直してやり直してください。") from error
    return found if found.tzinfo else found.replace(tzinfo=JST)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    """RFC 5545 §3.3.11."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """RFC 5545 §3.1: no line longer than 75 octets; a character is not cut in two."""
    parts, room = [""], 75
    for sign in line:
        if len(parts[-1].encode()) + len(sign.encode()) > room:
            parts.append("")
            room = 74
        parts[-1] += sign
    return "\r\n ".join(parts)


@cache
def _fonts() -> Path:
    # The package of fonts is only a folder: nothing of it is run.
    found = find_spec("pylopdf_fonts_jp")
    if found is None or found.origin is None:
        raise Refused("印刷用の書体がありません。システム管理者に連絡してください。")
    return Path(found.origin).parent
