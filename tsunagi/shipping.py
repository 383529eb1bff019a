"""The pathways that come with the application, published in a town: called ones first, all or none."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import bundles, definitions
from engine.agencies import CLOCK, Agency
from engine.definitions import Process, Version
from engine.errors import Invalid

#: Others call or start these; their names are known when the others are checked.
FIRST = ("referral", "statutory_report", "consent", "meeting", "collaboration", "consult")
#: What the diagrams themselves name; everything else goes to whom a case's agencies are.
AGENCIES = {
    "fukushi": "福祉課", "jimukyoku": "事務局", "shakyo": "社会福祉協議会", "shakyo_chiiki": "社会福祉協議会の地域担当",
    "soumu": "総務課",
}  # fmt: skip


def publish(session: Session, *, note: str, now: datetime) -> list[Version]:
    """Publish what the town has not published yet; what it has, it may have changed, and that stays."""
    _require_agencies(session)
    known = set(session.scalars(select(Process.key).where(Process.current_id.is_not(None))))
    fresh = []
    for name in sorted(bundles.shipped_names(), key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST)):
        files = bundles.shipped(name)
        key = bundles.process_key(files)
        if key not in known:
            fresh.append(definitions.publish(session, key, files, by=CLOCK, now=now, note=note))
    return fresh


def _require_agencies(session: Session) -> None:
    missing = sorted(set(AGENCIES) - set(session.scalars(select(Agency.code))))
    if missing:
        named = "、".join(f"{code}（{AGENCIES[code]}）" for code in missing)
        raise Invalid(f"付いてくる図が名指しする機関が、まだありません: {named}。tsunagi agency add で、このコードで加えてください。")
