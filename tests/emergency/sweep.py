"""What the emergency stories share: an invented list of households, and the way from the earthquake to the teams."""

import csv
import io
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from engine import cases, records
from engine.agencies import Actor
from engine.disasters import Disaster, SafetyRow
from tests.town import Town

HEAD = ("条件", "地区", "氏名", "フリガナ", "生年月日", "住所", "電話", "支援事由", "配慮", "世帯", "支援措置", "合成")
TEAMS = [
    {"hanChiku": district, "han": f"han{number}"}
    for number, district in enumerate(["hojo"] * 4 + ["daiei"] * 4, start=1)
]
GROUNDS = [{"joken": "避難行動要支援者", "saigaiKonkyo": "12"}]
ALL = ["名簿提供", "期限の暦日化", "口頭同意"]


def listed(count: int, *, condition: str = "避難行動要支援者", invented: bool = True, shielded: int = 0) -> bytes:
    """A list (CSV) of so many invented households, the first `shielded` of them under 支援措置."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEAD)
    for number in range(count):
        district = "北条" if number % 2 == 0 else "大栄"
        writer.writerow([
            condition, district, f"合成 {number:04d}", "ゴウセイ", "1940-05-01", f"{district}{number}番地", f"0858-00-{number:04d}",
            "歩行が難しい", "耳が遠い", f"S{number:05d}", "はい" if number < shielded else "", "はい" if invented else "",
        ])  # fmt: skip
    return text.getvalue().encode("utf-8-sig")


def begins(town: Town, **said: Any) -> int:
    """The chief of the welfare section turns the emergency mode on; gives its case."""
    town.opens("fukushi", process="P-F", at="M-SE")
    known = {
        "event": "1", "eventMei": "合成の地震", "hani": ["hojo", "daiei"], "kunren": False, "honbu": False, "tokurei": ALL,
        "kaishi": town.now.isoformat(timespec="minutes"), "owari": (town.now + timedelta(days=21)).isoformat(timespec="minutes"),
    }  # fmt: skip
    town.completes("fukushi", "M-10", **{**known, **said})
    return town.case_id


def confirms(town: Town, answer: str = "確認する") -> None:
    """Somebody else of the section confirms."""
    town.completes_as(other_than_chief(town), "M-15", kakunin=answer)


def other_than_chief(town: Town) -> Actor:
    return town.staff("fukushi", "uke")


def draws(town: Town, *lists: bytes, **said: Any) -> None:
    """The promoter hands in lists and gives the districts to the teams."""
    task = town.task("S-10")
    by = town.staff("fukushi", "sui")
    with town.database.transaction() as session:
        case = cases.find_case(session, town.case_id)
        seat = by.seat_for("fukushi", "sui")
        assert seat is not None
        files = [
            str(records.attach(session, case, name="list.csv", media_type="text/csv", content=content, by=by, seat=seat,
                               now=town.now, task_id=task.id, field="meibo").id)
            for content in lists
        ]  # fmt: skip
    town.completes_as(
        by, "S-10", files=files, **{"jokenHyo": GROUNDS, "hanHyo": TEAMS, "meibo": files, "meiboTsugi": "これで全部", **said}
    )


def begun(town: Town, *lists: bytes, **said: Any) -> int:
    """On, confirmed, and the lists drawn."""
    case_id = begins(town, **said)
    confirms(town)
    draws(town, *lists)
    return case_id


def rows(town: Town, team: str = "") -> list[SafetyRow]:
    with town.database.transaction(write=False) as session:
        query = select(SafetyRow).order_by(SafetyRow.place)
        return list(session.scalars(query.where(SafetyRow.team == team) if team else query))


def disaster(town: Town) -> Disaster:
    with town.database.transaction(write=False) as session:
        return session.scalars(select(Disaster).order_by(Disaster.id.desc()).limit(1)).one()


def answers(town: Town, row: SafetyRow, anpi: str, **said: Any) -> None:
    """A member of the row's team finds the household."""
    before, town.case_id = town.case_id, row.case_id
    town.completes(row.team, "S-30", anpi=anpi, **said)
    town.case_id = before


