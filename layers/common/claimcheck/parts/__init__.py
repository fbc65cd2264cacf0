"""A long document in parts: where it is cut, and which part of it an answer has seen."""

from __future__ import annotations

from claimcheck.parts.cutting import Part, Room, cut, halves, part_counts
from claimcheck.parts.ledger import Entry, Ledger

__all__ = ["Entry", "Ledger", "Part", "Room", "cut", "halves", "part_counts"]
