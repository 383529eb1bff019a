"""`tsunagi`: the command line (コマンド).

Exit codes: 0 done · 1 refused, or an error was found · 2 the command was given wrongly ·
3 (`trace`) the diagram cannot be run.

Each command imports what it needs when it runs: `tsunagi check` is called once a file by
scripts and does not wait for a database or a web server to load.
"""

import sys
from collections.abc import Sequence

import click

from tsunagi.commands import files, keeping, pictures, running, systems, town
from tsunagi.commands.japanese import JapaneseGroup, sentence_of


@click.group(cls=JapaneseGroup)
@click.version_option(package_name="tsunagi", message="tsunagi %(version)s", help="版を表示して終わります。")
def tsunagi() -> None:
    """つなぎ: 相談の受付から終結まで、ケースを機関から機関へつなぐ仕組み。"""


for command in (
    running.serve, running.worker, running.demo, running.migrate, town.user, town.agency, town.role, town.publish, files.check,
    files.trace, files.decide, town.verify_journal, town.rotate_keys, systems.hooks, systems.spool, keeping.backup,
    keeping.restore, keeping.doctor, keeping.move_database, pictures.pathways,
):  # fmt: skip
    tsunagi.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code; every refusal is one Japanese sentence on standard error."""
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    from engine.errors import Invalid, Refused

    try:
        code = tsunagi.main(arguments, prog_name="tsunagi", standalone_mode=False)
    except click.UsageError as wrong:
        return _refuse(sentence_of(wrong), 2)
    except click.Abort:
        return _refuse("途中でやめました。", 1)
    except Invalid as invalid:
        problems = [getattr(problem, "message", str(problem)) for problem in invalid.problems]
        return _refuse("\n".join([invalid.sentence, *problems]), 1)
    except Refused as refused:
        return _refuse(refused.sentence, 1)
    return code if isinstance(code, int) else 0


def _refuse(sentence: str, code: int) -> int:
    click.echo(sentence, err=True)
    return code


if __name__ == "__main__":
    main()
