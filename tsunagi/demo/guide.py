"""What to try first in the invented town, as each of three of its staff."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.agencies import Staff
from engine.casebook import Case
from engine.db import Database
from engine.tasks import Task
from tsunagi.demo.town import PASSWORD


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """One open task: its case's number and its title."""

    number: str
    title: str

    def __str__(self) -> str:
        return f"{self.number}「{self.title}」"


def guide(database: Database, address: str, *, now: datetime) -> str:
    """The address, three users with their password, and what each finds in the inbox now."""
    with database.transaction(write=False) as session:
        counsellor = _first(session, now, "hokatsu-uke1", agency="hokatsu", elements=("R-20", "A-40", "A-30", "A-10"))
        coordinator = _first(
            session, now, "fukushi-sui1", agency="fukushi", role="sui", elements=("B-20", "K-10", "R-50", "B-60", "B-40")
        )
        chief = _first(session, now, "fukushi-kcho1", agency="fukushi", role="kcho", elements=("B-100", "B-170"))
    chiefs = f"受信箱の {chief} を決め、" if chief else ""
    return f"""
  つなぎ 見本の町: {address}
  パスワードは全員 {PASSWORD}（氏名も世帯も出来事も、すべて架空です）

  相談員   hokatsu-uke1   北栄町地域包括支援センター
           受信箱の {counsellor or "いちばん上の用件"} を開いて済ませてみる。「相談を受け付ける」から新しい相談も始められます。
  推進員   fukushi-sui1   福祉課（多機関協働）
           受信箱の {coordinator or "いちばん上の用件"} を判断する。「手続き」で図を開き、期限や文言を変えて公開できます。
  課長     fukushi-kcho1  福祉課長
           {chiefs}「滞留一覧」で、要介入（●）の理由と次の一手を見る。
"""


def _first(
    session: Session, now: datetime, login: str, *, agency: str, elements: tuple[str, ...], role: str = ""
) -> First | None:
    """An open task there, the wanted elements first, not in another person's hands."""
    rows = session.execute(
        select(Task.element, Task.title, Case.number)
        .join(Case, Case.id == Task.case_id)
        .outerjoin(Staff, Staff.id == Task.holder_id)
        .where(
            Task.status == "open",
            Task.agency == agency,
            Task.role.in_((role,) if role else ("uke", "kik")),
            Task.element.in_(elements),
            or_(Task.holder_id.is_(None), Staff.login == login),
            or_(Task.due_at.is_(None), Task.due_at >= now),
        )
        .order_by(Task.id)
    ).all()
    ranked = sorted(rows, key=lambda row: elements.index(row.element))
    return First(number=ranked[0].number, title=ranked[0].title) if ranked else None
