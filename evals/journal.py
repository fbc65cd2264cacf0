"""The record of a run on disk, so that a run that was killed goes on where it was.

`run.json` says what the run is. `journal.jsonl` is appended to, a line an event, each flushed to the disk
before the run goes on: `submitted` with the ticket, `final` with the job. A line that a kill cut short is
dropped when the journal is read. Both hold words of the documents and are readable by their owner alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from evals.examples import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from evals.examples import Example, TaskName

Key = tuple[str, str, str]  # document, task, hash of the question


class BadRun(Exception):  # noqa: N818 - says what is the case
    """The run directory cannot be used; the message is one line and says what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is. Its random `id` keeps two runs apart where the API remembers idempotency keys."""

    set: str
    split: str
    model: str
    id: str

    def idempotency_key(self, key: Key, max_cost_usd: float) -> str:
        """The same for the same question of the same run, whichever process of it asks."""
        told = json.dumps([self.id, self.set, self.split, self.model, *key, max_cost_usd])
        return "evals-" + hashlib.sha256(told.encode()).hexdigest()[:48]


def key_of(example: Example, task: TaskName) -> Key:
    """What an answer is kept under."""
    return example.id, task, example.digest(task)


class Journal:
    """A run's directory, held by one process at a time. Safe to use from several threads."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.run: Run | None = None
        self._final: dict[Key, Outcome] = {}
        self._tickets: dict[Key, str] = {}
        self._lock = threading.Lock()
        self._file = -1

    @classmethod
    def open(cls, directory: Path, *, set_name: str, split: str, model: str) -> Self:
        """Open a run's directory, or make a new one. Raises BadRun."""
        journal = cls(directory)
        try:
            directory.mkdir(parents=True, exist_ok=True)
            journal._hold()
        except OSError as error:
            raise BadRun(f"cannot use {directory}: {error.strerror}; choose another --run") from None
        try:
            journal._begin(set_name, split, model)
            journal._read()
        except BaseException:
            journal.close()
            raise
        return journal

    def __enter__(self) -> Self:
        """Use the journal as a context manager to let go of the directory."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others have the directory."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def final(self, key: Key) -> Outcome | None:
        """The final job that answers this, if there is one."""
        return self._final.get(key)

    def ticket(self, key: Key) -> str | None:
        """The job that was submitted for this, final or not."""
        return self._tickets.get(key)

    def spent_usd(self) -> float:
        """What all jobs of the run cost so far, at most."""
        with self._lock:
            return sum(outcome.cost_usd for outcome in self._final.values())

    def submitted(self, key: Key, job_id: str) -> None:
        """Keep a ticket, on the disk when this returns."""
        self._append({"event": "submitted", "key": key, "job_id": job_id})
        self._tickets[key] = job_id

    def ended(self, key: Key, outcome: Outcome) -> None:
        """Keep a final job, on the disk when this returns."""
        self._append({"event": "final", "key": key, "outcome": asdict(outcome)})
        with self._lock:
            self._final[key] = outcome

    def _hold(self) -> None:
        path = self.directory / "journal.jsonl"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise BadRun(
                f"{self.directory} is in use by another claimcheck-evals: choose another --run"
            ) from None

    def _begin(self, set_name: str, split: str, model: str) -> None:
        path = self.directory / "run.json"
        if not path.exists():
            self.run = Run(set_name, split, model, str(uuid.uuid4()))
            part = path.with_suffix(".part")
            part.write_text(json.dumps(asdict(self.run), indent=1) + "\n", encoding="utf-8")
            part.replace(path)
            return
        try:
            run = Run(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            raise BadRun(f"{path} is damaged: choose another --run") from None
        if (run.set, run.split, run.model) != (set_name, split, model):
            raise BadRun(
                f"{self.directory} holds a run of {run.set}, split {run.split}, model {run.model}: "
                "ask for that again to go on with it, or choose another --run"
            )
        self.run = run

    def _read(self) -> None:
        content = (self.directory / "journal.jsonl").read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.ftruncate(self._file, len(whole))
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                event = json.loads(line)
                key = cast("Key", tuple(event["key"]))
                if event["event"] == "final":
                    self._final[key] = Outcome(**event["outcome"])
                else:
                    self._tickets[key] = event["job_id"]
            except (ValueError, KeyError, TypeError):
                raise BadRun(f"line {number} of {self.directory}/journal.jsonl is damaged") from None

    def _append(self, event: dict[str, Any]) -> None:
        line = (json.dumps(event, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
        with self._lock:
            written = os.write(self._file, line)
            if written != len(line):
                raise BadRun(f"the disk of {self.directory} is full: make room and go on with --run")
            os.fsync(self._file)
