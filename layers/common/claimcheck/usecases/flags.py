"""Query parameters that are true or false."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.refusals import InvalidQueryError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAYS = {"true": True, "false": False}


def flag(name: str, query: Mapping[str, str] | None) -> bool:
    """Whether the parameter is `true`; without it, no. Raises InvalidQueryError for any other word.

    What decides how much is deleted must not be guessed.
    """
    text = (query or {}).get(name, "false")
    if text not in _SAYS:
        raise InvalidQueryError(f"{name} must be true or false.")
    return _SAYS[text]
