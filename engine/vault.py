"""Sealing what a stolen database must not reveal: AES-256-GCM with keys outside the database.

Each case has a data key of its own, kept wrapped by the town's master key; erasing the
wrapped key erases the case (table D14). The ring's file holds several master keys so that
a new one can be taken into use before the old one goes. A running process notices that the
file has changed: nobody has to be stopped for a new key.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import Refused

NONCE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """The town's master keys; `current` names the one that seals.

    `marking` is the key of the blind indexes and of the journal's chain, which no rotation
    changes; `source` is the ring's file, read again when it has changed.
    """

    current: str
    keys: dict[str, bytes]
    marking: bytes | None = None
    source: Path | None = None

    def new_data_key(self) -> bytes:
        """A fresh data key, wrapped: what a case row stores."""
        return self._newest()._wrap(secrets.token_bytes(32))

    def is_current(self, wrapped: bytes) -> bool:
        """Whether a data key is wrapped by the master key that is in use."""
        return wrapped[1 : 1 + wrapped[0]].decode() == self.current

    def rewrap(self, wrapped: bytes) -> bytes:
        """The same data key under the current master key (key rotation)."""
        return self._wrap(self._unwrap(wrapped))

    def seal(self, plain: bytes, *, wrapped: bytes, about: str) -> bytes:
        """Encrypt for one case; `about` binds the text to its place (record, draft …)."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self._unwrap(wrapped)).encrypt(nonce, plain, about.encode())

    def open(self, sealed: bytes, *, wrapped: bytes | None, about: str) -> bytes:
        """Decrypt; refuses when the case's key was erased or the bytes were changed."""
        if wrapped is None:
            raise Refused("この記録の鍵は廃棄されています。記録は読めません。")
        try:
            return AESGCM(self._unwrap(wrapped)).decrypt(sealed[:NONCE], sealed[NONCE:], about.encode())
        except InvalidTag as error:
            raise Refused(
                "記録が書き換えられているか、鍵が違います。システム管理者に知らせてください。"
            ) from error

    def mark(self, purpose: str, text: str) -> str:
        """A keyed hash (hex): a blind index for search, or a link in the journal's chain."""
        return hmac.new(self._derived(purpose), text.encode(), hashlib.sha256).hexdigest()

    def _derived(self, purpose: str) -> bytes:
        # Derived from the first key, so that rotation breaks neither chain nor index.
        first = self.marking or self.keys[min(self.keys)]
        return hmac.new(first, purpose.encode(), hashlib.sha256).digest()

    def _newest(self) -> "Vault":
        return _cached(self.source, self.source.stat().st_mtime_ns) if self.source and self.source.exists() else self

    def _wrap(self, data_key: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        label = self.current.encode()
        return (
            bytes([len(label)])
            + label
            + nonce
            + AESGCM(self.keys[self.current]).encrypt(nonce, data_key, label)
        )

    def _unwrap(self, wrapped: bytes) -> bytes:
        size = wrapped[0]
        label, rest = wrapped[1 : 1 + size], wrapped[1 + size :]
        master = self.keys.get(label.decode()) or self._newest().keys.get(label.decode())
        if master is None:
            raise Refused(f"鍵 {label.decode()} が鍵束にありません。鍵束のファイルを確かめてください。")
        return AESGCM(master).decrypt(rest[:NONCE], rest[NONCE:], label)


def open_ring(path: Path) -> Vault:
    """Read the key ring's file; makes one with a first key where there is none yet."""
    if not path.exists():
        _write(path, {"current": "k0001", "keys": {"k0001": _fresh()}})
    held = json.loads(path.read_text())
    return Vault(
        current=held["current"],
        keys={name: base64.b64decode(key) for name, key in held["keys"].items()},
        marking=base64.b64decode(held["marking"]) if "marking" in held else None,
        source=path,
    )


def add_key(path: Path) -> Vault:
    """Take a new master key into use; the older ones stay for what they sealed."""
    held = json.loads(path.read_text())
    name = f"k{int(max(held['keys'])[1:]) + 1:04d}"
    held.setdefault("marking", held["keys"][min(held["keys"])])
    held["keys"][name] = _fresh()
    held["current"] = name
    _write(path, held)
    return open_ring(path)


def retire_keys(path: Path) -> list[str]:
    """Take every master key but the current one out of the ring; the caller knows that they seal nothing any more."""
    held = json.loads(path.read_text())
    gone = sorted(name for name in held["keys"] if name != held["current"])
    held.setdefault("marking", held["keys"][min(held["keys"])])
    held["keys"] = {held["current"]: held["keys"][held["current"]]}
    _write(path, held)
    return gone


@lru_cache(maxsize=4)
def _cached(path: Path, changed: int) -> Vault:
    return open_ring(path)


def _fresh() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _write(path: Path, held: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".new")
    with open(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(held, file)
    whole.replace(path)
