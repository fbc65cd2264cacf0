"""What a shell offers after Tab. It reads files of the user's alone, and asks no service."""

from __future__ import annotations

import re
from collections.abc import Iterator  # noqa: TC003 (typer reads it)


def job_ids(incomplete: str) -> Iterator[tuple[str, str]]:
    """Jobs that were handed in from here, newest first, each with its task and its file."""
    from client.journal import Journal
    from client.submission import Unusable

    try:
        with Journal() as journal:
            for job_id, about in journal.recent(incomplete):
                yield job_id, _harmless(about)
    except Unusable:
        return


def profile_names(incomplete: str) -> Iterator[tuple[str, str]]:
    """Profiles with their addresses."""
    from client.profiles import LOCAL, Profiles
    from client.submission import Unusable

    try:
        kept = Profiles().all()
    except Unusable:
        kept = []
    for name, url in [(LOCAL, "what claimcheck up runs here"), *((each.name, each.url) for each in kept)]:
        if name.startswith(incomplete):
            yield name, _harmless(url)


def _harmless(text: str) -> str:
    """Letters, digits and a few signs: zsh evaluates what Typer hands it, whose escapes a `\\` undoes."""
    return re.sub(r"[^\w ./:-]", "_", text)
