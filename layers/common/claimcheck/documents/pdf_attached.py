"""What a PDF carries besides its pages: attached files, and files, films and sounds pinned to a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.documents.decorative import FILM, OBJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

ATTACHED = "a file attached to the PDF, which is not read: hand it in by itself"
PINNED = "a file attached to the page, which is not read: hand it in by itself"

INVOICE_DATA = {"factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml"}
"""Invoices for machines (Factur-X 1.0, ZUGFeRD 2, section 6.2): what the pages show, in XML."""

_MOST = 1_000


def attachments(document: Any) -> Iterator[str]:
    """The names of attached files, in lower case; empty where one has none that can be read."""
    from pypdfium2 import PdfiumError

    for at in range(min(_MOST, document.count_attachments())):
        try:
            yield document.get_attachment(at).get_name().lower()
        except (PdfiumError, UnicodeDecodeError):
            yield ""


def pinned(page: Any) -> list[str]:
    """What a page's annotations hold that is not read, in our words."""
    from pypdfium2 import raw

    words = {
        raw.FPDF_ANNOT_FILEATTACHMENT: PINNED,
        raw.FPDF_ANNOT_SOUND: FILM,
        raw.FPDF_ANNOT_MOVIE: FILM,
        raw.FPDF_ANNOT_SCREEN: FILM,
        raw.FPDF_ANNOT_RICHMEDIA: FILM,
        raw.FPDF_ANNOT_THREED: OBJECT,
    }
    unseen = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
    found = []
    for at in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, at)
        if not annotation:
            continue
        reason = words.get(raw.FPDFAnnot_GetSubtype(annotation))
        if reason and not raw.FPDFAnnot_GetFlags(annotation) & unseen:
            found.append(reason)
        raw.FPDFPage_CloseAnnot(annotation)
    return found
