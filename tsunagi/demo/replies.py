"""What the town's staff answer, form by form; what is not said here is filled in plausibly."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from engine.calendar import Calendar
from engine.db import JST
from tsunagi.demo.course import Course
from tsunagi.demo.words import Theme, themes

Said = dict[str, Any]
ALL_ITEMS = ["基本", "相談内容", "課題"]
CONSENTED = ("2", "3", "7")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A member of staff (`me`, an id) before a task: which step, for the how many-th time (`turn`), when.

    `about` is the course of the case, or of the case that a meeting's item is about.
    """

    about: Course | None
    element: str
    agency: str
    turn: int
    now: datetime
    rng: Random
    me: str
    variable: Callable[[str], object]
    calendar: Calendar

    @property
    def theme(self) -> Theme:
        return self.about.theme if self.about else themes()[0]

    @property
    def person(self) -> str:
        return self.about.household.target.name if self.about else "本人"

    @property
    def today(self) -> date:
        return self.now.astimezone(JST).date()

    def day(self, days: int) -> str:
        """The date so many days from today."""
        return (self.today + timedelta(days=days)).isoformat()

    def ago(self, minutes: int) -> str:
        """The moment so many minutes ago, as the form writes it."""
        return (self.now - timedelta(minutes=minutes)).isoformat(timespec="minutes")

    def text(self, name: str) -> str:
        """A variable of the process as text, empty when it has none."""
        value = self.variable(name)
        return value if isinstance(value, str) else ""


def answers(form: str, scene: Scene) -> Said:
    """What is said in this form: the usual, and over it what the course wants at this step."""
    said = USUAL[form](scene) if form in USUAL else {}
    wanted = scene.about.round(scene.about.said.get(scene.element, ()), scene.turn) if scene.about else None
    return {**said, **(wanted or {})}


USUAL: dict[str, Callable[[Scene], Said]] = {}


def usual(*forms: str) -> Callable[[Callable[[Scene], Said]], Callable[[Scene], Said]]:
    """Register what is usually said in these forms."""

    def register(say: Callable[[Scene], Said]) -> Callable[[Scene], Said]:
        USUAL.update(dict.fromkeys(forms, say))
        return say

    return register


# --- consultation and referral -----------------------------------------------------


@usual("F-A01")
def _intake(scene: Scene) -> Said:
    course = course_of(scene)
    rng = scene.rng
    others = course.household.others
    return {
        "uketsukeAt": scene.ago(rng.randint(6, 35)), "keiro": course.channel, "uketsukeSha": scene.me,
        "inochi": "あり" if course.urgency == 1 else "なし",
        "kinkyu24": ["食べ物", "お金"] if course.urgency == 1 else ["なし"],
        "komari": list(course.needs[:2]), "omoKomari": course.needs[0], "zokusei": list(course.theme["attrs"]),
        "sashisemari": "1か月以内に期限がある" if course.urgency == 2 else "特になし",
        "seikatsuShisho": course.urgency <= 3, "honninShiru": "知っている" if rng.random() < 0.8 else "知らない",
        "uketsukeKikan": scene.agency, "saisodan": rng.random() < 0.14,
        "raidan": rng.choice(["01", "01", "04", "10", "11"]) if course.channel != "13" else "10",
        "kodomo": any(scene.today.year - other.birth.year < 18 for other in others),
        **({"eventTag": course.event} if course.event else {}),
        **({"snsMei": "町の公式アカウント", "tenki": True} if course.channel in ("07", "19") else {}),
        **course.household.as_answers(),
    }  # fmt: skip


@usual("F-A02")
def _assessment(scene: Scene) -> Said:
    course, rng = course_of(scene), scene.rng
    taiou = course.round(course.taiou, scene.turn)
    if scene.agency in course.sheets and taiou in ("03", "04"):
        taiou = "02"  # the table had sent the sheet there already
    refuses = "39" in course.needs or taiou == "06"
    sheets = list(course.sheets[:2] if taiou == "04" else course.sheets[:1])
    who = ["本人", *(["同居の家族"] if len(course.needs) > 2 and course.household.others else [])]
    return {
        "dates": scene.today.isoformat(), "how": rng.choice(["訪問", "来所", "訪問", "電話"]),
        "whom": rng.choice([["本人"], ["本人", "家族"]]),
        "matrix": [
            {
                "person": who[i % len(who)], "komari": need, "teido": rng.randint(1, 3) + (i == 0),
                "ninshiki": "なし" if refuses and i == 0 else "あり",
            }
            for i, need in enumerate(course.needs)
        ],
        "shienNinzu": len(who), "kankei": [], "risk": ["なし"] if course.urgency > 2 else ["その他"],
        "hazama": taiou == "05", "kinkyu": str(course.urgency),
        "doui": [{"person": "（合成）本人", "jotai": "1" if refuses else rng.choice(["2", "3", "3"])}], "taiou": taiou, "ryokai": "了解",
        "nextDate": scene.day(14), "tsunagiSaki": sheets, "tsuhoGo": "自機関で支援する",
    }  # fmt: skip


