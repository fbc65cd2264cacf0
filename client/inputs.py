"""Which files a command is about: files, folders and patterns, each file once, in a steady order."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from client.submission import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STDIN = "-"


@dataclass(frozen=True)
class Inputs:
    """`files` as they are opened; `one` where a single file was named, and not a folder or a pattern."""

    files: tuple[str, ...]
    one: bool


def expanded(given: Sequence[str]) -> Inputs:
    """What was named on the command line. Raises Unusable where a name leads to nothing."""
    seen: dict[str, str] = {}
    for name in given:
        for file in _of(name):
            seen.setdefault(file if file == STDIN else os.path.realpath(file), file)
    return Inputs(tuple(seen.values()), one=len(given) == 1 and tuple(seen.values()) == (given[0],))


def readable(name: str) -> str:
    """A name as text, also where its bytes are no UTF-8: what stands for them cannot be sent or printed."""
    return os.fsencode(name).decode("utf-8", "replace")


def _of(name: str) -> Iterable[str]:
    if name == STDIN or Path(name).is_file():
        return (name,)
    if Path(name).is_dir():
        below = sorted(_below(Path(name)))
        if not below:
            raise Unusable(f"{name} has no files in it")
        return below
    if glob.has_magic(name):
        found = glob.iglob(name, recursive=True)  # noqa: PTH207 (of any path, also an absolute one)
        matched = sorted(each for each in found if Path(each).is_file())
        if not matched:
            raise Unusable(f"no file matches {name}")
        return matched
    return (name,)  # opening it says what is wrong with it


def _below(folder: Path) -> Iterator[str]:
    """Hidden files and folders are left out: they are not documents."""
    for at, names, files in os.walk(folder):
        names[:] = sorted(each for each in names if not each.startswith("."))
        found = (Path(at, each) for each in sorted(files) if not each.startswith("."))
        # Opening a named pipe would wait for its writer; a link that leads nowhere is told when it is opened.
        yield from (str(each) for each in found if each.is_file() or not each.exists())
