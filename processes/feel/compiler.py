"""A parsed expression made a Python closure: walked once, then called in microseconds.

A part that cannot answer becomes null and leaves a warning with its place; only an exhausted budget ends the whole
evaluation.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from collections.abc import Iterator as Steps
from decimal import Decimal
from typing import Any, TypeAlias

from . import calendar
from . import nodes as n
from . import operators as op
from .errors import Fault, FeelSyntaxError
from .functions import invoke, invoke_named
from .properties import NOTHING, member_of
from .run import Run, Scope
from .scanner import place
from .types import describe, instance_of
from .values import Function, Overload, Parameter, Range, Value
from .walking import NO_ITEM, NOT_WALKABLE, item_at, item_scope, items_of, span

Code: TypeAlias = Callable[[Scope], Value]
DEPTH_LIMIT = 90
_MISSING = object()

_ARITHMETIC: dict[str, Callable[[Value, Value, Run], Value]] = {
    "+": op.add,
    "-": op.subtract,
    "*": op.multiply,
    "/": op.divide,
    "**": op.power,
}
_ORDER: dict[str, Callable[[Value, Value], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Compiler:
    """Makes closures of the nodes of one text; `built_in` are the functions known everywhere."""

    def __init__(self, text: str, built_in: Mapping[str, Function]) -> None:
        self._text = text
        self._built_in = built_in
        self._depth = 0

    def node(self, node: n.Node) -> Code:
        """The closure that evaluates a node in a scope."""
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise FeelSyntaxError(*place(self._text, node.at), "式の入れ子が深すぎます")
        code: Code = _MAKERS[type(node)](self, node)
        self._depth -= 1
        return code

    def test(self, node: n.Node) -> Callable[[Scope], bool | None]:
        """The closure that answers whether `?` in scope passes one unary test (10.3.2.7, table 55)."""
        if isinstance(node, n.Unary) and node.operator in ("!=", "="):
            return self._equality_test(node)
        code = self.node(node)
        if reads_input(node):
            return lambda scope: _as_truth(code(scope))
        literal = isinstance(node, n.Literal)

        def run(scope: Scope) -> bool | None:
            value, test = scope.find("?", None), code(scope)
            if test is True and not literal and type(value) is not bool and type(value) is not list:
                return True
            return _lenient_member(value, test, scope.run)

        return run

    def tests(self, cell: n.Tests) -> Callable[[Scope], bool | None]:
        """The closure that answers whether `?` in scope passes a cell."""
        if cell.anything:
            return lambda scope: True
        codes = [self.test(test) for test in cell.tests]

        def any_holds(scope: Scope) -> bool | None:
            answer: bool | None = False
            for code in codes:
                held = code(scope)
                if held is True:
                    return True
                answer = None if held is None else answer
            return answer

        if not cell.negated:
            return any_holds

        def none_holds(scope: Scope) -> bool | None:
            held = any_holds(scope)
            return None if held is None else not held

        return none_holds

    # -- literals and names ---------------------------------------------------------------------------------------

    def literal(self, node: n.Literal) -> Code:
        value = node.value
        return lambda scope: value

    def at_literal(self, node: n.At) -> Code:
        value = calendar.read_literal(node.text)
        if value is None:
            return self._failing(node, f'「@"{node.text}"」は日付・時刻・期間として読めません')
        return lambda scope: value

    def name(self, node: n.Name) -> Code:
        name, built_in = node.name, self._built_in.get(node.name, _MISSING)
        complain = self._complaint(node)

        def run(scope: Scope) -> Value:
            inner: Scope | None = scope
            while inner is not None:
                if name in inner.values:
                    return inner.values[name]
                inner = inner.outer
            if built_in is not _MISSING:
                return built_in
            return complain(scope, f"「{name}」という名前の値がありません")

        if name != "partial":
            return run

        def snapshot(scope: Scope) -> Value:
            value = run(scope)
            if type(value) is not list:
                return value
            scope.run.spend(len(value) // 16)
            return list(value)

        return snapshot

    def list_literal(self, node: n.ListLiteral) -> Code:
        codes = [self.node(item) for item in node.items]
        return lambda scope: [code(scope) for code in codes]

    def context_literal(self, node: n.ContextLiteral) -> Code:
        keys = [key for key, _ in node.entries]
        if len(set(keys)) < len(keys):
            return self._failing(node, "コンテキストに同じ名前の項目が二つあります")
        entries = [(key, self.node(value)) for key, value in node.entries]

        def run(scope: Scope) -> Value:
            made: dict[str, Value] = {}
            inner = scope.inner(made)
            for key, code in entries:
                made[key] = code(inner)
            return made

        return run

    def interval(self, node: n.Interval) -> Code:
        start, end = self.node(node.start), self.node(node.end)
        low, high = node.start_included, node.end_included
        complain = self._complaint(node)

        def run(scope: Scope) -> Value:
            first, last = start(scope), end(scope)
            if first is None or last is None:
                complain(scope, "範囲の端が null です")
            elif op.order_keys(first, last) is None:
                return complain(scope, f"{describe(first)}と{describe(last)}の範囲は作れません")
            return Range(first, last, low, high)

        return run

    def unary(self, node: n.Unary) -> Code:
        code, sign = self.node(node.of), node.operator

        def run(scope: Scope) -> Value:
            value = code(scope)
            if sign == "=":
                return Range(value, value)
            if sign in ("<", "<="):
                return Range(None, value, False, sign == "<=", bounded_below=False)
            return Range(value, None, sign == ">=", False, bounded_above=False)

        if sign == "!=":
            return self._failing(node, "「!=」は条件の中だけで使えます")
        return run

    # -- operators ----------------------------------------------------------------------------------------------------

    def arithmetic(self, node: n.Arithmetic) -> Code:
        """A chain of operations on the left is walked in a loop, so that its length costs no depth."""
        chain: list[tuple[Callable[[Value, Value, Run], Value], Code, Callable[[Scope, str], None]]] = []
        left: n.Node = node
        while isinstance(left, n.Arithmetic):
            chain.append((_ARITHMETIC[left.operator], self.node(left.right), self._complaint(left)))
            left = left.left
        chain.reverse()
        first = self.node(left)

        def run(scope: Scope) -> Value:
            value = first(scope)
            for operate, code, complain in chain:
                right = code(scope)
                try:
                    value = operate(value, right, scope.run)
                except Fault as fault:
                    value = complain(scope, str(fault))
                except ArithmeticError:
                    value = complain(scope, "計算できません（0での割り算か、数が大きすぎます）")
            return value

        return run

    def negation(self, node: n.Negation) -> Code:
        code, complain = self.node(node.of), self._complaint(node)
        if isinstance(node.of, n.Literal) and isinstance(node.of.value, Decimal):
            value = op.negate(node.of.value)
            return lambda scope: value

        def run(scope: Scope) -> Value:
            try:
                return op.negate(code(scope))
            except Fault as fault:
                return complain(scope, str(fault))

        return run

    def comparison(self, node: n.Comparison) -> Code:
        left, right, sign = self.node(node.left), self.node(node.right), node.operator
        if sign in ("=", "!="):
            return _equality(left, right, sign == "=", self._complaint(node))
        complain = self._complaint(node)
        compare = _ORDER[sign]

        def run(scope: Scope) -> Value:
            first, second = left(scope), right(scope)
            keys = op.order_keys(first, second)
            if keys is None:
                return complain(scope, f"{describe(first)}と{describe(second)}は大小を比べられません")
            return compare(*keys)

        return run

    def logic(self, node: n.Logic) -> Code:
        codes = [self.node(operand) for operand in node.operands]
        decisive = node.operator == "or"
        complain = self._complaint(node)

        def run(scope: Scope) -> Value:
            answer: bool | None = not decisive
            for code in codes:
                value = code(scope)
                if value is decisive:
                    return decisive
                if value is not (not decisive):
                    answer = None
                    if value is not None:
                        complain(
                            scope, f"「{node.operator}」の両側は真偽値です（{describe(value)}がありました）"
                        )
            return answer

        return run

    def between(self, node: n.Between) -> Code:
        subject, low, high = self.node(node.of), self.node(node.low), self.node(node.high)
        complain = self._complaint(node)

        def run(scope: Scope) -> Value:
            value, least, most = subject(scope), low(scope), high(scope)
            above, below = op.less_or_equal(least, value), op.less_or_equal(value, most)
            if above is None or below is None:
                return complain(scope, "between の三つの値は大小を比べられません")
            return above and below

        return run

    def inside(self, node: n.In) -> Code:
        subject, codes = self.node(node.of), [self._membership(test) for test in node.tests]
        complain = self._complaint(node)

        def run(scope: Scope) -> Value:
            value = subject(scope)
            answers = [code(scope, value) for code in codes]
            if True in answers:
                return True
            return complain(scope, "in の両側は比べられません") if None in answers else False

        return run

    def instance_of(self, node: n.InstanceOf) -> Code:
        code, kind = self.node(node.of), node.kind
        return lambda scope: instance_of(code(scope), kind)

    # -- paths, filters, calls ----------------------------------------------------------------------------------------

    def path(self, node: n.Path) -> Code:
        code, name, complain = self.node(node.of), node.name, self._complaint(node)

        def run(scope: Scope) -> Value:
            value = code(scope)
            if type(value) is dict:
                found = value.get(name, NOTHING)
            else:
                if type(value) is list:
                    scope.run.spend(len(value))
                found = member_of(value, name)
            if found is NOTHING:
                return complain(scope, f"{describe(value)}に「{name}」という項目がありません")
            return found

        return run

    def filter(self, node: n.Filter) -> Code:
        code, complain = self.node(node.of), self._complaint(node)
        condition = self.node(node.condition)
        boolean = _is_boolean(node.condition)

        def run(scope: Scope) -> Value:
            value = code(scope)
            if value is None:
                return complain(scope, "null に [ ] は使えません")
            items = value if type(value) is list else [value]
            if not boolean:
                index = condition(item_scope(scope, items[0]) if items else scope)
                if type(index) is Decimal:
                    return _item(items, index, scope, complain)
            kept = []
            for item in items:
                scope.run.spend(1)
                answer = condition(item_scope(scope, item))
                if answer is True:
                    kept.append(item)
                elif answer is not False and answer is not None:
                    return complain(scope, f"[ ] の条件が真偽値でも番号でもありません（{describe(answer)}）")
            return kept

        return run

    def call(self, node: n.Call) -> Code:
        function, complain = self.node(node.function), self._complaint(node)
        codes, names = [self.node(argument) for argument in node.arguments], node.names
        if names is not None and len(set(names)) < len(names):
            return self._failing(node, "同じ名前の引数が二つあります")

        def run(scope: Scope) -> Value:
            called = function(scope)
            if type(called) is not Function:
                return complain(scope, "関数ではないものを呼び出しています")
            arguments = [code(scope) for code in codes]
            scope.run.enter()
            try:
                if names is None:
                    return invoke(called, arguments, scope.run)
                return invoke_named(called, dict(zip(names, arguments, strict=True)), scope.run)
            except Fault as fault:
                return complain(scope, str(fault))
            except ArithmeticError:
                return complain(scope, f"{called.name} を計算できません")
            finally:
                scope.run.leave()

        return run

    def function_definition(self, node: n.FunctionDefinition) -> Code:
        parameters = tuple(Parameter(name, kind, nullable=True) for name, kind in node.parameters)
        if node.external:
            return self._failing(node, "外部の関数（Java など）は実行しません")
        names, body = [name for name, _ in node.parameters], self.node(node.body)

        def run(scope: Scope) -> Value:
            def called(run: Run, *arguments: Value) -> Value:
                return body(Scope(dict(zip(names, arguments, strict=True)), scope, run))

            return Function("関数", (Overload(parameters, called),), user_defined=True)

        return run

    # -- control ------------------------------------------------------------------------------------------------------

    def choice(self, node: n.If) -> Code:
        condition, then, otherwise = (
            self.node(node.condition),
            self.node(node.then),
            self.node(node.otherwise),
        )
        complain = self._complaint(node)

        def run(scope: Scope) -> Value:
            answer = condition(scope)
            if answer is True:
                return then(scope)
            if answer is not False and answer is not None:
                complain(scope, f"if の条件が真偽値ではありません（{describe(answer)}）")
            return otherwise(scope)

        return run

    def loop(self, node: n.For) -> Code:
        iterate, body = self._iterations(node.iterators, node), self.node(node.body)

        def run(scope: Scope) -> Value:
            made: list[Value] = []
            for inner in iterate(scope.inner({"partial": made})):
                if inner is None:
                    return None
                made.append(body(inner))
            return made

        return run

    def quantified(self, node: n.Quantified) -> Code:
        iterate, condition = self._iterations(node.iterators, node), self.node(node.condition)
        every, complain = node.every, self._complaint(node)

        def run(scope: Scope) -> Value:
            answer: bool | None = every
            for inner in iterate(scope):
                if inner is None:
                    return None
                value = condition(inner)
                if value is (not every):
                    return value
                if type(value) is not bool:
                    answer = None
            if answer is None:
                complain(scope, "satisfies の条件が真偽値になりませんでした")
            return answer

        return run

    # -- parts --------------------------------------------------------------------------------------------------------

    def _iterations(
        self, iterators: tuple[n.Iterator, ...], node: n.Node
    ) -> Callable[[Scope], Steps[Scope | None]]:
        """All combinations of the iterators' values, later ones faster; None if a source cannot be walked."""
        compiled = [
            (one.name, self.node(one.source), self.node(one.end) if one.end is not None else None)
            for one in iterators
        ]
        complain = self._complaint(node)

        def walk(scope: Scope, level: int) -> Steps[Scope | None]:
            if level == len(compiled):
                scope.run.spend(1)
                yield scope
                return
            name, source, end = compiled[level]
            items = span(source(scope), end(scope)) if end is not None else items_of(source(scope))
            if items is NOT_WALKABLE:
                complain(scope, "繰り返しの範囲が、リストでも、整数か日付の範囲でもありません")
                yield None
                return
            for item in items:
                scope.run.spend(1)
                yield from walk(scope.inner({name: item}), level + 1)

        return lambda scope: walk(scope, 0)

    def _membership(self, node: n.Node) -> Callable[[Scope, Value], bool | None]:
        if isinstance(node, n.Unary) and node.operator == "!=":
            code = self.node(node.of)

            def differs(scope: Scope, value: Value) -> bool | None:
                same = op.equal(value, code(scope), scope.run)
                return None if same is None else not same

            return differs
        if isinstance(node, n.Unary) and node.operator == "=":
            other = self.node(node.of)
            return lambda scope, value: op.equal(value, other(scope), scope.run)
        test = self.node(node)
        return lambda scope, value: op.member(value, test(scope), scope.run)

    def _equality_test(self, node: n.Unary) -> Callable[[Scope], bool | None]:
        membership = self._membership(node)
        return lambda scope: membership(scope, scope.find("?", None))

    def _failing(self, node: n.Node, sentence: str) -> Code:
        complain = self._complaint(node)

        def run(scope: Scope) -> None:
            complain(scope, sentence)

        return run

    def _complaint(self, node: n.Node) -> Callable[[Scope, str], None]:
        at, text = node.at, self._text

        def complain(scope: Scope, sentence: str) -> None:
            line, column = place(text, at)
            scope.run.warn(f"{line}行{column}文字目：{sentence}")

        return complain


