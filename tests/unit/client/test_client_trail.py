"""What `verify` finds in trails that were tampered with, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.client.trail import event_hash, verify
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.client.chains import JOB_ID, STEPS, chain

if TYPE_CHECKING:
    from collections.abc import Callable

FIELDS = ("seq", "at", "type", "status", "attempt", "detail", "prev_hash", "hash")


def altered(field: str, value: Any) -> Any:
    """Another value of the same kind."""
    if field == "detail":
        return dict(value) | {"more": 1}
    if isinstance(value, int):
        return value + 7
    return ("0" if value[0] != "0" else "1") + value[1:]


def rehash(trail: Any, first: int) -> None:
    """What a forger with the code would do: make the chain fit again from event `first` on."""
    events = trail["events"]
    for position in range(first - 1, len(events)):
        if position:
            events[position]["prev_hash"] = events[position - 1]["hash"]
        events[position]["hash"] = event_hash(trail["job_id"], events[position])


def test_a_sound_chain_has_no_findings() -> None:
    """A chain hashed by hand from the published format is accepted."""
    assert verify(*chain()) == []


@pytest.mark.parametrize("position", range(len(STEPS)))
@pytest.mark.parametrize("field", FIELDS)
def test_an_altered_field_is_found_at_its_event(field: str, position: int) -> None:
    """Whichever field of whichever event is altered, the first finding names that event."""
    job, trail = chain()
    event = trail["events"][position]
    event[field] = altered(field, event[field])
    findings = verify(job, trail)
    assert findings
    assert findings[0].seq == event["seq"]


@pytest.mark.parametrize("position", range(len(STEPS)))
@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field_is_found_at_its_event(field: str, position: int) -> None:
    """An event without one of its fields is named, not a crash."""
    job, trail = chain()
    del trail["events"][position][field]
    assert [finding.seq for finding in verify(job, trail)] == [position + 1]


@pytest.mark.parametrize("position", range(len(STEPS) - 1))
def test_a_removed_event_leaves_a_gap(position: int) -> None:
    """Where an event was taken out, the one after it shows a gap and a broken link."""
    job, trail = chain()
    del trail["events"][position]
    first, second = verify(job, trail)[:2]
    assert (first.seq, second.seq) == (position + 2, position + 2)
    assert "gap" in first.why
    assert "link" in second.why


def test_a_cut_end_disagrees_with_the_job() -> None:
    """Without its last event the chain is intact, but the job's row is ahead of it."""
    job, trail = chain()
    del trail["events"][-1]
    whys = [finding.why for finding in verify(job, trail)]
    assert "the job says completed, but its trail ends with running" in whys


@given(st.integers(0, len(STEPS) - 1), st.integers(0, len(STEPS) - 1))
def test_swapped_events_are_found(one: int, other: int) -> None:
    """Two events that changed places are noticed; an event swapped with itself is none the worse."""
    job, trail = chain()
    events = trail["events"]
    events[one], events[other] = events[other], events[one]
    assert bool(verify(job, trail)) == (one != other)


def test_a_forged_chain_with_an_impossible_step_is_found() -> None:
    """Hashes that fit do not hide that a final job began to run again."""
    job, trail = chain((*STEPS[:2], ("cancelled", "cancelled", 1, "{}"), STEPS[3]))
    findings = verify(job, trail)
    assert [(finding.seq, finding.why) for finding in findings] == [
        (4, "a job cannot go from cancelled to running")
    ]


def test_a_job_that_starts_running_is_found() -> None:
    """The first event of a job leaves it pending."""
    job, trail = chain()
    trail["events"][0]["status"] = "running"
    rehash(trail, 1)
    assert verify(job, trail)[0].why == "a job starts as pending, not as running"


@pytest.mark.parametrize(
    "steps",
    [
        STEPS[:1],
        STEPS[:2],
        (*STEPS[:2], ("rung", "running", 1, "{}"), ("failed", "failed", 1, '{"code": "x"}')),
        (*STEPS[:1], ("cancelled", "cancelled", 0, "{}")),
        (*STEPS[:4], ("partial", "partial", 2, "")),
        (*STEPS, ("delivered", "completed", 2, '{"status_code": 200}')),
    ],
)
def test_every_honest_way_of_a_job_is_accepted(steps: tuple[tuple[str, str, int, str], ...]) -> None:
    """Open, failed, cancelled and partial jobs verify, and so do events that leave the status as it is."""
    assert verify(*chain(steps)) == []


def test_an_altered_result_is_found() -> None:
    """A result that differs in one figure from the one recorded is named with the event that recorded it."""
    job, trail = chain()
    job["result"]["fields"]["net"] = 12.6
    assert [(f.seq, f.why) for f in verify(job, trail)] == [
        (5, "result altered: its digest is not the one recorded here")
    ]


def test_a_removed_result_is_found() -> None:
    """A completed job that shows no result any more is named."""
    job, trail = chain()
    job["result"] = None
    assert [finding.seq for finding in verify(job, trail)] == [5]


def test_a_result_without_an_event_is_found() -> None:
    """A result on a job that never completed is named."""
    job, trail = chain(STEPS[:2])
    job["result"] = {"fields": {}}
    assert [f.why for f in verify(job, trail)] == ["the job shows a result, but no event records one"]


def test_deleted_content_still_verifies() -> None:
    """After deletion key and result are gone, and the chain still holds."""
    job, trail = chain()
    job["result"], trail["digest_key"] = None, None
    assert verify(job, trail) == []


@pytest.mark.parametrize("take", [lambda trail: trail.update(digest_key=None), lambda t: t.pop("digest_key")])
def test_a_result_without_its_key_is_found(take: Callable[[Any], object]) -> None:
    """A result that nothing can be checked against is named: deletion takes key and result."""
    job, trail = chain()
    take(trail)
    assert [(finding.seq, finding.why) for finding in verify(job, trail)] == [
        (None, "digest_key is missing although the job shows a result")
    ]


def test_a_key_taken_away_hides_no_other_result() -> None:
    """Another result cannot be put in place by leaving out the key."""
    job, trail = chain()
    job["result"], trail["digest_key"] = {"fields": {"net": 0}}, None
    assert verify(job, trail)


def test_another_jobs_trail_is_found() -> None:
    """A sound trail of another job proves nothing about this one."""
    job, trail = chain()
    job["job_id"] = "someone-else"
    assert f"the trail belongs to job {JOB_ID}" in verify(job, trail)[0].why


@pytest.mark.parametrize(
    "trail", [{}, {"events": []}, {"events": "x"}, {"events": [1]}, {"events": [{"seq": True}]}]
)
def test_what_is_no_trail_is_a_finding(trail: dict[str, Any]) -> None:
    """Nonsense is reported, not raised."""
    assert verify({"job_id": "a", "status": "pending"}, trail)


def test_a_digest_key_that_is_no_hex_is_a_finding() -> None:
    """A key that cannot be one is reported, not raised."""
    job, trail = chain()
    trail["digest_key"] = "zz"
    assert [finding.why for finding in verify(job, trail)] == ["digest_key is not hexadecimal"]
