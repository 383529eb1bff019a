"""Operators that a service task may name: typed parameters, and what each does, in words.

*Effects* are done by the engine within the move and return nothing; *answers* are computed
within the move and give their result back to the diagram; what reaches *outside* becomes a job
of the worker, and the process waits for its result. A secret is named, never held.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

#: What a parameter may be, and what a coordinator reads about it.
KINDS = {
    "text": "決まった言葉。個人の情報は書かない", "agency": "機関コード", "role": "役割のコード",
    "number": "数", "moment": "日時",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator; `parameters` maps a name to what a coordinator reads beside its field, `kinds` a name to its kind
    (text if not told); `optional` ones may be left out."""

    name: str
    label: str
    parameters: dict[str, str]
    answers: bool = False
    outside: bool = False
    kinds: Mapping[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()

    def described(self, parameter: str) -> str:
        """A parameter as the modeler's panel offers it: its label, of what kind, and whether it may be left out."""
        kind = KINDS[self.kinds[parameter]] if parameter in self.kinds else ""
        may = "なくてもよい" if parameter in self.optional else ""
        notes = "、".join(note for note in (kind, may) if note)
        return f"{self.parameters[parameter]}〔{notes}〕" if notes else self.parameters[parameter]


REGISTRY: dict[str, Operator] = {
    operator.name: operator
    for operator in (
        Operator(name="case.number", label="ケース番号をとる", parameters={"kind": "種別（相・多・会・報）"}),
        Operator(name="case.lead", label="主担当を決める", parameters={"agency": "機関コード"}),
        Operator(
            name="case.relate",
            label="機関の関わりを記録する",
            parameters={"agency": "機関コード", "relation": "関わり（紹介元・紹介先・関与 など）"},
        ),
        Operator(
            name="case.unrelate",
            label="機関の関わりを終える",
            parameters={"agency": "機関コード", "relation": "関わり"},
        ),
        Operator(name="case.urgency", label="緊急度を記録する", parameters={"urgency": "緊急度（1〜4）"}),
        Operator(name="case.stage", label="段階を記録する", parameters={"stage": "段階"}),
        Operator(name="case.close", label="ケースを終結する", parameters={"reason": "終結理由（C16）"}),
        Operator(
            name="referral.send",
            label="つなぐシートを送る",
            parameters={"src": "紹介元", "dst": "紹介先", "basis": "根拠（C26）"},
        ),
        Operator(
            name="referral.accept",
            label="担当を移す",
            parameters={"src": "紹介元", "dst": "紹介先", "joint": "共同ならtrue"},
        ),
        Operator(
            name="referral.decline",
            label="辞退を記録する",
            parameters={"dst": "紹介先", "reason": "理由（C10）"},
        ),
        Operator(
            name="meeting.item",
            label="案件を会議に加える",
            parameters={
                "item": "案件ID",
                "case": "ケースID",
                "function": "機能（A・B）",
                "agencies": "招集機関",
            },
        ),
        Operator(name="meeting.close", label="案件の区画を閉じる", parameters={"item": "案件ID"}),
        Operator(name="person.candidates", label="同じ人の候補を探す", parameters={}),
        Operator(
            name="calendar.due",
            label="期日を計算する",
            parameters={"days": "営業日数", "row": "期限表（D5）の行", "urgency": "緊急度（1〜4）"},
            answers=True,
        ),
        Operator(
            name="calendar.before",
            label="ある日の何日前かを計算する",
            parameters={"date": "もとの日", "row": "期限表（D5）の行", "urgency": "緊急度（1〜4）"},
            answers=True,
        ),
        Operator(
            name="mail.send",
            label="機関にメールで知らせる",
            parameters={"agency": "知らせる機関", "about": "用件", "role": "役割"},
            kinds={"agency": "agency", "about": "text", "role": "role"},
            optional=frozenset({"role"}),
            outside=True,
        ),
        Operator(
            name="paper.pdf",
            label="通知のPDFを作り、ケースに添付する",
            parameters={"title": "題", "body": "本文", "agency": "宛先の機関"},
            kinds={"title": "text", "body": "text", "agency": "agency"},
            optional=frozenset({"agency"}),
            outside=True,
        ),
        Operator(
            name="calendar.file",
            label="予定のファイル（ICS）を作り、ケースに添付する",
            parameters={"title": "題", "at": "始まり", "minutes": "長さ（分）"},
            kinds={"title": "text", "at": "moment", "minutes": "number"},
            optional=frozenset({"minutes"}),
            outside=True,
        ),
        Operator(
            name="emergency.on",
            label="緊急モードを始める",
            parameters={
                "event": "緊急イベント（C23）",
                "districts": "地区",
                "shortcuts": "使う特例",
                "since": "始まり",
                "until": "予定終了",
                "drill": "訓練ならtrue",
            },
            answers=True,
        ),
        Operator(name="emergency.narrow", label="緊急モードの特例を減らす", parameters={"shortcuts": "残す特例"}),
        Operator(name="emergency.off", label="緊急モードを終える", parameters={}, answers=True),
        Operator(name="evaluation.targets", label="年度の目標を載せる", parameters={}),
        Operator(name="evaluation.freeze", label="年度の数字を確定する", parameters={}),
        Operator(name="safety.open", label="名簿の世帯ごとに安否確認を始める", parameters={}),
        Operator(
            name="safety.note",
            label="安否を一覧に書く",
            parameters={"anpi": "安否（C22）", "lane": "次にすること（D15）"},
        ),
        Operator(
            name="safety.handover", label="確かめていない世帯を引き継ぐ", parameters={"to": "引継ぎ先"}
        ),
        Operator(
            name="case.event",
            label="災害の印を付ける",
            parameters={"tag": "災害の印", "kind": "種別（相 など）"},
        ),
    )
}
EFFECTS = frozenset(name for name, operator in REGISTRY.items() if not (operator.answers or operator.outside))
OPERATORS = frozenset(REGISTRY)


def misused(name: str, parameters: Mapping[str, str]) -> list[str]:
    """What is wrong with the parameters (as written in FEEL) of an outside operator, as sentences."""
    operator = REGISTRY.get(name)
    if operator is None or not operator.outside:
        return []
    said = [f"「{key}」という項目はありません。" for key in sorted(set(parameters) - set(operator.parameters))]
    for key, label in operator.parameters.items():
        written = parameters.get(key, "").strip()
        if not written and key not in operator.optional:
            said.append(f"「{label}」が要ります。")
        elif operator.kinds.get(key) == "number" and written.startswith('"'):
            said.append(f"「{label}」は数ですが、言葉（{written[:20]}）でした。")
    return said
