"""Puts a document's text together, line by line, and keeps note of what hides in it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from claimcheck.documents.nfc import in_nfc
from claimcheck.documents.text import PAGE_JOINT, DocumentText, Finding, Unread
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_FINDINGS = 100
"""Places of hidden text that a document lists; the last one says how many there are beyond."""

MAX_UNREAD = 100
"""Pictures, attachments and the like that a document lists; the last one says how many there are beyond."""

CELL_JOINT = " | "
"""Stands between two cells of a table's row, which is one line."""

Run = tuple[str, str | None]
"""A piece of a line, and how it hides (our words), or None where it can be seen."""

# What PostgreSQL refuses (NUL), what is no character (surrogates, U+FFFE, U+FFFF), and controls but white
# space.
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\ud800-\udfff\ufffe\uffff]")
_WHITE = re.compile(r"\s+")
_BETWEEN_CELLS = " \n|"


class Composer:
    """Lines in their order, on pages where there are any. Nothing is kept that the result does not hold."""

    def __init__(self, *, max_chars: int) -> None:
        self._max_chars = max_chars
        self._parts: list[str] = []
        self._size = 0
        self._starts: list[int] = []
        self._page_is_empty = True
        self._findings: list[Finding] = []
        self._more = 0
        self._unread: list[Unread] = []
        self._more_unread = 0

    @property
    def page(self) -> int | None:
        """The page that is being written, counted from 1; None before the first."""
        return len(self._starts) or None

    @property
    def has_text(self) -> bool:
        """Whether any line was written."""
        return any(part.strip() for part in self._parts)

    @property
    def next_line(self) -> int:
        """Where the next line's text will begin."""
        return self._size + (0 if self._page_is_empty else 1)

    def start_page(self) -> None:
        """What follows is on the next page."""
        if self._starts:
            self._add(PAGE_JOINT)
        self._starts.append(self._size)
        self._page_is_empty = True

    def line(self, text: str, hidden: str | None = None) -> None:
        """Write one line, or several; white space around them is dropped, and nothing is no line."""
        self.runs([(text, hidden)])

    def row(self, cells: Sequence[Iterable[Run]]) -> None:
        """Write a table's row as one line. A row of empty cells is no line."""
        flat = [_on_one_line(cell) for cell in cells]
        while flat and not flat[-1]:
            flat.pop()
        line: list[Run] = []
        for at, cell in enumerate(flat):
            line += [(CELL_JOINT, None), *cell] if at else cell
        self.runs(line, strip=False)

    def runs(self, runs: Iterable[Run], *, strip: bool = True) -> None:
        """Write a line of several pieces, each seen or hidden. Raises what `in_nfc` raises.

        Not to `strip` keeps the empty cells at the beginning of a row.
        """
        pieces: list[str] = []
        spans: list[tuple[int, int, str]] = []
        length = 0
        for piece, hidden in runs:
            clean = _UNPRINTABLE.sub("", piece.replace("\r\n", "\n").replace("\r", "\n"))
            if hidden and clean.strip():
                spans.append((length, length + len(clean), hidden))
            pieces.append(clean)
            length += len(clean)
        raw = "".join(pieces)
        before = len(raw) - len(raw.lstrip()) if strip else 0
        trimmed = raw.strip() if strip else raw.rstrip()
        text = in_nfc(trimmed)
        if not text:
            return
        if not self._page_is_empty:
            self._add("\n")
        base = self._size
        self._add(text)
        self._page_is_empty = False
        for start, end, hidden in spans:
            places = (max(0, at - before) for at in (start, end))
            if text != trimmed:  # NFC moved what follows
                places = (len(in_nfc(trimmed[:at])) for at in places)
            from_, to = (min(len(text), at) for at in places)
            self._found(base + from_, base + to, hidden)

    def note(self, hidden: str) -> None:
        """Something hides here that the text does not hold."""
        self._found(self._size, self._size, hidden)

    def unread(self, reason: str, *, since: int | None = None, on_page: bool = True) -> None:
        """Something is shown here that nobody reads; what was written `since` an offset tells of it.

        Not `on_page`: it belongs to the document as a whole.
        """
        start = self._size if since is None else min(since, self._size)
        found = Unread(start, self._size, self.page if on_page else None, reason)
        if found in self._unread[-1:]:
            return
        if len(self._unread) < MAX_UNREAD:
            self._unread.append(found)
        else:
            self._more_unread += 1

    def finish(
        self, *, unread_pages: Sequence[int] = (), image_pages: Sequence[int] = (), empty: str | None = None
    ) -> DocumentText:
        """The document. Raises PermanentFailure `document_empty` where it shows nothing at all."""
        if not self.has_text and not unread_pages and not image_pages and not self._unread:
            raise PermanentFailure("document_empty", empty or "The document has no text.")
        found = self._findings
        if self._more:
            last = found[-1]
            detail = f"{last.detail}; {self._more} more hidden places are not listed"
            found[-1] = Finding(last.code, last.start, last.end, last.page, detail)
        if self._more_unread:
            reason = f"{self._unread[-1].reason}; {self._more_unread} more places are not listed"
            self._unread[-1] = replace(self._unread[-1], reason=reason)
        return DocumentText(
            "".join(self._parts),
            tuple(self._starts),
            tuple(unread_pages),
            tuple(image_pages),
            tuple(found),
            # A page that is a gap as a whole needs no telling of what is on it.
            tuple(each for each in self._unread if each.page not in unread_pages),
        )

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._size += len(text)
        if self._size > self._max_chars:
            raise too_large(self._max_chars)

    def _found(self, start: int, end: int, detail: str) -> None:
        last = self._findings[-1] if self._findings else None
        if last and (last.detail, last.page) == (detail, self.page) and self._joined(last.end, start):
            self._findings[-1] = Finding("hidden_text", last.start, end, self.page, detail)
        elif len(self._findings) < MAX_FINDINGS:
            self._findings.append(Finding("hidden_text", start, end, self.page, detail))
        else:
            self._more += 1

    def _joined(self, end: int, start: int) -> bool:
        """Whether nothing but the joints of cells and lines stands between two places."""
        if not 0 <= start - end <= len(CELL_JOINT) + 1:
            return False
        tail = "".join(self._parts[-3:])
        from_, to = (len(tail) - (self._size - at) for at in (end, start))
        return from_ >= 0 and not tail[from_:to].strip(_BETWEEN_CELLS)


def too_large(max_chars: int) -> PermanentFailure:
    """The failure for a document of more than `max_chars` code points."""
    return PermanentFailure(
        "document_too_large", f"The document has more than {max_chars:,} characters of text."
    )


def _on_one_line(cell: Iterable[Run]) -> list[Run]:
    """A cell's runs without line ends and without white space around them; none where it is empty."""
    runs = [(_WHITE.sub(" ", text), hidden) for text, hidden in cell]
    while runs and not runs[0][0].strip():
        runs.pop(0)
    while runs and not runs[-1][0].strip():
        runs.pop()
    if runs:
        runs[0] = (runs[0][0].lstrip(), runs[0][1])
        runs[-1] = (runs[-1][0].rstrip(), runs[-1][1])
    return runs
