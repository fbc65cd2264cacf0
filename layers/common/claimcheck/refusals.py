"""Why a call is refused, as types. Light: every handler that answers HTTP imports it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. `pointer` is a JSON Pointer (RFC 6901) into the body."""

    pointer: str
    detail: str

    def as_json(self) -> dict[str, str]:
        """The form that problem answers carry."""
        return {"pointer": self.pointer, "detail": self.detail}


class UnknownTask(Exception):  # noqa: N818 -- an outcome of parsing, named for what it says
    """There is no such task; `known` names those there are."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__("unknown task")
        self.known = tuple(known)


class InvalidRequest(Exception):  # noqa: N818
    """The body cannot be accepted: `status` 400 where it is no JSON, 422 where fields are wrong."""

    def __init__(
        self,
        status: Literal[400, 422],
        code: Literal["json_malformed", "fields_invalid"],
        detail: str,
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors


class JobNotFoundError(Exception):
    """The tenant has no such job; another tenant's job looks the same."""


class PurgedError(Exception):
    """The job or the document was deleted, with all that it held, at `purged_at` (ISO 8601)."""

    def __init__(self, what: Literal["job", "document"], purged_id: str, purged_at: str) -> None:
        super().__init__(f"{what} {purged_id} purged at {purged_at}")
        self.what = what
        self.purged_id = purged_id
        self.purged_at = purged_at


class DocumentInUseError(Exception):
    """A job that was not deleted names the document."""

    def __init__(self, document_id: str) -> None:
        super().__init__(f"document {document_id} is in use")
        self.document_id = document_id


class DocumentNotFoundError(Exception):
    """The tenant has no such document; another tenant's document looks the same."""


class StoredTextCorruptError(Exception):
    """What is stored of a document's text is not what was read out of it, so it is not given out."""


class NoSuchFileError(Exception):
    """No version of the API's pages has a file of this name."""


class PagesNotBuiltError(Exception):
    """The pages /console and /docs are no part of this deployment."""


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


class ScopeMissingError(Exception):
    """The key is good, and lacks the scope that this call wants."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"without {scope}")
        self.scope = scope


class TenantBusyError(Exception):
    """The tenant has `limit` jobs pending or running, which is the most it may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} jobs")
        self.limit = limit


class SpendLimitError(Exception):
    """The tenant has spent what it may on this day (UTC): `limit` US dollars.

    The next day begins at `resets_at` (ISO 8601), in `resets_s` seconds.
    """

    def __init__(self, limit: float, resets_at: str, resets_s: int) -> None:
        super().__init__(f"{limit} until {resets_at}")
        self.limit = limit
        self.resets_at = resets_at
        self.resets_s = resets_s


class DocumentOverLimitError(Exception):
    """The document has more than the `limit` bytes that the tenant's may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} bytes")
        self.limit = limit


class IdempotencyMismatchError(Exception):
    """The Idempotency-Key was used for another body within the last 24 hours."""


class IdempotencyInFlightError(Exception):
    """The first request with this Idempotency-Key is being worked on at this moment."""


class JobNotFailedError(Exception):
    """Only a failed job can be put back; `status` is what it is."""

    def __init__(self, status: str) -> None:
        super().__init__(f"the job is {status}")
        self.status = status


class DeliveryNotFoundError(Exception):
    """The tenant's job has no such webhook delivery."""


class RotationRefusedError(Exception):
    """An older webhook secret still signs, until `until` (ISO 8601)."""

    def __init__(self, until: str | None) -> None:
        super().__init__(f"until {until}")
        self.until = until


class TooManySamplesError(Exception):
    """The tenant had `most` sample webhooks sent within the last minute."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} a minute")
        self.most = most


class AddressNotDisabledError(Exception):
    """The tenant has no such webhook address that is disabled."""


class CommandRefused(Exception):  # noqa: N818 -- an outcome
    """An operator's command cannot be carried out; `message` says what to do instead."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
