"""What a stolen database must not reveal, and what a new key must not lose."""

from pathlib import Path

import pytest

from engine.errors import Refused
from engine.vault import add_key, open_ring


def test_a_sealed_word_comes_back_and_only_in_its_place(tmp_path: Path) -> None:
    vault = open_ring(tmp_path / "keys.json")
    key = vault.new_data_key()
    sealed = vault.seal("相談の内容".encode(), wrapped=key, about="record:1")
    assert "相談".encode() not in sealed
    assert vault.open(sealed, wrapped=key, about="record:1").decode() == "相談の内容"
    with pytest.raises(Refused):
        vault.open(sealed, wrapped=key, about="record:2")


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    vault = open_ring(tmp_path / "keys.json")
    key = vault.new_data_key()
    sealed = bytearray(vault.seal(b"x", wrapped=key, about="record:1"))
    sealed[-1] ^= 1
    with pytest.raises(Refused):
        vault.open(bytes(sealed), wrapped=key, about="record:1")


def test_a_new_master_key_opens_what_the_old_one_sealed(tmp_path: Path) -> None:
    ring = tmp_path / "keys.json"
    old = open_ring(ring)
    key = old.new_data_key()
    sealed, mark = old.seal(b"x", wrapped=key, about="a"), old.mark("person.name", "高橋花子")
    new = add_key(ring)
    assert new.current != old.current
    assert new.open(sealed, wrapped=new.rewrap(key), about="a") == b"x"
    assert new.mark("person.name", "高橋花子") == mark


def test_an_erased_key_erases_the_case(tmp_path: Path) -> None:
    vault = open_ring(tmp_path / "keys.json")
    sealed = vault.seal(b"x", wrapped=vault.new_data_key(), about="a")
    with pytest.raises(Refused, match="廃棄"):
        vault.open(sealed, wrapped=None, about="a")


def test_the_ring_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    open_ring(tmp_path / "keys.json")
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0
