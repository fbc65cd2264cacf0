"""Waiting for what must come, never for a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 90.0


def wait_for(
    what: str, condition: Callable[[], bool], *, patience_s: float = PATIENCE_S, every_s: float = 0.02
) -> None:
    """Wait until `condition` holds. Raises TimeoutError, naming `what`, when it does not in time."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience_s:g} s in vain for: {what}")
        time.sleep(every_s)
