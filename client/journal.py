"""What was handed in from this machine: so that a second run hands nothing in twice and goes on waiting.

SQLite, because several runs may write at once and any of them may be killed at any point.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from claimcheck.client.jsontext import canonical

from client.submission import Unusable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from client.shapes import Json

_SHOWN = 100
_SCHEMA = """
CREATE TABLE IF NOT EXISTS submissions (
    url TEXT NOT NULL, request TEXT NOT NULL, generation INTEGER NOT NULL, job_id TEXT NOT NULL,
    task TEXT NOT NULL, file TEXT NOT NULL, status TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ')),
    PRIMARY KEY (url, request)
)
"""


@dataclass(frozen=True)
class Entry:
    """A job that was handed in for a request; `generation` counts how often it was asked for anew."""

    job_id: str
    generation: int
    status: str


class Journal:
    """`$XDG_STATE_HOME/claimcheck/journal.sqlite` (`~/.local/state` without it). Raises Unusable."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._one_at_a_time = threading.Lock()  # a connection is one thread's at a time
        environment = os.environ if environment is None else environment
        home = environment.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
        self.file = Path(home) / "claimcheck" / "journal.sqlite"
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.file.touch(mode=0o600)
            self._database = sqlite3.connect(
                self.file, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._database.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise Unusable(
                f"cannot write {self.file} ({error}): set XDG_STATE_HOME to a place that can"
            ) from None

    def __enter__(self) -> Self:
        """Closed at the block's end."""
        return self

    def __exit__(self, *_: object) -> None:
        with self._one_at_a_time:  # what another thread still reads from must not go: SQLite would crash
            self._database.close()

    def find(self, url: str, request: str) -> Entry | None:
        """What was handed in for a request at an address."""
        statement = "SELECT job_id, generation, status FROM submissions WHERE url = ? AND request = ?"
        found = self._execute(statement, url, request)
        return Entry(*found[0]) if found else None

    def handed_in(self, url: str, request: str, entry: Entry, *, task: str, file: str) -> None:
        """Write down a job, in place of the one of an earlier generation."""
        self._execute(
            "INSERT INTO submissions (url, request, generation, job_id, task, file, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (url, request) DO UPDATE SET generation ="
            " excluded.generation, job_id = excluded.job_id, status = excluded.status, at = excluded.at",
            *(url, request, entry.generation, entry.job_id, task, file, entry.status),
        )

    def ended(self, url: str, job_id: str, status: str) -> None:
        """A job has become final."""
        self._execute("UPDATE submissions SET status = ? WHERE url = ? AND job_id = ?", status, url, job_id)

    def recent(self, beginning: str) -> list[tuple[str, str]]:
        """Ids that begin so, newest first, each with what to show beside it."""
        statement = (
            "SELECT job_id, task || ' ' || file FROM submissions WHERE substr(job_id, 1, ?) = ?"
            " ORDER BY at DESC, job_id DESC LIMIT ?"
        )
        return self._execute(statement, len(beginning), beginning, _SHOWN)

    def _execute(self, statement: str, *values: str | int) -> list[Any]:
        with self._one_at_a_time:
            try:
                return self._database.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise Unusable(f"cannot use {self.file} ({error}): mend it, or delete it") from None


def fingerprint(task: str, asked: Json, name: str, sha256: str, cancel_after: str | None) -> str:
    """What makes two submissions the same one: the task, all that is asked, the document's bytes and name."""
    whole = {"task": task, "asked": asked, "name": name, "sha256": sha256, "cancel_after": cancel_after}
    return hashlib.sha256(canonical(whole).encode("utf-8", "surrogatepass")).hexdigest()


def idempotency_key(request: str, generation: int) -> str:
    """The same request from wherever it is sent is the same to the service, for its 24 hours."""
    return f"cli-{request[:48]}-{generation}"
