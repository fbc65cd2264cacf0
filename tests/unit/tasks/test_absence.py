"""A document's silence passes a criterion only where the criterion's own words ask for absence."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.tasks.absence import asks_for_absence
from claimcheck.tasks.base import Source
from claimcheck.tasks.submission import parse_request

from tests.unit.tasks.concluding import concluded

ABSENCE = [
    "No penalty is agreed",
    "The contract does not mention arbitration.",
    "None of the fees is refundable",
    "Nothing obliges the buyer to take stock",
    "There is neither a deposit nor a guarantee",
    "Works without a deposit",
    "A penalty clause is absent",
    "Absence of any non-compete",
    "The flat is free of encumbrances",
    "The contract lacks a termination right",
    "It lacks an index clause",
    "Liability isn’t capped",
    "Excludes liability for loss of data",
    "The buyer is no longer bound",
    "Es ist keine Kaution vereinbart",
    "Der Vertrag enthält kein Wettbewerbsverbot.",
    "Lieferung ohne Vorkasse",
    "Es fehlt eine Kündigungsfrist",
    "Le contrat ne prévoit pas de pénalité",
    "Il n’y a pas d’indexation",
    "Aucune caution n'est demandée",
    "Un bail sans caution",
    "No hay penalización",
    "Ningún depósito está pactado",
    "Sin fianza",
    "NO PENALTY\nIS AGREED",
]
PRESENCE = [
    "The tenant must never sublet",
    "The licence cannot be transferred",
    "The supplier can't raise prices",
    "Eine Untervermietung ist nicht erlaubt",
    "The Receiving Party shall not reverse engineer any objects",
    "The tenant may not sublet",
    "A covenant not to sue is given",
    "Either party may terminate without cause",
    "The supplier agrees not to disparage the buyer",
    "Assignment without prior written consent is void",
    "Der Mieter darf nicht untervermieten",
    "Le locataire ne peut pas sous-louer",
    "El inquilino no podrá subarrendar",
    "x",
    "The net profit is positive",
    "A notice period is agreed",
    "Payment is due no later than 30 days after receipt",
    "The term is not less than two years",
    "The fee does not exceed EUR 5,000",
    "Damages include, but are not limited to, loss of profit",
    "The report not only names the auditor",
    "States whether or not a deposit is due",
    "Invoice No. 5 is dated",
    "Without prejudice to other rights, interest is due",
    "Defects are reported without undue delay",
    "Delivery is free of charge",
    "In the absence of an agreement, the law of Malta applies",
    "Contains a no-shop clause and a non-compete clause",
    "A notary has noted the annotation",
    "The lacquer is known to be knotty",
    "Eine Kaution ist vereinbart",
    "Die Zahlung erfolgt nicht später als 30 Tage nach Erhalt",
    "Der Notar und die Nichte unterschreiben",
    "Une caution est prévue",
    "Le prix ne dépasse pas 5000 euros",
    "Está pactada una fianza",
    "El plazo es de no más de 30 días",
    "The SIN and the NIE of the tenant are given",
]


def evaluated(criterion: str, document: str) -> dict[str, Any]:
    """The result where the model passes a criterion because the document does not mention it."""
    said = {"criterion": "c1", "verdict": "pass", "basis": "not_mentioned", "reasoning": "r", "quotes": []}
    body = json.dumps({"document": {"text": document}, "criteria": [criterion]}).encode()
    params = parse_request("evaluate", body).params
    return concluded("evaluate", params, {"verdicts": [said]}, sources=[Source.of(DocumentText(document))])


@pytest.mark.parametrize("criterion", ABSENCE)
def test_silence_passes_what_asks_for_absence(criterion: str) -> None:
    """A criterion with a negative word may pass by silence, and a warning says that no quote shows it."""
    result = evaluated(criterion, "Some text.")
    assert (result["criteria"][0]["verdict"], result["passed"]) == ("pass", 1)
    assert [entry["code"] for entry in result["warnings"]] == ["silent"]


@pytest.mark.parametrize("criterion", PRESENCE)
def test_silence_fails_what_asks_for_something(criterion: str) -> None:
    """Where the criterion asks for something to be there, silence fails it whatever the model said."""
    result = evaluated(criterion, "Some text.")
    verdict = result["criteria"][0]
    assert (verdict["verdict"], verdict["basis"], result["failed"]) == ("fail", "not_mentioned", 1)
    [warning] = result["warnings"]
    assert warning["code"] == "unsupported"
    assert "does not ask for absence" in warning["detail"]


def test_the_documents_words_do_not_count() -> None:
    """A document full of negations turns no silence into a pass."""
    result = evaluated(
        "A deposit is agreed", "Nothing is not absent, without no exclusion. Keine, sans, sin."
    )
    assert result["criteria"][0]["verdict"] == "fail"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_may_be_written_either_way(form: Any) -> None:
    """A word counts whether its accent is a character of its own or not."""
    assert asks_for_absence(unicodedata.normalize(form, "Ningún depósito"))
