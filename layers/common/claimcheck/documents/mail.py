"""EML (RFC 5322 and MIME): the header's fields that people read, the body, and a list of the attachments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from claimcheck.documents.compose import Composer
from claimcheck.documents.encodings import decode_guessing
from claimcheck.documents.html_text import declared_encoding, write_html
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from email.message import EmailMessage, MIMEPart

    from claimcheck.documents.text import DocumentText

LIBRARIES = ("selectolax.lexbor",)

_FIELDS = ("From", "To", "Cc", "Reply-To", "Date", "Subject")
_MAX_PARTS = 10_000
_DECORATIVE_BYTES = 10_000
"""A picture in the body below this is a logo or an icon; a scan of a page is not that small."""
# What a mail program shows as a mark: it proves who wrote the message, and says nothing.
_SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
_SHOWN_INLINE = re.compile(r"cid:([^\s\"'<>)]{1,300})", re.IGNORECASE)
_FLOWED = re.compile(r"[ \t]+$", re.MULTILINE)


def read(content: bytes, *, max_chars: int) -> DocumentText:
    """Read a message. Attachments are named with type and size, and are not read: `unread` lists them.

    Raises PermanentFailure as `read_document` says, and what the email package raises.
    """
    from email import message_from_bytes, policy

    message: EmailMessage = message_from_bytes(content, policy=policy.default)
    composer = Composer(max_chars=max_chars)
    for name in _FIELDS:
        for value in _fields(message, name):
            composer.line(f"{name}: {value}")
    _write_body(message, composer)
    referred = _referred(message)
    for count, part in enumerate(_attachments(message)):
        if count >= _MAX_PARTS:
            raise PermanentFailure("document_too_large", f"The message has more than {_MAX_PARTS:,} parts.")
        _list(part, referred, composer)
    return composer.finish(empty="The message has neither header nor text.")


def _fields(message: EmailMessage, name: str) -> list[str]:
    """A field's values with their encoded words decoded; as they stand where they are malformed."""
    try:
        values = message.get_all(name, [])
    except Exception:  # noqa: BLE001 -- the package raises many kinds for malformed fields
        values = [value for key, value in message.raw_items() if key.lower() == name.lower()]
    return [" ".join(str(value).split()) for value in values]


def _write_body(message: EmailMessage, composer: Composer) -> None:
    """The plain text where there is one: it is what the sender's program holds for the same message."""
    body = message.get_body(preferencelist=("plain",))
    if body is None and not message.is_multipart() and message.get_content_maintype() == "multipart":
        body = message  # called multipart, and has no parts
    text = "" if body is None else _decoded(body)
    if text.strip():
        composer.line(_FLOWED.sub("", text))
        return
    body = message.get_body(preferencelist=("html",))
    if body is not None:
        write_html(_decoded(body), composer)


def _decoded(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else str(part.get_payload()).encode(errors="replace")
    charset = part.get_content_charset() or declared_encoding(content)
    try:
        return decode_guessing(content, charset)
    except PermanentFailure:
        return content.decode("ascii", errors="replace")


def _attachments(message: EmailMessage) -> list[EmailMessage]:
    """Every part but the containers and the bodies that may be shown."""
    bodies = [message.get_body(preferencelist=(kind,)) for kind in ("plain", "html")]
    found: list[EmailMessage] = []
    stack = [message]
    while stack:
        part = stack.pop()
        if part.get_content_maintype() == "multipart":  # also one without parts, which is the body
            stack += reversed([each for each in part.iter_parts() if each is not None])  # type: ignore[misc]
        elif not any(part is body for body in bodies):
            found.append(part)
    return found


def _referred(message: EmailMessage) -> set[str]:
    """The Content-IDs that the HTML body shows in its place (RFC 2392)."""
    body = message.get_body(preferencelist=("html",))
    return set(_SHOWN_INLINE.findall(_decoded(body))) if body is not None else set()


def _list(part: EmailMessage, referred: set[str], composer: Composer) -> None:
    payload = part.get_payload(decode=True)
    size = len(payload) if isinstance(payload, bytes) else len(str(part.get_payload()))
    name = " ".join((part.get_filename() or "without a name").split())
    kind = part.get_content_type()
    start = composer.next_line
    composer.line(f"[attachment, not read: {name}, {kind}, {size:,} bytes]")
    if kind in _SIGNATURES:
        return
    inline = str(part.get("Content-ID", "")).strip().strip("<>") in referred
    if inline and part.get_content_maintype() == "image" and size < _DECORATIVE_BYTES:
        return
    composer.unread("an attachment, which is not read: hand it in by itself", since=start)
