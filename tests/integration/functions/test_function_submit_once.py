"""submit: requests that are sent twice, and jobs that are not wanted for ever."""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.refusals import IdempotencyInFlightError
from claimcheck.usecases.submit import Wishes

from tests.integration.functions.documents import EXTRACT, SUMMARISE
from tests.integration.functions.recorded import post_job, recorded
from tests.integration.functions.waiting import until

if TYPE_CHECKING:
    from claimcheck.usecases.submit import Submit

    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

KEY = "order-17"
BODY = json.dumps(EXTRACT).encode()


def send(
    stage: Stage, body: Any = EXTRACT, *, task: str = "extract", tenant: str = "acme", key: str = KEY
) -> Any:
    """A request under an Idempotency-Key."""
    return stage.call("submit", post_job(task, body, tenant=tenant, idempotency_key=key))


def code_of(answer: Any) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer["statusCode"], json.loads(answer["body"])["code"]


def test_the_same_request_twice_is_one_job(stage: Stage, rows: Rows) -> None:
    """The second answer is the first one's ticket and says so; one job, one doorbell."""
    first, second = send(stage), send(stage)
    assert (first["statusCode"], second["statusCode"]) == (202, 202)
    assert json.loads(first["body"]) == json.loads(second["body"])
    assert "Idempotent-Replayed" not in first["multiValueHeaders"]
    assert second["multiValueHeaders"]["Idempotent-Replayed"] == ["true"]
    assert rows.stored() == 2  # a job and its document
    assert len(stage.received("JobsQueue")["Records"]) == 1


def test_the_order_of_members_is_no_difference(stage: Stage) -> None:
    """The same JSON in another order and with other white space is the same request."""
    send(stage, json.dumps(EXTRACT))
    again = send(stage, json.dumps(dict(reversed(EXTRACT.items())), indent=1))
    assert again["multiValueHeaders"]["Idempotent-Replayed"] == ["true"]


def test_a_key_for_another_body_is_refused(stage: Stage, rows: Rows) -> None:
    """422 idempotency_mismatch, and nothing is stored for it."""
    send(stage)
    assert code_of(send(stage, {**EXTRACT, "fields": ["other"]})) == (422, "idempotency_mismatch")
    assert rows.stored() == 2


def test_a_key_is_one_tenants_and_one_tasks(stage: Stage, rows: Rows) -> None:
    """The same key of another tenant, or for another task, is another key."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    answers = [
        send(stage),
        send(stage, tenant="globex"),
        send(stage, SUMMARISE, task="summarise"),
    ]
    assert len({json.loads(answer["body"])["job_id"] for answer in answers}) == 3


def test_a_key_is_kept_for_a_day(stage: Stage, rows: Rows) -> None:
    """After 24 hours it may name another request."""
    first = send(stage)
    rows.run("UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second'")
    second = send(stage, {**EXTRACT, "fields": ["other"]})
    assert second["statusCode"] == 202
    assert json.loads(first["body"])["job_id"] != json.loads(second["body"])["job_id"]


def test_a_refused_request_does_not_use_up_its_key(stage: Stage) -> None:
    """The corrected body may be sent under the same key."""
    assert code_of(send(stage, {**EXTRACT, "fields": []})) == (422, "fields_invalid")
    assert send(stage)["statusCode"] == 202


def test_a_ticket_can_be_had_again_after_the_end(stage: Stage) -> None:
    """A repeated request finds the job it made, also when that is finished long since."""
    job_id = json.loads(send(stage)["body"])["job_id"]
    stage.work(job_id)
    assert json.loads(send(stage)["body"])["job_id"] == job_id
    assert stage.read(job_id)["status"] == "completed"


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "schlüssel", "a\tb"])
def test_a_key_that_cannot_be_one_is_refused(stage: Stage, rows: Rows, key: str) -> None:
    """400 query_invalid which names the header."""
    answer = send(stage, key=key)
    assert code_of(answer) == (400, "query_invalid")
    assert "Idempotency-Key" in json.loads(answer["body"])["detail"]
    assert rows.stored() == 0


def test_a_request_whose_twin_is_at_work_is_told_to_wait(stage: Stage, rows: Rows) -> None:
    """409 with Retry-After while the first is being stored, its ticket afterwards: one job, one doorbell."""
    with stage.more_submits(1) as (first,), ThreadPoolExecutor(1) as environment:
        with rows.tenant_held("acme"):
            twin = environment.submit(first, "acme", "extract", BODY, Wishes(KEY))
            until(rows.somebody_waits)
            answer = send(stage)
        job_id = twin.result(timeout=30).job_id
    assert code_of(answer) == (409, "idempotency_in_flight")
    assert answer["multiValueHeaders"]["Retry-After"] == ["1"]
    assert json.loads(send(stage)["body"])["job_id"] == job_id
    assert rows.stored() == 2
    assert len(stage.received("JobsQueue")["Records"]) == 1


def test_of_twins_at_once_one_makes_a_job(stage: Stage, rows: Rows) -> None:
    """Six environments get the same request at the same moment: each gives that job's ticket or says wait."""
    together = Barrier(6)

    def hand_in(submit: Submit) -> str | None:
        together.wait(timeout=30)
        with contextlib.suppress(IdempotencyInFlightError):
            return submit("acme", "extract", BODY, Wishes(KEY)).job_id
        return None

    with stage.more_submits(6) as environments, ThreadPoolExecutor(6) as threads:
        tickets = set(threads.map(hand_in, environments)) - {None}
    assert tickets == {json.loads(send(stage)["body"])["job_id"]}
    assert rows.stored() == 2
    assert len(stage.received("JobsQueue")["Records"]) == 1


