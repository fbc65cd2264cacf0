"""After a deletion nothing in database and bucket tells of what was deleted, or confirms a guess of it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.client import trail
from claimcheck.client.jsontext import loads

from tests.integration.functions import recorded, uploads
from tests.integration.functions.dumped import bucket, everything, found_in, hashes_in

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

CANARIES = {
    place: f"zqcanary{number:02d}kestrel"
    for number, place in enumerate(
        (
            "text", "large text", "uploaded text", "name", "job's name", "field", "description", "criterion",
            "criterion's id", "focus", "metadata key", "metadata value", "path", "query",
            "idempotency key", "response head", "error", "late answer",
        )
    )
}  # fmt: skip
SECOND_PASS = (
    "UPDATE deletions SET requested_at = requested_at - interval '16 minutes',"
    " due_at = due_at - interval '16 minutes'"
)


def of(place: str) -> str:
    """The word that is put there."""
    return CANARIES[place]


TEXT = f"INSURANCE CLAIM\nClaimant: Ruth {of('text')}\nDate of loss: 2 February 2024\nLoss: EUR 8,450.00\n"
LARGE = f"Claimant: Ruth {of('large text')}\n" + "The insurer pays within thirty days.\n" * 9_000
UPLOADED = (
    f"Claimant: Ruth {of('uploaded text')}\n" + "Versichert ist der Schaden durch Böen.\n" * 9_000
).encode("latin-1")
HOOK = f"https://hooks.example/{of('path')}?q={of('query')}"
SHARED: dict[str, Any] = {
    "metadata": {of("metadata key"): of("metadata value")},
    "webhook_url": HOOK,
}


@pytest.fixture
def small(stage: Stage) -> Stage:
    """A deployment in which nearly every result is put into the bucket as well."""
    stage.override(ANSWER_BYTES="300")
    return stage


def handed_in(stage: Stage) -> list[str]:
    """Jobs with a canary in every input, each worked on; their ids."""
    document = uploads.announce(stage, UPLOADED, name=of("name"))
    uploads.put(stage, document["upload"], UPLOADED)
    uploads.tell(stage, uploads.key_of(UPLOADED))
    named = {"document_id": document["document_id"], "name": of("job's name")}
    field = {"name": f"claimant {of('field')}", "description": of("description")}
    criterion = {"id": of("criterion's id"), "criterion": f"The claimant is {of('criterion')}"}
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("extract", {"document": {"text": TEXT, "name": of("name")}, "fields": [field, "date of loss"]}),
        ("evaluate", {"document": {"text": LARGE}, "criteria": [criterion]}),
        ("summarise", {"document": named, "focus": of("focus")}),
        ("summarise", {"document": {"text": TEXT + "x"}, "focus": of("focus")}),
    ]
    jobs = []
    for number, (task, body) in enumerate(bodies):
        key = f"{of('idempotency key')}-{number}"
        answer = stage.call("submit", recorded.post_job(task, body | SHARED, idempotency_key=key))
        assert answer["statusCode"] == 202, answer
        jobs.append(str(json.loads(answer["body"])["job_id"]))
    for job_id in jobs:
        stage.work(job_id)
    return jobs


def receivers_words(stage: Stage) -> None:
    """What receivers answered, canary included, is logged."""
    pattern = json.loads(recorded.recorded("sqs-outcomes")["Records"][0]["body"])
    sent = [*stage.bodies("DeliveriesQueue"), *stage.bodies("DeliveriesQueue")]
    for message in sent:
        told = {"delivery_id": message["delivery_id"], "attempt": message["attempt"]}
        outcome = pattern | told | {"status_code": 500, "response_head": of("response head"), "error": None}
        stage.call("record", recorded.batch("sqs-outcomes", [outcome | {"stale": False}]))


def trails_of(stage: Stage, jobs: list[str]) -> dict[str, Any]:
    """Each job's trail, as the API gives it."""
    events = {job_id: recorded.get_part(job_id, "events") for job_id in jobs}
    return {job_id: loads(stage.call("status", event)["body"]) for job_id, event in events.items()}