_MAKERS: dict[type, Any] = {
    n.Literal: Compiler.literal,
    n.At: Compiler.at_literal,
    n.Name: Compiler.name,
    n.Path: Compiler.path,
    n.Filter: Compiler.filter,
    n.Call: Compiler.call,
    n.Negation: Compiler.negation,
    n.Arithmetic: Compiler.arithmetic,
    n.Comparison: Compiler.comparison,
    n.Logic: Compiler.logic,
    n.Between: Compiler.between,
    n.In: Compiler.inside,
    n.InstanceOf: Compiler.instance_of,
    n.Interval: Compiler.interval,
    n.Unary: Compiler.unary,
    n.ListLiteral: Compiler.list_literal,
    n.ContextLiteral: Compiler.context_literal,
    n.For: Compiler.loop,
    n.Quantified: Compiler.quantified,
    n.If: Compiler.choice,
    n.FunctionDefinition: Compiler.function_definition,
}


def reads_input(node: object) -> bool:
    """Whether `?`, the input of a unary test, occurs anywhere in a part."""
    todo = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, n.Name) and part.name == "?":
            return True
        if isinstance(part, tuple):
            todo.extend(part)
        elif type(part).__module__ == n.__name__:
            todo.extend(getattr(part, slot) for slot in getattr(part, "__slots__", ()))
    return False


def _as_truth(value: Value) -> bool | None:
    return value if type(value) is bool else None


def _lenient_member(value: Value, test: Value, run: Run) -> bool | None:
    answer = op.member(value, test, run)
    if answer is None and type(value) is list and len(value) == 1:
        return op.member(value[0], test, run)
    return answer


def _item(items: list[Value], index: Decimal, scope: Scope, complain: Callable[[Scope, str], None]) -> Value:
    found = item_at(items, index)
    if found is NO_ITEM:
        return complain(scope, f"リストに {index:.6g} 番目の項目がありません")
    return found


def _is_boolean(node: n.Node) -> bool:
    """Whether a filter's condition can only be a truth value, never an index."""
    if isinstance(node, n.Literal):
        return isinstance(node.value, bool)
    return isinstance(node, (n.Comparison, n.Logic, n.Between, n.In, n.InstanceOf, n.Quantified))


def _equality(left: Code, right: Code, wanted: bool, complain: Callable[[Scope, str], None]) -> Code:
    def run(scope: Scope) -> Value:
        first, second = left(scope), right(scope)
        same = op.equal(first, second, scope.run)
        if same is None:
            return complain(scope, f"{describe(first)}と{describe(second)}は等しいか比べられません")
        return same is wanted

    return run
