"""A job's way as one trace: request, queue, attempt, statements, model, webhook and its outcome."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai
from opentelemetry.semconv.attributes import error_attributes, http_attributes

from tests.integration.functions.otlp_receiver import Collector
from tests.integration.functions.recorded import post_job, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.otlp_receiver import Received
    from tests.integration.functions.receiver import Receiver
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
HEADER = f"00-{TRACE}-{CALLER}-01"
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
CANARY = "canary-in-a-trace"
DOCUMENT = {"text": f"The {CANARY} fee is EUR 400.", "name": f"{CANARY}.txt"}
BODY = {"document": DOCUMENT, "fields": [{"name": f"{CANARY} fee"}], "metadata": {"note": CANARY}}


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that answers."""
    opened = Collector()
    yield opened
    opened.close()


@pytest.fixture
def traced(stage: Stage, collector: Collector) -> Stage:
    """A deployment whose traces go to the collector."""
    return switched_on(stage, collector.url)


def switched_on(stage: Stage, url: str) -> Stage:
    """Tracing by its one switch, and where to."""
    stage.override(TRACING="otlp", OTEL_EXPORTER_OTLP_ENDPOINT=url, CLAIMCHECK_ALLOW_LOOPBACK_WEBHOOKS="true")
    return stage


def hand_in(stage: Stage, traceparent: str = HEADER, **body: Any) -> str:
    """A request that is part of its caller's trace; the job's id."""
    answer = stage.call("submit", post_job("extract", {**BODY, **body}, traceparent=traceparent))
    assert answer["statusCode"] == 202
    return str(json.loads(answer["body"])["job_id"])


def all_the_way(stage: Stage, receiver: Receiver) -> str:
    """Through every function; the job's id."""
    job_id = hand_in(stage, webhook_url=f"{receiver.url}?token={CANARY}")
    stage.call("process", stage.received("JobsQueue"))
    stage.call("notify", stage.received("DeliveriesQueue"))
    stage.call("record", stage.received("OutcomesQueue"))
    return job_id


def chain(collector: Collector, span: Received) -> list[str]:
    """The names from a span up to the root."""
    by_id = {each.span_id: each for each in collector.spans()}
    names = [span.name]
    while span.parent_id in by_id:
        span = by_id[span.parent_id]
        names.append(span.name)
    return [*names, span.parent_id]


def test_a_job_is_one_trace(traced: Stage, collector: Collector, receiver: Receiver) -> None:
    """From the caller's own span to what the webhook came to, each span below what caused it."""
    job_id = all_the_way(traced, receiver)
    (recorded_outcome,) = collector.named("record outcome")
    names = [name.partition("-")[0] for name in chain(collector, recorded_outcome)]
    queues = {name.rpartition(" ")[2] for name in chain(collector, recorded_outcome) if " " in name}
    assert names[-1] == CALLER
    assert names[-2] == "POST /jobs/{id}"
    kinds = [name.split()[0] for name in chain(collector, recorded_outcome)[:-1]]
    assert kinds == ["record", "process", "send", "process", "send", "attempt", "process", "send", "POST"]
    assert len(queues) >= 3
    mine = [span for span in collector.spans() if span.attributes.get("claimcheck.job_id") == job_id]
    assert {span.trace_id for span in mine} == {TRACE}
    assert {"accept_job"} <= {span.name for span in collector.spans() if span.trace_id == TRACE}
    assert {"claim_job", "finish_job", "begin_call", "end_call", "record_attempt"} <= {
        span.name for span in collector.spans()
    }
    assert collector.paths
    assert set(collector.paths) == {"/v1/traces"}


def test_a_model_call_follows_the_conventions(
    traced: Stage, collector: Collector, receiver: Receiver, rows: Rows
) -> None:
    """OpenTelemetry's names for GenAI, as its own package spells them, with the figures of the database."""
    job_id = all_the_way(traced, receiver)
    (call,) = rows.calls(job_id)
    (span,) = [each for each in collector.spans() if each.name.startswith("chat ")]
    assert (span.name, span.kind) == (f"chat {call['model']}", CLIENT)
    told = span.attributes
    assert told[gen_ai.GEN_AI_OPERATION_NAME] == gen_ai.GenAiOperationNameValues.CHAT.value
    assert told[gen_ai.GEN_AI_PROVIDER_NAME] == gen_ai.GenAiProviderNameValues.ANTHROPIC.value
    assert told[gen_ai.GEN_AI_REQUEST_MODEL] == call["model"]
    assert told[gen_ai.GEN_AI_RESPONSE_FINISH_REASONS] == [call["outcome"]]
    assert told[gen_ai.GEN_AI_REQUEST_MAX_TOKENS] > 0
    assert told[gen_ai.GEN_AI_OUTPUT_TYPE] == gen_ai.GenAiOutputTypeValues.JSON.value
    assert told[gen_ai.GEN_AI_USAGE_OUTPUT_TOKENS] == call["output_tokens"]
    sent = call["input_tokens"] + call["cache_read_tokens"] + call["cache_write_tokens"]
    assert told[gen_ai.GEN_AI_USAGE_INPUT_TOKENS] == sent
    assert told["gen_ai.usage.cache_read.input_tokens"] == call["cache_read_tokens"]
    assert told["gen_ai.usage.cache_creation.input_tokens"] == call["cache_write_tokens"]


