"""Lists that are read page by page."""

from __future__ import annotations

from claimcheck.refusals import InvalidQueryError
from claimcheck.usecases.ids import is_uuid

MAX_LIMIT = 100
DEFAULT_LIMIT = 20


def page_limit(text: str | None) -> int:
    """How many entries a page has, from the query parameter `limit`. Raises InvalidQueryError."""
    if text is None:
        return DEFAULT_LIMIT
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidQueryError(f"limit must be a whole number from 1 to {MAX_LIMIT}.")
    return limit


def page_cursor(text: str | None) -> str | None:
    """The id before which a page begins, from the query parameter `cursor`. Raises InvalidQueryError."""
    if text is not None and not is_uuid(text):
        raise InvalidQueryError("cursor must be a next_cursor of an earlier answer.")
    return text
