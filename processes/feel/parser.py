"""The grammar of FEEL (DMN 1.5, 10.3.1.2), read by operator precedence.

From loose to tight: or · and · comparison, between, in · + - · * / · ** · unary minus · instance of · path, filter,
invocation.  Two words side by side that no known name explains are read as one name with a space, since nothing
else could be meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TypeVar

from . import nodes as n
from .errors import FeelSyntaxError
from .scanner import (
    BLANK,
    KEYWORDS,
    NAME_TOKEN,
    NUMBER,
    SPACES,
    WORD,
    Known,
    found_at,
    place,
    read_text,
    refuse_wide_signs,
    shared,
    syntax_error,
)
from .types import ANY, BUILT_IN, ContextOf, FunctionOf, ListOf, RangeOf, Type
from .values import NUMBERS

TEXT_LIMIT = 50_000
DEPTH_LIMIT = 50
#: Expressions begun while reading one text; second thoughts (`_attempt`) count, so none can multiply without end.
WORK_LIMIT = 60_000

_OR, _AND, _COMPARE, _ADD, _MULTIPLY, _POWER, _NEGATE, _INSTANCE, _POSTFIX = range(1, 10)
_SIGNS: tuple[tuple[str, int], ...] = (
    ("**", _POWER),
    ("<=", _COMPARE),
    (">=", _COMPARE),
    ("!=", _COMPARE),
    ("<", _COMPARE),
    (">", _COMPARE),
    ("=", _COMPARE),
    ("+", _ADD),
    ("-", _ADD),
    ("*", _MULTIPLY),
    ("/", _MULTIPLY),
    (".", _POSTFIX),
    ("[", _POSTFIX),
    ("(", _POSTFIX),
)
_SIGNS_BY_LETTER = {letter: [one for one in _SIGNS if one[0][0] == letter] for letter in "*<>!=+-/.[("}
_WORDS = {"or": _OR, "and": _AND, "between": _COMPARE, "in": _COMPARE, "instance": _INSTANCE}
_UNARY_SIGNS = ("<=", ">=", "!=", "<", ">", "=")
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_MEMBERS = ("start included", "end included", "time offset")

_T = TypeVar("_T")


class _Unreadable(FeelSyntaxError):
    """Not to be read at all, whatever else is tried."""


class Parser:
    """One reading of one text.  `names` are the variables in scope, `members` the fields a path may name."""

    def __init__(
        self,
        text: str,
        *,
        names: Iterable[str],
        members: Iterable[str],
        types: Mapping[str, Type],
        built_in: Known,
    ) -> None:
        if len(text) > TEXT_LIMIT:
            raise FeelSyntaxError(1, 1, f"式が長すぎます（{TEXT_LIMIT:,}文字まで）")
        self._text = text
        self._at = 0
        self._depth = 0
        self._work = 0
        self._scopes = [built_in, shared(frozenset(names))]
        self._members = shared(frozenset(members))
        self._keys = Known(_MEMBERS)
        self._types = types
        self._type_names = shared(frozenset((*BUILT_IN, *types)), keywords=True)
        self._no_filter_at = -1

    def expression(self) -> n.Node:
        """The whole text as one expression."""
        node = self._expression(0)
        self._end()
        return node

    def type(self) -> Type:
        """The whole text as the name of a type."""
        kind = self._type()
        self._end()
        return kind

    def unary_tests(self) -> n.Tests:
        """The whole text as the tests of a decision table's cell (10.3.1.2 rule 12 ff.)."""
        self._skip()
        at = self._at
        if self._text[at:].strip() == "-":
            return n.Tests(at, (), anything=True)
        negated = self._attempt(self._negated_tests)
        if negated is not None:
            return negated
        tests = self._separated(lambda: self._expression(0))
        self._end()
        return n.Tests(at, tests)

    # -- expressions -------------------------------------------------------------------------------------------

    def _expression(self, power: int) -> n.Node:
        self._depth += 1
        self._work += 1
        if self._depth > DEPTH_LIMIT or self._work > WORK_LIMIT:
            raise _Unreadable(*place(self._text, self._at), "式の入れ子が深すぎます")
        left = self._prefix()
        while True:
            self._skip()
            sign, binds = self._infix()
            if binds <= power or self._at == self._no_filter_at and sign == "[":
                break
            left = self._operation(left, sign, binds)
        self._depth -= 1
        return left

    def _infix(self) -> tuple[str, int]:
        text, at = self._text, self._at
        for sign, binds in _SIGNS_BY_LETTER.get(text[at : at + 1], ()):
            if text.startswith(sign, at):
                return ("", 0) if sign == "." and text.startswith("..", at) else (sign, binds)
        word = WORD.match(text, at)
        return (word[0], _WORDS.get(word[0], 0)) if word else ("", 0)

    def _operation(self, left: n.Node, sign: str, binds: int) -> n.Node:
        at = self._at
        self._at += len(sign)
        if binds == _POSTFIX:
            return self._postfix(left, sign, at)
        if sign in ("and", "or"):
            right = self._operand(binds)
            if isinstance(left, n.Logic) and left.operator == sign:
                return n.Logic(left.at, sign, (*left.operands, right))
            return n.Logic(at, sign, (left, right))
        if sign == "between":
            low = self._operand(_COMPARE)
            self._word("and")
            return n.Between(at, left, low, self._operand(_COMPARE))
        if sign == "in":
            return n.In(at, left, self._in_tests())
        if sign == "instance":
            self._word("of")
            return n.InstanceOf(at, left, self._type())
        right = self._operand(binds)
        if binds == _COMPARE:
            return n.Comparison(at, sign, left, right)
        return n.Arithmetic(at, sign, left, right)

    def _operand(self, power: int) -> n.Node:
        """What stands behind an operator; no unary test can (`x == 1` is another language's)."""
        self._skip()
        if self._text.startswith(_UNARY_SIGNS, self._at):
            raise self._error("値か名前が必要です")
        return self._expression(power)

    def _postfix(self, left: n.Node, sign: str, at: int) -> n.Node:
        if sign == ".":
            return n.Path(at, left, self._member_name())
        if sign == "(":
            return self._call(left, at)
        self._scopes += [self._members, self._keys]
        condition = self._expression(0)
        del self._scopes[-2:]
        self._sign("]")
        return n.Filter(at, left, condition)

    def _call(self, function: n.Node, at: int) -> n.Node:
        if self._next(")"):
            return n.Call(at, function, ())
        if self._argument_name() is None:
            arguments = self._separated(lambda: self._expression(0))
            self._sign(")")
            return n.Call(at, function, arguments)
        pairs = self._separated(self._named_argument)
        self._sign(")")
        return n.Call(at, function, tuple(value for _, value in pairs), tuple(name for name, _ in pairs))

    def _named_argument(self) -> tuple[str, n.Node]:
        found = self._argument_name()
        if found is None:
            raise self._error("引数には「名前: 値」の形が必要です")
        name, self._at = found
        return name, self._expression(0)

    def _argument_name(self) -> tuple[str, int] | None:
        """A name followed by a colon, and where the value begins; None if the argument has no name."""
        self._skip()
        end = self._name_run(self._at)
        after = self._blank(end)
        if end == self._at or not self._text.startswith(":", after):
            return None
        return _spelled(self._text[self._at : end]), after + 1

    def _in_tests(self) -> tuple[n.Node, ...]:
        start = self._at
        if self._next("("):
            tests = self._attempt(self._parenthesised_tests)
            if tests is not None:
                return tests
        self._at = start
        return (self._expression(_COMPARE),)

    def _parenthesised_tests(self) -> tuple[n.Node, ...]:
        tests = self._separated(lambda: self._expression(0))
        self._sign(")")
        self._skip()
        _, binds = self._infix()
        if len(tests) == 1 and binds > _COMPARE:
            raise self._error("かっこの後に続きがあります")
        return tests

    def _negated_tests(self) -> n.Tests:
        at = self._at
        self._word("not")
        self._sign("(")
        tests = self._separated(lambda: self._expression(0))
        self._sign(")")
        self._end()
        return n.Tests(at, tests, negated=True)

    # -- what an expression begins with ---------------------------------------------------------------------------

    def _prefix(self) -> n.Node:
        self._skip()
        text, at = self._text, self._at
        letter = text[at : at + 1]
        if letter == '"':
            self._at, value = read_text(text, at)
            return n.Literal(at, value)
        if letter.isdecimal() and letter.isascii() or letter == "." and text[at + 1 : at + 2].isdigit():
            return self._number()
        if letter in "([]" and letter:
            return self._bracketed(letter)
        if letter == "{":
            return self._context()
        if letter == "-":
            self._at += 1
            return n.Negation(at, self._expression(_POWER))
        if letter == "@":
            return self._at_literal()
        if letter == "?":
            self._at += 1
            return n.Name(at, "?")
        for sign in _UNARY_SIGNS:
            if text.startswith(sign, at):
                self._at += len(sign)
                return n.Unary(at, sign, self._expression(_COMPARE))
        return self._worded()

    def _number(self) -> n.Node:
        found = NUMBER.match(self._text, self._at)
        if found is None:
            raise self._error("数が必要です")
        at, self._at = self._at, found.end()
        try:
            value = NUMBERS.create_decimal(found[0])
        except ArithmeticError:
            raise syntax_error(self._text, at, "数が大きすぎます") from None
        return n.Literal(at, value if value.is_finite() else Decimal(0))

    def _at_literal(self) -> n.Node:
        at = self._at
        self._at += 1
        self._skip()
        if not self._text.startswith('"', self._at):
            raise self._error('「@」の後には「"」で囲んだ日付や時刻が必要です')
        self._at, text = read_text(self._text, self._at)
        return n.At(at, text)

    def _bracketed(self, letter: str) -> n.Node:
        """`(x)`, `[a, b]`, or one of the intervals `(a..b]`, `[a..b)`, `]a..b[`."""
        at = self._at
        self._at += 1
        if letter == "[" and self._next("]"):
            return n.ListLiteral(at, ())
        first = self._expression(0)
        if self._next(".."):
            return self._interval(at, first, letter == "[")
        if letter == "(":
            self._sign(")")
            return first
        if letter == "]":
            raise self._error("範囲には「..」が必要です")
        items = [first]
        while self._next(","):
            items.append(self._expression(0))
        self._sign("]")
        return n.ListLiteral(at, tuple(items))

    def _interval(self, at: int, start: n.Node, start_included: bool) -> n.Node:
        end = self._attempt(self._interval_end)
        if end is None:
            end = self._open_end()
        node, closed = end
        return n.Interval(at, start, node, start_included, closed == "]")

    def _interval_end(self) -> tuple[n.Node, str]:
        node = self._expression(0)
        self._skip()
        closing = self._text[self._at : self._at + 1]
        if closing not in ("]", ")", "["):
            raise self._error("範囲を閉じる「]」か「)」が必要です")
        self._at += 1
        return node, closing

    def _open_end(self) -> tuple[n.Node, str]:
        """An end closed by `[`, which otherwise would open a filter: try each `[` from the left."""
        start, bracket = self._at, self._text.find("[", self._at)
        while bracket >= 0:
            self._at, self._no_filter_at = start, bracket
            end = self._attempt(self._interval_end)
            self._no_filter_at = -1
            if end is not None and end[1] == "[":
                return end
            bracket = self._text.find("[", bracket + 1)
        self._at = start
        return self._interval_end()

    def _context(self) -> n.Node:
        at = self._at
        self._at += 1
        entries: list[tuple[str, n.Node]] = []
        known = Known()
        self._scopes.append(known)
        if not self._next("}"):
            while True:
                key = self._key()
                entries.append((key, self._expression(0)))
                known.add(key)
                self._keys.add(key)
                if not self._next(","):
                    break
            self._sign("}")
        self._scopes.pop()
        return n.ContextLiteral(at, tuple(entries))

    def _key(self) -> str:
        self._skip()
        if self._text.startswith('"', self._at):
            self._at, key = read_text(self._text, self._at)
        else:
            end = self._name_run(self._at)
            if end == self._at:
                raise self._error("項目の名前が必要です")
            key, self._at = _spelled(self._text[self._at : end]), end
        self._sign(":")
        return key

    def _worded(self) -> n.Node:
        word = WORD.match(self._text, self._at)
        if word is None:
            return self._name()
        reader = {
            "if": self._if,
            "for": self._for,
            "some": self._quantified,
            "every": self._quantified,
            "function": self._function,
        }.get(word[0])
        if word[0] in _CONSTANTS and self._known_end() <= word.end():
            self._at = word.end()
            return n.Literal(word.start(), _CONSTANTS[word[0]])
        if reader is None:
            return self._name()
        if self._known_end() <= word.end():
            return reader()
        return self._attempt(reader) or self._name()

    def _if(self) -> n.Node:
        at = self._at
        self._word("if")
        condition = self._expression(0)
        self._word("then")
        then = self._expression(0)
        self._word("else")
        return n.If(at, condition, then, self._expression(0))

    def _for(self) -> n.Node:
        at = self._at
        self._word("for")
        known = Known(["partial"])
        self._scopes.append(known)
        iterators = self._separated(lambda: self._iterator(known))
        self._word("return")
        body = self._expression(0)
        self._scopes.pop()
        return n.For(at, iterators, body)

    def _quantified(self) -> n.Node:
        at = self._at
        every = self._text.startswith("every", at)
        self._word("every" if every else "some")
        known = Known()
        self._scopes.append(known)
        iterators = self._separated(lambda: self._iterator(known))
        self._word("satisfies")
        condition = self._expression(0)
        self._scopes.pop()
        return n.Quantified(at, every, iterators, condition)

    def _iterator(self, known: Known) -> n.Iterator:
        self._skip()
        words, start = [], self._at
        while (token := NAME_TOKEN.match(self._text, self._at)) and token[0] not in ("in", ":"):
            words.append(token[0])
            self._at = token.end()
            self._skip()
        if not words:
            raise self._error("繰り返しの変数の名前が必要です")
        name = _spelled(self._text[start : self._at])
        if self._next(":"):
            self._type()
        self._word("in")
        source = self._expression(0)
        end = self._expression(0) if self._next("..") else None
        known.add(name)
        return n.Iterator(name, source, end)

    def _function(self) -> n.Node:
        at = self._at
        self._word("function")
        self._sign("(")
        parameters: tuple[tuple[str, Type], ...] = ()
        if not self._next(")"):
            parameters = self._separated(self._formal_parameter)
            self._sign(")")
        self._skip()
        word = WORD.match(self._text, self._at)
        external = word is not None and word[0] == "external"
        if external:
            self._word("external")
        self._scopes.append(Known(name for name, _ in parameters))
        body = self._expression(0)
        self._scopes.pop()
        return n.FunctionDefinition(at, parameters, body, external)

    def _formal_parameter(self) -> tuple[str, Type]:
        self._skip()
        end = self._name_run(self._at)
        if end == self._at:
            raise self._error("引数の名前が必要です")
        name, self._at = _spelled(self._text[self._at : end]), end
        return name, self._type() if self._next(":") else ANY

    # -- names ------------------------------------------------------------------------------------------------------

    def _name(self) -> n.Node:
        at = self._at
        match = self._longest()
        if match is not None:
            self._at = match[0]
            return n.Name(at, match[1])
        return n.Name(at, self._unknown_name("値か名前"))

    def _member_name(self) -> str:
        self._skip()
        matches = [known.match(self._text, self._at) for known in (self._members, self._keys)]
        match = max((one for one in matches if one is not None), default=None)
        if match is not None:
            self._at = match[0]
            return match[1]
        return self._unknown_name("項目の名前", keywords=frozenset())

    def _unknown_name(self, expected: str, keywords: frozenset[str] = KEYWORDS) -> str:
        """A name that nobody announced; `keywords` may not begin it, and no keyword goes on with it."""
        word = WORD.match(self._text, self._at)
        if word is None or word[0] in keywords:
            raise self._error(f"{expected}が必要です")
        words: list[str] = []
        start = self._at
        while word is not None and (not words or word[0] not in KEYWORDS):
            words.append(word[0])
            self._at = word.end()
            spaces = SPACES.match(self._text, self._at)
            word = WORD.match(self._text, spaces.end() if spaces else self._at)
        name = " ".join(words)
        refuse_wide_signs(self._text, start, name)
        return name

    def _longest(self) -> tuple[int, str] | None:
        best: tuple[int, str] | None = None
        for scope in reversed(self._scopes):
            match = scope.match(self._text, self._at)
            if match is not None and (best is None or match[0] > best[0]):
                best = match
        return best

    def _known_end(self) -> int:
        match = self._longest()
        return match[0] if match else -1

    def _name_run(self, at: int) -> int:
        """The end of the name tokens that stand here one after another, whatever they mean."""
        end = at
        while token := NAME_TOKEN.match(self._text, at):
            end = token.end()
            spaces = SPACES.match(self._text, end)
            at = spaces.end() if spaces else end
        return end

    # -- types ------------------------------------------------------------------------------------------------------

    def _type(self) -> Type:
        self._skip()
        match = self._type_names.match(self._text, self._at)
        if match is None:
            end = self._name_run(self._at)
            raise self._error(
                f"型「{self._text[self._at : end] or self._text[self._at : self._at + 10]}」を知りません"
            )
        self._at, name = match
        if name in self._types:
            return self._types[name]
        if name == "list" and self._next("<"):
            return ListOf(self._closed_type())
        if name == "range" and self._next("<"):
            return RangeOf(self._closed_type())
        if name == "context" and self._next("<"):
            members = self._separated(self._typed_member)
            self._sign(">")
            return ContextOf(members)
        if name == "function" and self._next("<"):
            return self._function_type()
        return BUILT_IN[name]

    def _closed_type(self) -> Type:
        kind = self._type()
        self._sign(">")
        return kind

    def _typed_member(self) -> tuple[str, Type]:
        self._skip()
        end = self._name_run(self._at)
        name, self._at = _spelled(self._text[self._at : end]), end
        self._sign(":")
        return name, self._type()

    def _function_type(self) -> Type:
        parameters: tuple[Type, ...] = ()
        if not self._next(">"):
            parameters = self._separated(self._type)
            self._sign(">")
        result: Type = ANY
        if self._next("->"):
            result = self._type()
        return FunctionOf(parameters, result)

    # -- steps through the text ---------------------------------------------------------------------------------------

    def _separated(self, read: Callable[[], _T]) -> tuple[_T, ...]:
        items = [read()]
        while self._next(","):
            items.append(read())
        return tuple(items)

    def _attempt(self, read: Callable[[], _T]) -> _T | None:
        """What `read` reads, or None with nothing consumed if it cannot."""
        at, depth, scopes = self._at, self._depth, len(self._scopes)
        try:
            return read()
        except _Unreadable:
            raise
        except FeelSyntaxError:
            self._at, self._depth = at, depth
            del self._scopes[scopes:]
            return None

    def _blank(self, at: int) -> int:
        found = BLANK.match(self._text, at)
        return found.end() if found else at

    def _skip(self) -> None:
        self._at = self._blank(self._at)
        if self._text.startswith("/*", self._at):
            raise self._error("注釈を閉じる「*/」がありません")

    def _next(self, sign: str) -> bool:
        self._skip()
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True

    def _sign(self, sign: str) -> None:
        if not self._next(sign):
            raise self._error(f"「{sign}」が必要です")

    def _word(self, expected: str) -> None:
        self._skip()
        word = WORD.match(self._text, self._at)
        if word is None or word[0] != expected:
            raise self._error(f"「{expected}」が必要です")
        self._at = word.end()

    def _end(self) -> None:
        self._skip()
        if self._at < len(self._text):
            raise self._error("演算子か式の終わりが必要です")

    def _error(self, expected: str) -> FeelSyntaxError:
        return syntax_error(self._text, self._at, f"{expected}。ここには{found_at(self._text, self._at)}")


def _spelled(name: str) -> str:
    """A name as written, white space drawn together."""
    return " ".join(name.split())
