"""What an HTTP answer says besides its body: how long to wait, and what a storage finds wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


def storage_code(answer: httpx.Response) -> str:
    """S3 answers with XML, of which its error code is enough."""
    match = re.search(r"<Code>(\w{1,60})</Code>", answer.text[:4096])
    return match[1] if match else ""


def retry_after(answer: httpx.Response) -> float | None:
    """Seconds the server asked us to wait; None where it did not say so in a way we can read."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
