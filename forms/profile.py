"""form-js JSON (schemaVersion 19) as fields; everything outside our profile becomes a finding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from . import codes
from .conditions import Condition, condition
from .errors import Finding
from .fields import Choice, Field, Kind

KINDS: Mapping[str, Kind] = {
    "textfield": "text", "textarea": "long", "number": "number", "checkbox": "bool", "checklist": "many",
    "radio": "one", "select": "one", "datetime": "date", "filepicker": "file", "text": "note",
    "group": "group", "separator": "separator", "dynamiclist": "table",
}  # fmt: skip
#: What `properties.type` makes of a component: its kind, and the list that the page gives for it.
TYPES: Mapping[str, tuple[Kind, str]] = {
    "agency": ("one", "agency"), "agencies": ("many", "agency"), "staff": ("one", "staff"),
    "person": ("one", "person"), "persons": ("many", "person"), "household": ("one", "household"),
    "case": ("one", "case"), "yen": ("yen", ""), "int": ("int", ""), "kana": ("kana", ""), "zip": ("zip", ""),
    "tel": ("tel", ""), "programme": ("one", "programme"), "programmes": ("many", "programme"),
    "resource": ("one", "resource"), "resources": ("many", "resource"), "district": ("one", "district"),
    "disaster": ("one", "disaster"), "body": ("one", "body"), "place": ("one", "place"), "contract": ("one", "contract"),
    "plan": ("one", "plan"),
}  # fmt: skip
SUBTYPES: Mapping[str, Kind] = {"date": "date", "datetime": "datetime", "time": "time"}
CLASSES = ("L2", "L3", "L4", "L5")
HINTS = ("autocomplete", "inputmode", "ime", "rows", "width")
#: Every custom property that means something; a misspelt class must not pass unseen.
OWN = frozenset(HINTS) | {
    "class", "report", "type", "codes", "only", "except", "prefill", "requiredIf", "required", "minRows", "maxRows",
    "collapsed", "later", "item", "fact", "age",
}
#: What a person may agree to share (提供する項目, F-B05).
ITEMS = ("基本", "相談内容", "課題", "健康", "障がい", "介護", "家計", "就労", "家族", "子", "住まい", "その他")  # fmt: skip
#: What an answer may say of the case itself.
FACTS = ("district", "event")
DYNAMIC = ("valuesKey", "valuesExpression", "readonly", "disabled", "expression", "computeOn")
DEPTH = 4
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Reader:
    """Reads components one after another and gathers what it finds."""

    def __init__(self, class_: str) -> None:
        self.class_ = class_
        self.findings: list[Finding] = []
        self.unnamed = 0

    def components(self, items: Any, under: tuple[str, ...] = (), *, depth: int = 0, row: bool = False) -> tuple[Field, ...]:
        """The fields of a list of components below a path."""
        if not isinstance(items, list) or depth > DEPTH:
            self.found("", "部品の並びがありません。" if depth <= DEPTH else f"部品の入れ子は{DEPTH}段までです。")
            return ()
        made = (self.component(item, under, depth, row) for item in items)
        return tuple(one for one in made if one is not None)

    def found(self, field: str, sentence: str) -> None:
        self.findings.append(Finding(field=field, sentence=sentence))

    def component(self, item: Any, under: tuple[str, ...], depth: int, row: bool) -> Field | None:
        kind = KINDS.get(item.get("type", "")) if isinstance(item, dict) else None
        name = str(item.get("key") or item.get("path") or item.get("id") or "") if isinstance(item, dict) else ""
        if kind is None:
            wanted = item.get("type") if isinstance(item, dict) else item
            self.found(name, f"部品「{wanted}」は使えません。使えるのは {'、'.join(KINDS)} です。")
            return None
        for strange in sorted(properties(item).keys() - OWN):
            self.found(name, f"指定「{strange}」は使えません。使えるのは {'、'.join(sorted(OWN))} です。")
        for dynamic in DYNAMIC:
            if item.get(dynamic):
                self.found(name, f"「{dynamic}」は使えません。選択肢は values か codes で、値は人が入力するものだけにしてください。")
        if kind in ("note", "separator"):
            return self.standing(item, kind, name)
        if kind in ("group", "table"):
            return self.nested(item, kind, under, depth, row, name)
        return self.input(item, kind, under, name)

    def mark(self) -> str:
        self.unnamed += 1
        return f"#{self.unnamed}"

    def standing(self, item: dict[str, Any], kind: Kind, name: str) -> Field:
        text = str(item.get("text") or item.get("label") or "")
        if "{{" in text:
            self.found(name, "文の中の式（{{ }}）は使えません。文だけを書いてください。")
        return Field(key="", name=self.mark(), path=name, kind=kind, label=text, hide=self.hide(item, name))

    def nested(self, item: dict[str, Any], kind: Kind, under: tuple[str, ...], depth: int, row: bool, name: str) -> Field:
        key = self.key(item, "path", name) if kind == "table" or item.get("path") else ""
        if row and kind == "table":
            self.found(name, "表の中に表は置けません。")
        path = (*under, key) if key else under
        own = properties(item)
        around, self.class_ = self.class_, self.class_of(own, name)
        children = self.components(item.get("components"), path, depth=depth + 1, row=row or kind == "table")
        inner, self.class_ = self.class_, around
        return Field(
            key=key, name=key or self.mark(), path=".".join(path), kind=kind, label=str(item.get("label") or ""),
            description=str(item.get("description") or ""), hide=self.hide(item, name),
            required=own.get("required") in ("true", True) or bool((item.get("validate") or {}).get("required")),
            required_if=self.condition(own.get("requiredIf"), name),
            min_rows=self.whole(own.get("minRows"), name) or 0, max_rows=self.whole(own.get("maxRows"), name) or 50,
            blank_rows=self.whole(item.get("defaultRepetitions"), name) or (1 if kind == "table" else 0),
            class_=inner, reported=own.get("report") in ("true", True), prefill=str(own.get("prefill") or ""),
            hints={"collapsed": "true"} if own.get("collapsed") in ("true", True) else {}, children=children,
        )  # fmt: skip

    def input(self, item: dict[str, Any], kind: Kind, under: tuple[str, ...], name: str) -> Field:
        own, check = properties(item), item.get("validate") or {}
        kind, source = self.kind(item, kind, own, name)
        prefill = str(own.get("prefill") or "")
        label = str(item.get("label") or item.get("dateLabel") or "").strip()
        if not label:
            self.found(name, "見出し（label）がありません。読み上げにも使うので、必ず付けてください。")
        key = self.key(item, "key", name)
        return Field(
            key=key, name=key, path=".".join((*under, key)), kind=kind, source=source,
            label=label, description=str(item.get("description") or ""),
            required=bool(check.get("required")), required_if=self.condition(own.get("requiredIf"), name),
            hide=self.hide(item, name), choices=() if source else self.choices(item, kind, own, name),
            codes="" if source else str(own.get("codes") or ""), restricted=bool(own.get("only")),
            shown_as=str(item.get("type")),
            minimum=self.number(check.get("min"), name), maximum=self.number(check.get("max"), name),
            min_length=self.whole(check.get("minLength"), name), max_length=self.whole(check.get("maxLength"), name),
            pattern=self.pattern(check.get("pattern"), name),
            pattern_sentence=str(check.get("patternErrorMessage") or ""),
            digits=self.whole(item.get("decimalDigits"), name),
            accept=tuple(part.strip().lower() for part in str(item.get("accept") or "").split(",") if part.strip()),
            default=item.get("defaultValue"), class_=self.class_of(own, name), item=self.item(own, name),
            reported=own.get("report") in ("true", True),
            prefill="" if prefill.startswith("=") else prefill,
            compute=self.condition(prefill, name) if prefill.startswith("=") else None,
            hints={hint: str(own[hint]) for hint in HINTS if own.get(hint)}, fact=self.fact(own, under, kind, name),
            age=self.age(own, kind, name),
        )  # fmt: skip

    def item(self, own: Mapping[str, Any], name: str) -> str:
        wanted = str(own.get("item") or "")
        if wanted and wanted not in ITEMS:
            self.found(name, f"提供する項目（item）「{wanted}」はありません。{'、'.join(ITEMS)}のどれかにしてください。")
        return wanted

    def fact(self, own: Mapping[str, Any], under: tuple[str, ...], kind: Kind, name: str) -> str:
        """Only one answer of the form's top level can say something of the case."""
        wanted = str(own.get("fact") or "")
        if wanted and (wanted not in FACTS or under or kind != "one"):
            self.found(name, f"ケースの事柄（fact）は、表の外の選択の項目に {'、'.join(FACTS)} のどれかで書いてください。")
            return ""
        return wanted

    def age(self, own: Mapping[str, Any], kind: Kind, name: str) -> str:
        """Only a date can be a date of birth."""
        wanted = str(own.get("age") or "")
        if wanted and (kind != "date" or not _KEY.fullmatch(wanted)):
            self.found(name, "年齢（age）は、日付の項目に、英字で始まる英数字の名前で書いてください。")
            return ""
        return wanted

    def key(self, item: dict[str, Any], named: str, name: str) -> str:
        key = str(item.get(named) or "")
        if not _KEY.fullmatch(key):
            self.found(name, f"「{named}」は英字で始まる英数字にしてください（「{key}」でした）。")
        return key

    def kind(self, item: dict[str, Any], kind: Kind, own: Mapping[str, Any], name: str) -> tuple[Kind, str]:
        wanted = str(own.get("type") or "")
        if wanted and wanted not in TYPES:
            self.found(name, f"型「{wanted}」は使えません。使えるのは {'、'.join(TYPES)} です。")
        elif wanted:
            return TYPES[wanted]
        if kind == "date":
            return SUBTYPES.get(str(item.get("subtype") or "date"), "date"), ""
        if kind == "file" and item.get("multiple"):
            return "files", ""
        if kind == "one" and item.get("type") == "select" and item.get("multiple"):
            return "many", ""
        if kind == "number" and item.get("decimalDigits") in (0, "0"):
            return "int", ""
        return kind, ""

    def choices(self, item: dict[str, Any], kind: Kind, own: Mapping[str, Any], name: str) -> tuple[Choice, ...]:
        if kind not in ("one", "many"):
            return ()
        found = self.listed(own, name) if own.get("codes") else tuple(
            Choice(value=str(value.get("value")), label=str(value.get("label"))) for value in item.get("values") or ()
        )
        if not found:
            self.found(name, "選択肢がありません。values か codes で与えてください。")
        return found

    def listed(self, own: Mapping[str, Any], name: str) -> tuple[Choice, ...]:
        known = codes.lists().get(str(own["codes"]), ())
        only = {part.strip() for part in str(own.get("only") or "").split(",") if part.strip()}
        without = {part.strip() for part in str(own.get("except") or "").split(",") if part.strip()}
        strange = (only | without) - {choice.value for choice in known}
        if strange and known:
            self.found(name, f"コード表 {own['codes']} に {'、'.join(sorted(strange))} はありません。")
        return tuple(c for c in known if (not only or c.value in only) and c.value not in without)

    def hide(self, item: dict[str, Any], name: str) -> Condition | None:
        return self.condition((item.get("conditional") or {}).get("hide"), name)

    def condition(self, text: Any, name: str) -> Condition | None:
        if not text:
            return None
        try:
            return condition(str(text))
        except ValueError as error:
            self.found(name, str(error))
            return None

    def class_of(self, own: Mapping[str, Any], name: str) -> str:
        wanted = str(own.get("class") or self.class_)
        if wanted not in CLASSES:
            self.found(name, f"区分（class）は {'、'.join(CLASSES)} のどれかにしてください（「{wanted}」でした）。")
            return "L5"
        return wanted

    def number(self, value: Any, name: str) -> float | None:
        if value in (None, ""):
            return None
        try:
            return float(value)
        except (TypeError, ValueError):
            self.found(name, f"「{value}」は数ではありません。")
            return None

    def whole(self, value: Any, name: str) -> int | None:
        number = self.number(value, name)
        return None if number is None else int(number)

    def pattern(self, value: Any, name: str) -> str:
        try:
            re.compile(str(value or ""))
        except re.error:
            self.found(name, f"書式「{value}」を読めません。")
            return ""
        return str(value or "")


def properties(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The custom properties of a component, none if it has none."""
    own = item.get("properties")
    return own if isinstance(own, dict) else {}
