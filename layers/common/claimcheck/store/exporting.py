"""Everything that is held of a tenant, as lines of JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of one line, which has `whole` of them and the digest `mark`; `anew`: from its beginning,
    although a part of it had been given before: it has changed since."""

    id: str
    piece: str
    whole: int
    mark: str
    anew: bool


def export_page(
    database: Database, tenant_id: str, kind: str, *, after: str, skip: int, stamp: str, limit: int
) -> Sequence[Piece]:
    """At most `limit` characters of a tenant's things of one kind, after the thing `after`.

    The first `skip` of them were given before; `stamp` is the digest of the line that they are of.
    """
    params = {"tenant_id": tenant_id, "kind": kind, "after": after, "skip": skip, "stamp": stamp}
    rows = database.all(queries("exporting")["export_page"], {**params, "limit": limit})
    return [Piece(**row) for row in rows]
