"""What staff answer where several agencies work together: acceptance, meetings, consent, plan, support, closure."""

from datetime import date, datetime, time, timedelta
from typing import Any

from engine.db import JST
from tsunagi.demo.course import Course
from tsunagi.demo.replies import Said, Scene, course_of, usual

AXES = ("健康", "住まい", "家計", "仕事・学び", "つながり", "家族", "意欲")
PURPOSE = ["基本", "相談内容", "課題", "家計", "家族"]


@usual("F-B01")
def _application(scene: Scene) -> Said:
    course = course_of(scene)
    return {
        "moushikomi": scene.agency, "tanto": scene.me, "riyu": ["複数分野", "機関間の役割調整"], "yobou": list(course.agencies),
        "doui": [{"person": "本人", "jotai": "1" if "39" in course.needs else "2"}], "kinkyu": str(course.urgency),
    }  # fmt: skip


@usual("F-B02")
def _acceptance(scene: Scene) -> Said:
    course = course_of(scene)
    return {
        "kekka": "受理", "tantoSui": scene.me, "shuKikan": course.lead or course.desk, "kankeiKikan": list(course.agencies),
        "betsuKyogitai": "なし", "kyogitai": "その他",
    }  # fmt: skip


@usual("F-B03")
def _household(scene: Scene) -> Said:
    course, rng = course_of(scene), scene.rng
    areas = rng.sample(["健康", "住まい", "家計", "仕事", "家族", "地域・孤立"], 4)
    return {
        "sections": [
            {"person": "本人", "ryoiki": area, "jotai": rng.choice(["気になる", "課題", "課題", "良好"]), "konkyo": "03"} for area in areas
        ],
        "kadai": [
            {"person": "本人", "komari": need, "teido": rng.randint(2, 4), "ninshiki": rng.choice(["あり", "あり", "不明"])}
            for need in course.needs
        ],
        "risk": ["なし"] if course.urgency > 2 else ["孤立死"],
        "douiZentai": course.consent, "hanigai": False,
    }  # fmt: skip


@usual("F-B04")
def _information(scene: Scene) -> Said:
    rows = scene.rng.randint(1, 2)
    return {
        "kanyo": "現在あり",
        "gaiyo": [{"kahi": "可"} for _ in range(rows)],
        "konkyo": "01",
        "tanto": scene.me,
    }


@usual("F-B05")
def _consent(scene: Scene) -> Said:
    course = course_of(scene)
    return {
        "personName": course.household.target.name,
        "kekka": "2", "houhou": "口頭", "shurui": ["相談支援の利用", "関係機関との共有", "重層的支援会議での共有"], "setsumei": scene.me,
        "setsumeiAt": scene.ago(40), "yasashii": True, "teikyosaki": sorted({*course.agencies, "fukushi"}), "koumoku": PURPOSE,
        "kigen": scene.day(330),
    }  # fmt: skip


@usual("F-B06")
def _meeting(scene: Scene) -> Said:
    day = scene.calendar.add_business_days(
        scene.today, 2 if course_urgency(scene) == 1 else scene.rng.randint(4, 7)
    )
    held = datetime.combine(day, time(13, 30), JST)
    agencies = sorted(
        {
            "fukushi",
            *(scene.about.agencies if scene.about else ()),
            *([scene.about.desk] if scene.about else []),
        }
    )
    return {
        "nichiji": held.isoformat(timespec="minutes"), "houhou": "対面", "shoshuKikan": agencies, "shikai": scene.me,
        "kiroku": scene.me, "shuhi": True, "anken": [],
    }  # fmt: skip


@usual("F-B07")
def _attendance(scene: Scene) -> Said:
    return {"shusseki": scene.rng.choice(["出席", "出席", "出席", "出席", "書面意見"]), "shuhi": True}


@usual("F-B08")
def _minutes(scene: Scene) -> Said:
    course = scene.about
    start = scene.now - timedelta(minutes=50)
    present = sorted({"fukushi", *(course.agencies if course else ()), *([course.desk] if course else [])})
    return {
        "jissai": start.isoformat(timespec="minutes"), "owari": (start + timedelta(minutes=35)).isoformat(timespec="minutes"),
        "shusseki": [{"kikan": one, "nyushitsu": f"{start:%H:%M}"} for one in present],
        "kyoyu": [{"kikan": one, "kubun": "共有可", "konkyo": "01"} for one in present[:2]],
        "yakuwari": [{"kikan": one, "kigen": scene.day(30 * (i + 1))} for i, one in enumerate(present[:3])],
        "kekka": _result(scene, course), "honninDenta": "伝える", "denta": [{"itsu": scene.day(7)}], "kakunin": scene.me,
        "kankeiKikan": present, "jikai": scene.day(60),
    }  # fmt: skip


def _result(scene: Scene, course: Course | None) -> str:
    purpose = scene.text("item.purpose")
    if course is None:
        return "見守り"
    if purpose == "プラン適切性":
        return "プラン適切"
    if purpose == "評価・終結":
        judged = scene.text("item.kinou") and course.round(course.evaluations, max(0, scene.turn - 1))
        return {"1": "終結相当", "2": "再プラン", "3": "継続検討"}.get(str(judged), "終結相当")
    found: str = course.round(course.councils, scene.turn)
    return found


@usual("F-K01")
def _papers(scene: Scene) -> Said:
    agencies = sorted({"fukushi", *(scene.about.agencies if scene.about else ())})
    return {"packs": [{"kikan": one, "busu": 1, "kaishu": True} for one in agencies]}


