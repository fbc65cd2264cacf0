"""What in a document's text works on its reader rather than says something: reported, never removed.

Every kind of document is looked at. Detection is by patterns and advisory: it fails no job and drops no
answer. docs/documents.md says how often it is wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from claimcheck.documents.instructions import instructions
from claimcheck.documents.text import DocumentText, Finding, FindingCode

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FINDINGS = 50
"""Places that are listed of each code; the last one says how many there are beyond."""


# UAX #9: what overrides the direction of characters, up to its end, the line's, or where looking stops.
_OVERRIDE = "[\u202d\u202e][^\u202c\n]{0,400}\u202c?"
# Embeddings and isolates are ordinary in Arabic and Hebrew; around other letters they do but reorder.
_RIGHT_TO_LEFT = "(?P<run>\u202b[^\u202c\n]{0,400}\u202c?|\u2067[^\u2069\n]{0,400}\u2069?)"
# Hebrew, Arabic and their neighbours, with their presentation forms (DerivedBidiClass, R and AL).
_LETTERS = "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
# Deprecated tags say nothing to people; only flags (an emoji, tags, a cancel tag) have a use for them.
_TAGS = "(?P<flag>\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)|[\U000e0000-\U000e007f]+"
# More than two variation selectors in a row select nothing: bytes can be hidden in them.
_SELECTORS = "[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,}"


def suspicious(document: DocumentText) -> tuple[Finding, ...]:
    """Instructions to the model, characters that reorder the text, and characters that carry data unseen."""
    text = document.text
    found = list(_listed(document, "instructions", instructions(text)))
    if not text.isascii():
        found += _listed(document, "bidi_controls", _reordering(text))
        found += _listed(document, "tag_characters", _carriers(text))
    return tuple(found)


def _listed(
    document: DocumentText, code: FindingCode, places: Iterator[tuple[int, int, str]]
) -> Iterator[Finding]:
    kept: Finding | None = None
    count = 0
    for start, end, detail in places:
        count += 1
        if count > MAX_FINDINGS:
            continue
        if kept:
            yield kept
        kept = Finding(code, start, end, document.page_of(start), detail)
    if kept and count > MAX_FINDINGS:
        detail = f"{kept.detail}; {count - MAX_FINDINGS} more places are not listed"
        kept = Finding(code, kept.start, kept.end, kept.page, detail)
    if kept:
        yield kept


def _reordering(text: str) -> Iterator[tuple[int, int, str]]:
    """Overrides, and right-to-left runs without a letter of a right-to-left script."""
    for match in re.finditer(f"{_OVERRIDE}|{_RIGHT_TO_LEFT}", text):
        if not match["run"]:
            yield *match.span(), "a bidirectional override, which shows characters in another order"
        elif not re.search(_LETTERS, match[0]):
            yield *match.span(), "a right-to-left run of left-to-right letters, which shows another order"


def _carriers(text: str) -> Iterator[tuple[int, int, str]]:
    for match in re.finditer(f"{_TAGS}|{_SELECTORS}", text):
        if match["flag"]:
            continue
        tags = "\U000e0000" <= match[0][0] <= "\U000e007f"
        what = "tag characters" if tags else "variation selectors in a row"
        yield match.start(), match.end(), f"{what}, which cannot be seen and can carry text"
