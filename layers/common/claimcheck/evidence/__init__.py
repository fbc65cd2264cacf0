"""Evidence: where in the document a quote stands, or that it does not."""

from __future__ import annotations

from claimcheck.evidence.citation import Citation, cite
from claimcheck.evidence.search import EvidenceIndex, index

__all__ = ["Citation", "EvidenceIndex", "cite", "index"]
