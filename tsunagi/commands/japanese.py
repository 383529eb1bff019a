"""Click's own words in Japanese: headings of the help pages, and what was given wrongly."""

import re
from decimal import Decimal
from typing import Any

import click

HEADINGS = {"Options": "指定", "Commands": "命令", "Arguments": "対象"}


class _Japanese(click.Command):
    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = self.collect_usage_pieces(ctx)
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix="使い方: ")

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help(ctx, _translating(formatter))

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "この説明を表示して終わります。"
        return option


class JapaneseCommand(_Japanese):
    """A command whose help page is in Japanese."""


class JapaneseGroup(_Japanese, click.Group):
    """A group whose help page is in Japanese."""

    command_class = JapaneseCommand
    group_class = type


def sentence_of(wrong: click.UsageError) -> str:
    """What was expected, what was found, what to do."""
    return f"{_what(wrong)}{_help_hint(wrong)}"


def _what(wrong: click.UsageError) -> str:
    match wrong:
        case click.NoSuchOption():
            return f"「{wrong.option_name}」という指定はありません。"
        case click.MissingParameter():
            return f"{_name(wrong)} が必要ですが、ありません。"
        case click.BadParameter():
            return f"{_name(wrong)} の値が合いません（{wrong.message}）。"
    if wrong.message.startswith("Got unexpected extra argument"):
        return "対象が多すぎます。"
    if wrong.ctx is not None and isinstance(wrong.ctx.command, click.Group):
        return "命令が必要ですが、ないか、知らない名前でした。"
    return f"命令の書き方が合いません（{wrong.message.rstrip('。')}）。"


def _name(wrong: click.BadParameter) -> str:
    if wrong.param is None:
        return str(wrong.param_hint or "対象")
    return wrong.param.opts[0] if isinstance(wrong.param, click.Option) else wrong.param.make_metavar(wrong.ctx)  # type: ignore[arg-type]  # a parameter that was parsed has a context


def _help_hint(wrong: click.UsageError) -> str:
    path = wrong.ctx.command_path if wrong.ctx is not None else "tsunagi"
    return f"{path} --help で書き方を確かめてください。"


def _translating(formatter: click.HelpFormatter) -> click.HelpFormatter:
    heading = formatter.write_heading

    def write(text: str) -> None:
        heading(HEADINGS.get(text, text))

    formatter.write_heading = write  # type: ignore[method-assign, assignment]  # one formatter, made for one page
    return formatter


def dumps(value: Any) -> str:
    """One line of JSON as the commands print it."""
    import json

    return _EXACT.sub(r"\1", json.dumps(value, ensure_ascii=False, default=_exact))


def _exact(value: object) -> str:
    """A Decimal among JSON: marked, then written with all its digits."""
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return f"\0{value}\0"


_EXACT = re.compile(r'"\\u0000(-?\d[\d.E+-]*)\\u0000"')
