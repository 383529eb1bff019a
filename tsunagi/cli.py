"""`tsunagi`: the command line (コマンド)."""

import click


@click.group()
def main() -> None:
    """つなぎ: ケースの受付から終結までを機関どうしでつなぐ仕組み。"""
