"""Boxed expressions as closures over a FEEL scope (DMN 1.5, 10.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from processes import feel
from processes.feel import types as t
from processes.feel.compiler import Code
from processes.feel.errors import Fault
from processes.feel.functions import invoke_named
from processes.feel.run import Scope
from processes.feel.values import Function, Overload, Parameter, Value
from processes.feel.walking import NO_ITEM, NOT_WALKABLE, item_at, item_scope, items_of

from . import boxes as b
from .errors import Finding
from .item_types import ItemTypes, Report, syntax_finding

Names = frozenset[str]
DEPTH_LIMIT = 30
_FEEL_LANGUAGES = ("feel", "/feel/", "feel/")


class Boxes:
    """Compiles the boxed expressions of one element (`owner`), reporting what cannot be read."""

    def __init__(
        self, types: ItemTypes, members: Names, owner: b.Element, report: Report, language: str | None
    ) -> None:
        self.types = types
        self.owner = owner.name
        self.owner_id = owner.id
        self.report = report
        self._members = members
        self._language = language
        self._depth = 0

    def box(self, box: b.Box | None, names: Names) -> Code:
        """The closure of an expression, with the type it declares."""
        if box is None:
            return self._nothing
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            self._depth -= 1
            self.finding("dmn-depth", box, "式の入れ子が深すぎます。")
            return _null
        code = self._makers[type(box)](self, box, names)
        self._depth -= 1
        if box.type_ref and not isinstance(box, (b.FunctionBox, b.Table)):
            return self.typed(code, self.types.resolve(box.type_ref, element=box.id, line=box.line), "式の値")
        return code

    def typed(self, code: Code, kind: t.Type, what: str) -> Code:
        """The closure with its value converted to a type; null with a warning if it cannot be (10.3.2.9.4)."""
        if kind == t.ANY:
            return code
        where = f"{self.owner}：" if self.owner else ""

        def run(scope: Scope) -> Value:
            value = code(scope)
            converted = t.coerce(value, kind)
            if converted is t.MISMATCH:
                scope.run.warn(
                    f"{where}{what}（{t.describe(value)}）が、決められた型や許された値に合いません"
                )
                return None
            return converted

        return run

    def text(self, text: str, names: Names, element: str, line: int) -> Code:
        """The closure of a FEEL text; an empty one is null."""
        if not text:
            return _null
        try:
            expression = feel.parse(text, names=names, members=self._members, types=self.types.named)
        except feel.FeelSyntaxError as error:
            return self._unreadable(text, element, line, error)
        self._know(expression.surely_reads - names, element, line)
        return expression.code

    def unary(self, text: str, names: Names, element: str, line: int) -> Code:
        """The closure of a table's input entry, asking about `?`; an empty one takes everything."""
        try:
            tests = feel.parse_unary(text or "-", names=names, members=self._members, types=self.types.named)
        except feel.FeelSyntaxError as error:
            return self._unreadable(text, element, line, error)
        self._know(tests.surely_reads - names, element, line)
        return tests.code

    def _know(self, unknown: Names, element: str, line: int) -> None:
        for name in sorted(unknown):
            self.report(
                Finding(
                    severity="error",
                    rule="dmn-unknown-name",
                    element=element,
                    line=line,
                    message=f"「{name}」は「{self.owner}」から見えません。入力か必要な判断として線で結ぶか、名前を確かめてください。",
                )
            )

    def finding(self, rule: str, place: b.Place, message: str) -> None:
        self.report(Finding(severity="error", rule=rule, element=place.id, line=place.line, message=message))

    def function(
        self, box: b.FunctionBox, names: Names, name: str, result: t.Type
    ) -> Callable[[Scope], Function]:
        """What makes the function value in the scope that it closes over."""
        parameters = tuple(
            Parameter(
                one.name, self.types.resolve(one.type_ref, element=box.id, line=box.line), nullable=True
            )
            for one in box.parameters
        )
        own = tuple(parameter.name for parameter in parameters)
        body = self._function_body(box, names | set(own), name)
        body = self.typed(body, result, f"{name}の結果")

        def make(scope: Scope) -> Function:
            def called(run: object, *arguments: Value) -> Value:
                return body(scope.inner(dict(zip(own, arguments, strict=True))))

            return Function(name, (Overload(parameters, called),), result, user_defined=True)

        return make

    def _function_body(self, box: b.FunctionBox, names: Names, name: str) -> Code:
        if box.kind == "FEEL":
            return self.box(box.body, names)
        sentence = f"{name}：外部の関数（{box.kind}）は実行しません"
        self.report(
            Finding(
                severity="warning",
                rule="dmn-external-function",
                element=box.id,
                line=box.line,
                message=f"外部の関数（{box.kind}）は実行しません。結果は null になります。",
            )
        )

        def refuse(scope: Scope) -> None:
            scope.run.warn(sentence)

        return refuse

    def _text(self, box: b.Text, names: Names) -> Code:
        language = (box.language or self._language or "feel").lower()
        if not language.endswith(_FEEL_LANGUAGES) or "b-feel" in language:
            self.finding(
                "dmn-language",
                box,
                f"式の言語「{box.language or self._language}」は使えません。FEEL で書いてください。",
            )
            return _null
        return self.text(box.text, names, box.id, box.line)

    def _table(self, box: b.Table, names: Names) -> Code:
        from .tables import compile_table

        return compile_table(self, box, names)

    def _context(self, box: b.Context, names: Names) -> Code:
        entries: list[tuple[str | None, Code]] = []
        for entry in box.entries:
            name = entry.variable.name if entry.variable else None
            itself = {name} if name is not None and _is_function(entry.value) else set()
            code = self.box(entry.value, names | itself)
            if entry.variable is not None:
                kind = self.types.resolve(entry.variable.type_ref, element=box.id, line=box.line)
                code = self.typed(code, kind, f"「{name}」の値")
                names = names | {entry.variable.name}
            entries.append((name, code))

        def run(scope: Scope) -> Value:
            made: dict[str, Value] = {}
            inner = scope.inner(made)
            for name, code in entries:
                value = code(inner)
                if name is None:
                    return value
                made[name] = value
            return made

        return run

    def _relation(self, box: b.Relation, names: Names) -> Code:
        columns = [
            (column.name, self.types.resolve(column.type_ref, element=box.id, line=box.line))
            for column in box.columns
        ]
        rows = [
            [
                (name, self.typed(self.box(cell, names), kind, f"「{name}」の値"))
                for (name, kind), cell in zip(columns, row, strict=False)
            ]
            for row in box.rows
        ]
        return lambda scope: [{name: code(scope) for name, code in row} for row in rows]

    def _items(self, box: b.Items, names: Names) -> Code:
        codes = [self.box(item, names) for item in box.items]
        return lambda scope: [code(scope) for code in codes]

    def _invocation(self, box: b.Invocation, names: Names) -> Code:
        function = self.box(box.function, names)
        bindings = [
            (variable.name, self._argument(variable, value, names, box)) for variable, value in box.bindings
        ]
        where = f"{self.owner}：" if self.owner else ""

        def run(scope: Scope) -> Value:
            called = function(scope)
            if type(called) is not Function:
                scope.run.warn(f"{where}呼び出すものが関数ではありません")
                return None
            arguments = {name: code(scope) for name, code in bindings}
            scope.run.enter()
            try:
                return invoke_named(called, arguments, scope.run)
            except Fault as fault:
                scope.run.warn(f"{where}{fault}")
                return None
            except ArithmeticError:
                scope.run.warn(f"{where}{called.name} を計算できません")
                return None
            finally:
                scope.run.leave()

        return run

    def _argument(self, variable: b.Variable, value: b.Box | None, names: Names, box: b.Place) -> Code:
        kind = self.types.resolve(variable.type_ref, element=box.id, line=box.line)
        return self.typed(self.box(value, names), kind, f"引数「{variable.name}」の値")

    def _function(self, box: b.FunctionBox, names: Names) -> Code:
        declared = t.base_of(self.types.resolve(box.type_ref, element=box.id, line=box.line))
        result = declared.result if isinstance(declared, t.FunctionOf) else t.ANY
        return self.function(box, names, self.owner, result)

    def _conditional(self, box: b.Conditional, names: Names) -> Code:
        condition, then, otherwise = (
            self.box(one, names) for one in (box.condition, box.then, box.otherwise)
        )
        where = f"{self.owner}：" if self.owner else ""

        def run(scope: Scope) -> Value:
            answer = condition(scope)
            if answer is not None and type(answer) is not bool:
                scope.run.warn(f"{where}条件が真偽値ではありません（{t.describe(answer)}）")
            return then(scope) if answer is True else otherwise(scope)

        return run

    def _filter(self, box: b.FilterBox, names: Names) -> Code:
        source, match = self.box(box.source, names), self.box(box.match, names | {"item"} | self._members)
        where = f"{self.owner}：" if self.owner else ""

        def run(scope: Scope) -> Value:
            value = source(scope)
            if value is None:
                scope.run.warn(f"{where}絞り込むリストが null です")
                return None
            items = value if type(value) is list else [value]
            kept = []
            for item in items:
                scope.run.spend(1)
                answer = match(item_scope(scope, item))
                if type(answer) is Decimal:
                    found = item_at(items, answer)
                    return None if found is NO_ITEM else found
                if answer is not None and type(answer) is not bool:
                    scope.run.warn(f"{where}絞り込みの条件が真偽値ではありません（{t.describe(answer)}）")
                    return None
                if answer:
                    kept.append(item)
            return kept

        return run

    def _iteration(self, box: b.Iteration, names: Names) -> Code:
        source = self.box(box.source, names)
        inner_names = names | {box.variable} | ({"partial"} if box.kind == "for" else set())
        body = self.box(box.body, inner_names)
        kind = self.types.resolve(box.variable_type, element=box.id, line=box.line)
        source = self.typed(source, kind, "繰り返すリスト")
        where = f"{self.owner}：" if self.owner else ""
        finish = {"for": _collected, "some": _some, "every": _every}[box.kind]

        def run(scope: Scope) -> Value:
            items = items_of(source(scope))
            if items is NOT_WALKABLE:
                scope.run.warn(f"{where}繰り返す値が、リストでも範囲でもありません")
                return None
            made: list[Value] = []
            outer = scope.inner({"partial": made}) if box.kind == "for" else scope
            for item in items:
                scope.run.spend(1)
                made.append(body(outer.inner({box.variable: item})))
            return finish(made, scope, where)

        return run

    def _nothing(self, scope: Scope) -> None:
        scope.run.warn(f"{self.owner}：中身（表や式）がありません")

    def _unreadable(self, text: str, element: str, line: int, error: feel.FeelSyntaxError) -> Code:
        self.report(syntax_finding(element, line, text, error))
        sentence = f"{self.owner}：式「{' '.join(text.split())[:60]}」を読めません（{error}）"

        def run(scope: Scope) -> None:
            scope.run.warn(sentence)

        return run

    _makers: Mapping[type, Callable[..., Code]] = {
        b.Text: _text,
        b.Table: _table,
        b.Context: _context,
        b.Relation: _relation,
        b.Items: _items,
        b.Invocation: _invocation,
        b.FunctionBox: _function,
        b.Conditional: _conditional,
        b.FilterBox: _filter,
        b.Iteration: _iteration,
    }


def _is_function(box: b.Box | None) -> bool:
    """Whether an entry is a function, which may call itself by the entry's name."""
    return isinstance(box, b.FunctionBox) or isinstance(box, b.Text) and box.text.startswith("function")


def _null(scope: Scope) -> Value:
    return None


def _collected(values: list[Value], scope: Scope, where: str) -> Value:
    return values


def _some(values: list[Value], scope: Scope, where: str) -> Value:
    return _quantified(values, scope, where, True)


def _every(values: list[Value], scope: Scope, where: str) -> Value:
    return _quantified(values, scope, where, False)


def _quantified(values: list[Value], scope: Scope, where: str, decisive: bool) -> Value:
    if decisive in [value for value in values if type(value) is bool]:
        return decisive
    if any(type(value) is not bool for value in values):
        scope.run.warn(f"{where}繰り返しの条件が真偽値になりませんでした")
        return None
    return not decisive
