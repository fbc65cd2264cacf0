"""The two things that a program on an event loop does otherwise; its counterpart is written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


async def sleep(seconds: float) -> None:
    """Let others work for so long."""
    await anyio.sleep(seconds)


async def in_thread(work: Callable[[], T]) -> T:
    """Do what would hold up the others."""
    return await anyio.to_thread.run_sync(work)
