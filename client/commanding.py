"""What every command of the client has: the options that say which API, and one line where it goes wrong."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from client.api import Api
from client.connection import connect
from client.exits import one_line_errors
from client.options import DEFAULT_DATA, Data, Key, ProfileName, Url

if TYPE_CHECKING:
    from collections.abc import Callable

_API: dict[str, tuple[Any, Any]] = {
    "profile": (ProfileName, None),
    "url": (Url, None),
    "key": (Key, None),
    "data": (Data, DEFAULT_DATA),
}


def with_api(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose first parameter is the API that its options name; they are added to its own."""
    # `Api` is imported for the type checker alone where commands stand.
    signature = inspect.signature(command, eval_str=True, locals={"Api": Api})
    own = list(signature.parameters.values())[1:]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in _API.items()
    ]

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        url, key, profile, data = (options.pop(name) for name in ("url", "key", "profile", "data"))
        with one_line_errors(), connect(url, key, data, profile=profile) as api:
            command(api, *arguments, **options)

    return _typed(run, [*own, *added])


def without_api(command: Callable[..., None]) -> Callable[..., None]:
    """A command that asks no API."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        with one_line_errors():
            command(*arguments, **options)

    return _typed(run, list(inspect.signature(command, eval_str=True).parameters.values()))


def _typed(run: Callable[..., None], parameters: list[inspect.Parameter]) -> Callable[..., None]:
    """Typer reads the signature, and the annotations beside it."""
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    del run.__wrapped__  # type: ignore[attr-defined]  # or they would be read from what is wrapped
    return run
