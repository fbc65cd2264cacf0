"""SQL lives in `sql/queries/*.sql`, in blocks that begin with `-- name: NAME`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import LiteralString, cast

_PARAM = re.compile(r"%\((\w+)\)s|%%")
_NAME = re.compile(r"^-- name: (\w+)[^\n]*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement. `text` comes from a file of this package only, never from input.

    `numbered` is the same as the server takes it, with `$1` for the first of `params`: done once, instead of
    by the driver for each call.
    """

    name: str
    text: LiteralString
    numbered: bytes = field(init=False, repr=False, compare=False)
    params: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Number the parameters in the order in which they come first."""
        names = dict.fromkeys(match[1] for match in _PARAM.finditer(self.text) if match[1])
        places = {name: f"${place}" for place, name in enumerate(names, start=1)}
        numbered = _PARAM.sub(lambda match: places[match[1]] if match[1] else "%", self.text)
        object.__setattr__(self, "numbered", numbered.encode())
        object.__setattr__(self, "params", tuple(names))


@cache
def queries(file: str) -> dict[str, Query]:
    """The blocks of `sql/queries/FILE.sql` by name."""
    source = (resources.files("claimcheck.sql") / "queries" / f"{file}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(source)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {name: Query(name, cast("LiteralString", text.strip())) for name, text in pairs}
