"""緊急閲覧 (break-glass, F-X01): lives first, at once, with a reason, a scope and an end; reviewed afterwards.

Nobody has to approve. Whoever is responsible is told at once, the pages bear a watermark,
nothing is printed or exported, and it closes by itself. The 個人情報保護管理者 reviews it within
the days that table D5 names (F-X06). It never opens a compartment, nor a secret case to somebody
without any relation. In emergency mode a district may be opened to agencies up to L2.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import alerts, facts, journal
from engine.access import TOWN
from engine.agencies import Actor, Agency, Membership, Seat, names, staff_names
from engine.assignment import calendar_of
from engine.calendar import due
from engine.casebook import Case
from engine.db import vault_of
from engine.definitions import compiled, current
from engine.errors import Invalid, NotAllowed, NotFound
from engine.ruling import OVERRIDE, Question
from engine.standing import DistrictView, Override

#: C26 07–12, in words: what makes an emergency (handbook §4.4).
REASONS = {
    "07": "児童虐待防止法6条", "08": "高齢者虐待防止法7条", "09": "障害者虐待防止法7条", "10": "DV防止法6条",
    "11": "生命・身体・財産の保護（個人情報保護法27条1項2号）", "12": "災害対策基本法49条の11第3項など",
}  # fmt: skip
WITHOUT_CONSENT = ("意識がない", "連絡不能", "時間がない", "本人が加害者の疑い", "その他")
HOURS = (2, 8, 24)
LEVELS = (2, 3, 4)
OUTCOMES = ("妥当", "一部不適", "不適")
SHORTEST = 20
REVIEW, REVIEW_DAYS = "緊急閲覧の点検", 3
LONGEST_DISTRICT = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody declares who opens a case in an emergency."""

    reason: str
    circumstances: str
    level: int
    without_consent: str
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An override as a reviewer reads it: who, when, why; nothing of the case's content."""

    override: Override
    number: str
    staff: str
    agency: str
    circumstances: str
    review: str
    overdue: bool


def begin(session: Session, actor: Actor, case: Case, asked: Asked, *, now: datetime) -> Override:
    """Open the case now, up to the class and for the hours asked; tells lead, 推進員, 課長 and reviewer."""
    _check(asked)
    seat = _seat(session, actor, case, now=now)
    override = Override(
        case_id=case.id, staff_id=actor.staff_id or 0, agency=seat.agency, role=seat.role, reason=asked.reason,
        without_consent=asked.without_consent, level=asked.level, opened_at=now, until=now + timedelta(hours=asked.hours),
        review_by=_review_by(session, now), sealed=_seal(session, case, asked.circumstances.strip()),
    )  # fmt: skip
    session.add(override)
    session.flush()
    target = f"override:{override.id}"
    line = journal.Line(
        action="緊急閲覧", by=actor, seat=seat, case_id=case.id, target=target, ground=f"C26:{asked.reason}",
        purpose=asked.without_consent, particulars={"level": asked.level, "hours": asked.hours},
    )  # fmt: skip
    journal.write(session, line, now=now)
    for agency, role in sorted({(case.lead or TOWN, ""), (TOWN, "sui"), (TOWN, "kcho")}):
        alerts.add(session, "緊急閲覧", agency=agency, role=role, case_id=case.id, target=target, now=now)
    for agency in _reviewers(session):
        alerts.add(
            session, REVIEW, agency=agency, role="ppo", case_id=case.id, target=target, due_at=override.review_by, now=now
        )
    return override


def look(session: Session, actor: Actor, case: Case, *, now: datetime) -> Seat:
    """The seat from which the actor could open this case in an emergency, or the refusal; asking stands in the journal."""
    seat = _seat(session, actor, case, now=now)
    known = facts.gather(session, actor, case, now=now)
    line = journal.Line(
        action="閲覧", by=actor, seat=seat, case_id=case.id, target=f"case:{case.id}", stage=known.stage,
        ground="緊急閲覧の宣言の前（番号だけ）", purpose="緊急閲覧",
    )  # fmt: skip
    journal.write(session, line, now=now)
    return seat


def close(session: Session, override_id: int, *, by: Actor, now: datetime) -> Override:
    """End an override before its time; its own user, the 推進員 and the 課長 may."""
    override = session.get(Override, override_id, with_for_update=True)
    if override is None or not (override.staff_id == by.staff_id or by.roles & {"sui", "kcho", "ppo"}):
        raise NotFound("その緊急閲覧はないか、あなたには閉じられません。")
    if override.closed_at is None and override.until > now:
        override.closed_at = now
        line = journal.Line(action="緊急閲覧を閉じる", by=by, case_id=override.case_id, target=f"override:{override.id}")
        journal.write(session, line, now=now)
    return override


