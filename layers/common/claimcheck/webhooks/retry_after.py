"""How long a receiver asks us to wait before the next attempt."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

MAX_S = 86_400.0  # whoever asks for more is asked again after a day
_SECONDS = re.compile(r"[0-9]+")
# The three forms of HTTP-date (RFC 9110, section 5.6.7); what reads them takes much else besides.
_DATE = re.compile(
    r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} [1-9]\d{3} \d\d:\d\d:\d\d GMT"
    r"|[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [1-9]\d{3}",
    re.ASCII,
)


def retry_after_s(status_code: int, value: str | None, *, now: float) -> float | None:
    """Seconds until the next attempt by `Retry-After` (RFC 9110, section 10.2.3), a day at most.

    Only 429 and 503 are heard. `now`: seconds since the epoch. None where nothing is said, where it is
    neither seconds nor a date, and where the date has passed.
    """
    text = (value or "").strip(" \t")
    if status_code not in {429, 503}:
        return None
    if _SECONDS.fullmatch(text):
        return min(float(text), MAX_S)
    if not _DATE.fullmatch(text):
        return None
    try:
        moment = parsedate_to_datetime(text)
        wait = moment.replace(tzinfo=UTC).timestamp() - now
    except (ValueError, OverflowError):  # the 31st of February
        return None
    return min(wait, MAX_S) if wait > 0 else None
