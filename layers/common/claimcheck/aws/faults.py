"""botocore's errors, wrapped once: above the adapters nobody knows botocore."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class AwsUnavailableError(Exception):
    """A service did not do what was asked; whether it did is not known. Holds its error code only."""


@contextmanager
def translated(service: str) -> Iterator[None]:
    """Turn botocore's errors into AwsUnavailableError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise AwsUnavailableError(f"{service} answered {code}") from error
    except BotoCoreError as error:
        raise AwsUnavailableError(f"{service} could not be reached ({type(error).__name__})") from error