def review(session: Session, override_id: int, *, outcome: str, words: str, by: Actor, now: datetime) -> Override:
    """The 個人情報保護管理者 says whether it was right (F-X06); what was not right is told to 推進員 and 課長."""
    if "ppo" not in by.roles:
        raise NotAllowed("緊急閲覧を点検できるのは、個人情報保護管理者だけです。")
    override = session.get(Override, override_id, with_for_update=True)
    if override is None:
        raise NotFound("その緊急閲覧はありません。")
    if override.reviewed_at is not None:
        raise Invalid("この緊急閲覧は、もう点検されています。")
    if override.staff_id == by.staff_id:
        raise NotAllowed("自分の緊急閲覧は点検できません。ほかの個人情報保護管理者に頼んでください。")
    if outcome not in OUTCOMES or not words.strip():
        raise Invalid("点検の結果を選び、理由を書いてください。")
    case = session.get_one(Case, override.case_id)
    override.outcome, override.reviewed_at, override.reviewed_by = outcome, now, by.staff_id
    override.sealed_review = _seal(session, case, words.strip())
    target = f"override:{override.id}"
    line = journal.Line(
        action=REVIEW, by=by, case_id=case.id, target=target, particulars={"outcome": outcome}
    )
    journal.write(session, line, now=now)
    alerts.settle(session, target, by=by, now=now)
    if outcome != "妥当":
        for role in ("sui", "kcho"):
            alerts.add(session, "緊急閲覧は不適", agency=TOWN, role=role, case_id=case.id, target=target, now=now)
    return override


def all_of(session: Session, by: Actor, *, now: datetime) -> list[Told]:
    """Overrides for those responsible: the reviewer sees all with their reasons, open ones first."""
    if not by.roles & {"ppo", "sui", "kcho"}:
        raise NotAllowed("緊急閲覧の一覧は、個人情報保護管理者、推進員、福祉課長だけが開けます。")
    rows = session.execute(
        select(Override, Case)
        .join(Case, Case.id == Override.case_id)
        .order_by(Override.reviewed_at.is_not(None), Override.review_by, Override.id)
        .limit(200)
    ).all()
    people = staff_names(session, [override.staff_id for override, _ in rows])
    offices = names(session)
    reads_reasons = "ppo" in by.roles
    return [
        Told(
            override=override,
            number=case.number,
            staff=people.get(override.staff_id, ""),
            agency=offices.get(override.agency, override.agency),
            circumstances=_words(session, case, override.sealed) if reads_reasons else "",
            review=_words(session, case, override.sealed_review) if reads_reasons and override.sealed_review else "",
            overdue=override.reviewed_at is None and override.review_by < now,
        )
        for override, case in rows
    ]


def running(session: Session, actor: Actor, case: Case, *, now: datetime) -> Override | None:
    """The actor's own open override of a case: for the watermark and its end."""
    return session.scalar(
        select(Override)
        .where(
            Override.case_id == case.id, Override.staff_id == actor.staff_id, Override.until > now,
            Override.closed_at.is_(None),
        )
        .order_by(Override.until.desc())
        .limit(1)
    )  # fmt: skip


def open_district(
    session: Session, *, event: str, district: str, agencies: list[str], until: datetime, by: Actor, now: datetime
) -> list[DistrictView]:
    """In emergency mode: let agencies read a district's cases up to L2 until a moment. Decided by 推進員 or 課長."""
    if not by.roles & {"sui", "kcho"}:
        raise NotAllowed("地区の緊急閲覧を決められるのは、推進員と福祉課長だけです。")
    if not event.strip() or not district.strip() or not agencies:
        raise Invalid("災害などの名前、地区、機関を入れてください。")
    if not now < until <= now + LONGEST_DISTRICT:
        raise Invalid(f"終わりの日時は、今から{LONGEST_DISTRICT.days}日以内にしてください。")
    known = names(session)
    if unknown := [agency for agency in agencies if agency not in known]:
        raise Invalid(f"機関「{'、'.join(unknown)}」は登録されていません。")
    views = [
        DistrictView(
            event=event.strip()[:40], district=district.strip()[:40], agency=agency, level=2, decided_by=by.staff_id,
            since=now, until=until,
        )
        for agency in sorted(set(agencies))
    ]  # fmt: skip
    session.add_all(views)
    session.flush()
    line = journal.Line(
        action="地区の緊急閲覧を決める", by=by, target=f"event:{event}"[:80], ground="C26:12",
        particulars={"district": district, "agencies": sorted(set(agencies)), "until": until.isoformat()},
    )  # fmt: skip
    journal.write(session, line, now=now, book=journal.open_book(session, "house"))
    for agency in sorted(set(agencies)):
        alerts.add(session, "地区の緊急閲覧", agency=agency, target=f"event:{event}"[:80], now=now)
    for agency in _reviewers(session):
        alerts.add(session, "地区の緊急閲覧", agency=agency, role="ppo", target=f"event:{event}"[:80], now=now)
    return views


