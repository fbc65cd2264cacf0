"""Which schema this version of the code needs: the number of its last migration."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_FILE = re.compile(r"(\d{4})_\w+\.py")


@cache
def known() -> tuple[str, ...]:
    """The numbers of this version's migrations, upwards."""
    folder = resources.files("claimcheck.sql.migrations") / "versions"
    found = (_FILE.fullmatch(each.name) for each in folder.iterdir())
    return tuple(sorted(match[1] for match in found if match))


def newest() -> str:
    """The number that a migrated schema has."""
    return known()[-1]


def behind(version: str | None) -> bool:
    """Whether a schema of this version lacks something that the code needs; None: there is no schema.

    A newer one lacks nothing: migrations only add (docs/migrations.md).
    """
    return version is None or version < newest()
