"""botocore's errors, wrapped once: above the adapters nobody knows botocore."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from claimcheck.failures import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def translated(service: str) -> Iterator[None]:
    """Turn botocore's errors into UnavailableError, which keeps the error's code only."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise UnavailableError(f"{service} answered {code}") from error
    except BotoCoreError as error:
        raise UnavailableError(f"{service} could not be reached ({type(error).__name__})") from error
