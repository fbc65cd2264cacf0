"""`/v1/messages/batches` as the official SDK sees it, and what the product's adapter makes of it."""

from __future__ import annotations

import datetime
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import anthropic
import pytest
from claimcheck.model.batches import ClaudeBatches
from claimcheck.model.types import BatchQuestion, CallFailedError, GoneError, KnownBatch

from tests.integration.offline.control import ROOT, Server
from tests.integration.offline.questions import question

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def batches(server: Server) -> Iterator[ClaudeBatches]:
    """The adapter at a server that has no batches, and answers one when it is told to."""
    server.control("DELETE", "/batches")
    server.control("PUT", "/batches/seconds", {"seconds": None})
    yield ClaudeBatches(server.sync_client)
    server.control("DELETE", "/batches")


def asked(count: int = 1, **changes: Any) -> list[BatchQuestion]:
    """So many questions as the product has them."""
    return [BatchQuestion(uuid.uuid4().hex, {**question("extract"), **changes}) for _ in range(count)]


def ended(server: Server, unanswered: str | None = None) -> None:
    """The batches of the API end."""
    server.control("POST", "/batches/end", {"unanswered": unanswered})


def codes(batches: ClaudeBatches, known: KnownBatch) -> list[str | None]:
    """What came of each question; None for an answer."""
    return [result.code for result in batches.results(known.api_id)]


def test_a_batch_is_answered_when_it_has_ended(server: Server, batches: ClaudeBatches) -> None:
    """All questions count until then; then each has its result, with usage, under its own name."""
    questions = asked(3)
    known = batches.create(questions)
    assert (known.requests, known.ended) == (3, False)
    assert known.expires_at - known.created_at == datetime.timedelta(days=1)
    ended(server)
    assert batches.look(known.api_id).ended
    results = list(batches.results(known.api_id))
    assert {result.custom_id for result in results} == {each.custom_id for each in questions}
    for result in results:
        assert result.answer is not None
        assert (result.answer.stop, result.answer.model) == ("end_turn", "offline")
        assert result.answer.usage.input_tokens > 0


def test_what_a_batch_does_not_answer_has_a_code(server: Server, batches: ClaudeBatches) -> None:
    """Expired, cancelled, refused and failed questions, each as the failure that it is for a job."""
    expired = batches.create(asked())
    ended(server, "expired")
    cancelled = batches.create(asked())
    batches.cancel(cancelled.api_id)
    refused = batches.create(asked(max_tokens=-1))
    ended(server)
    server.fault("status", status=500)
    server.fault("status", status=529)
    server.fault("status", status=429)
    failed = batches.create(asked(3))
    ended(server)
    assert codes(batches, expired) == ["batch_expired"]
    assert codes(batches, cancelled) == ["batch_cancelled"]
    assert codes(batches, refused) == ["model_refused_request"]
    assert set(codes(batches, failed)) == {"model_error", "model_overloaded", "model_throttled"}


def test_a_prompt_that_is_too_long_is_told_as_such(server: Server, batches: ClaudeBatches) -> None:
    """So that it can be asked in halves."""
    content = [{"type": "text", "text": "word " * 200_000}]
    known = batches.create(asked(messages=[{"role": "user", "content": content}]))
    ended(server)
    assert codes(batches, known) == ["document_too_long"]


def test_all_batches_since_are_found_over_pages(server: Server, batches: ClaudeBatches) -> None:
    """Newest first, however many there are."""
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=1)
    made = [batches.create(asked()).api_id for _ in range(130)]
    assert [known.api_id for known in batches.since(before)] == made[::-1]
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=60)
    assert list(batches.since(later)) == []


def test_a_deleted_batch_is_gone(server: Server, batches: ClaudeBatches) -> None:
    """Only one that has ended can be deleted; then the API knows it no more."""
    known = batches.create(asked())
    with pytest.raises(CallFailedError):
        batches.delete(known.api_id)
    ended(server)
    batches.delete(known.api_id)
    for call in (batches.look, batches.delete, lambda name: list(batches.results(name))):
        with pytest.raises(GoneError):
            call(known.api_id)


@pytest.mark.parametrize(
    ("fault", "code", "taken"),
    [
        ({"kind": "status", "status": 401}, "model_unauthorised", False),
        ({"kind": "status", "status": 404}, "model_unknown", False),
        ({"kind": "status", "status": 413}, "document_too_long", False),
        ({"kind": "status", "status": 429}, "model_throttled", False),
        ({"kind": "status", "status": 529}, "model_overloaded", False),
        ({"kind": "status", "status": 500}, "model_error", None),
        ({"kind": "lost"}, "model_unreachable", None),
    ],
    ids=lambda value: str(value.get("status", value["kind"])) if isinstance(value, dict) else "",
)
def test_whether_a_batch_was_taken(
    server: Server, batches: ClaudeBatches, fault: dict[str, Any], code: str, taken: bool | None
) -> None:
    """A refusal says that it was not; a broken connection or a failing server says nothing."""
    server.control("POST", "/batches/faults", {"at": "create", **fault})
    with pytest.raises(CallFailedError) as caught:
        batches.create(asked())
    assert (caught.value.failure.code, caught.value.outcome_known) == (code, taken is not None)


def test_results_that_break_off_are_no_end(server: Server, batches: ClaudeBatches) -> None:
    """Whoever reads them hears that there is more."""
    known = batches.create(asked(6))
    ended(server)
    server.control("POST", "/batches/faults", {"at": "results", "kind": "lost"})
    with pytest.raises(CallFailedError):
        list(batches.results(known.api_id))
    assert len(list(batches.results(known.api_id))) == 6


def test_a_line_that_is_no_result_keeps_nobody_from_the_others(
    server: Server, batches: ClaudeBatches
) -> None:
    """Of its question nobody knows whether it was paid for; the next line is read as ever."""
    known = batches.create(asked(3))
    ended(server)
    server.control("POST", "/batches/faults", {"at": "results", "kind": "odd"})
    odd, *others = batches.results(known.api_id)
    assert (odd.answer, odd.code, odd.unknown) == (None, "model_error", True)
    assert [(each.code, each.unknown) for each in others] == [(None, False), (None, False)]


@pytest.mark.parametrize(
    "names", [["twice", "twice"], ["a b"], ["x" * 65], []], ids=["twice", "letters", "long", "none"]
)
def test_a_batch_is_checked_as_the_api_does(server: Server, batches: ClaudeBatches, names: list[str]) -> None:
    """Names are unique, of few letters and short, and there is one at least."""
    with pytest.raises(CallFailedError) as caught:
        batches.create([BatchQuestion(name, question("extract")) for name in names])
    assert caught.value.failure.code == "model_refused_request"


def test_a_kept_batch_outlives_the_process(tmp_path: Path) -> None:
    """As the API's own do: after a kill its batches are there, and those that were not over end."""
    command = [sys.executable, "-m", "local.offline", "--port", "0", "--log-level", "WARNING"]
    command += ["--batches", str(tmp_path), "--batch-seconds", "0.2"]
    names: list[str] = []
    for _ in range(2):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            with anthropic.Anthropic(
                base_url=child.stdout.readline().split()[-1], api_key="offline", max_retries=5
            ) as client:
                batches = ClaudeBatches(lambda client=client: client)  # type: ignore[misc]
                for name in names:
                    while not batches.look(name).ended:
                        pass
                    assert codes(batches, batches.look(name)) == [None]
                names.append(batches.create(asked()).api_id)
            child.kill()
    assert len(names) == 2
