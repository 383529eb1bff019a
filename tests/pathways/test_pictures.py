"""One page shows every pathway that the application brings, with a picture made from its diagram."""

from pathlib import Path

import pytest

from engine.bundles import shipped_names
from tsunagi.cli import main


def test_every_pathway_has_its_picture(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["pathways", str(tmp_path)])
    assert ended.value.code == 0
    page = (tmp_path / "pathways.md").read_text("utf-8")
    for name in shipped_names():
        picture = (tmp_path / "pathways" / f"{name}.svg").read_text("utf-8")
        assert picture.startswith("<svg")
        assert "<polyline" in picture
        assert f"(pathways/{name}.svg)" in page
    assert "P-F 緊急モード" in page
