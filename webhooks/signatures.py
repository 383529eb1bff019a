"""Is it really they? Standard Webhooks' signatures and LINE's, over the raw bytes as they came.

Every failure is the same to the caller: False. A key that is no key, a header that is no
number, bytes that are no text: whatever goes wrong while checking, the message is unsigned.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

#: A message that is carried over by hand may take so long, and clocks of two networks may differ by so much.
CARRIED = timedelta(days=31)
AHEAD = timedelta(hours=1)


def is_standard(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Standard Webhooks: id, time and body signed with HMAC-SHA256; not older than five minutes."""
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except Exception:  # the library raises many kinds; none of them is a valid signature
        return False
    return True


def is_carried(secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> bool:
    """The same signature on a message in a file, which was on its way for days."""
    try:
        sent = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        if not now - CARRIED <= sent <= now + AHEAD:
            return False
        right = sign(secret, headers["webhook-id"], sent, body)
        return any(hmac.compare_digest(right, one) for one in headers["webhook-signature"].split(" "))
    except Exception:  # as above: what cannot be checked is not signed
        return False


def is_line(secret: str, signature: str, body: bytes) -> bool:
    """LINE: base64 of HMAC-SHA256 of the body with the channel's secret (`x-line-signature`)."""
    right = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    return hmac.compare_digest(right, signature.encode("utf-8", "replace"))


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """The value of `webhook-signature`; `at` in any zone (the library itself reads wall clocks as UTC)."""
    return Webhook(secret).sign(msg_id=message_id, timestamp=at.astimezone(UTC), data=body.decode())
