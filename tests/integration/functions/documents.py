"""Documents and bodies of requests for these tests."""

from __future__ import annotations

from typing import Any

CLAIM = """INSURANCE CLAIM
Policy number: HX-20-771
Claimant: Ruth Adams
Date of loss: 2 February 2024
Estimated loss: EUR 8,450.00

On 2 February 2024 a pipe burst in the cellar of the insured house and the water damaged the heating.
The policy does not cover damage by ground water. The insurer must pay within thirty (30) days after it
has received all documents.
"""
DOCUMENT: dict[str, Any] = {"text": CLAIM, "name": "claim.txt"}
FIELDS: list[Any] = [{"name": "date_of_loss", "type": "date"}, "policy_number"]
CRITERIA: list[Any] = [
    "The insurer must pay within 30 days",
    {"id": "police", "criterion": "A police report"},
]

EXTRACT: dict[str, Any] = {"document": DOCUMENT, "fields": FIELDS}
EVALUATE: dict[str, Any] = {"document": DOCUMENT, "criteria": CRITERIA}
SUMMARISE: dict[str, Any] = {"document": DOCUMENT, "focus": "what is covered"}


def numbered(number: int) -> dict[str, Any]:
    """An extract over a document that no other request of a test has."""
    return {"document": {"text": f"{CLAIM}\nReference: {number}\n"}, "fields": ["reference"]}
