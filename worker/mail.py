"""Mail over SMTP: one message a key, and in it nothing but numbers, titles and a link (class L1 at most)."""

import hashlib
import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage

from engine.errors import Refused
from engine.jobs import NotNow
from engine.settings import Settings

WAIT = 20  # seconds
FOOT = "このメールは「つなぎ」が自動で送りました。返信はできません。くわしくは、つなぎの画面で確かめてください。"


def is_used(settings: Settings) -> bool:
    """Whether the town has given a mail server."""
    return bool(settings.smtp)


def send(settings: Settings, to: Sequence[str], *, subject: str, lines: Sequence[str], key: str) -> None:
    """Send one message to some addresses, which do not see each other.

    The Message-ID comes from `key`: sent again after a worker's death it is the same message,
    which mail programs show once. Raises NotNow when the server is away or says later,
    Refused when it will not take the message at all.
    """
    if not is_used(settings):
        raise Refused("メールのサーバー（TSUNAGI_SMTP）が設定されていません。設定してから、やり直してください。")
    message = EmailMessage()
    message["Subject"], message["From"] = subject, settings.mail_from
    message["To"] = "つなぎの利用者 <" + settings.mail_from + ">"
    message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{settings.mail_from.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join([*lines, "", "-- ", FOOT]), charset="utf-8", cte="base64")
    try:
        refused = _hand_over(settings, message, to)
    except smtplib.SMTPRecipientsRefused as failed:
        refused = failed.recipients
    except smtplib.SMTPResponseException as failed:
        if failed.smtp_code < 500:
            raise NotNow(f"メールのサーバーが「あとで」と答えました（{failed.smtp_code}）。") from failed
        raise Refused(f"メールのサーバーが受け付けません（{failed.smtp_code}）。設定を確かめてください。") from failed
    except (OSError, smtplib.SMTPException) as failed:
        raise NotNow(f"メールのサーバーにつながりません（{type(failed).__name__}）。") from failed
    if refused and len(refused) == len(to):
        raise Refused("どの宛先にも届けられませんでした。登録したメールの宛先を確かめてください。")


def _hand_over(settings: Settings, message: EmailMessage, to: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    host, _, port = settings.smtp.partition(":")
    with smtplib.SMTP(host, int(port or 25), timeout=WAIT) as server:
        if settings.smtp_tls:
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.secret("smtp-password"))
        return server.send_message(message, from_addr=settings.mail_from, to_addrs=list(to))
