"""The pages that the API serves itself: /console and /docs, each one HTML text with files beside it.

A file's name has a hash of its content in it, so that it never changes. What this version does not have may
be another version's: while a deployment shifts calls from one to the other, a page of either finds its files.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from claimcheck.refusals import NoSuchFileError, PagesNotBuiltError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGES = ("console", "docs")
MOST_BYTES = 5_000_000
"""Of one file: as a string in Lambda's answer it has to stay below 6 MB, escapes and all."""

# Texts alone: API Gateway would hand on anything else as Base64.
MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "mjs": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}
_NAME = re.compile(r"assets/([A-Za-z0-9_][A-Za-z0-9._-]{0,199})", re.ASCII)


class PublishedFiles(Protocol):
    """Where the files of all versions are."""

    def find(self, key: str) -> bytes | None:
        """What is under `key`; None where nothing is. Raises UnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class Served:
    """A text with its media type; `version` is another one for every other text."""

    body: str
    media_type: str
    version: str


class Site:
    """Pages and their files: from `folder`, which a build has made, files else from `published`.

    `documents`: the address below which the documents' bucket is, which the pages may read and write.
    """

    def __init__(self, folder: Path, published: PublishedFiles, documents: Callable[[], str]) -> None:
        self._folder = folder
        self._published = published
        self._documents = documents

    def page(self, name: str) -> Served:
        """The HTML of a page. Raises PagesNotBuiltError."""
        try:
            text = (self._folder / name / "index.html").read_text(encoding="utf-8")
        except FileNotFoundError:
            raise PagesNotBuiltError from None
        digest = hashlib.sha256(f"{self.policy}\n{text}".encode()).hexdigest()
        return Served(text, "text/html; charset=utf-8", digest[:32])

    def file(self, name: str, path: str) -> Served:
        """A file of a page. Raises NoSuchFileError, UnavailableError."""
        known = _NAME.fullmatch(path)
        media_type = MEDIA_TYPES.get(path.rpartition(".")[2])
        if name not in PAGES or known is None or media_type is None:
            raise NoSuchFileError
        try:
            content: bytes | None = (self._folder / name / "assets" / known[1]).read_bytes()
        except FileNotFoundError:
            content = self._published.find(f"{name}/{path}")
        if content is None:
            raise NoSuchFileError
        return Served(content.decode("utf-8"), media_type, known[1])

    @property
    def policy(self) -> str:
        """What the pages, and workers of theirs, may do (Content-Security-Policy): scripts of ours alone."""
        return "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "img-src 'self' data: blob:",
                "font-src 'self' data:",
                f"connect-src 'self' {self._documents()}",
                "worker-src 'self' blob:",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        )