@usual("F-A03")
def _sheet(scene: Scene) -> Said:
    course, rng = course_of(scene), scene.rng
    to = course.sheets[scene.turn] if scene.turn < len(course.sheets) else scene.text("dst")
    target = course.household.target
    return {
        "from": scene.agency, "to": to, "tokumei": False, "sei": target.sei, "mei": target.mei,
        "seiKana": target.sei_kana, "meiKana": target.mei_kana, "sex": target.sex, "birth": target.birth.isoformat(),
        "addr": course.household.address, "tel1": course.household.tel,
        "setaiTbl": [
            {"name": other.mei, "age": scene.today.year - other.birth.year, "relation": other.relation}
            for other in course.household.others
        ],
        "komari": list(course.needs), "kibouDate": scene.day(rng.randint(3, 9)), "kinkyu": str(course.urgency),
        "douiKind": "01", "douiJotai": "3", "douiKiroku": f"同意-{rng.randint(100, 999)}", "koumoku": ALL_ITEMS,
        "honninDenta": "伝えた", "renrakuKata": rng.choice(["機関から連絡", "同行", "本人が訪問"]), "gyakuRenraku": True,
    }  # fmt: skip


@usual("F-A04")
def _reply(scene: Scene) -> Said:
    said = course_of(scene).round(course_of(scene).replies, scene.turn) or {"kekka": "1"}
    return {"tanto": scene.me, "hatsuDate": scene.day(scene.rng.randint(1, 3)), "fusoku": ["連絡先"], **said}


@usual("F-R07")
def _appointed(scene: Scene) -> Said:
    return {"kekka": "1", "tanto": scene.me, "hatsuDate": scene.day(1)}


@usual("F-A05")
def _amended(scene: Scene) -> Said:
    return {"saisoSaki": scene.text("dst")}


@usual("F-A06")
def _contact(scene: Scene) -> Said:
    return {
        "sesshoku": scene.rng.choice(["会えた", "会えた", "会えた", "電話のみ"]), "sesshokuAt": scene.ago(45),
        "shienKaishi": True, "tsugi": scene.day(scene.rng.randint(7, 21)),
    }  # fmt: skip


@usual("F-A07")
def _ending(scene: Scene) -> Said:
    taiou = course_of(scene).taiou
    done = (
        "情報提供で完了"
        if "01" in taiou
        else "つなぎ完了"
        if taiou[0] in ("03", "04") and scene.turn == 0
        else "自機関支援終了"
    )
    return {"kubun": done, "honnin": "了解", "annai": True, "kokuCheck": True}


@usual("F-A08")
def _call(scene: Scene) -> Said:
    tries = [{"at": scene.ago(10), "shudan": scene.rng.choice(["電話", "訪問"]), "kekka": "つながった"}]
    if scene.rng.random() < 0.3:
        tries.insert(0, {"at": scene.ago(200), "shudan": "電話", "kekka": "留守"})
    return {
        "attempts": tries,
        "basho": scene.rng.choice(["窓口", "自宅"]),
        "yakusoku": f"{scene.day(3)}T10:00",
    }


@usual("F-A11")
def _review(scene: Scene) -> Said:
    return {"keizoku": "終える" if scene.turn >= 3 else "続ける"}


@usual("F-A12")
def _connected(scene: Scene) -> Said:
    return {"honnin": "つながった"}


@usual("F-A13")
def _conferred(scene: Scene) -> Said:
    return {"takikan": "要" if "05" in course_of(scene).taiou else "不要"}


@usual("F-R02")
def _ruling(scene: Scene) -> Said:
    return {"sai": "多機関協働へ"}


@usual("F-R04")
def _read_reply(scene: Scene) -> Said:
    return {"kakunin": True, "kanyo": "関与を終える"}


@usual("F-R06")
def _next_sheet(scene: Scene) -> Said:
    course = course_of(scene)
    following = course.sheets[min(scene.turn + 1, len(course.sheets) - 1)] if course.sheets else "fukushi"
    return {"tsugiKata": "別の機関へつなぐ", "saki": following}


@usual("F-F04")
def _emergency(scene: Scene) -> Said:
    return {"at": scene.ago(20), "jigo": False}


def course_of(scene: Scene) -> Course:
    """The course that the step is about; there must be one."""
    if scene.about is None:
        raise LookupError(f"no course is known at {scene.element}")
    return scene.about
