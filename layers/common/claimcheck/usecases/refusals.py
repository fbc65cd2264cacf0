"""Why a call is refused, besides what `tasks.submission` finds in a body."""

from __future__ import annotations


class JobNotFoundError(Exception):
    """The tenant has no such job; another tenant's job looks the same."""


class BodyTooLargeError(Exception):
    """The body is over `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


class InvalidQueryError(Exception):
    """A query parameter or header cannot be used; the message says which and how it should be."""


class KeyRefusedError(Exception):
    """No usable API key was sent. `known_form` tells a malformed key from an unknown one."""

    def __init__(self, *, known_form: bool) -> None:
        super().__init__("unknown key" if known_form else "malformed key")
        self.known_form = known_form
