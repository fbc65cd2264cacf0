"""Webhooks: what was sent, what signs it, and what it says."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (Pydantic reads it)
from typing import Any, Literal

from pydantic import SecretStr, model_validator

from claimcheck.client.models.base import Model
from claimcheck.client.models.jobs import JobError, JobStatus, Task  # noqa: TC001
from claimcheck.client.models.results import Result, with_typed_result


class Attempt(Model):
    """One call of an address; `status_code` is None where no answer came."""

    attempt: int
    at: datetime
    url: str
    status_code: int | None
    duration_ms: int | None
    error: str | None
    response_head: str | None
    replay: bool


class Delivery(Model):
    """An event on its way to an address."""

    delivery_id: str
    webhook_id: str
    event: str
    url: str
    status: Literal["pending", "delivered", "exhausted", "disabled"] | str
    created_at: datetime
    completed_at: datetime | None
    next_attempt_at: datetime | None
    attempts: list[Attempt]


class Deliveries(Model):
    """A job's webhooks, one for each of its ends."""

    job_id: str
    deliveries: list[Delivery]


class WebhookSecret(Model):
    """A secret that signs webhooks, until `expires_at` where it has been replaced."""

    secret: SecretStr
    created_at: datetime
    expires_at: datetime | None


class WebhookSecrets(Model):
    """What signs, newest first."""

    secrets: list[WebhookSecret]

    def values(self) -> list[str]:
        """The secrets as `verify_webhook` takes them."""
        return [each.secret.get_secret_value() for each in self.secrets]


class WebhookAddress(Model):
    """An address in trouble: a webhook's URL without its query."""

    url: str
    status: Literal["failing", "disabled"] | str
    reason: Literal["gone", "failing"] | str | None
    failing_since: datetime | None
    paused_until: datetime | None
    disabled_at: datetime | None


class WebhookAddresses(Model):
    """Addresses that fail or are disabled."""

    addresses: list[WebhookAddress]


class AddressEnabled(Model):
    """An address that is sent to again."""

    url: str
    status: Literal["enabled"] | str


class JobEventData(Model):
    """The job that has ended. Thin and long webhooks leave `result` and `error` out."""

    job_id: str
    task: Task | str
    status: JobStatus | str
    metadata: dict[str, Any]
    result: Result | None = None
    error: JobError | None = None
    links: dict[str, str] | None = None

    @model_validator(mode="before")
    @classmethod
    def _result_of_its_task(cls, said: Any) -> Any:
        return with_typed_result(said)


class JobEvent(Model):
    """A job has ended."""

    type: Literal["job.completed", "job.partial", "job.failed", "job.cancelled"]
    timestamp: datetime
    data: JobEventData


class TestEventData(Model):
    """No job belongs to it."""

    __test__ = False  # no test of pytest's
    message: str


class TestEvent(Model):
    """A sample that was asked for."""

    __test__ = False
    type: Literal["webhook.test"]
    timestamp: datetime
    data: TestEventData


class OtherEvent(Model):
    """An event of a type that this client does not know."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


WebhookEvent = JobEvent | TestEvent | OtherEvent
