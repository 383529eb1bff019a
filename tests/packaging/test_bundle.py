"""What `make bundle` hands over runs on a machine without internet, without Node and without this checkout."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.packaging


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with tsunagi from the folder of wheels; no index is asked."""
    subprocess.run(["make", "--silent", "bundle"], cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
    place = tmp_path_factory.mktemp("town") / "env"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    subprocess.run(
        [place / "bin" / "pip", "install", "--quiet", "--no-index", "--find-links", ROOT / "dist" / "bundle", "tsunagi"],
        check=True, cwd=place, env=bare(place),
    )  # fmt: skip
    return place


def bare(place: Path, **more: str) -> dict[str, str]:
    """The environment of a machine that has nothing but this installation: no Node, no index, no checkout."""
    return {"PATH": f"{place / 'bin'}:/nonexistent", "HOME": str(place), "PIP_CONFIG_FILE": os.devnull, "LANG": "C.UTF-8", **more}


def test_the_command_is_there_and_needs_no_checkout(installed: Path) -> None:
    shown = subprocess.run(
        [installed / "bin" / "tsunagi", "--help"], cwd=installed, env=bare(installed), capture_output=True, text=True, check=True
    )
    assert "つなぎ" in shown.stdout
    where = subprocess.run(
        [installed / "bin" / "python", "-c", "import engine, web; print(engine.__file__, web.__file__)"],
        cwd=installed, env=bare(installed), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert all(file.startswith(str(installed)) for file in where.stdout.split())


def test_it_founds_a_town_and_serves_its_pages_with_their_parts(installed: Path) -> None:
    with serving(installed) as address:
        page = read(f"{address}/")
        parts = sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)))
        assert "<html lang=\"ja\"" in page
        assert parts
        for part in parts:
            assert read(f"{address}{part}")
        assert read(f"{address}/static/dist/modeler.js")
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)


@contextmanager
def serving(installed: Path) -> Iterator[str]:
    """The demo town of the installation, served until the block ends."""
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        port = any_port.getsockname()[1]
    order = [installed / "bin" / "tsunagi", "demo", "--port", str(port), "--folder", installed / "demo"]
    with subprocess.Popen(order, cwd=installed, env=bare(installed), stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            ended = process.wait(60)
    assert ended == 0


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until the port answers; fails when the server ends before."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended before it answered"
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("the server did not answer within two minutes")


def read(address: str) -> str:
    """The text at an address; a redirect is followed."""
    with urllib.request.urlopen(address, timeout=30) as answer:
        text: str = answer.read().decode()
        return text
