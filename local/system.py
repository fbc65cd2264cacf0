"""What a template asks for, as values: functions, routes, queues, event sources and their local names."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Physical:
    """How logical resources are called here; `aws_endpoint` is the emulator's URL, no slash at its end."""

    aws_endpoint: str = "http://127.0.0.1:4566"
    region: str = "us-east-1"
    account: str = "000000000000"
    stack: str = "claimcheck"

    def name(self, logical_id: str) -> str:
        """The name CloudFormation would make up, without its random ending."""
        return f"{self.stack}-{logical_id}"

    def queue_url(self, name: str) -> str:
        """The URL under which the emulator knows a queue."""
        return f"{self.aws_endpoint}/{self.account}/{name}"

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this region and account."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True)
class Function:
    """A Lambda function. `concurrency` is what is reserved for it, None where nothing is."""

    logical_id: str
    name: str
    arn: str
    code_uri: Path
    handler: str
    timeout_s: int
    memory_mb: int
    environment: Mapping[str, str]
    concurrency: int | None = None
    layers: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Route:
    """A path of the API: `function` is a logical id, `method` is upper case or ANY."""

    method: str
    path: str
    function: str
    authorized: bool
    metered: bool = False
    """Whether a usage plan counts it: it needs an API key of API Gateway's, which the authorizer names."""


@dataclass(frozen=True)
class Authorizer:
    """A REQUEST authorizer; `headers` are its identity sources, `ttl_s` how long an answer is kept."""

    function: str
    headers: tuple[str, ...]
    ttl_s: int


@dataclass(frozen=True)
class GatewayResponse:
    """What API Gateway says by itself. `status` None: the status of the case at hand stays."""

    status: int | None = None
    template: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    echoes: Mapping[str, str] = field(default_factory=dict)
    """Headers that repeat one of the request: its name by theirs."""


@dataclass(frozen=True)
class Throttle:
    """What a usage plan allows each of its keys: requests a second, and how many may come at once."""

    rate: float
    burst: int


@dataclass(frozen=True)
class Api:
    """The REST API's own settings."""

    stage: str = "Prod"
    authorizer: Authorizer | None = None
    responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    preflight: Mapping[str, str] | None = None
    """Headers of the answer to OPTIONS, whatever the path; None where there is no such answer."""
    binary_media_types: tuple[str, ...] = ()
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    throttle: Throttle | None = None


@dataclass(frozen=True)
class SqsSource:
    """An event source mapping between logical ids; `max_concurrency` None is unlimited."""

    name: str
    function: str
    queue: str
    batch_size: int = 10
    window_s: int = 0
    report_batch_item_failures: bool = False
    max_concurrency: int | None = None


@dataclass(frozen=True)
class Schedule:
    """A rate. `kind`: Schedule (an EventBridge rule) or ScheduleV2 (Scheduler); `input`: JSON text."""

    name: str
    function: str
    interval_s: int
    kind: str
    input: str | None = None


@dataclass(frozen=True)
class Queue:
    """An SQS queue, times in seconds. `dead_letter` is the logical id of the queue that takes what failed."""

    logical_id: str
    name: str
    url: str
    arn: str
    visibility_timeout: int = 30
    retention: int = 345_600
    delay: int = 0
    dead_letter: str | None = None
    max_receive_count: int | None = None

    def attributes(self, queues: Mapping[str, Queue]) -> dict[str, str]:
        """The attributes that CreateQueue takes; `queues` are the system's, by logical id."""
        attributes = {
            "VisibilityTimeout": str(self.visibility_timeout),
            "MessageRetentionPeriod": str(self.retention),
            "DelaySeconds": str(self.delay),
        }
        if self.dead_letter is not None:
            redrive: dict[str, Any] = {
                "deadLetterTargetArn": queues[self.dead_letter].arn,
                "maxReceiveCount": self.max_receive_count,
            }
            attributes["RedrivePolicy"] = json.dumps(redrive)
        return attributes


@dataclass(frozen=True)
class Notification:
    """What a bucket tells a queue (a logical id): events such as `s3:ObjectCreated:*` under a prefix."""

    queue: str
    event: str
    prefix: str = ""


@dataclass(frozen=True)
class Bucket:
    """An S3 bucket."""

    logical_id: str
    name: str
    arn: str
    notifications: tuple[Notification, ...] = ()


@dataclass(frozen=True)
class System:
    """Everything a template asks for. The dictionaries are keyed by logical id."""

    physical: Physical
    functions: Mapping[str, Function]
    routes: tuple[Route, ...]
    api: Api
    sqs_sources: tuple[SqsSource, ...]
    schedules: tuple[Schedule, ...]
    queues: Mapping[str, Queue]
    buckets: Mapping[str, Bucket]

    def concurrency(self, logical_id: str, default: int = 10) -> int:
        """Environments that a function may have at once: what is reserved, else what its sources may use.

        `default` stands for the account's share, which has no limit of its own in a template.
        """
        reserved = self.functions[logical_id].concurrency
        if reserved is not None:
            return reserved
        sources = sum(s.max_concurrency or 0 for s in self.sqs_sources if s.function == logical_id)
        return max(default, sources)
