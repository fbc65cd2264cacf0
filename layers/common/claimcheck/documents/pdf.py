"""PDF: the text layer page by page, in pdfium's order, and which pages show more than it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from claimcheck.documents.compose import Composer
from claimcheck.documents.pdf_attached import ATTACHED, INVOICE_DATA, attachments, pinned
from claimcheck.documents.pdf_drawings import drawn_share
from claimcheck.documents.pdf_hidden import page_text
from claimcheck.documents.pictures import picture_share
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from typing import BinaryIO

    from claimcheck.documents.compose import Run
    from claimcheck.documents.text import DocumentText

LIBRARIES = ("pypdfium2",)

# Where a line ends in a hyphen pdfium joins the lines and leaves U+FFFE (in some builds U+0002) between.
_LINE_END_HYPHEN = re.compile("[\ufffe\x02]")
# What is under a picture this large is looked at, whatever text the page has: a fax's header, a scan's
# recognised text or the words beside a table that was pasted as a picture do not say what it shows.
_PICTURE_SHARE = 0.15
_DRAWN_SHARE = 0.03  # drawings are thin: a line chart of half a page draws on less than a tenth of it
_GLANCE_PX = 300  # the long edge of the rendering that tells a blank page from a drawing
_VISIBLE = 8  # of 255: paper is not always quite white
_MAX_PAGES = 100_000


def read(content: bytes | BinaryIO, *, max_chars: int) -> DocumentText:
    """Read the text layer and the fields of forms, of bytes or of a file that can be sought in.

    Raises PermanentFailure as `read_document` says.

    `image_pages` lists the pages that show what is not in their text: those with images or drawings and no
    text, and, whatever text they have, those under images for more than 15 % of their area or under drawings
    without text for more than 3 %. Their text stays in the text. A page that cannot be loaded is in
    `unread_pages`; attached files, films and sounds are in `unread`.
    """
    document = opened(content)
    composer = Composer(max_chars=max_chars)
    images: list[int] = []
    unread: list[int] = []
    try:
        for number in range(1, len(document) + 1):
            composer.start_page()
            try:
                with_image = _read_page(document, number - 1, composer)
            except _pdfium_error():
                unread.append(number)
                continue
            if with_image:
                images.append(number)
        if len(unread) == len(document):
            raise PermanentFailure("document_corrupt", "None of the PDF's pages can be read.")
        for name in attachments(document):
            if name not in INVOICE_DATA:
                composer.unread(ATTACHED, on_page=False)
    finally:
        document.close()
    return composer.finish(
        unread_pages=unread, image_pages=images, empty="The document has no text, and its pages are blank."
    )


def opened(content: bytes | BinaryIO) -> Any:
    """The PDF, which the caller closes. Raises PermanentFailure `document_encrypted`, `document_corrupt`."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise _unopened(getattr(error, "err_code", None)) from error
    pages = len(document)
    if 0 < pages <= _MAX_PAGES:
        return document
    document.close()
    if pages:
        raise PermanentFailure("document_too_large", f"The PDF has more than {_MAX_PAGES:,} pages.")
    raise PermanentFailure("document_corrupt", "The PDF has no pages that can be read.")


def _read_page(document: Any, at: int, composer: Composer) -> bool:
    """Write the page's text; whether the page must be seen as well. Raises PdfiumError."""
    page, unread = _with_fields(document, at)
    try:
        layer = page.get_textpage()
        try:
            runs = page_text(page, layer)
        finally:
            layer.close()
        composer.runs([(_joined(text), hidden) for text, hidden in runs])
        for reason in unread:
            composer.unread(reason)
        return _must_be_seen(page, runs)
    finally:
        page.close()


def _with_fields(document: Any, at: int) -> tuple[Any, list[str]]:
    """The page, what its form fields and stamps show written into it: pdfium's text leaves them out.

    With it, what is pinned to the page and not read.
    """
    from pypdfium2 import raw

    page = document[at]
    if raw.FPDFPage_GetAnnotCount(page) <= 0:
        return page, []
    unread = pinned(page)
    flattened = raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS
    if not flattened:
        return page, unread
    page.close()
    return document[at], unread


def _must_be_seen(page: Any, runs: list[Run]) -> bool:
    has_text = any(text.strip() for text, hidden in runs if hidden is None)
    share = picture_share(page)
    if share is not None and (share > _PICTURE_SHARE or not has_text):
        return True
    return drawn_share(page) > _DRAWN_SHARE if has_text else _shows_something(page)


def _shows_something(page: Any) -> bool:
    """Whether a page without text and images is more than blank paper. Drawn letters are such drawings."""
    from pypdfium2 import raw

    if raw.FPDFPage_CountObjects(page) <= 0:
        return False
    scale = _GLANCE_PX / max(*page.get_size(), 1)
    pixels = bytes(page.render(scale=scale, grayscale=True, may_draw_forms=False).buffer)
    return max(pixels) - min(pixels) > _VISIBLE


def _joined(text: str) -> str:
    return _LINE_END_HYPHEN.sub("-\n", text)


def _pdfium_error() -> type[Exception]:
    from pypdfium2 import PdfiumError

    kind: type[Exception] = PdfiumError
    return kind


def _unopened(code: int | None) -> PermanentFailure:
    from pypdfium2 import raw

    if code in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}:
        return PermanentFailure("document_encrypted", "The PDF needs a password. Hand in a copy without one.")
    return PermanentFailure("document_corrupt", "The PDF is damaged and cannot be opened.")
