"""Bytes that come by themselves: announced, awaited, arrived, or missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.store.limits import raise_refusal
from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claimcheck.store.connection import Database

_MISSING = (
    "The document that this job names was not uploaded in time. POST /documents says where to upload it; "
    "do so, then put this job back (POST /jobs/{job_id}/redrive) or hand in a new one."
)


@dataclass(frozen=True, slots=True)
class Announced:
    """A document; `made` by this call, or an earlier one. `stored_bytes`: the size of bytes that are here.

    `document_id` is None where they are here in another size than was announced.
    """

    document_id: str | None
    made: bool
    stored: bool
    stored_bytes: int | None
    object_key: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a client says of bytes before it uploads them; the media type in lower case."""

    name: str | None
    media_type: str
    size_bytes: int
    sha256: bytes


def announce_document(
    database: Database,
    tenant_id: str,
    announcement: Announcement,
    *,
    upload_wait_s: float,
    document_bytes: int | None = None,
) -> Announced:
    """Expect a document's bytes for `upload_wait_s` seconds, unless they are here.

    Raises DocumentOverLimitError for more bytes than the tenant may hand in (`document_bytes`, where it has
    no limit of its own), StoreError.
    """
    params: dict[str, Any] = {name: getattr(announcement, name) for name in Announcement.__dataclass_fields__}
    params |= {"tenant_id": tenant_id, "upload_wait_s": upload_wait_s, "document_bytes": document_bytes}
    row = database.one(queries("uploads")["announce_document"], params, tenant_id=tenant_id)
    if row is None:
        raise RuntimeError("announce_document gave no row")
    refusal = row.pop("refusal")
    if refusal is not None:
        raise_refusal(refusal)
    return Announced(**row)


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as the API shows it (`body`), and what an upload of its bytes is bound to."""

    body: Mapping[str, Any]
    media_type: str
    size_bytes: int
    sha256: bytes
    object_key: str | None
    purged_at: str | None = None

    @property
    def status(self) -> str:
        """`waiting`, `stored`, `read` or `expired`."""
        return str(self.body["status"])


def find_document(
    database: Database, tenant_id: str, document_id: str, *, base: str = ""
) -> DocumentView | None:
    """A tenant's document; None where there is none. Links in it begin with `base`."""
    params = {"tenant_id": tenant_id, "document_id": document_id, "base": base}
    row = database.one(queries("uploads")["find_document"], params, tenant_id=tenant_id)
    return None if row is None else DocumentView(**row)


def want_object(database: Database, tenant_id: str, sha256: bytes) -> bool:
    """Whether a tenant's bytes are here. From now on they stay, also where no document names them yet."""
    params = {"tenant_id": tenant_id, "sha256": sha256}
    row = database.one(queries("uploads")["want_object"], params, tenant_id=tenant_id)
    return row is not None and bool(row["stored"])


@dataclass(frozen=True, slots=True)
class KnownObject:
    """Bytes that were announced. `in_row`: they are in the database, and need not be in the bucket."""

    sha256: bytes
    stored: bool
    in_row: bool = False


def find_object(database: Database, key: str) -> KnownObject | None:
    """What is known of the bytes under a key of the bucket; None where nobody has announced them."""
    row = database.one(queries("uploads")["find_object"], {"key": key})
    return None if row is None else KnownObject(**row)


@dataclass(frozen=True, slots=True)
class Woken:
    """A job that waited for bytes and is due now."""

    job_id: str
    tenant_id: str


def document_arrived(database: Database, key: str, *, size_bytes: int | None) -> Sequence[Woken]:
    """The bytes under `key` are here and checked: wake the jobs that wait for them. May be said again.

    `size_bytes` may be None where they are known to be stored.
    """
    params = {"key": key, "size_bytes": size_bytes}
    return [Woken(**row) for row in database.all(queries("uploads")["document_arrived"], params)]


@dataclass(frozen=True, slots=True)
class Awaited:
    """Bytes that somebody waits for; `stored`: they are here all the same."""

    key: str
    stored: bool


def awaited_objects(database: Database, *, quiet_s: float, limit: int) -> Sequence[Awaited]:
    """What to look for in the bucket: not heard of for `quiet_s` seconds (doubled each time)."""
    rows = database.all(queries("uploads")["awaited_objects"], {"quiet_s": quiet_s, "limit": limit})
    return [Awaited(**row) for row in rows]


def not_there(database: Database, keys: Sequence[str]) -> None:
    """The bucket was asked for these and does not have them."""
    database.all(queries("uploads")["not_there"], {"keys": list(keys)})


def fail_missing(database: Database, *, limit: int) -> int:
    """Give up jobs whose document did not arrive in time; how many."""
    return len(database.all(queries("uploads")["fail_missing"], {"limit": limit, "message": _MISSING}))
