"""Work that takes long goes into a thread, so that all else in the event loop goes on; short work stays."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

SHORT_CHARS = 8_192
"""Work on a text of so many characters takes no longer than a thread is waited for."""

WEIGHTY = SHORT_CHARS + 1
"""For what takes long whatever it is on."""


async def aside(chars: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`function(…)`, whose work is on a text of `chars` characters: in a thread, unless that is short.

    Raises what the function raises. Nothing that waits for anybody belongs here.
    """
    if chars <= SHORT_CHARS:
        return function(*args, **kwargs)
    return await asyncio.to_thread(function, *args, **kwargs)
