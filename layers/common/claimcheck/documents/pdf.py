"""The text layer of a PDF, page by page, in the order in which pdfium gives it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from claimcheck.documents.nfc import in_nfc
from claimcheck.documents.pictures import picture_share
from claimcheck.documents.read import PAGE_JOINT, too_large
from claimcheck.documents.text import DocumentText
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

# Where a line ends in a hyphen pdfium joins the lines and leaves U+FFFE (in some builds U+0002) between.
_LINE_END_HYPHEN = re.compile("[\ufffe\x02]")
# What PostgreSQL refuses (NUL), what is no character (surrogates, U+FFFF), and controls but white space.
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\ud800-\udfff\uffff]")
# A scan that was stamped (a page or Bates number, a running title) has some text; it is not the page's text.
_STAMP_CHARS = 100
_SCAN_SHARE = 0.5


def read_pdf(content: bytes | BinaryIO, *, max_chars: int) -> DocumentText:
    """Read the text layer, of bytes or of a file that can be sought in. Raises as `read_document` says.

    A page that shows what was not read is listed in `unread_pages`: one that holds images and no
    text, and one under images for at least half of its area with fewer than 100 characters of text,
    which stay in the text.
    """
    texts: list[str] = []
    starts: list[int] = []
    unread: list[int] = []
    size = 0
    for number, (text, unseen) in enumerate(_pages(content), start=1):
        if texts:
            size += len(PAGE_JOINT)
        starts.append(size)
        texts.append(text)
        size += len(text)
        if size > max_chars:
            raise too_large(max_chars)
        if unseen:
            unread.append(number)
    if not any(texts):
        raise _without_text(bool(unread))
    return DocumentText(PAGE_JOINT.join(texts), tuple(starts), tuple(unread))


def _without_text(pictured: bool) -> PermanentFailure:
    if pictured:
        return PermanentFailure(
            "document_unsupported",
            "Every page is an image without a text layer; scanned pages are not read yet.",
        )
    return PermanentFailure("document_empty", "The document has no text.")


def _pages(content: bytes | BinaryIO) -> Iterator[tuple[str, bool]]:
    """The pages' texts, and whether each shows something that is not in its text."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise _unopened(getattr(error, "err_code", None)) from error
    try:
        if len(document) == 0:
            raise PermanentFailure("document_corrupt", "The PDF has no pages that can be read.")
        for at in range(len(document)):
            try:
                yield _page(document, at)
            except pypdfium2.PdfiumError as error:
                raise PermanentFailure(
                    "document_corrupt", f"Page {at + 1} of the PDF cannot be read."
                ) from error
    finally:
        document.close()


def _page(document: Any, at: int) -> tuple[str, bool]:
    page = document[at]
    try:
        layer = page.get_textpage()
        try:
            text = _clean(layer.get_text_range())
        finally:
            layer.close()
        return text, len(text) < _STAMP_CHARS and _is_scan(page, text)
    finally:
        page.close()


def _is_scan(page: Any, text: str) -> bool:
    share = picture_share(page)
    return share is not None and (not text or share >= _SCAN_SHARE)


def _clean(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    hyphens = _LINE_END_HYPHEN.sub("-\n", lines)
    return in_nfc(_UNPRINTABLE.sub("", hyphens)).strip()


def _unopened(code: int | None) -> PermanentFailure:
    from pypdfium2 import raw

    if code in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}:
        return PermanentFailure("document_encrypted", "The PDF needs a password. Hand in a copy without one.")
    return PermanentFailure("document_corrupt", "The PDF is damaged and cannot be opened.")