def end_districts(session: Session, *, by: Actor, now: datetime, event: str = "") -> int:
    """End the district views of an event, or all of them; gives how many ended."""
    if not by.roles & {"sui", "kcho"}:
        raise NotAllowed("地区の緊急閲覧を終えられるのは、推進員と福祉課長だけです。")
    live = select(DistrictView).where(DistrictView.ended_at.is_(None), DistrictView.until > now)
    views = session.scalars(live.where(DistrictView.event == event) if event else live).all()
    for view in views:
        view.ended_at = now
    line = journal.Line(
        action="地区の緊急閲覧を終える", by=by, target=f"event:{event}"[:80], particulars={"ended": len(views)}
    )
    journal.write(session, line, now=now, book=journal.open_book(session, "house"))
    return len(views)


def districts(session: Session, *, now: datetime) -> list[DistrictView]:
    """District views that hold now."""
    return list(
        session.scalars(
            select(DistrictView)
            .where(DistrictView.ended_at.is_(None), DistrictView.until > now)
            .order_by(DistrictView.event, DistrictView.district, DistrictView.agency)
        )
    )


def _check(asked: Asked) -> None:
    wrong = [
        sentence
        for bad, sentence in (
            (asked.reason not in REASONS, "理由の区分を選んでください。"),
            (len(asked.circumstances.strip()) < SHORTEST, f"具体的な事情を{SHORTEST}文字以上で書いてください。"),
            (asked.level not in LEVELS, "見る範囲を選んでください。"),
            (asked.without_consent not in WITHOUT_CONSENT, "本人の同意を得られない理由を選んでください。"),
            (asked.hours not in HOURS, "時間（2・8・24時間）を選んでください。"),
        )
        if bad
    ]
    if wrong:
        raise Invalid("緊急閲覧を始められません。" + "".join(wrong), tuple(wrong))


def _seat(session: Session, actor: Actor, case: Case, *, now: datetime) -> Seat:
    """A seat that table D8 lets override; a secret case stays as if it were not there."""
    known = facts.gather(session, actor, case, now=now)
    for post in known.posts:
        for relation in post.relations:
            question = Question(
                role=post.seat.role, relation=relation, stage=known.stage, ground=OVERRIDE,
                conflict=known.conflict, secret=known.secret,
            )  # fmt: skip
            if known.table.ask(question).reach >= 2:
                return post.seat
    if case.secret:
        raise NotFound("そのケースはないか、あなたには開けません。急ぐときは相談支援包括化推進員に電話してください。")
    raise NotAllowed("緊急閲覧は、あなたの役割ではできません。急ぐときは相談支援包括化推進員に電話してください。")


def _review_by(session: Session, now: datetime) -> datetime:
    days = REVIEW_DAYS
    try:
        tables = compiled(session, current(session, facts.HOME).id).tables
        said = tables["D5"].decide("D5", {"task": REVIEW, "urgency": 3}, now=now).value
        days = int(said["days"]) if isinstance(said, Mapping) else days
    except (NotFound, KeyError, TypeError, ValueError):
        pass
    return due(now, days, calendar=calendar_of(session))


def _reviewers(session: Session) -> list[str]:
    rows = session.scalars(
        select(Membership.agency).join(Agency, Agency.code == Membership.agency).where(Membership.role == "ppo").distinct()
    )
    return sorted(rows)


def _seal(session: Session, case: Case, words: str) -> bytes:
    plain = json.dumps({"words": words}, ensure_ascii=False).encode()
    return vault_of(session).seal(plain, wrapped=case.data_key or b"", about=f"override:{case.id}")


def _words(session: Session, case: Case, sealed: bytes) -> str:
    plain = vault_of(session).open(sealed, wrapped=case.data_key, about=f"override:{case.id}")
    return str(json.loads(plain)["words"])
