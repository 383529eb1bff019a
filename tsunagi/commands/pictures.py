"""`tsunagi pathways`: every shipped pathway as a picture, and one page in Japanese that shows them all."""

import re
from importlib.resources import files as resources
from pathlib import Path

import click

from tsunagi.commands.japanese import JapaneseCommand

VARIABLES = re.compile(r"--([\w-]+):\s*([^;]+);")
HEAD = """# 手続きの一覧

町の手続き（支援の経路）を、図にしたものです。この頁と絵は `tsunagi pathways docs` で図（`.bpmn`）から作ります。手で直しません。
"""


@click.command(cls=JapaneseCommand)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER")
def pathways(folder: Path) -> int:
    """手続きの図をすべて絵（SVG）にし、1枚の頁にまとめます。"""
    from engine import bundles
    from web.diagram import draw

    (folder / "pathways").mkdir(parents=True, exist_ok=True)
    parts = []
    style = _style()
    shipped = {name: bundles.gather(bundles.shipped(name)) for name in bundles.shipped_names()}
    for name, bundle in sorted(shipped.items(), key=lambda one: one[1].readme):
        svg = draw(bundle.main, name=bundle.name).svg.replace(">", f">{style}", 1)
        (folder / "pathways" / f"{name}.svg").write_text(svg + "\n", "utf-8")
        title, _, rest = bundle.readme.partition("\n")
        title = title.removeprefix("# ").strip()
        parts.append(f"## {title}\n\n![{title}の図](pathways/{name}.svg)\n\n{rest.replace('## ', '### ').strip()}\n")
    (folder / "pathways.md").write_text("\n".join([HEAD, *parts]), "utf-8")
    click.echo(f"{len(parts)}の手続きを {folder / 'pathways.md'} に書きました。")
    return 0


def _style() -> str:
    """The part of the house's style sheet that a drawing needs, with its colours filled in."""
    sheet = resources("web").joinpath("static", "tsunagi.css").read_text("utf-8")
    colours = dict(VARIABLES.findall(sheet))
    rules = [line for line in sheet.splitlines() if line.startswith(".diagram")]
    filled = re.sub(r"var\(--([\w-]+)\)", lambda found: colours.get(found.group(1), "#000").strip(), "\n".join(rules))
    return f"<style>svg {{ font-family: sans-serif; background: #fff; }}\n{filled}</style>"
