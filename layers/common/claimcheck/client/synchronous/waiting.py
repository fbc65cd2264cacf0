"""The counterpart of `claimcheck.client.asynchronous.waiting`, for programs without an event loop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def sleep(seconds: float) -> None:
    """Do nothing for so long."""
    time.sleep(seconds)


def in_thread(work: Callable[[], T]) -> T:
    """There is nobody to hold up."""
    return work()