def test_a_failed_call_says_its_code(traced: Stage, collector: Collector, model: ModelGate) -> None:
    """`error.type` is the failure's code; the API's words are in no span."""
    model.faults.fault("status", status=429, message=CANARY)
    traced.work(hand_in(traced))
    (span,) = [each for each in collector.spans() if each.name.startswith("chat ")]
    assert span.failed
    assert span.attributes[error_attributes.ERROR_TYPE] == "model_throttled"
    assert CANARY.encode() not in b"".join(collector.requests)


def test_nothing_of_the_content_is_in_a_trace(
    traced: Stage, collector: Collector, receiver: Receiver
) -> None:
    """Document, name, fields, metadata, the webhook's address and its answer: none in any byte sent."""
    receiver.answer = CANARY.encode()
    all_the_way(traced, receiver)
    sent = b"".join(collector.requests)
    assert len(collector.spans()) > 10
    assert CANARY.encode() not in sent
    assert str(receiver.url).encode() not in sent


def test_requests_statements_and_messages_have_their_kind(
    traced: Stage, collector: Collector, receiver: Receiver
) -> None:
    """Server, client, producer and consumer, with the attributes that backends look for."""
    all_the_way(traced, receiver)
    (request,) = collector.named("POST /jobs/{id}")
    assert (request.kind, request.attributes[http_attributes.HTTP_ROUTE]) == (SERVER, "/jobs/{id}")
    assert request.attributes[http_attributes.HTTP_RESPONSE_STATUS_CODE] == 202
    (statement,) = collector.named("accept_job")
    assert statement.kind == CLIENT
    assert statement.attributes["db.system.name"] == "postgresql"
    assert "db.query.text" not in statement.attributes
    kinds = {span.name.split()[0]: span.kind for span in collector.spans() if "Queue" in span.name}
    assert kinds == {"send": PRODUCER, "process": CONSUMER}
    (webhook,) = collector.named("POST webhook")
    assert webhook.attributes[http_attributes.HTTP_RESPONSE_STATUS_CODE] == 204


def test_a_doorbell_of_sweeps_leads_back_to_the_request(
    traced: Stage, collector: Collector, rows: Rows
) -> None:
    """The job's row remembers its trace: the attempt belongs there, and links to what rang."""
    hand_in(traced)
    traced.received("JobsQueue")
    rows.run("UPDATE jobs SET rung_at = rung_at - interval '61 seconds'")
    traced.call("sweep", recorded("scheduler"))
    traced.call("process", traced.received("JobsQueue"))
    (attempt,) = collector.named("attempt extract")
    (request,) = collector.named("POST /jobs/{id}")
    assert (attempt.trace_id, attempt.parent_id) == (TRACE, request.span_id)
    ((ringing, _),) = attempt.links
    swept = [span for span in collector.spans() if span.trace_id == ringing]
    assert {"due_jobs", "gauges"} <= {span.name for span in swept}


def test_a_caller_that_does_not_sample_is_not_traced(traced: Stage, collector: Collector, rows: Rows) -> None:
    """Its flag is honoured all the way, also by the row."""
    job_id = hand_in(traced, HEADER.removesuffix("01") + "00")
    assert rows.job(job_id)["traceparent"] is None
    assert [span for span in collector.spans() if span.trace_id == TRACE] == []


@pytest.mark.parametrize("header", ["", "nonsense", f"00-{'0' * 32}-{CALLER}-01", "00-" + "é" * 20])
def test_a_header_that_is_none_begins_a_new_trace(traced: Stage, collector: Collector, header: str) -> None:
    """A malformed traceparent is no error and no parent (W3C Trace Context)."""
    hand_in(traced, header)
    (request,) = collector.named("POST /jobs/{id}")
    assert request.parent_id == ""
    assert request.trace_id not in {TRACE, "0" * 32}


@pytest.mark.parametrize("state", ["refused", "silent", "failing"])
def test_a_collector_that_is_away_costs_a_bounded_time_once(
    stage: Stage, collector: Collector, closed_port: int, state: str
) -> None:
    """The job completes, the flush ends within two seconds, and the next invocation does not ask again."""
    if state == "silent":
        collector.hold.clear()
    collector.status = 503 if state == "failing" else 200
    url = f"http://127.0.0.1:{closed_port}" if state == "refused" else collector.url
    switched_on(stage, url)
    began = time.monotonic()
    job_id = hand_in(stage)
    first_s = time.monotonic() - began
    stage.call("process", stage.received("JobsQueue"))
    began = time.monotonic()
    assert stage.read(job_id)["status"] == "completed"
    again_s = time.monotonic() - began
    assert stage.metric("SpansGivenUp") > 10
    assert first_s < 2.0 + MACHINE_S
    assert again_s < MACHINE_S


MACHINE_S = 6.0  # what a busy machine may add: imports, and others' work


def test_nothing_of_it_is_loaded_where_it_is_off() -> None:
    """After an invocation without the switch, no module of OpenTelemetry is there."""
    code = (
        "import sys\n"
        "from claimcheck.telemetry import observed, span, traceparent\n"
        "class Context:\n"
        "    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = 'x'\n"
        "    def get_remaining_time_in_millis(self): return 1000\n"
        "def work(event, context):\n"
        "    with span('x', 'client', attributes={'a': 1}) as opened: opened.set({'b': None})\n"
        "    return traceparent()\n"
        "assert observed(work)({}, Context()) is None\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"