def swept_twice(stage: Stage, rows: Rows) -> None:
    """At once, and when everything that was on its way must have arrived."""
    for _ in range(2):
        stage.call("sweep", recorded.recorded("scheduler"))
        rows.run(SECOND_PASS)
    assert rows.all("SELECT FROM deletions") == []


def test_nothing_tells_of_what_was_deleted(small: Stage, rows: Rows, database_url: str) -> None:
    """No canary in any encoding, and of all hashes only those of the trails; these verify as before."""
    jobs = handed_in(small)
    receivers_words(small)
    # What a failed job, and a call whose end comes after the deletion, would say.
    rows.run(
        "UPDATE jobs SET last_failure = jsonb_build_object('code', 'x', 'message', %s::text) WHERE id = %s",
        [of("error"), jobs[0]],
    )
    rows.run("UPDATE model_calls SET finished_at = NULL, answer = NULL WHERE job_id = %s", [jobs[3]])
    before = everything(small, database_url)
    assert found_in(before, CANARIES) == CANARIES.keys() - {"late answer"}
    assert {key.split("/")[0] for key in bucket(small)} == {"documents", "texts", "results"}
    guesses = plain_hashes(rows)
    assert guesses <= hashes_in(before)
    trails = trails_of(small, jobs)

    for job_id in jobs:
        assert small.call("status", recorded.delete_job(job_id))["statusCode"] == 204
    rows.run(
        "UPDATE model_calls SET finished_at = now(), answer = %s WHERE finished_at IS NULL",
        [of("late answer")],
    )
    swept_twice(small, rows)

    after = everything(small, database_url)
    assert bucket(small) == {}
    assert found_in(after, CANARIES) == set()
    assert not guesses & hashes_in(after)
    kept = trails_of(small, jobs)
    chain = {event["hash"] for each in kept.values() for event in each["events"]}
    digests = {
        value
        for each in kept.values()
        for event in each["events"]
        for name, value in event["detail"].items()
        if name.endswith("_digest")
    }
    [random] = rows.all("SELECT encode(key, 'hex') AS key FROM prompt_prefix_key")
    assert rows.all("SELECT FROM prompt_prefixes") == []
    assert hashes_in(after) <= chain | digests | {"0" * 64, random["key"]}
    assert not (chain | digests) & guesses
    for job_id in jobs:
        assert kept[job_id]["events"][:-1] == trails[job_id]["events"]
        assert kept[job_id]["digest_key"] is None
        assert trail.verify(trail.purged_job(job_id, kept[job_id]), kept[job_id]) == []


def plain_hashes(rows: Rows) -> set[str]:
    """What somebody who guesses the content could compute, and does find in the database before."""
    found = rows.all(
        "SELECT encode(sha256, 'hex') AS h FROM documents UNION SELECT encode(sha256, 'hex') FROM objects"
        " UNION SELECT encode(question_sha256, 'hex') FROM model_calls"
        " UNION SELECT encode(body_sha256, 'hex') FROM idempotency_keys"
        " UNION SELECT right(text_key, 64) FROM documents"
    )
    hashes = {row["h"] for row in found if row["h"] is not None}
    for content in (TEXT.encode(), LARGE.encode(), UPLOADED):
        assert hashlib.sha256(content).hexdigest() in hashes
    assert len(hashes) >= 3 + 4 + 4 + 1  # documents, questions, bodies, a text
    return hashes


def test_retention_leaves_as_little(small: Stage, rows: Rows, database_url: str) -> None:
    """Sweep deletes by itself what is thirty days old, down to the same."""
    jobs = handed_in(small)
    receivers_words(small)
    rows.run("UPDATE jobs SET completed_at = now() - interval '31 days'")
    guesses = plain_hashes(rows)
    assert small.call("sweep", recorded.recorded("scheduler"))["jobs_expired"] == len(jobs)
    rows.run(SECOND_PASS)
    swept_twice(small, rows)
    after = everything(small, database_url)
    assert (bucket(small), found_in(after, CANARIES), guesses & hashes_in(after)) == ({}, set(), set())
