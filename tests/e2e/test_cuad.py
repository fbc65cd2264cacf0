"""All contracts of `cuad/dev` through all three tasks."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from client.api import Api

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

CUAD = Path(__file__).parents[3] / "shared" / "data" / "cuad"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.data,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("e2e"),
    pytest.mark.skipif(not CUAD.exists(), reason="../shared/data/cuad is not on this machine"),
]


def _documents() -> list[dict[str, str]]:
    texts = [
        {"text": path.read_text(encoding="utf-8"), "name": path.name}
        for path in sorted((CUAD / "dev" / "txt").glob("*.txt"))
    ]
    pdfs = [
        {
            "base64": base64.b64encode(path.read_bytes()).decode(),
            "media_type": "application/pdf",
            "name": path.name,
        }
        for path in sorted((CUAD / "dev" / "pdf").glob("*.pdf"))
    ]
    return texts + pdfs


def _tasks() -> list[tuple[str, dict[str, Any]]]:
    categories = json.loads((CUAD / "categories.json").read_text(encoding="utf-8"))
    named = {
        kind: [each["category"] for each in categories if each["kind"] == kind]
        for kind in ("extract", "evaluate")
    }
    return [
        ("summarise", {}),
        ("extract", {"fields": named["extract"]}),
        ("evaluate", {"criteria": named["evaluate"]}),
    ]


def _evidence(job: dict[str, Any]) -> list[dict[str, Any]]:
    result = job["result"]
    if job["task"] == "summarise":
        groups = [point["evidence"] for point in result["key_points"]]
    elif job["task"] == "extract":
        groups = list(result["evidence"].values())
    else:
        groups = [each["evidence"] for each in result["criteria"]]
    return [each for group in groups for each in group]


def test_no_contract_fails_and_every_exact_quote_stands_at_its_offsets(system: Running) -> None:
    """45 texts and 8 PDFs through three tasks: every job completes, every exact quote is where it says."""
    documents = _documents()
    assert len(documents) == 53
    runs = [(document, task, options) for document in documents for task, options in _tasks()]

    def run(each: tuple[dict[str, str], str, dict[str, Any]]) -> tuple[str, str, int, list[str]]:
        document, task, options = each
        with Api(system.url, system.key) as api:
            job: dict[str, Any] = dict(
                api.wait(api.submit(task, {"document": document, **options})["job_id"])
            )
            text = api.document(job["job_id"])
        if job["status"] != "completed":
            return document["name"], task, 0, [f"{job['status']}: {job['error']}"]
        quotes = _evidence(job)
        wrong = [
            quote["quote"][:60]
            for quote in quotes
            if quote["status"] == "exact" and text[quote["start"] : quote["end"]] != quote["quote"]
        ]
        exact = sum(quote["status"] == "exact" for quote in quotes)
        return document["name"], task, exact, wrong

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(run, runs))
    assert [each for each in outcomes if each[3]] == []
    assert sum(each[2] for each in outcomes) > len(documents)
