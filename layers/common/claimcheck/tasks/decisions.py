"""What stands of what the model said about one criterion: code decides, and says why.

The criterion's words are the caller's: nothing that a document says can turn its silence into a pass.
docs/decisions/0062 says which of two readings stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.tasks.absence import asks_for_absence
from claimcheck.tasks.citations import (
    CLAIM,
    IMAGE,
    MOST,
    UNVERIFIED,
    bounded,
    distinct,
    left_out,
    located,
    support,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.evidence import Citation
    from claimcheck.tasks.base import Json

Reason = tuple[str, str]  # a code and what it means here

_SILENCE = -1


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model said of one criterion after one part of the document."""

    verdict: str
    basis: str
    reasoning: str
    evidence: list[Citation]

    @property
    def strength(self) -> int:
        """How well it is supported: silence, a claim without a quote found, an image, text."""
        return _SILENCE if self.basis == "not_mentioned" else support(self.evidence)

    @property
    def fails(self) -> bool:
        """Whether it speaks against the criterion, by its verdict or by its basis."""
        return self.verdict == "fail" or self.basis == "contradicted"


def decide(readings: Sequence[Reading], criterion: str, incomplete: bool) -> tuple[Json, list[Reason]]:
    """The verdict on one criterion of the readings of all parts, and why it is not what the model said.

    The best supported reading stands; of several as good, one that fails it (a part that is silent about an
    exception, or states the rule, does not know of it), then the earlier. `incomplete`: a part of the
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
    best = max(readings, key=_rank)
    verdict, reasons = _what_stands(best, criterion, incomplete)
    against = _against(best, readings)
    evidence, more = _shown(best, readings, against)
    if any(each.strength > CLAIM for each in against):
        detail = "another part of the document says otherwise; its quotes are given as well"
        reasons.append(("conflict", detail))
    if any(each.strength == CLAIM for each in against):
        detail = "another reading fails it, but none of its quotes was found in the document"
        reasons.append(("contradiction_unsupported", detail))
    if best.strength == _SILENCE and best.fails and not all(each.fails for each in readings):
        reasons.append(("conflict", "the readings of the document's silence differ, so it fails"))
    if best.strength == IMAGE:
        reasons.append(("unverified", f"this verdict {UNVERIFIED}"))
    if more:
        warning = left_out(more)
        reasons.append((warning["code"], warning["detail"]))
    decided = {"verdict": verdict, "basis": best.basis, "reasoning": best.reasoning, "evidence": evidence}
    return decided, reasons


def _rank(reading: Reading) -> tuple[int, bool, bool, bool]:
    """Of readings that fail it, first one that is consistent, then one that names the contradiction."""
    return (
        reading.strength,
        reading.fails,
        reading.fails and reading.verdict == "fail",
        reading.basis == "contradicted",
    )


def _against(best: Reading, readings: Sequence[Reading]) -> list[Reading]:
    """Readings with the other outcome that have support, or that fail what stands without any."""
    if best.strength <= CLAIM:
        return []
    return [
        each
        for each in readings
        if each.fails != best.fails and (each.strength > CLAIM or (each.fails and each.strength == CLAIM))
    ]


def _shown(
    best: Reading, readings: Sequence[Reading], against: Sequence[Reading]
) -> tuple[list[Citation], int]:
    """The quotes for what stands, then those against it, each side with room; and how many are left out."""
    alike = [each for each in readings if each.fails == best.fails and each.strength > CLAIM]
    own = distinct([*best.evidence, *(one for each in alike for one in each.evidence)])
    both = distinct([*own, *(one for each in against for one in each.evidence)])
    others = both[len(own) :]
    shown, more = bounded(own, MOST - min(len(others), MOST // 2))
    shown_too, more_too = bounded(others, MOST - len(shown))
    return [*shown, *shown_too], more + more_too


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
