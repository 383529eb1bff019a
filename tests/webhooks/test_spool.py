"""Messages carried over by hand: the same signatures, the same receipts, nothing lost between file and row."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Refused
from tests.town import Town
from tests.webhooks.other import SECRET, Sender, cloud, headers
from webhooks import spool
from worker import loop


class Carrier:
    """A folder between two networks."""

    def __init__(self, sender: Sender, folder: Path) -> None:
        self.sender, self.folder, self.town = sender, folder, sender.town
        (folder / "in" / "webform").mkdir(parents=True)

    def puts(self, name: str, *, id: str = "msg_1", days: int = 0, secret: str = SECRET, **data: Any) -> Path:
        body = cloud("soudan.created", **data)
        signed = headers(id, body, at=self.town.now - timedelta(days=days), secret=secret)
        file = self.folder / "in" / "webform" / f"{name}.json"
        file.write_text(json.dumps({"headers": signed, "body": body.decode()}, ensure_ascii=False), "utf-8")
        return file

    def reads(self) -> list[int]:
        carried = spool.read(self.sender.database, self.sender.settings, self.folder, now=self.town.now)
        return [one.answer.status for one in carried]

    def out(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_text("utf-8")) for file in sorted((self.folder / "out").iterdir())]


@pytest.fixture
def carrier(town: Town, tmp_path: Path) -> Carrier:
    return Carrier(Sender(town, tmp_path), tmp_path / "spool")


def test_a_file_is_taken_and_its_receipt_goes_back(carrier: Carrier) -> None:
    file = carrier.puts("one", days=20, text="窓口まで行けないので、家に来てほしい。")
    assert carrier.reads() == [202]
    assert not file.exists()
    assert [(one["status"], one["id"], one["repeated"]) for one in carrier.out()] == [("taken", "msg_1", False)]
    loop.once(carrier.sender.database, now=carrier.town.now)
    receipt = carrier.sender.receipts()[0]
    assert (receipt.way, receipt.status) == ("file", "arrived")
    assert carrier.town.open_steps(receipt.case_id) == [("fukushi", "A-10")]


def test_what_came_by_wire_and_by_hand_is_one_message(carrier: Carrier) -> None:
    told = "窓口まで行けないので、家に来てほしい。"
    carrier.sender.sends(text=told)
    carrier.puts("one", text=told)
    assert carrier.reads() == [202]
    assert carrier.out()[0]["repeated"]
    assert len(carrier.sender.receipts()) == 1


def test_power_lost_between_row_and_file_takes_nothing_twice(carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    file = carrier.puts("one", text="窓口まで行けないので、家に来てほしい。")
    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", _power_lost)
        with pytest.raises(KeyboardInterrupt):
            carrier.reads()
    assert file.exists()
    assert carrier.reads() == [202]
    assert not file.exists()
    assert len(carrier.sender.receipts()) == 1


def _power_lost(*_: Any) -> None:
    raise KeyboardInterrupt


def test_files_that_are_refused_are_set_aside_and_nothing_of_them_is_kept(carrier: Carrier) -> None:
    carrier.puts("a-unsigned", secret="whsec_d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmch", text="ひみつのはなし")
    carrier.puts("b-old", days=40, text="ひみつのはなし")
    (carrier.folder / "in" / "webform" / "c-none.json").write_text("not a message")
    (carrier.folder / "in" / "webform" / "d-large.json").write_bytes(b"x" * (256 * 1024 * 6 + 1))
    (carrier.folder / "in" / "webform" / "e-half.tmp").write_text("{")
    assert carrier.reads() == [401, 401, 401, 413]
    assert sorted(file.name for file in (carrier.folder / "refused" / "webform").iterdir()) == [
        "a-unsigned.json", "b-old.json", "c-none.json", "d-large.json"
    ]  # fmt: skip
    assert "ひみつ" not in json.dumps(carrier.out(), ensure_ascii=False)
    assert carrier.sender.receipts() == []
    assert carrier.sender.refusals() == {("webform", "unsigned"): 3, ("webform", "oversized"): 1}
    assert carrier.reads() == []


def test_a_folder_that_is_not_there_is_told(carrier: Carrier, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="フォルダー"):
        spool.read(carrier.sender.database, carrier.sender.settings, tmp_path / "nowhere", now=carrier.town.now)


