"""Unique words that stand for secrets and content, and the search for them in whatever was written."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Canaries:
    """What must be found nowhere, by what it stands for."""

    values: dict[str, str] = field(default_factory=dict)

    def new(self, kind: str) -> str:
        """A word for `kind`, with characters that JSON and URLs write differently."""
        return self.keep(kind, f'canary "{uuid.uuid4().hex}" ü{uuid.uuid4().hex[:8]}&=')

    def plain(self, kind: str) -> str:
        """A word of letters and digits, for what takes nothing else."""
        return self.keep(kind, f"canary{uuid.uuid4().hex}")

    def keep(self, kind: str, value: str) -> str:
        """A secret that somebody else made."""
        assert len(value) >= 12, kind
        self.values[kind] = value
        return value

    def found_in(self, text: str) -> list[tuple[str, str, str]]:
        """(what it stands for, the form, the line) of each that is in a text."""
        found = []
        for kind, value in self.values.items():
            for form, written in forms(value):
                at = text.find(written)
                if at >= 0:
                    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
                    found.append((kind, form, text[start : end if end >= 0 else None][:300]))
        return found


def forms(value: str) -> Iterator[tuple[str, str]]:
    """A value as it may be written: plain, in JSON once and twice, in URLs, in base64 at any offset."""
    yield "plain", value
    for name, ascii_only in (("JSON", True), ("JSON, UTF-8", False)):
        once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield name, once
        yield f"{name}, twice", json.dumps(once, ensure_ascii=ascii_only)[1:-1]
    yield "Python", repr(value)[1:-1]
    yield "URL", quote(value, safe="")
    yield "form", quote_plus(value)
    raw = value.encode()
    for offset in range(3):
        # What stands before and after shares characters with the ends: those are left out.
        kept = base64.b64encode(bytes(offset) + raw).decode().rstrip("=")
        start, end = (4 if offset else 0), len(kept) - (4 if (offset + len(raw)) % 3 else 0)
        yield f"base64, offset {offset}", kept[start:end]
        yield f"base64 for URLs, offset {offset}", kept[start:end].replace("+", "-").replace("/", "_")


def everything(directory: Path, *more: Path) -> dict[str, str]:
    """All that a system in `directory` logged, by file, and what its own process said."""
    files = [*sorted((directory / "logs").rglob("*")), *more]
    return {str(path): path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file()}
