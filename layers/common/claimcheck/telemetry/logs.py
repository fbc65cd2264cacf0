"""Logs: JSON lines that carry the ids of what they are about."""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from aws_lambda_powertools import Logger

    Ids = Mapping[str, str | int]

_ABOUT: ContextVar[Ids | None] = ContextVar("about", default=None)


def about(**ids: str | int | None) -> AbstractContextManager[None]:
    """Put these ids into every line that is logged inside of the block; None is left out.

    They belong to the task or thread of the block, and to what it starts: jobs that one environment works
    on at once do not get each other's.
    """
    return _About({name: value for name, value in ids.items() if value is not None})


class _About:
    """A class and no generator: it is around every request."""

    __slots__ = ("_known", "_token")

    def __init__(self, known: Ids) -> None:
        self._known = known

    def __enter__(self) -> None:
        self._token = _ABOUT.set({**ids_here(), **self._known})

    def __exit__(self, *_: object) -> None:
        _ABOUT.reset(self._token)


def ids_here() -> Ids:
    """What the lines that are logged here are about."""
    return _ABOUT.get() or {}


def ids_in(message: Any) -> dict[str, str]:
    """The ids that a queue's message names, for `about`."""
    if not isinstance(message, dict):
        return {}
    named = {name: message.get(name) for name in ("job_id", "delivery_id", "tenant_id")}
    return {name: value for name, value in named.items() if isinstance(value, str)}


@cache
def logger() -> Logger:
    """The structured logger; service and level come from the POWERTOOLS_ variables, on first use."""
    from aws_lambda_powertools import Logger

    made = Logger()
    made.addFilter(_with_ids)
    return made


def _with_ids(record: logging.LogRecord) -> bool:
    """What the line says itself comes first."""
    for name, value in ids_here().items():
        if not hasattr(record, name):
            setattr(record, name, value)
    return True


def places_of(error: BaseException) -> list[str]:
    """An exception's types, from the outermost to its cause, and the last places in our code.

    Its text is left out: it may quote what was sent.
    """
    import traceback

    lines: list[str] = []
    current: BaseException | None = error
    while current is not None:
        frames = traceback.extract_tb(current.__traceback__)[-3:]
        places = " < ".join(
            f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames)
        )
        lines.append(f"{type(current).__name__} at {places}")
        current = current.__cause__
    return lines
