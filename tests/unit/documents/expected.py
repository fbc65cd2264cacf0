"""What each file of shared/data/hard/dev and business/dev must be read as; see docs/documents.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A document that is read: its pages, at least so many characters, words that must occur in this order.

    `images`: pages that are to be shown as images; `found`: codes of what must be reported; `gaps`: how many
    places are shown and not read.
    """

    pages: int
    chars: int
    words: tuple[str, ...] = ()
    images: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()
    found: frozenset[str] = frozenset()
    gaps: int = 0


@dataclass(frozen=True)
class Fails:
    """A document that is not read: the code, and a word of what to do."""

    code: str
    says: str = ""


HIDDEN = frozenset({"hidden_text"})

HARD: dict[str, Text | Fails] = {
    "docling__2206.01062_pg3.pdf": Fails("document_encrypted", "password"),
    "docling__docx_checkboxes.docx": Text(0, 350, ("☒ Orange juice", "☐ Tea", "☐ Documentation")),
    "docling__eml_with_attachment.eml": Text(
        0,
        200,
        ("From: Alice", "Subject: Email with", "Best regards", "test.txt, text/plain, 64 bytes"),
        gaps=1,
    ),
    "docling__legacy_sample.doc": Fails("document_unsupported", "DOCX"),
    "docling__ocr_test_rotated_180.pdf": Text(1, 0, images=(1,)),
    "docling__ocr_test_rotated_90.pdf": Text(1, 0, images=(1,)),
    "docling__powerpoint_malformed_pictures.pptx": Text(
        3, 80, ("Missing BlipFill", "Dangling Rel", "Wrong Content Type"), gaps=3
    ),
    "docling__table_06.html": Text(0, 100, ("Header", "A | B", "A1 B1 C1", "After table")),
    "docling__word_tables.docx": Text(
        0, 1100, ("Header 0.0 | Header 0.1 | Header 0.2", "Cell 2.0 | Merged Cell 2.1 2.2")
    ),
    "docling__xlsx_04_inflated.xlsx": Text(
        4, 700, ("first | second | third", "col-1 | col-2"), found=HIDDEN, gaps=1
    ),
    "markitdown__MEDRPT-2024-PAT-3847_medical_report_scan.pdf": Text(3, 0, images=(1, 2, 3)),
    "markitdown__SPARSE-2024-INV-1234_borderless_table.md": Text(0, 2600, ("INVENTORY",)),
    "markitdown__SPARSE-2024-INV-1234_borderless_table.pdf": Text(2, 1700, ("INVENTORY",)),
    "markitdown__test_mskanji.csv": Text(0, 40, ("名前 | 年齢 | 住所", "佐藤太郎 | 30 | 東京")),
    "markitdown__test_with_comment.docx": Text(0, 4500, ("AutoGen", "[comment by ")),
    "pdfjs__helloworld-bad.pdf": Text(1, 13, ("Hello",)),
    "pdfjs__poppler-395-0-fuzzed.pdf": Fails("document_corrupt"),
    "pdfjs__poppler-91414-0-53.pdf": Text(1, 6),
    "pdfjs__poppler-937-0-fuzzed.pdf": Fails("document_corrupt"),
    "pdfjs__xfa_issue14315.pdf": Text(1, 300),
    "pdfjs__xref_command_missing.pdf": Text(1, 15),
    "pypdf__002-trivial-libre-office-writer.pdf": Text(1, 590),
    "pypdf__habibi-rotated.pdf": Text(4, 100, ("حَبيبي", "habibi حَبيبي")),
    "pypdf__habibi.pdf": Text(1, 20, ("حَبيبي", "habibi حَبيبي")),
    "pypdf__mistitled_outlines_example.pdf": Text(4, 7600),
    "pypdf__with-attachment.pdf": Text(1, 590, gaps=1),
    "unstructured__2023-half-year-analyses-by-segment.xlsx": Text(
        5, 7000, ("Zone NA | 12,553 | 2,713 | 2,632", "Total | 46,293 | 7,904 | 7,351")
    ),
    "unstructured__DA-1p.pdf": Text(1, 2600),
    "unstructured__DA-619p.pdf": Text(619, 1_700_000, ("The Fade", "The Harrowing")),
    "unstructured__copy-protected.pdf": Text(2, 5500),
    "unstructured__docx-hdrftr.docx": Text(0, 130, ("First header para", "Main document", "para2")),
    "unstructured__double-column-A.jpg": Text(1, 0, images=(1,)),
    "unstructured__empty.eml": Fails("document_empty"),
    "unstructured__eng_spa.xlsx": Text(2, 800, ("All human beings", "Todos los seres humanos")),
    "unstructured__example-with-scripts.html": Text(
        0, 30_000, ("Russian Offensive Campaign Assessment",), gaps=13
    ),
    "unstructured__fake-email-malformed-encoding.eml": Text(0, 250, ("Subject: Test Email", "Roses are red")),
    "unstructured__fake-email.msg": Fails("document_unsupported", "EML"),
    "unstructured__fake-text-utf-32.txt": Text(0, 180, ("This is a test document",)),
    "unstructured__hebrew-text-base64-iso88598i.txt": Text(0, 56),
    "unstructured__korean-text-with-tables.pdf": Text(1, 1200, found=HIDDEN),
    "unstructured__negative-coords.pdf": Text(1, 1900, found=HIDDEN),
    "unstructured__pdf-bad-color-space.pdf": Text(1, 3300),
    "unstructured__tests-example.xls": Fails("document_unsupported", "XLSX"),
    "verapdf__veraPDF_test_suite_6-1-2-t02-fail-a.pdf": Text(1, 0, images=(1,)),
    "verapdf__veraPDF_test_suite_6-1-3-t01-fail-a.pdf": Text(1, 0, images=(1,)),
    "verapdf__veraPDF_test_suite_6-1-4-t01-fail-b.pdf": Text(1, 0, images=(1,)),
    "verapdf__veraPDF_test_suite_6-1-5-t01-fail-d.pdf": Text(1, 11),
}

BUSINESS: dict[str, Text | Fails] = {
    "annual-report__awsidp__amazon-2024-10k.pdf": Text(
        94,
        320_000,
        (
            "Balance as of January 1, 2021 10,066 $ 105 $ (1,837) $ 42,765 $ (180) $ 52,551 $ 93,404",
            "Net income — — — — — 33,364 33,364",
        ),
        images=(58,),  # the graph of the share's performance
    ),
    "form__azure__cosent-form-test-document.pdf": Text(2, 6700),
    "insurance__awsidp__hand_written_note.pdf": Text(1, 100, images=(1,)),
    "insurance__awsidp__health_plan.pdf": Text(5, 12_000, ("PLAN INFORMATION",), found=HIDDEN),
    "invoice__azure__invoice-logic-apps-tutorial.pdf": Text(1, 900),
    "loan__awsaccel__image1.jpg": Text(1, 0, images=(1,)),
    "loan__awsidp__Paystub.png": Text(1, 0, images=(1,)),
    "loan__azure__w2.png": Text(1, 0, images=(1,)),
    "office__azure__native-document-summarization.docx": Text(0, 2500, ("Document Translation", "Overview")),
    "receipt__azure__receipt.png": Text(1, 0, images=(1,)),
}

CALLED = {".csv": "text/csv"}
"""What a file is called where its content does not tell; all others are told by their content."""
