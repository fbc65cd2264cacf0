"""The key of the local tenant: in a file of the data directory, and in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local import secretfiles

if TYPE_CHECKING:
    from pathlib import Path

    from claimcheck.store.connection import Database

TENANT = "local"
_NAME = "claimcheck up"


def keep(path: Path, database_url: str) -> str:
    """The key in the file, or a new one that is put there. Raises CommandRefused, StoreError."""
    kept = secretfiles.read(path)
    key = ensure(database_url, kept)
    if key != kept:
        secretfiles.write(path, key)
    return key


def ensure(database_url: str, key: str | None) -> str:
    """`key`, where it is a live key of the tenant; else a new one, by the name of `claimcheck up`.

    That takes the place of others of this name: their file is lost. Where the tenant has two live ones
    besides, the older makes room. Raises CommandRefused where the tenant was deleted, StoreError.
    """
    from claimcheck.store.connection import Database
    from claimcheck.store.keys import MOST_LIVE, list_keys, revoke_key
    from claimcheck.usecases.keys import create_key

    database = Database(database_url)
    try:
        if key is not None and _is_live(database, key):
            return key
        live = [each for each in list_keys(database, TENANT) if each["state"] == "live"]
        lost = [each for each in live if each["name"] == _NAME]
        others = [each for each in live if each["name"] != _NAME]
        for each in [*lost, *others[MOST_LIVE - 1 :]]:
            revoke_key(database, TENANT, each["prefix"].removeprefix("ck_"))
        made: str = create_key(database, TENANT, name=_NAME)
        return made
    finally:
        database.close()


def _is_live(database: Database, key: str) -> bool:
    from claimcheck.refusals import KeyRefusedError
    from claimcheck.usecases.authorize import Authorize

    try:
        return bool(Authorize(database, shared_usage_key="")(f"Bearer {key}").tenant_id == TENANT)
    except KeyRefusedError:
        return False
