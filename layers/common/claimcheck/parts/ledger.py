"""The ledger of coverage: every character and every page of a document, and whether an answer has seen it.

Each question about each part ends in one entry. Only where all of them are `ok` is an answer complete.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from claimcheck.documents.text import DocumentText, Unread
    from claimcheck.parts.cutting import Part

State = Literal["ok", "failed", "truncated"]
Gap = dict[str, Any]

_WORDS = {
    "answer_truncated": "the answer about this part was longer than the model may write",
    "answer_incomplete": "the model's answer about this part leaves it out",
    "document_empty": "nothing of this part could be shown to the model",
    "cost_cap": "max_cost_usd did not leave enough for this part",
    "model_refusal": "the model declined to answer about this part",
}
_OF_PAGES = "the page is an image that could not be shown to the model"
_UNREAD = "the page shows something that cannot be read"


@dataclass(frozen=True, slots=True)
class Entry:
    """How one question about one part ended. `asked` names the items of the question, `code` the failure."""

    part: Part
    asked: tuple[str, ...]
    state: State = "ok"
    code: str | None = None


@dataclass(slots=True)
class Ledger:
    """The entries of one job. `unseen`: image pages that could not be shown, with the failure's code."""

    document: DocumentText
    entries: list[Entry] = field(default_factory=list)
    unseen: dict[int, str] = field(default_factory=dict)

    @property
    def failed(self) -> list[Entry]:
        """What has no answer."""
        return [entry for entry in self.entries if entry.state != "ok"]

    def coverage(self) -> dict[str, Any]:
        """DESIGN's `coverage`. A character is read where every question about it has an answer.

        Raises ValueError where the entries leave out a character or an image page, or have one twice: that
        would be a gap that nobody tells of.
        """
        self._check_whole()
        chars = len(self.document.text)
        spans = sorted({(entry.part.start, entry.part.end) for entry in self.failed})
        gaps = [gap for entry in self.failed for gap in self._gaps_of(entry)] + self.never_shown()
        return {
            "chars": chars,
            "read": chars - _covered(spans),
            "pages": self.document.pages or None,
            "gaps": sorted(gaps, key=lambda gap: (gap["start"], gap["end"], gap.get("page") or 0)),
        }

    def never_shown(self) -> list[Gap]:
        """What no question was shown: pages that could not be, and what of the document nobody reads."""
        return [
            *(self._page_gap(page, f"{_OF_PAGES} ({code})") for page, code in self.unseen.items()),
            *(self._page_gap(page, _UNREAD) for page in self.document.unread_pages),
            *map(_unread_gap, self.document.unread),
        ]

    def _gaps_of(self, entry: Entry) -> Iterator[Gap]:
        reason = _WORDS.get(entry.code or "", f"no answer about this part ({entry.code})")
        asked: Mapping[str, Any] = {} if entry.asked == self._all() else {"asked": list(entry.asked)}
        if entry.part.end > entry.part.start:
            yield {"start": entry.part.start, "end": entry.part.end, "reason": reason, **asked}
        for page in entry.part.image_pages:
            yield {**self._page_gap(page, reason), **asked}

    def _page_gap(self, page: int, reason: str) -> Gap:
        at = self.document.page_starts[page - 1]
        return {"start": at, "end": at, "page": page, "reason": reason}

    def _all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item for entry in self.entries for item in entry.asked))

    def _check_whole(self) -> None:
        """Every item must have gone through the whole document, once."""
        pages = sorted(page for page in self.document.image_pages if page not in self.unseen)
        for item in self._all() or ("",):
            parts = [entry.part for entry in self.entries if not item or item in entry.asked]
            at = 0
            for part in sorted(parts, key=lambda part: (part.start, part.end)):
                if part.start != at:
                    break
                at = part.end
            shown = sorted(page for part in parts for page in part.image_pages)
            if at != len(self.document.text) or shown != pages:
                raise ValueError("the parts do not make up the document")


def _unread_gap(unread: Unread) -> Gap:
    """Characters that tell of it (an attachment's name) are read, and count as such."""
    page = {} if unread.page is None else {"page": unread.page}
    return {"start": unread.start, "end": unread.end, **page, "reason": unread.reason}


def _covered(spans: list[tuple[int, int]]) -> int:
    """How many characters sorted spans cover together."""
    total = reached = 0
    for start, end in spans:
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
