"""Documents that no model holds at once, through the whole system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from client.api import Api

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.xdist_group("e2e")]

SYLLABLES = ("ba", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "za", "fi")

FACTS = {
    "governing law": "This Agreement is governed by the laws of Ireland.",
    "deposit": "Deposit: EUR 12,400",
    "policy number": "Policy number: HX-20-771",
}


def _long() -> str:
    """A document of about 1.5 million characters with a fact near its start, its middle and its end."""
    filler = [
        f"{at}. Clause number {at} says that nothing in it changes what the other clauses say.\n"
        for at in range(18_000)
    ]
    for share, fact in zip((0.02, 0.5, 0.97), FACTS.values(), strict=True):
        filler[int(share * len(filler))] = f"{fact}\n"
    return "\n".join(filler)


@pytest.fixture(scope="module")
def text() -> str:
    return _long()


def finished(system: Running, task: str, text: str, **fields: Any) -> dict[str, Any]:
    """A job of that document at its end, and its coverage, which is that of the whole."""
    with Api(system.url, system.key) as api:
        job_id = api.submit(task, {"document": {"text": text}, **fields})["job_id"]
        job: dict[str, Any] = dict(api.wait(job_id))
    assert job["status"] == "completed", job["error"]
    assert job["progress"]["done"] == job["progress"]["total"] > 1
    coverage = job["result"]["coverage"]
    assert (coverage["read"], coverage["gaps"]) == (len(text), [])
    return job


def standing(text: str, evidence: list[dict[str, Any]]) -> list[str]:
    """The quotes, each of which stands where it says."""
    assert all(text[each["start"] : each["end"]] == each["quote"] for each in evidence)
    return [each["quote"] for each in evidence]


def test_facts_are_found_wherever_they_stand(system: Running, text: str) -> None:
    """Each field is found in its part, with offsets into the whole document; one call for each part."""
    job = finished(system, "extract", text, fields=list(FACTS))
    fields = job["result"]["fields"]
    assert (fields["governing law"], fields["policy number"]) == ("Ireland", "HX-20-771")
    assert "12,400" in str(fields["deposit"])
    for name, fact in FACTS.items():
        assert fact in " ".join(standing(text, job["result"]["evidence"][name]))
    assert job["usage"]["calls"] == job["progress"]["total"]


def test_a_long_text_is_fetched_by_its_link(system: Running, text: str) -> None:
    """What does not fit an answer is linked to; the link gives the text that offsets point into."""
    job = finished(system, "extract", text, fields=["policy number"])
    with Api(system.url, system.key) as api:
        assert api.document(job["job_id"]) == text
        answer = httpx.get(
            f"{system.url}/jobs/{job['job_id']}/document", headers={"Authorization": f"Bearer {system.key}"}
        ).json()
    assert (answer["text"], answer["chars"]) == (None, len(text))
    assert httpx.get(answer["text_link"]["url"]).headers["content-type"] == "text/plain; charset=utf-8"


def test_a_summary_is_of_all_parts(system: Running, text: str) -> None:
    """Key points from more than one part, made one summary by one more call, with their evidence."""
    job = finished(system, "summarise", text, focus="law, deposit and policy")
    quotes = [quote for point in job["result"]["key_points"] for quote in standing(text, point["evidence"])]
    assert quotes
    assert job["usage"]["calls"] == job["progress"]["total"]


def test_many_fields_share_the_cached_document(system: Running) -> None:
    """A long list of fields is asked in groups; the document is paid for once, then read from the cache."""
    words = [first + second for first in SYLLABLES for second in SYLLABLES]
    sentences = [
        f"The price of {word} wood is agreed at EUR {at}00 for each delivered ton."
        for at, word in enumerate(words)
    ]
    text = "\n\n".join([*sentences, *["These words say nothing at all about any goods."] * 600])
    fields = [{"name": f"price of {word} wood", "type": "money"} for word in words]
    job = finished(system, "extract", text, fields=fields)
    found = {name: value["amount"] for name, value in job["result"]["fields"].items()}
    assert found == {field["name"]: 100 * at for at, field in enumerate(fields)}
    usage = job["usage"]
    assert usage["calls"] == 3
    assert usage["cache_read_tokens"] > usage["cache_write_tokens"] > usage["input_tokens"] / 2
