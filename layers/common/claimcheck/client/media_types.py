"""What a file is called in a request. The service decides by the content; this tells it what that cannot."""

from __future__ import annotations

from pathlib import PurePath

HEAD_BYTES = 4096
"""So many first bytes are looked at."""

TEXT = "text/plain"
BY_CONTENT = "application/octet-stream"

_OFFICE = "application/vnd.openxmlformats-officedocument."
# Text that has a structure, which only its name tells of.
_STRUCTURED = {
    ".csv": "text/csv",
    ".htm": "text/html",
    ".html": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".eml": "message/rfc822",
}
_OTHERS = {
    ".pdf": "application/pdf",
    ".docx": f"{_OFFICE}wordprocessingml.document",
    ".xlsx": f"{_OFFICE}spreadsheetml.sheet",
    ".pptx": f"{_OFFICE}presentationml.presentation",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
}


def media_type(name: str, head: bytes) -> str:
    """The media type of a file by its first bytes and its name; `BY_CONTENT` where neither tells."""
    suffix = PurePath(name).suffix.lower()
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if suffix in _STRUCTURED:
        return _STRUCTURED[suffix]
    if _begins_as_text(head):
        return TEXT
    return _OTHERS.get(suffix, BY_CONTENT)


def _begins_as_text(head: bytes) -> bool:
    """A character may be cut at the end of what was read."""
    try:
        return "\x00" not in head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data"
