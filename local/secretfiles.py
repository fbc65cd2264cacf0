"""Small files that only their owner may read: keys and passwords kept between runs."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write `path` with mode 0600 in one step: a reader, or a kill, never meets half a file."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read(path: Path) -> str | None:
    """Return the text of `path` without surrounding space, None where there is none."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8").strip() or None
    return None


def read_or_make(path: Path, make: Callable[[], str]) -> str:
    """Return what `path` holds, after writing `make()` there if it holds nothing."""
    kept = read(path)
    if kept is None:
        kept = make()
        write(path, kept)
    return kept