@usual("F-K02")
def _confirmed(scene: Scene) -> Said:
    return {"kekka": "確認"}


@usual("F-B09")
def _plan(scene: Scene) -> Said:
    course = course_of(scene)
    goals = list(course.theme["goals"])
    agencies = list(dict.fromkeys([course.lead or course.desk, *course.agencies]))
    until = 180 if scene.turn == 0 else 120
    rows: list[dict[str, Any]] = [
        {"agency": one, "kaishi": scene.day(3), "kigen": scene.day(60 + 30 * i), "shu": i == 0}
        for i, one in enumerate(agencies[:4])
    ]
    return {
        "kind": "1", "kaiji": scene.turn + 1, "kadai": [{"person": "本人", "komari": need} for need in course.needs[:3]],
        "mokuhyo": [
            {"person": "本人", "mokuhyo": goal, "kigen": scene.day(90 + 60 * i), "yusen": i + 1} for i, goal in enumerate(goals)
        ],
        "yakuwari": rows, "honnin": "署名", "kikanFrom": scene.day(1), "kikanTo": scene.day(until), "monitor": "30",
        "nextEval": scene.day(until - 5),
    }  # fmt: skip


@usual("F-B10")
def _decision(scene: Scene) -> Said:
    return {"kettei": "決定", "ketteiDate": scene.today.isoformat(), "tsuchi": ["本人", "主担当", "役割機関"]}


@usual("F-B11")
def _action(scene: Scene) -> Said:
    until = scene.text("item.kigen")[:10]
    done = not until or date.fromisoformat(until) - scene.today < timedelta(days=25)
    return {"joutai": "3", "jisshi": scene.today.isoformat()} if done else {"joutai": "2"}


@usual("F-B12")
def _monitoring(scene: Scene) -> Said:
    course = course_of(scene)
    progress = min(4, 1 + scene.turn)
    return {
        "at": scene.today.isoformat(), "houhou": "訪問", "aite": ["本人"], "risk": ["なし"], "riskUp": False, "hannou": True,
        "mokuhyo": [{"mokuhyo": goal, "susumi": progress} for goal in course.theme["goals"]], "henka": False, "tsugi": scene.day(30),
    }  # fmt: skip


@usual("F-B13")
def _evaluation(scene: Scene) -> Said:
    course, rng = course_of(scene), scene.rng
    judged = course.round(course.evaluations, scene.turn) or "1"
    return {
        "mokuhyo": [{"mokuhyo": goal, "tassei": rng.choice(["達成", "一部", "一部"])} for goal in course.theme["goals"]],
        "jotai": [{"jiku": axis, "hajime": rng.randint(0, 2), "ima": rng.randint(1, 4)} for axis in AXES],
        "hantei": judged, "juudaiMikanryo": judged == "2", "riskKaishou": judged == "1", "yakuwariGoui": judged == "1",
        "honninIshi": "確認した", "douiZentai": "全員",
    }  # fmt: skip


@usual("F-B14")
def _closure(scene: Scene) -> Said:
    course = course_of(scene)
    return {
        "kettei": "決定", "riyu": scene.rng.choice(["01", "01", "02", "03"]), "shuTanto": course.lead or course.desk,
        "honnin": "了解", "follow": True,
    }  # fmt: skip


@usual("F-B15")
def _follow_up(scene: Scene) -> Said:
    return {"at": scene.today.isoformat(), "renraku": scene.rng.choice(["会えた", "電話"]), "jotai": "安定"}


@usual("F-B16")
def _advice(scene: Scene) -> Said:
    return {"kakunin": course_of(scene).desk}


@usual("F-B17")
def _persuasion(scene: Scene) -> Said:
    return {
        "at": scene.today.isoformat(),
        "hannou": scene.rng.choice(["迷い", "前向き", "会えない"]),
        "tsugi": scene.day(21),
    }


@usual("F-B18")
def _watching(scene: Scene) -> Said:
    return {"at": scene.today.isoformat(), "jotai": "変わらない", "tsugi": "見守り継続"}


@usual("F-B19", "F-B21")
def _role(scene: Scene) -> Said:
    return {"kekka": "引き受ける" if scene.element == "B-65" else "受けた", "tanto": scene.me}


@usual("F-B20")
def _explained(scene: Scene) -> Said:
    return {"at": scene.today.isoformat(), "yasashii": True, "ikou": "同意"}


@usual("F-B22")
def _urgent_meeting(scene: Scene) -> Said:
    return {"youhi": "不要"}


@usual("F-B23")
def _grounds(scene: Scene) -> Said:
    return {"kigen": scene.day(4), "kakuanken": [{"tsuzuke": "中止する"}], "tsuzukeKata": "支援会議へ"}


@usual("F-X07")
def _report(scene: Scene) -> Said:
    elderly = scene.about is not None and "17" in scene.about.needs
    return {
        "saki": "地域包括(高齢)" if elderly else "その他", "at": scene.ago(15), "houhou": "電話", "ishi": "DVではない",
    }  # fmt: skip


@usual("F-X08")
def _safety(scene: Scene) -> Said:
    return {"anzen": "確認済", "anzenAt": scene.ago(30)}


def course_urgency(scene: Scene) -> int:
    """How urgent the household's matter is; usual where it is not known."""
    return scene.about.urgency if scene.about else 3
