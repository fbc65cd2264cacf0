"""Office files: which of them a ZIP is, and what reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.documents.package import Package
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText

_OPEN_DOCUMENT = "mimetype"  # the first entry of LibreOffice's own formats
_BINARY = "xl/workbook.bin"


def read(content: bytes, *, max_chars: int) -> DocumentText:
    """Read DOCX, XLSX or PPTX. Raises PermanentFailure as `read_document` says, ParseError and the like."""
    package = Package(content)
    roots = package.related_of("", "officeDocument")
    main = roots[0] if roots else ""
    if package.has(_BINARY):
        raise PermanentFailure("document_unsupported", "XLSB is not read. Save it as XLSX.")
    if main.startswith("word/"):
        from claimcheck.documents.docx import read_docx

        return read_docx(package, main, max_chars=max_chars)
    if main.startswith("xl/"):
        from claimcheck.documents.xlsx import read_xlsx

        return read_xlsx(package, main, max_chars=max_chars)
    if main.startswith("ppt/"):
        from claimcheck.documents.pptx import read_pptx

        return read_pptx(package, main, max_chars=max_chars)
    if package.has(_OPEN_DOCUMENT):
        raise PermanentFailure(
            "document_unsupported", "OpenDocument files are not read. Save it as DOCX, XLSX, PPTX or PDF."
        )
    if package.has("[Content_Types].xml"):
        raise PermanentFailure("document_corrupt", "The office file has no main part.")
    raise PermanentFailure(
        "document_unsupported", "This is a ZIP archive. Hand in the document that is in it."
    )
