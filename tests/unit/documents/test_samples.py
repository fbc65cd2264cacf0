"""The sample documents that are committed as PDF say what their Markdown says (toolchain/samples.py)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from claimcheck.documents.read import read_document

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
_WORD = re.compile(r"\w+")


def _words(text: str) -> list[str]:
    return sorted(_WORD.findall(text))


@pytest.mark.parametrize(
    ("pdf", "markdown"),
    [
        ("services-contract.pdf", "services-contract.md"),
        ("insurance-claim-scan.pdf", "insurance-claim.md"),
    ],
)
def test_a_pdf_has_the_words_of_its_markdown(pdf: str, markdown: str) -> None:
    """Printed or recognised, no word is missing, and none is there besides the pages' numbers."""
    read = read_document((EXAMPLES / pdf).read_bytes(), "application/pdf")
    written = _words((EXAMPLES / markdown).read_text(encoding="utf-8"))
    assert _words(read.text) == sorted([*written, *map(str, range(1, len(read.page_starts) + 1))])


def test_the_scans_are_pictures() -> None:
    """Each page of the claim is shown as an image besides its text; the plumber's report has no text."""
    claim = read_document((EXAMPLES / "insurance-claim-scan.pdf").read_bytes(), "application/pdf")
    report = read_document((EXAMPLES / "plumbers-report-scan.pdf").read_bytes(), "application/pdf")
    assert claim.image_pages == (1, 2, 3)
    assert (report.text, report.image_pages) == ("", (1,))


def test_the_recognised_words_are_no_hidden_text() -> None:
    """Words behind a picture of themselves are how scanners write, and are not reported as hidden."""
    claim = read_document((EXAMPLES / "insurance-claim-scan.pdf").read_bytes(), "application/pdf")
    assert claim.findings == ()
