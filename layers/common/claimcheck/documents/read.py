"""Bytes to text, in this process. Bytes that a stranger made belong into `isolate.parse_isolated`."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from claimcheck.documents.foreign import refusal
from claimcheck.documents.kinds import decode, kind_of
from claimcheck.documents.suspicious import suspicious
from claimcheck.documents.text import PAGE_JOINT, DocumentText
from claimcheck.failures import JobFailure, PermanentFailure

if TYPE_CHECKING:
    from typing import BinaryIO

    from claimcheck.documents.kinds import Kind

__all__ = ["MAX_CHARS", "PAGE_JOINT", "needs_parser", "parser_of", "read_document"]

MAX_CHARS = 20_000_000

# Which module's `read` reads a kind. Imported when wanted: a child starts with what its document needs.
_PARSERS: dict[Kind, str] = {
    "text": "plain",
    "csv": "csv_rows",
    "html": "html_text",
    "eml": "mail",
    "pdf": "pdf",
    "office": "office",
    "image": "images",
}
_HARMLESS = ("text", "csv")  # parsed by nothing that could be led astray, where the encoding is plain to see


class Reader(Protocol):
    """What reads one kind of document."""

    def __call__(self, content: Any, *, max_chars: int) -> DocumentText:
        """Raises PermanentFailure, or whatever its library raises for what is damaged."""
        ...


def needs_parser(content: bytes, media_type: str) -> bool:
    """Whether reading takes more than decoding, so that it belongs into a child process."""
    kind = kind_of(content, media_type)
    if kind in _HARMLESS:
        return decode(content) is None  # an encoding must be guessed
    return kind in _PARSERS


def parser_of(kind: Kind) -> Reader | None:
    """What reads a kind, its libraries loaded. None where nothing does."""
    name = _PARSERS.get(kind)
    if name is None:
        return None
    module = import_module(f"claimcheck.documents.{name}")
    for library in getattr(module, "LIBRARIES", ()):
        import_module(library)
    read: Reader = module.read
    return read


def read_document(content: bytes | BinaryIO, media_type: str, *, max_chars: int = MAX_CHARS) -> DocumentText:
    """Read `content` as text in Unicode NFC without NUL and lone surrogates. A file is a PDF's.

    Plain text and Markdown keep every character, line ends included, so that offsets are those of
    the submitted text where it was in NFC already. Of other kinds docs/documents.md says what the text
    holds. Pages are joined by `PAGE_JOINT`. Raises PermanentFailure: `document_empty`,
    `document_encrypted`, `document_corrupt`, `document_too_large` (more than `max_chars` code points,
    or a bomb) or `document_unsupported` (also for text that cannot be brought into NFC in reasonable
    time, see `in_nfc`). MemoryError says that it takes more than this process may have.
    """
    read = parser_of(kind_of(content, media_type) if isinstance(content, bytes) else "pdf")
    if read is None:
        raise refusal(content if isinstance(content, bytes) else b"", media_type)
    try:
        document = read(content, max_chars=max_chars)
    except (JobFailure, MemoryError):
        raise
    except RecursionError:
        raise PermanentFailure(
            "document_corrupt", "The document is nested deeper than any real one."
        ) from None
    except Exception as error:
        # Parsers of strangers' bytes raise what they like; their libraries were loaded before.
        kind_name = type(error).__name__
        raise PermanentFailure("document_corrupt", f"The document is damaged ({kind_name}).") from error
    return replace(document, findings=(*document.findings, *suspicious(document)))
