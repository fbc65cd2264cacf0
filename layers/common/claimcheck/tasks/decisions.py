"""What stands of what the model said about one criterion: code decides, and says why.

The criterion's words are the caller's: nothing that a document says can turn its silence into a pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.tasks.absence import asks_for_absence
from claimcheck.tasks.citations import distinct, located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.evidence import Citation
    from claimcheck.tasks.base import Json

Reason = tuple[str, str]  # a code and what it means here

_STRENGTH = {"exact": 3, "normalised": 2, "image": 1, "not_found": 0}


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model said of one criterion after one part of the document."""

    verdict: str
    basis: str
    reasoning: str
    evidence: list[Citation]

    @property
    def strength(self) -> int:
        """How well it is supported: silence is weaker than a claim, a claim than what was found."""
        if self.basis == "not_mentioned":
            return -1
        return max((_STRENGTH[citation["status"]] for citation in self.evidence), default=0)


def decide(readings: Sequence[Reading], criterion: str, incomplete: bool) -> tuple[Json, list[Reason]]:
    """The verdict on one criterion of the readings of all parts, and why it is not what the model said.

    The best supported reading stands; of two as good, the one that contradicts (a part that is silent about
    an exception, or states the rule, does not know of it), then the earlier. `incomplete`: a part of the
    document was not seen.
    """
    if not readings:
        decided: Json = {
            "verdict": "fail",
            "basis": "not_mentioned",
            "reasoning": "No verdict was given.",
            "evidence": [],
        }
        return decided, [("skipped", "the model gave no verdict for this criterion, so it fails")]
    best = max(readings, key=lambda reading: (reading.strength, reading.basis == "contradicted"))
    verdict, reasons = _what_stands(best, criterion, incomplete)
    evidence = best.evidence
    against = [
        reading
        for reading in readings
        if reading.strength > 0 and best.strength > 0 and reading.basis != best.basis
    ]
    alike = [reading for reading in readings if reading.basis == best.basis and reading.strength > 0]
    evidence = distinct([*best.evidence, *(one for each in (*alike, *against) for one in each.evidence)])
    if against:
        reasons.append(
            ("conflict", "another part of the document says otherwise; its quotes are given as well")
        )
    decided = {"verdict": verdict, "basis": best.basis, "reasoning": best.reasoning, "evidence": evidence}
    return decided, reasons


def _what_stands(said: Reading, criterion: str, incomplete: bool) -> tuple[str, list[Reason]]:
    verdict, basis = said.verdict, said.basis
    supported = located(said.evidence)
    if verdict == "pass" and basis == "contradicted":
        return "fail", [
            ("inconsistent", "the model passed what it says the document contradicts, so it fails")
        ]
    if verdict == "pass" and basis == "stated" and not supported:
        return "fail", [("unsupported", "no quote for this pass was found in the document, so it fails")]
    if verdict == "pass" and basis == "not_mentioned":
        return _silence(criterion, incomplete)
    reasons: list[Reason] = []
    if said.evidence and not supported:
        reasons.append(("unsupported", "no quote for this verdict was found in the document"))
    if basis == "not_mentioned" and incomplete:
        reasons.append(("incomplete", "a part of the document was not seen; it may mention what this asks"))
    return verdict, reasons


def _silence(criterion: str, incomplete: bool) -> tuple[str, list[Reason]]:
    """What a pass that rests on the document's silence is worth."""
    if not asks_for_absence(criterion):
        detail = (
            "the model passed it as not mentioned, but the criterion does not ask for absence, so it fails"
        )
        return "fail", [("unsupported", detail)]
    if incomplete:
        detail = "a part of the document was not seen, so its silence shows nothing, and it fails"
        return "fail", [("incomplete", detail)]
    return "pass", [("silent", "passes because the document does not mention it; no quote can show that")]
