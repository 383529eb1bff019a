"""`range(from)`: a range read from a text such as "[18..21)" or "(..2]" (DMN 1.5, 10.3.4.1)."""

from __future__ import annotations

from . import built_in_moments
from . import nodes as n
from .compiler import Compiler
from .declare import Library
from .errors import Fault, FeelSyntaxError
from .operators import order_keys
from .parser import Parser
from .run import Run, Scope
from .scanner import Known
from .values import Range, Value

LIBRARY = Library()

_MAKERS = {
    name: function
    for name, function in built_in_moments.LIBRARY.functions().items()
    if name in ("date", "time", "date and time", "duration")
}


@LIBRARY.declare("range", "from: string", result="range")
def range_from(run: Run, source: str) -> Value:
    text = source.strip()
    start, dots, end = text[1:-1].partition("..")
    if not dots or text[0] not in "[(]" or text[-1] not in "])[" or len(text) > 500:
        raise Fault(f"「{text[:40]}」は範囲として読めません")
    low, high = _endpoint(start, run), _endpoint(end, run)
    start_included, end_included = text[0] == "[", text[-1] == "]"
    if low is None and high is None or low is None and start_included or high is None and end_included:
        raise Fault(f"「{text[:40]}」は範囲として読めません")
    if low is not None and high is not None:
        keys = order_keys(low, high)
        if keys is None or keys[0] > keys[1]:
            raise Fault(f"「{text[:40]}」の両端は、小さい方から並んでいません")
    return Range(low, high, start_included, end_included, low is not None, high is not None)


def _endpoint(text: str, run: Run) -> Value:
    """A literal value, or None for an open end."""
    if not text.strip():
        return None
    try:
        node = Parser(text, names=(), members=(), types={}, built_in=Known(_MAKERS)).expression()
        if not _is_literal(node):
            raise Fault("範囲の端に書けるのは値だけです")
        value = Compiler(text, _MAKERS).node(node)(Scope({}, None, run))
    except FeelSyntaxError as error:
        raise Fault(f"範囲の端を読めません（{error}）") from None
    if value is None:
        raise Fault("範囲の端が null です")
    return value


def _is_literal(node: n.Node) -> bool:
    if isinstance(node, n.Negation):
        return _is_literal(node.of)
    if isinstance(node, n.Call):
        return isinstance(node.function, n.Name) and all(_is_literal(one) for one in node.arguments)
    return isinstance(node, (n.Literal, n.At))
