"""SQL lives in `sql/queries/*.sql`, in blocks that begin with `-- name: NAME`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import LiteralString, cast

_NAME = re.compile(r"^-- name: (\w+)[^\n]*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement. `text` comes from a file of this package only, never from input."""

    name: str
    text: LiteralString


@cache
def queries(file: str) -> dict[str, Query]:
    """The blocks of `sql/queries/FILE.sql` by name."""
    source = (resources.files("claimcheck.sql") / "queries" / f"{file}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(source)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {name: Query(name, cast("LiteralString", text.strip())) for name, text in pairs}
