"""Operators that a service task may name: typed parameters, and what each does, in words.

*Effects* are done by the engine within the move and return nothing; *answers* are computed
within the move and give their result back to the diagram.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator; `parameters` maps a name to what a coordinator reads beside its field."""

    name: str
    label: str
    parameters: dict[str, str]
    answers: bool = False


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
            name="calendar.due", label="営業日で期日を計算する", parameters={"days": "営業日数"}, answers=True
        ),
    )
}
EFFECTS = frozenset(name for name, operator in REGISTRY.items() if not operator.answers)
OPERATORS = frozenset(REGISTRY)
