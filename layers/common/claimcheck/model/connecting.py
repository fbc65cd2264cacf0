"""What every client of the model's API is made with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable


def client_options(http_client: Callable[..., Any]) -> dict[str, Any]:
    """Arguments of a client of the SDK; `http_client` is the SDK's class for its HTTP client.

    It never retries by itself (a hidden retry pays twice) and follows no redirect with the document.
    Its own traces are off, whatever the environment says: they can hold content, and would tell the API ours.
    """
    return {
        "max_retries": 0,
        "http_client": http_client(follow_redirects=False),
        "open_telemetry": {"traces": False, "propagation": False},
    }


def require_aws_credentials() -> None:
    """The SDK would find out inside a call. Raises UnavailableError where there are none."""
    import boto3

    if boto3.Session().get_credentials() is None:
        raise UnavailableError("there are no AWS credentials to sign calls of the model with")
