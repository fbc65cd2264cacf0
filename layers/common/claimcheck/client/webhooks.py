"""Is a webhook genuine, and what does it say. Verified by the public library of Standard Webhooks."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from claimcheck.client.errors import UnexpectedAnswer, WebhookMalformed, WebhookNotVerified
from claimcheck.client.models import JobEvent, OtherEvent, TestEvent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claimcheck.client.models import Model, WebhookEvent

_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)  # Standard Webhooks 1.0: "at least 24 bytes (192 bits, 512 maximum)"
SIGNED_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def verify_signature(raw_body: bytes | str, headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Check that one of `secrets` signed these bytes within the last five minutes.

    Raises WebhookNotVerified, and ValueError for what is no secret, which it does not repeat.
    """
    signed = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in SIGNED_HEADERS if not signed.get(name)]
    if missing:
        raise WebhookMalformed(f"there is no header {missing[0]}")
    body = raw_body.encode() if isinstance(raw_body, str) else bytes(raw_body)
    reason = "there is no secret to verify it with"
    for secret in secrets:
        webhook = Webhook(checked_secret(secret))
        try:
            webhook.verify(body, signed, json_parse=False)
        except WebhookVerificationError as error:
            reason = str(error).lower()
        except ValueError:  # the library lets through what its own parsing raises
            raise WebhookMalformed("the signature or the body is malformed") from None
        else:
            return
    raise WebhookNotVerified(reason)


def verify_webhook(
    raw_body: bytes | str, headers: Mapping[str, str], secrets: str | Sequence[str]
) -> WebhookEvent:
    """The event in a webhook that one of `secrets` has signed.

    `raw_body` is what came, before anything parses it. Give all that `webhook_secrets()` shows: two of them
    sign for 24 h after a rotation. Raises WebhookNotVerified (answer 401), ValueError for what is no secret,
    UnexpectedAnswer for what is genuine but no event.
    """
    verify_signature(raw_body, headers, [secrets] if isinstance(secrets, str) else secrets)
    known: tuple[type[Model], ...] = (JobEvent, TestEvent, OtherEvent)
    for model in known:
        try:
            event: Any = model.model_validate_json(raw_body)
        except ValidationError:
            continue
        return event  # type: ignore[no-any-return]
    raise UnexpectedAnswer("the webhook is genuine, but its body is no event: is this its whole raw body?")


def checked_secret(secret: str) -> str:
    """The secret without white space around it. Raises ValueError, which does not repeat it."""
    secret = secret.strip()
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:  # binascii.Error, or characters that are not ASCII
        key = b""
    if encoded == secret or len(key) not in _KEY_BYTES:
        raise ValueError("this is no webhook secret: copy it whole, from whsec_ on")
    return secret
