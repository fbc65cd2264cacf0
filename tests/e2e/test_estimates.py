"""Estimates against what jobs then use, on the offline model."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from openapi.document import ROOT

if TYPE_CHECKING:
    from client.api import Api

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

EXAMPLES = ROOT / "examples"
CONTRACT = (EXAMPLES / "services-contract.md").read_text(encoding="utf-8")
LONG = (EXAMPLES / "annual-report.md").read_text(encoding="utf-8") * 110  # more than a call may show
FIELDS = json.loads((EXAMPLES / "services-contract.fields.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Case:
    """A job with the sizes that its document may be told by, and how far from what is likely it may be."""

    task: str
    document: dict[str, Any]
    sizes: list[dict[str, Any]]
    fields: dict[str, Any]
    questions: int
    far: float = 2.0


def criteria(count: int) -> dict[str, Any]:
    """So many criteria, of the length that criteria have."""
    return {"criteria": [f"Point {number} of what has to be agreed on is stated" for number in range(count)]}


def of_pdf(name: str, far: float) -> Case:
    """A PDF of which nothing is told but its bytes."""
    content = (EXAMPLES / name).read_bytes()
    document = {"base64": base64.b64encode(content).decode(), "media_type": "application/pdf"}
    sizes = [{"bytes": len(content), "media_type": "application/pdf"}]
    return Case("evaluate", document, sizes, criteria(5), 5, far)


def of_text(task: str, text: str, fields: dict[str, Any], questions: int) -> Case:
    """A text, by its characters or its bytes."""
    sizes: list[dict[str, Any]] = [{"characters": len(text)}]
    sizes.append({"bytes": len(text.encode()), "media_type": "text/markdown"})
    return Case(task, {"text": text}, sizes, fields, questions)


CASES = {
    "summarise": of_text("summarise", CONTRACT, {}, 1),
    "extract": of_text("extract", CONTRACT, {"fields": FIELDS}, len(FIELDS)),
    "evaluate in two questions": of_text("evaluate", CONTRACT, criteria(60), 60),
    "in parts": of_text("summarise", LONG, {}, 1),
    "a PDF by its bytes": of_pdf("services-contract.pdf", 6.0),
    "a scan by its bytes": of_pdf("insurance-claim-scan.pdf", 6.0),
}


@pytest.mark.parametrize("name", CASES)
def test_a_job_uses_what_was_estimated(api: Api, name: str) -> None:
    """Tokens within twice and half of what is likely (of a PDF by its bytes, within six times).

    And never more calls, tokens or cost than the most.
    """
    case = CASES[name]
    ticket: Any = api.json("POST", f"/jobs/{case.task}", json={"document": case.document, **case.fields})
    job: Any = api.wait(ticket["job_id"])
    assert job["status"] in {"completed", "partial"}, job
    usage = job["usage"]
    used = {
        "calls": usage["calls"],
        "input_tokens": sum(usage[f"{kind}_tokens"] for kind in ("input", "cache_read", "cache_write")),
        "output_tokens": usage["output_tokens"],
    }
    for size in case.sizes:
        said = {"task": case.task, "document": size, "questions": case.questions}
        estimate: Any = api.json("POST", "/estimates", json=said)
        for each, value in used.items():
            assert value <= estimate[each]["most"], (each, value, estimate)
            assert value / case.far <= estimate[each]["likely"] <= value * case.far, (each, value, estimate)
        assert usage["cost_usd"] <= estimate["cost_usd"]["most"]
