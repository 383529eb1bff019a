"""Browser assets for the wheel and for a checkout: built from `browser/` when something changed.

`python hatch_build.py` does the same by hand. A town's server gets the wheel and needs
neither Node nor the internet; only who builds the wheel does.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("package.json", "package-lock.json", "browser")
BUILT = Path("web/static/dist")
STAMP = BUILT / ".built"


class BuiltAssets(BuildHookInterface):  # type: ignore[type-arg]  # its own configuration is not used
    """Puts the built assets into the wheel; an editable install builds nothing."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            build(Path(self.root))


def build(root: Path) -> bool:
    """Build the assets unless they are there already, made of the same sources; True if it built."""
    mark = _mark(root)
    stamp = root / STAMP
    if stamp.exists() and stamp.read_text() == mark and (root / "node_modules").is_dir():
        return False
    _require_node()
    # Scripts of packages stay off: some report home when they are installed.
    _run(root, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    _run(root, "node", "browser/build.mjs")
    stamp.write_text(mark)
    return True


def _mark(root: Path) -> str:
    digest = hashlib.sha256()
    for source in SOURCES:
        for file in _files(root / source):
            digest.update(f"{file.relative_to(root)}\0{file.stat().st_size}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(place: Path) -> list[Path]:
    return sorted(file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]


def _require_node() -> None:
    lacking = [program for program in ("node", "npm") if shutil.which(program) is None]
    if lacking:
        raise SystemExit(f"画面の部品を作るには {' と '.join(lacking)} が必要ですが、ありません。Node 20 以上を入れてください。")


def _run(root: Path, *order: str) -> None:
    subprocess.run(order, cwd=root, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


if __name__ == "__main__":
    build(Path(__file__).parent)