def test_another_deadline_is_another_request(stage: Stage) -> None:
    """Cancel-After is a part of what was asked for under a key."""
    answers = [
        stage.call("submit", post_job("extract", EXTRACT, idempotency_key=KEY, cancel_after=after))
        for after in ("15m", "15m", "16m")
    ]
    assert [answer["statusCode"] for answer in answers] == [202, 202, 422]


@pytest.mark.parametrize("key", ["k", "!", "a" * 255, "two words", "~{}"])
def test_a_key_of_printable_ascii_is_one(stage: Stage, key: str) -> None:
    """From one character to 255."""
    assert [send(stage, key=key)["statusCode"] for _ in range(2)] == [202, 202]


@pytest.mark.parametrize(
    ("after", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("45", 45), ("1", 1), ("168h", 604_800)]
)
def test_a_deadline_has_a_unit_or_is_in_seconds(stage: Stage, rows: Rows, after: str, seconds: int) -> None:
    """From a second to seven days after the job was accepted."""
    assert stage.call("submit", post_job("extract", EXTRACT, cancel_after=after))["statusCode"] == 202
    shown = rows.one("SELECT extract(epoch FROM cancel_at - created_at)::float8 AS seconds FROM jobs")
    assert shown == {"seconds": seconds}


def test_without_a_deadline_a_job_has_none(stage: Stage, rows: Rows) -> None:
    """No header, no end."""
    stage.accept(**EXTRACT)
    assert rows.one("SELECT cancel_at FROM jobs") == {"cancel_at": None}


def test_a_job_past_its_deadline_is_cancelled(stage: Stage, rows: Rows, model: ModelGate) -> None:
    """With Cancel-After a job that waited too long is not begun, and the sweep cancels it."""
    answer = stage.call("submit", post_job("extract", EXTRACT, cancel_after="15m"))
    job_id = json.loads(answer["body"])["job_id"]
    shown = rows.one("SELECT cancel_at - created_at = interval '15 minutes' AS right FROM jobs")
    assert shown == {"right": True}
    rows.run("UPDATE jobs SET cancel_at = now()")
    assert stage.work(job_id) == []
    assert model.calls == []
    stage.call("sweep", recorded("scheduler"))
    assert stage.read(job_id)["status"] == "cancelled"


@pytest.mark.parametrize("after", ["0", "-1", "soon", "8d", "169h", "1.5h", ""])
def test_a_deadline_that_cannot_be_one_is_refused(stage: Stage, rows: Rows, after: str) -> None:
    """400 query_invalid which names the header."""
    answer = stage.call("submit", post_job("extract", EXTRACT, cancel_after=after))
    assert code_of(answer) == (400, "query_invalid")
    assert "Cancel-After" in json.loads(answer["body"])["detail"]
    assert rows.stored() == 0
