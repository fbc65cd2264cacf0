"""What to tell a caller whose document is not read."""

from __future__ import annotations

from claimcheck.documents.kinds import BY_CONTENT_TYPE, OLE, declared_type, kind_of
from claimcheck.failures import PermanentFailure

READ = "plain text, Markdown, PDF, DOCX, XLSX, CSV, PPTX, HTML, EML, PNG, JPEG, TIFF, WebP"

# Streams of a compound file ([MS-CFB]; names are UTF-16) tell which program wrote it.
_STREAMS = (
    ("WordDocument", "This is an old Word file (.doc). Save it as DOCX."),
    ("Workbook", "This is an old Excel file (.xls). Save it as XLSX."),
    ("Book", "This is an old Excel file (.xls). Save it as XLSX."),
    ("PowerPoint Document", "This is an old PowerPoint file (.ppt). Save it as PPTX."),
    ("__substg1.0_", "This is an Outlook message (.msg). Save it as EML, or print it to PDF."),
)
_ENCRYPTED = "EncryptedPackage"  # [MS-OFFCRYPTO] 2.3.4.4: an OOXML file under a password
_PLAIN = (
    (b"{\\rtf", "RTF is not read. Save it as DOCX or PDF."),
    (b"GIF8", "GIF is not read. Save it as PNG."),
    (b"\x1f\x8b", "This is a gzip archive. Hand in the document that is in it."),
    (b"7z\xbc\xaf", "This is a 7-Zip archive. Hand in the document that is in it."),
    (b"Rar!", "This is a RAR archive. Hand in the document that is in it."),
)


def refusal(content: bytes, media_type: str) -> PermanentFailure:
    """The failure for a document that no reader reads; the message says what to do."""
    if content.startswith(OLE):
        return _of_compound(content)
    for signature, advice in _PLAIN:
        if content.startswith(signature):
            return PermanentFailure("document_unsupported", advice)
    if content[4:8] == b"ftyp":
        return PermanentFailure(
            "document_unsupported", "This is a HEIC or AVIF picture or a film. Save it as JPEG."
        )
    if kind_of(content, media_type) == "unknown" and declared_type(media_type) != BY_CONTENT_TYPE:
        return PermanentFailure(
            "document_corrupt",
            f"The document is not what media_type says, nor any kind that is read: {READ}.",
        )
    return PermanentFailure(
        "document_unsupported", f"This kind of document is not read. Kinds that are: {READ}."
    )


def _of_compound(content: bytes) -> PermanentFailure:
    if _ENCRYPTED.encode("utf-16-le") in content:
        return PermanentFailure(
            "document_encrypted", "The Office file needs a password. Hand in a copy without one."
        )
    for stream, advice in _STREAMS:
        if stream.encode("utf-16-le") in content:
            return PermanentFailure("document_unsupported", advice)
    return PermanentFailure(
        "document_unsupported", "Old Office files are not read. Save it as DOCX, XLSX, PPTX or PDF."
    )
