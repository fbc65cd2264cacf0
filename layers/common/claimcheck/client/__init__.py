"""A client of the Claimcheck API: `Client` and, for programs on an event loop, `AsyncClient`.

    from claimcheck.client import Client

    with Client("https://….example/prod", key) as client:
        job = client.extract(Path("contract.pdf"), fields=["governing law"]).wait(timeout=120)
        print(job.answer().fields)

docs/python-client.md says more. It imports nothing else of the package `claimcheck`.
"""

from claimcheck.client.asynchronous.client import AsyncClient
from claimcheck.client.asynchronous.jobs import AsyncJobHandle
from claimcheck.client.errors import (
    ApiProblem,
    BadRequest,
    ClaimcheckError,
    Conflict,
    Damaged,
    FieldFault,
    Forbidden,
    Gone,
    Invalid,
    JobFailed,
    LimitReached,
    NotAuthenticated,
    NotFound,
    ServiceFault,
    StorageRefused,
    Throttled,
    TooLarge,
    UnexpectedAnswer,
    Unreachable,
    WaitTimedOut,
    WebhookMalformed,
    WebhookNotVerified,
)
from claimcheck.client.requests import Bytes, Criterion, DocumentInput, Field, SubmitOptions, Text, Uploaded
from claimcheck.client.retrying import Retries
from claimcheck.client.synchronous.client import Client
from claimcheck.client.synchronous.jobs import JobHandle
from claimcheck.client.trail import Finding
from claimcheck.client.version import VERSION
from claimcheck.client.webhooks import verify_webhook

__all__ = [
    "VERSION",
    "ApiProblem",
    "AsyncClient",
    "AsyncJobHandle",
    "BadRequest",
    "Bytes",
    "ClaimcheckError",
    "Client",
    "Conflict",
    "Criterion",
    "Damaged",
    "DocumentInput",
    "Field",
    "FieldFault",
    "Finding",
    "Forbidden",
    "Gone",
    "Invalid",
    "JobFailed",
    "JobHandle",
    "LimitReached",
    "NotAuthenticated",
    "NotFound",
    "Retries",
    "ServiceFault",
    "StorageRefused",
    "SubmitOptions",
    "Text",
    "Throttled",
    "TooLarge",
    "UnexpectedAnswer",
    "Unreachable",
    "Uploaded",
    "WaitTimedOut",
    "WebhookMalformed",
    "WebhookNotVerified",
    "verify_webhook",
]
