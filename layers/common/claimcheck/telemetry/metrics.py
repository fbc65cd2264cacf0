"""Every metric of the system: its name, its unit and what it means. Alarms, docs and dashboard use these.

They are written to the log in CloudWatch's embedded format, at the end of an invocation. The dimension
`service` (the stack's name) tells deployments apart. A few metrics have one more dimension, of few values,
and are written with and without it; ids are never a dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

NAMESPACE = "Claimcheck"

Unit = Literal["Count", "Seconds", "None"]
Dimension = Literal["Code", "Model"]


@dataclass(frozen=True, slots=True)
class Metric:
    """`dimension`, where there is one: `Code` of a failure (claimcheck.failures), or the `Model` asked."""

    name: str
    unit: Unit
    meaning: str
    dimension: Dimension | None = None


CATALOGUE: dict[str, Metric] = {}


def _metric(name: str, meaning: str, *, unit: Unit = "Count", by: Dimension | None = None) -> Metric:
    metric = Metric(name, unit, meaning, by)
    CATALOGUE[name] = metric
    return metric


# --- jobs ---
JOBS_ACCEPTED = _metric("JobsAccepted", "jobs that got a ticket; a repeated request is none")
JOBS_COMPLETED = _metric("JobsCompleted", "jobs that ended with an answer to all of the document")
JOBS_PARTIAL = _metric("JobsPartial", "jobs that ended with an answer that has gaps")
JOBS_FAILED = _metric("JobsFailed", "jobs that were given up, by whatever gave them up")
JOBS_CANCELLED = _metric("JobsCancelled", "jobs that ended by their caller's wish or deadline")
JOBS_RETRIED = _metric("JobsRetried", "attempts that failed and put their job back", by="Code")
JOBS_REDRIVEN = _metric("JobsRedriven", "failed jobs that their owner put back")
JOBS_PURGED = _metric("JobsPurged", "jobs whose content their owner had deleted")
JOBS_EXPIRED = _metric("JobsExpired", "jobs whose content retention deleted")
JOBS_WOKEN = _metric("JobsWoken", "jobs whose document arrived")
QUEUE_SECONDS = _metric(
    "QueueSeconds", "from when a job was due until a worker took it, each attempt", unit="Seconds"
)
JOB_SECONDS = _metric("JobSeconds", "from acceptance to the final state that a worker wrote", unit="Seconds")
ENDED = {
    "completed": JOBS_COMPLETED,
    "partial": JOBS_PARTIAL,
    "failed": JOBS_FAILED,
    "cancelled": JOBS_CANCELLED,
}

# --- the model ---
MODEL_CALLS = _metric("ModelCalls", "calls that ended, one way or the other", by="Model")
MODEL_CALLS_FAILED = _metric("ModelCallsFailed", "calls that gave no answer", by="Code")
MODEL_SECONDS = _metric("ModelSeconds", "how long a call took", unit="Seconds", by="Model")
MODEL_INPUT_TOKENS = _metric("ModelInputTokens", "tokens sent, without what the cache served or took")
MODEL_CACHE_READ_TOKENS = _metric("ModelCacheReadTokens", "tokens that the cache served")
MODEL_CACHE_WRITE_TOKENS = _metric("ModelCacheWriteTokens", "tokens that the cache took")
MODEL_OUTPUT_TOKENS = _metric("ModelOutputTokens", "tokens of answers")
MODEL_COST_USD = _metric("ModelCostUsd", "US dollars, by the price list", unit="None", by="Model")
RATE_SECONDS = _metric(
    "RateSeconds", "how long a call waited for room in its model's rate", unit="Seconds", by="Model"
)
RATE_CLAIMS = _metric("RateClaims", "questions for room in a model's rate, each for all calls that waited")
JOBS_PLACED = _metric("JobsPlaced", "jobs that got a place in their tenant's line, before any work was done")
CALLS_PAID_TWICE = _metric(
    "CallsPaidTwice",
    "calls for a question of which an earlier call may have been paid and is not known to have failed",
)
ANSWERS_USED_AGAIN = _metric(
    "AnswersUsedAgain", "answers of an earlier attempt that were used instead of a call"
)
SHARED_ANSWERS_USELESS = _metric(
    "SharedAnswersUseless",
    "answers in the format of all tasks that were asked for again in the own one",
)
QUESTIONS_PARKED = _metric("QuestionsParked", "questions of economy jobs that wait for a batch from now on")
BATCHES_SENT = _metric("BatchesSent", "batches that the model's API has taken")
BATCHES_REFUSED = _metric(
    "BatchesRefused", "batches that it has not taken; their questions wait again", by="Code"
)
BATCHES_UNCLEAR = _metric(
    "BatchesUnclear", "batches of which nobody knows whether it has taken them, each look"
)
BATCHES_FOUND = _metric("BatchesFound", "of these, the ones found there")
BATCHES_CLOSED = _metric("BatchesClosed", "batches whose results were all noted, or that were given up")
BATCH_ANSWERS = _metric("BatchAnswers", "answers that came in a batch", by="Model")
BATCH_FAILURES = _metric("BatchFailures", "questions that a batch did not answer", by="Code")
DIGESTS_FAILED = _metric("DigestsFailed", "overviews of all parts that could not be made")
QUOTES_ASKED_AGAIN = _metric("QuotesAskedAgain", "quotes that were not found and asked for once more")
QUOTES_FOUND_AGAIN = _metric("QuotesFoundAgain", "of these, the ones found then")

# --- workers and their queue ---
LEASES_LOST = _metric("LeasesLost", "leases that a worker found it no longer held")
LEASES_EXPIRED = _metric("LeasesExpired", "jobs taken from workers that went silent")
WORKERS_CRASHED = _metric("WorkersCrashed", "doorbells that crashed every worker that took them")
PROGRESS_NOT_WRITTEN = _metric("ProgressNotWritten", "progress that could not be noted; the job goes on")
DOORBELLS_NOT_RUNG = _metric("DoorbellsNotRung", "doorbells that SQS did not take; sweep rings them")
DOORBELLS_RUNG_AGAIN = _metric("DoorbellsRungAgain", "due jobs that nobody took, rung for again")

# --- documents ---
DOCUMENTS_ANNOUNCED = _metric("DocumentsAnnounced", "uploads that were announced")
DOCUMENTS_KNOWN = _metric("DocumentsKnown", "announcements of bytes that were here already")
UPLOADS_STORED = _metric("UploadsStored", "uploads that arrived as they were announced")
UPLOADS_REFUSED = _metric("UploadsRefused", "uploads of other bytes than were announced")
UPLOADS_DISCARDED = _metric("UploadsDiscarded", "uploads that nobody waits for any more, deleted")
DOCUMENTS_PURGED = _metric("DocumentsPurged", "documents that their owner had deleted")
CONTENT_NOT_DELETED = _metric(
    "ContentNotDeleted", "jobs and uploads past their time that could not be deleted, each try"
)
OBJECTS_DELETED = _metric("ObjectsDeleted", "objects deleted from the bucket, by deletion or retention")
UPLOADS_FOUND = _metric("UploadsFound", "uploads whose event was lost, found by sweep")

# --- webhooks ---
DELIVERIES_DELIVERED = _metric("DeliveriesDelivered", "webhooks that arrived")
DELIVERIES_RETRIED = _metric("DeliveriesRetried", "attempts that failed and are tried again")
DELIVERIES_EXHAUSTED = _metric("DeliveriesExhausted", "webhooks that were given up after their last attempt")
DELIVERIES_DISABLED = _metric("DeliveriesDisabled", "webhooks that ended because their address is disabled")
DELIVERIES_SENT_BY_SWEEP = _metric("DeliveriesSentBySweep", "due webhooks that sweep sent")
DELIVERIES_NOT_SENT = _metric("DeliveriesNotSent", "webhooks that SQS did not take; sweep sends them")
DELIVERIES_NOT_SIGNED = _metric("DeliveriesNotSigned", "webhooks that could not be signed")
DELIVERIES_REPLAYED = _metric("DeliveriesReplayed", "webhooks that their owner had sent once more")
REPLAYS_FAILED = _metric("ReplaysFailed", "replays and samples that did not arrive")
DELIVERY_SECONDS = _metric("DeliverySeconds", "how long an attempt's call took", unit="Seconds")
WEBHOOK_SECRETS_ROTATED = _metric("WebhookSecretsRotated", "signing secrets that tenants replaced")
MESSAGES_TAKEN_BESIDES = _metric(
    "MessagesTakenBesides", "webhooks that a sender took itself while a receiver held it up"
)
RECORDED = {
    "delivered": DELIVERIES_DELIVERED,
    "pending": DELIVERIES_RETRIED,
    "exhausted": DELIVERIES_EXHAUSTED,
    "disabled": DELIVERIES_DISABLED,
}

# --- the way in ---
KEYS_REFUSED = _metric("KeysRefused", "requests whose key is unknown, expired or revoked")
KEYS_MALFORMED = _metric(
    "KeysMalformed", "requests without anything of a key's form; Lambda counts each as an error of authorize"
)

# --- telemetry itself ---
SPANS_GIVEN_UP = _metric("SpansGivenUp", "spans that were not sent: the collector was away")

# --- gauges, once a minute, from the database ---
SWEEP_HEARTBEAT = _metric("SweepHeartbeat", "1 for each sweep that came to its end")
OLDEST_DUE_JOB_SECONDS = _metric(
    "OldestDueJobSeconds",
    "how long the job that is due for longest has been due; 0 where none is",
    unit="Seconds",
)
JOBS_DUE = _metric("JobsDue", "jobs that are due and nobody works on, counted up to 10,000")
JOBS_RUNNING = _metric("JobsRunning", "jobs under a lease")
OLDEST_DUE_DELIVERY_SECONDS = _metric(
    "OldestDueDeliverySeconds", "the same for webhooks whose address may be called", unit="Seconds"
)
DELIVERIES_DUE = _metric("DeliveriesDue", "webhooks that are due and not on their way, counted up to 10,000")
CIRCUITS_OPEN = _metric("CircuitsOpen", "models that are not called because they keep failing")
RATE_LINE_SECONDS = _metric(
    "RateLineSeconds",
    "how long the last job of the longest line has to wait for its model's rate; 0 where none is",
    unit="Seconds",
)
ECONOMY_HEARTBEAT = _metric(
    "EconomyHeartbeat", "1 for each round of the function economy that came to its end"
)
OLDEST_PARKED_SECONDS = _metric(
    "OldestParkedSeconds",
    "how long the oldest question has waited to be sent in a batch; 0 where none does",
    unit="Seconds",
)
OLDEST_BATCH_SECONDS = _metric(
    "OldestBatchSeconds",
    "how long ago the oldest batch was begun of which not all is known; 0 where none is",
    unit="Seconds",
)
BATCHES_OPEN = _metric("BatchesOpen", "batches of which not all is known")
SPEND_LAST_HOUR_USD = _metric(
    "SpendLastHourUsd", "US dollars of all calls that ended within the hour before", unit="None"
)
OVERDUE_CONTENT_SECONDS = _metric(
    "OverdueContentSeconds",
    "how long the oldest content is past its time, by retention or in the bucket; 0 where none is",
    unit="Seconds",
)


@cache
def _sheets() -> dict[tuple[str, str], AmazonCloudWatchEMFProvider]:
    """What was counted in this invocation, by a further dimension and its value, both empty for none."""
    return {}


def _sheet(dimension: str, value: str) -> AmazonCloudWatchEMFProvider:
    from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

    sheets = _sheets()
    if (dimension, value) not in sheets:
        # Ready to be written at any time: Powertools writes by itself what has a hundred values.
        sheet = AmazonCloudWatchEMFProvider(namespace=NAMESPACE)
        sheet.set_default_dimensions(service=sheet.service)
        if dimension:
            sheet.add_dimensions(**{dimension: value})
        sheets[dimension, value] = sheet
    return sheets[dimension, value]


def count(metric: Metric, value: float = 1, *, of: str = "") -> None:
    """Add to a metric. `of` is the value of its dimension, where it has one."""
    sheet = _sheet(metric.dimension, of) if metric.dimension and of else _sheet("", "")
    sheet.add_metric(name=metric.name, unit=metric.unit, value=value)


def flush() -> None:
    """Write what was counted to the log, and forget it."""
    sheets = list(_sheets().values())
    _sheets().clear()
    for sheet in sheets:
        if sheet.metric_set:
            sheet.flush_metrics()


def counted(metric: Metric) -> float:
    """The sum of a metric since the last flush, over all values of its dimension."""
    found = [sheet.metric_set.get(metric.name, {"Value": []})["Value"] for sheet in list(_sheets().values())]
    return float(sum(sum(values) for values in found))
