"""Everything that a town can configure, read once from the environment."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Refused

SECRET_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things are and how long they live; lengths of time in minutes.

    `keys` is the key ring's file: without it nobody reads a record, so it is kept
    apart from the database and its backups. `secrets` is a folder with one file a secret:
    configuration names a secret and never holds it. `smtp` is the mail server (host:port; empty: no
    mail), its password the secret `smtp-password`; `address` is where staff open the pages.
    `night_from`, `night_until` (hours) and `bulk` (cases a person and day) say which looks
    the officer is shown as unusual. `spool` is the folder through which a closed network hands
    messages over; `hook_limit` the most that another system may send at once (bytes);
    `hook_allow` the private networks to which events may be sent (10.1.0.0/16). `heads` is the folder,
    best one of another machine, into which the journal's heads are written every day.
    """

    database_url: str
    keys: Path
    town_code: str = "313726"
    town_name: str = "北栄町"
    session_idle: int = 30
    session_whole: int = 720
    lock_after: int = 5
    lock_for: int = 15
    upload_limit: int = 20 * 1024 * 1024
    secure_cookie: bool = False
    secrets: Path | None = None
    smtp: str = ""
    smtp_user: str = ""
    smtp_tls: bool = True
    mail_from: str = "tsunagi@localhost"
    address: str = ""
    night_from: int = 22
    night_until: int = 6
    bulk: int = 30
    spool: Path | None = None
    hook_limit: int = 256 * 1024
    hook_allow: tuple[str, ...] = ()
    heads: Path | None = None

    @classmethod
    def from_env(cls) -> "Settings":
        """Read `TSUNAGI_*`; tells all missing names at once."""
        missing = [name for name in ("TSUNAGI_DATABASE_URL", "TSUNAGI_KEYS") if not os.environ.get(name)]
        if missing:
            raise Refused(
                f"設定 {'、'.join(missing)} が必要ですが、ありません。環境変数に入れてから起動してください。"
            )
        return cls(
            database_url=os.environ["TSUNAGI_DATABASE_URL"],
            keys=Path(os.environ["TSUNAGI_KEYS"]),
            town_code=os.environ.get("TSUNAGI_TOWN_CODE", "313726"),
            town_name=os.environ.get("TSUNAGI_TOWN_NAME", "北栄町"),
            session_idle=_minutes("TSUNAGI_SESSION_IDLE", 30),
            session_whole=_minutes("TSUNAGI_SESSION_WHOLE", 720),
            lock_after=_minutes("TSUNAGI_LOCK_AFTER", 5),
            lock_for=_minutes("TSUNAGI_LOCK_FOR", 15),
            upload_limit=_minutes("TSUNAGI_UPLOAD_LIMIT", 20 * 1024 * 1024),
            secure_cookie=os.environ.get("TSUNAGI_SECURE_COOKIE", "") == "1",
            secrets=_folder("TSUNAGI_SECRETS"),
            smtp=os.environ.get("TSUNAGI_SMTP", ""),
            smtp_user=os.environ.get("TSUNAGI_SMTP_USER", ""),
            smtp_tls=os.environ.get("TSUNAGI_SMTP_TLS", "1") == "1",
            mail_from=os.environ.get("TSUNAGI_MAIL_FROM", "tsunagi@localhost"),
            address=os.environ.get("TSUNAGI_ADDRESS", ""),
            night_from=_minutes("TSUNAGI_NIGHT_FROM", 22),
            night_until=_minutes("TSUNAGI_NIGHT_UNTIL", 6),
            bulk=_minutes("TSUNAGI_BULK", 30),
            spool=_folder("TSUNAGI_SPOOL"),
            hook_limit=_minutes("TSUNAGI_HOOK_LIMIT", 256 * 1024),
            hook_allow=tuple(os.environ.get("TSUNAGI_HOOK_ALLOW", "").replace(",", " ").split()),
            heads=_folder("TSUNAGI_HEADS"),
        )

    def secret(self, name: str) -> str:
        """The secret kept under this name; refuses when there is none, and never tells what it is."""
        file = self.secrets / name if self.secrets and SECRET_NAME.fullmatch(name) else None
        try:
            held = file.read_text("utf-8").strip() if file else ""
        except (OSError, UnicodeDecodeError):
            held = ""
        if not held:
            raise Refused(
                f"秘密の値「{name}」が必要ですが、ありません。TSUNAGI_SECRETS のフォルダーに、この名前のファイルを置いてください。"
            )
        return held


def _folder(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None


def _minutes(name: str, otherwise: int) -> int:
    value = os.environ.get(name)
    if not value:
        return otherwise
    if not value.isdigit() or int(value) == 0:
        raise Refused(f"設定 {name} は1以上の整数ですが、「{value}」でした。数字だけを入れてください。")
    return int(value)
