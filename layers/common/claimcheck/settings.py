"""The settings of each function: a frozen dataclass, whose fields `environment.load` reads.

A field without a default has to be set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimcheck.environment import Ceilings, DatabaseAuth, Origins, Ports

_HTTPS_PORTS: Ports = frozenset({443, 8443})
_UPLOAD_BYTES = 209_715_200

# Of a tenant without limits of its own.
_JOBS_IN_FLIGHT = 10_000
_USD_PER_DAY = 500.0
_REQUESTS_PER_SECOND = 100.0
_REQUESTS_BURST = 200

ANSWER_BYTES = 3_000_000
"""Longest answer of `GET /jobs/{id}` (JSON, UTF-8). Lambda takes 6 MB (6,291,556 bytes), in which it is a
string: whatever it holds, its escapes make it at most twice as long."""


@dataclass(frozen=True, slots=True)
class CorsSettings:
    """Of every function that answers HTTP: `cors_origins` are those whose pages may read an answer."""

    cors_origins: Origins = ()


@dataclass(frozen=True, slots=True)
class AuthorizeSettings:
    """The authorizer needs the keys only. `shared_usage_key` counts requests of tenants without their own."""

    database_url: str
    shared_usage_key: str
    database_auth: DatabaseAuth = "password"


@dataclass(frozen=True, slots=True)
class SubmitSettings:
    """`max_body_bytes` bounds a request, `inline_bytes` what is kept in the row instead of the bucket.

    `upload_wait_s`: how long a job waits for its document's bytes (seconds). `webhook_ports` may be called.
    """

    database_url: str
    jobs_queue_url: str
    documents_bucket: str
    database_auth: DatabaseAuth = "password"
    max_body_bytes: int = 5_000_000
    inline_bytes: int = 262_144
    upload_wait_s: float = 86_400.0
    webhook_ports: Ports = _HTTPS_PORTS
    claimcheck_allow_loopback_webhooks: bool = False
    limit_jobs_in_flight: int = _JOBS_IN_FLIGHT
    limit_usd_per_day: float = _USD_PER_DAY
    limit_document_bytes: int = _UPLOAD_BYTES


@dataclass(frozen=True, slots=True)
class EstimateSettings:
    """What `process` plans and pays by."""

    model_standard: str
    model_economy: str
    economy_batches: bool = True
    context_tokens: int = 200_000


@dataclass(frozen=True, slots=True)
class DocumentsSettings:
    """`max_upload_bytes` bounds a document, `upload_url_s` is how long an address for it is good (seconds).

    `upload_wait_s`: how long its bytes are expected (seconds).
    """

    database_url: str
    documents_bucket: str
    database_auth: DatabaseAuth = "password"
    max_upload_bytes: int = _UPLOAD_BYTES
    upload_wait_s: float = 86_400.0
    upload_url_s: int = 3_600
    limit_document_bytes: int = _UPLOAD_BYTES


@dataclass(frozen=True, slots=True)
class UploadsSettings:
    """Uploads that arrived wake jobs."""

    database_url: str
    jobs_queue_url: str
    documents_bucket: str
    database_auth: DatabaseAuth = "password"


@dataclass(frozen=True, slots=True)
class StatusSettings:
    """Reading, cancelling, putting back, and what a cancelled job's webhook needs.

    `upload_wait_s`: how long a job that is put back waits for its document's bytes (seconds).
    `answer_bytes`: a result that makes the answer longer is linked to; process has to know the same.
    `limit_…` and `max_upload_bytes` are shown; those of jobs and money hold for what is put back as well.
    """

    database_url: str
    documents_bucket: str
    jobs_queue_url: str
    deliveries_queue_url: str
    slow_deliveries_queue_url: str
    webhook_key_secret_arn: str
    database_auth: DatabaseAuth = "password"
    upload_wait_s: float = 86_400.0
    answer_bytes: int = ANSWER_BYTES
    max_upload_bytes: int = _UPLOAD_BYTES
    limit_jobs_in_flight: int = _JOBS_IN_FLIGHT
    limit_usd_per_day: float = _USD_PER_DAY
    limit_document_bytes: int = _UPLOAD_BYTES
    limit_requests_per_second: float = _REQUESTS_PER_SECOND
    limit_requests_burst: int = _REQUESTS_BURST


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """Seconds, tokens and names for the worker; `job_timeout_s` is one attempt's deadline.

    A lease is extended three times in its length; it and one sweep (60 s) are less than the 90 s within which
    a lost job is to be due again.
    `probe_s`: how long a call that tries a model again may take before another one does.
    `answer_bytes`: a result that may make an answer longer is put into the bucket: `status` links to it.
    `anthropic_workspace_id`: of Claude Platform on AWS, which needs no key; empty for Anthropic's own API.
    `model_rates`: limits of models that hold where the API's own are higher, or not known yet.
    `economy_batches`: economy jobs wait for batches of the model's API, and may be `economy_max_age_s` old.
    """

    database_url: str
    documents_bucket: str
    jobs_queue_url: str
    deliveries_queue_url: str
    slow_deliveries_queue_url: str
    anthropic_secret_arn: str
    webhook_key_secret_arn: str
    model_standard: str
    model_economy: str
    anthropic_workspace_id: str = ""
    database_auth: DatabaseAuth = "password"
    lease_s: float = 25.0
    probe_s: float = 120.0
    job_timeout_s: float = 540.0
    max_attempts: int = 5
    max_age_s: float = 86_400.0
    economy_batches: bool = True
    economy_max_age_s: float = 172_800.0
    context_tokens: int = 200_000
    answer_bytes: int = ANSWER_BYTES
    limit_usd_per_day: float = _USD_PER_DAY
    model_rates: Ceilings = ()


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """`quiet_s`: how long a due job may wait before it is rung for again (seconds); doubled at each ring.

    Uploads that nobody tells of are looked for in the same rhythm, `look_batch` of them in one sweep.
    One sweep rings for `batch` jobs at a time, `rounds` times at most: what an outage left behind is caught
    up with over several sweeps, and each spreads its bells over `spread_s` seconds.
    What was deleted is deleted from the bucket once more after `late_s` seconds: longer than anybody may take
    to put there what was meant for it. Deleting has `tidy_s` seconds of a sweep, after all
    else, and ends `longest_s` seconds after the sweep began. `retention_days`: how long a final job is kept;
    `row_retention_days`: how long after that its emptied row is kept (0: for ever).
    """

    database_url: str
    jobs_queue_url: str
    deliveries_queue_url: str
    slow_deliveries_queue_url: str
    webhook_key_secret_arn: str
    documents_bucket: str
    model_standard: str
    model_economy: str
    database_auth: DatabaseAuth = "password"
    max_attempts: int = 5
    max_age_s: float = 86_400.0
    economy_max_age_s: float = 172_800.0
    quiet_s: float = 60.0
    spread_s: float = 40.0
    batch: int = 500
    rounds: int = 10
    look_batch: int = 200
    retention_days: int = 30
    row_retention_days: int = 0
    late_s: float = 900.0
    tidy_s: float = 30.0
    longest_s: float = 40.0


@dataclass(frozen=True, slots=True)
class DeadLettersSettings:
    """Failing a job needs the database only: its webhook is left to sweep."""

    database_url: str
    database_auth: DatabaseAuth = "password"


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """Posting needs three queues and nothing of ours besides. `webhook_ports` may be called.

    `aws_lambda_runtime_api` is set by the runtime (`HOST:PORT`) and may never be called.
    """

    outcomes_queue_url: str
    deliveries_queue_url: str
    slow_deliveries_queue_url: str
    webhook_ports: Ports = _HTTPS_PORTS
    aws_lambda_runtime_api: str = ""
    claimcheck_allow_loopback_webhooks: bool = False


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """Recording, and sending what an outcome makes room for.

    `webhook_schedule_scale` shortens the times between attempts, and until an address is disabled.
    """

    database_url: str
    outcomes_queue_url: str
    deliveries_queue_url: str
    slow_deliveries_queue_url: str
    webhook_key_secret_arn: str
    database_auth: DatabaseAuth = "password"
    webhook_schedule_scale: float = 1.0


@dataclass(frozen=True, slots=True)
class WebhooksSettings:
    """Signing, and sending replays and samples."""

    database_url: str
    deliveries_queue_url: str
    slow_deliveries_queue_url: str
    webhook_key_secret_arn: str
    database_auth: DatabaseAuth = "password"
    webhook_ports: Ports = _HTTPS_PORTS
    claimcheck_allow_loopback_webhooks: bool = False


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """The operator's commands work on the database, and an export on the bucket."""

    database_url: str
    documents_bucket: str
    database_auth: DatabaseAuth = "password"
    limit_jobs_in_flight: int = _JOBS_IN_FLIGHT
    limit_usd_per_day: float = _USD_PER_DAY
    limit_document_bytes: int = _UPLOAD_BYTES


@dataclass(frozen=True, slots=True)
class MigrateSettings:
    """A direct connection, not the proxy. `connect_patience_s`: how long it is asked for again (seconds).

    `database_master`: who makes the roles first and hands the database over, where that is another user.
    """

    database_url: str
    database_auth: DatabaseAuth = "password"
    database_master: str = ""
    connect_patience_s: float = 60.0


@dataclass(frozen=True, slots=True)
class SchemaSettings:
    """The gate calls migrate, and itself for another round (`aws_lambda_function_name` is Lambda's own)."""

    migrate_function: str
    aws_lambda_function_name: str


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Where the pages' files are; and what the pages read and write, which a deployment need not know."""

    site_bucket: str
    documents_bucket: str = ""


@dataclass(frozen=True, slots=True)
class OpenapiSettings:
    """The limits of this deployment, which the API's document names."""

    max_upload_bytes: int
    max_body_bytes: int
