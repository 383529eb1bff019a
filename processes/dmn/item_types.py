"""Item definitions as FEEL types (DMN 1.5, 7.3.2): shapes first, then constraints, so that they may refer to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from processes import feel
from processes.feel import types as t
from processes.feel.run import Run, Scope
from processes.feel.values import Value

from . import boxes as b
from .errors import Finding

Report = Callable[[Finding], None]

#: Steps that asking about one value may cost.
ALLOWED_STEP_LIMIT = 10_000


class ItemTypes:
    """The types of one model: its own by name, imported ones by `prefix.name`."""

    def __init__(
        self, items: tuple[b.ItemDefinition, ...], imported: Mapping[str, t.Type], report: Report
    ) -> None:
        self._report = report
        own: dict[str, t.Named] = {item.name: t.Named(item.name) for item in items}
        self.named: dict[str, t.Type] = {**imported, **own}
        for item in items:
            own[item.name].base = self._shape(item)
        for item in items:
            self._constrain(own[item.name], item)

    def resolve(self, reference: str | None, *, element: str = "", line: int = 0) -> t.Type:
        """The type that a typeRef names; Any if it names none, with a finding."""
        if not reference or not reference.strip():
            return t.ANY
        name = " ".join(reference.split())
        found = self.named.get(name) or t.BUILT_IN.get(name) or t.BUILT_IN.get(name.rpartition(":")[2])
        if found is None and ":" in name:
            found = self.named.get(name.rpartition(":")[2])
        if found is not None:
            return found
        try:
            return feel.parse_type(name, types=self.named)
        except feel.FeelSyntaxError:
            self._report(
                Finding(
                    severity="warning",
                    rule="dmn-unknown-type",
                    element=element,
                    line=line,
                    message=f"型「{name}」が定義されていません。値の型は確かめられません。",
                )
            )
            return t.ANY

    def _shape(self, item: b.ItemDefinition) -> t.Type:
        if item.components:
            kind: t.Type = t.ContextOf(tuple((one.name, self._component(one)) for one in item.components))
        elif item.function is not None:
            parameters = tuple(
                self.resolve(one, element=item.id, line=item.line) for one in item.function.parameters
            )
            result = self.resolve(item.function.result, element=item.id, line=item.line)
            kind = t.FunctionOf(parameters, result)
        else:
            kind = self.resolve(item.type_ref, element=item.id, line=item.line)
        return t.ListOf(kind) if item.is_collection else kind

    def _component(self, item: b.ItemDefinition) -> t.Type:
        shape = self._shape(item)
        if item.allowed is None and item.constraint is None:
            return shape
        named = t.Named(item.name, shape)
        self._constrain(named, item)
        return named

    def _constrain(self, named: t.Named, item: b.ItemDefinition) -> None:
        cell = item.constraint or item.allowed
        if cell is None:
            return
        test = allowed_test(cell, self.named, self._report)
        if test is not None:
            named.allowed = (test,)
            named.allowed_per_item = item.is_collection and item.constraint is None


def allowed_test(
    cell: b.Cell, types: Mapping[str, t.Type], report: Report
) -> Callable[[Value], Value] | None:
    """Whether a value is among allowed values; None if they cannot be read."""
    if not cell.text:
        return None
    try:
        tests = feel.parse_unary(cell.text, types=types)
    except feel.FeelSyntaxError as error:
        report(syntax_finding(cell.id, cell.line, cell.text, error))
        return None
    return lambda value: tests.code(Scope({"?": value}, None, Run(None, ALLOWED_STEP_LIMIT)))


def syntax_finding(element: str, line: int, text: str, error: feel.FeelSyntaxError) -> Finding:
    """A FEEL error with its place in the file."""
    shown = " ".join(text.split())[:60]
    return Finding(
        severity="error",
        rule="feel-syntax",
        element=element,
        line=line,
        message=f"式「{shown}」の{error.line}行{error.column}文字目：{error.message_ja}。",
    )
