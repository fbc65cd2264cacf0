"""Deleting jobs from the command line, and verifying what is left of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.client.jsontext import pretty
from claimcheck.client.trail import purged_job, verify

from tests.unit.client.chains import JOB_ID, STEPS, chain
from tests.unit.client.standin import Answer, Asked, StandIn, script
from tests.unit.client.test_client_commands import run

if TYPE_CHECKING:
    from collections.abc import Callable

PURGED = ("purged", "completed", 2, '{"reason": "request"}')
GONE = {
    "status": 410,
    "code": "purged",
    "title": "Gone",
    "detail": "This job was deleted.",
    "request_id": "r",
}


def deleted(steps: tuple[tuple[str, str, int, str], ...] = (*STEPS, PURGED)) -> tuple[dict[str, Any], Any]:
    """What is left of a deleted job."""
    _, trail = chain(steps)
    trail["digest_key"] = None
    return dict(purged_job(JOB_ID, trail)), trail


def whys(job: Any, trail: Any) -> list[str]:
    """What is found wrong."""
    return [finding.why for finding in verify(job, trail)]


def test_delete_deletes_each_job() -> None:
    """One DELETE a job, in their order; each is said."""
    with StandIn(script(Answer(204, b""))) as server:
        result = run(server.url, "delete", "a", "b")
    assert (result.exit_code, result.stdout) == (0, "a deleted\nb deleted\n")
    assert [(asked.method, asked.path) for asked in server.asked] == [
        ("DELETE", "/jobs/a"),
        ("DELETE", "/jobs/b"),
    ]


def test_a_job_that_cannot_be_deleted_is_said() -> None:
    """One that is not there ends the command with code 2, and what it said before stands."""
    missing = Answer(404, {"status": 404, "code": "job_not_found", "title": "Not Found", "detail": "None."})
    with StandIn(script(Answer(204, b""), missing)) as server:
        result = run(server.url, "delete", "a", "b")
    assert (result.exit_code, result.stdout) == (2, "a deleted\n")
    assert "Not Found" in result.stderr


def test_what_is_left_of_a_job_verifies() -> None:
    """The chain is whole, its last event is the deletion, nothing is left to compare digests with."""
    assert whys(*deleted()) == []


def test_verify_of_a_deleted_job_verifies_its_trail() -> None:
    """The API answers 410 for the job and gives its trail all the same."""
    _, trail = deleted()

    def answer(asked: Asked) -> Answer:
        return Answer(200, pretty(trail).encode()) if asked.path.endswith("/events") else Answer(410, GONE)

    with StandIn(answer) as server:
        assert run(server.url, "verify", JOB_ID).stdout == "ok: 6 events, chain intact\n"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda _, trail: trail.update(digest_key="00ff"),
            "digest_key is there although the job was deleted",
        ),
        (lambda job, _: job.update(metadata={"a": 1}), "the job shows content although it was deleted"),
        (lambda _, trail: trail["events"].pop(), "the job was deleted, but no event records it"),
    ],
    ids=["key", "content", "no event"],
)
def test_what_a_deletion_should_have_taken_is_found(change: Callable[[Any, Any], object], why: str) -> None:
    """A key that digests could be guessed with, content, and a deletion that the trail does not know."""
    job, trail = deleted()
    change(job, trail)
    assert why in whys(job, trail)


def test_a_trail_that_goes_on_after_a_deletion_is_found() -> None:
    """Nothing happens to a job that was deleted."""
    job, trail = deleted((*STEPS, PURGED, ("delivered", "completed", 2, "{}")))
    assert whys(job, trail) == ["the job was deleted here, but its trail goes on"]
