"""What can come of a request instead of what was asked for; each message is one line and says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class ApiProblem(Exception):  # noqa: N818 - a problem is what RFC 9457 calls it
    """The API refused a request (RFC 9457 `application/problem+json`)."""

    def __init__(
        self,
        *,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        errors: tuple[Mapping[str, str], ...] = (),
        request_id: str | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors
        self.request_id = request_id
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line: what was refused, which fields, and the id to ask the service's owner about."""
        text = self.title if not self.detail else f"{self.title}: {self.detail}"
        fields = "; ".join(f"{error.get('pointer', '')} {error.get('detail', '')}" for error in self.errors)
        line = f"{text} ({fields})" if fields else text
        if self.status >= 500 and self.request_id:
            line += f" [request {self.request_id}]"
        return " ".join(f"{self.status} {line}".split())


class Unreachable(Exception):  # noqa: N818 - says what is the case
    """The API did not answer; the message is one line and says what to do."""


class Damaged(Exception):  # noqa: N818 - says what is the case
    """What was fetched is not what the API said it would be; the message is one line and says what to do."""
