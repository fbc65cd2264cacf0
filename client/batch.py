"""Many files handed in, a few at a time, and waited for; what was handed in before is not handed in again."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from claimcheck.client import (
    ApiProblem,
    ClaimcheckError,
    Conflict,
    Gone,
    Invalid,
    NotFound,
    Throttled,
    Unreachable,
)
from claimcheck.client.errors import LimitReached
from claimcheck.client.requests import INLINE_BYTES

from client import submission, upload
from client.exits import stops_everything
from client.inputs import readable
from client.journal import Entry, fingerprint, idempotency_key
from client.shapes import FINAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from claimcheck.client.transfers import Source

    from client.api import Api
    from client.journal import Journal
    from client.shapes import Job, Json

_THREADS = 8
_ROUND_S = 0.25
_LONGEST_PAUSE_S = 30.0
_PATIENCE_S = 60.0  # with a service that does not answer while jobs are waited for
_UNANSWERED = frozenset({"failed", "cancelled"})


@dataclass
class Item:
    """A file on its way: `file` is shown and kept, `path` opened.

    `phase`: queued, reading, uploading, waiting, refused, or the job's status.
    """

    file: str
    path: str = ""
    name: str = ""
    phase: str = "queued"
    job_id: str | None = None
    job: Job | None = None
    etag: str | None = None
    problem: str | None = None
    before: bool = False
    bytes_done: int = 0
    size: int = 0
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    printed: bool = False

    @property
    def failed(self) -> bool:
        """Whether there will be no answer."""
        return self.problem is not None or self.phase in _UNANSWERED

    @property
    def status(self) -> str:
        """The job's status; `refused` where there is no job."""
        if self.job_id is None:
            return "refused" if self.problem else self.phase
        return self.job["status"] if self.job is not None else self.phase


@dataclass(frozen=True)
class Request:
    """What is asked of every file. `again`: all anew; `retry_failed`: those anew that failed before."""

    task: str
    asked: Json
    cancel_after: str | None = None
    again: bool = False
    retry_failed: bool = False


class Batch:
    """The files of one command. `on_change` hears of each item that has moved, in the thread that runs."""

    def __init__(
        self,
        api: Api,
        journal: Journal,
        request: Request,
        files: Sequence[str],
        *,
        wait: bool,
        concurrency: int,
        on_change: Callable[[Item], object] = lambda _: None,
    ) -> None:
        self.items = [Item(readable(file), file) for file in files]
        self._api = api
        self._journal = journal
        self._request = request
        self._wait = wait
        self._concurrency = concurrency
        self._on_change = on_change
        self._work: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._moved: queue.SimpleQueue[tuple[Item, bool]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._fatal: BaseException | None = None
        self._reached = False

    def run(self, timeout: float | None = None) -> bool:
        """Work through all files; False where `timeout` seconds were over before.

        Raises what makes the rest impossible (ClaimcheckError, Unusable); whatever was handed in stays so.
        """
        until = None if timeout is None else time.monotonic() + timeout
        # Daemons: a kill or Ctrl-C does not wait for an upload.
        for _ in range(min(_THREADS, self._concurrency, len(self.items))):
            threading.Thread(target=self._worker, daemon=True).start()
        try:
            return self._loop(until)
        finally:
            self._stop.set()

    def _loop(self, until: float | None) -> bool:
        left = list(reversed(self.items))
        submitting, open_items = 0, list[Item]()
        while left or submitting or open_items:
            while left and submitting + len(open_items) < self._concurrency:
                self._work.put(left.pop())
                submitting += 1
            for item in self._ended(block=not open_items):
                submitting -= 1
                if self._wait and item.job_id is not None and item.phase not in FINAL:
                    open_items.append(item)
            if open_items:
                open_items = self._round(open_items)
            if until is not None and time.monotonic() >= until:
                return not (left or submitting or open_items)
        return True

    def _ended(self, *, block: bool) -> list[Item]:
        """Items whose handing in has ended since the last look; raises what ended all of it."""
        ended: list[Item] = []
        try:
            while True:
                item, end = self._moved.get(timeout=_ROUND_S if block and not ended else 0.001)
                item.seconds = time.monotonic() - item.started
                self._on_change(item)
                if end:
                    ended.append(item)
        except queue.Empty:
            pass
        if self._fatal is not None:
            raise self._fatal
        return ended

    def _round(self, open_items: list[Item]) -> list[Item]:
        """Ask for each open job in turn; the first is held open for a second, which sets the pace."""
        begun = time.monotonic()
        for place, item in enumerate(open_items):
            try:
                moved = self._look(item, 1 if place == 0 and item.job is not None else None)
            except ApiProblem as error:  # deleted meanwhile: the others are waited for all the same
                if stops_everything(error):
                    raise
                item.phase, item.problem, moved = "refused", str(error), True
            if moved:
                self._on_change(item)
        time.sleep(max(0.0, _ROUND_S - (time.monotonic() - begun)))
        return [item for item in open_items if item.phase not in FINAL and item.problem is None]

    def _look(self, item: Item, wait: int | None) -> bool:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                job, item.etag = self._api.poll(str(item.job_id), item.etag, wait)
                break
            except Unreachable:
                if time.monotonic() >= until:
                    raise
                time.sleep(1.0)
        item.seconds = time.monotonic() - item.started
        if job is None:
            return False
        item.job, item.phase = job, job["status"]
        if item.phase in FINAL:
            self._journal.ended(self._api.url, str(item.job_id), item.phase)
        return True

    def _worker(self) -> None:
        while not self._stop.is_set():
            try:
                item = self._work.get(timeout=_ROUND_S)
            except queue.Empty:
                continue
            item.started = time.monotonic()
            try:
                self._hand_in(item)
            except submission.Unusable as error:
                item.phase, item.problem = "refused", str(error)
            except ClaimcheckError as error:
                if stops_everything(error):
                    self._fatal = error
                item.phase, item.problem = "refused", str(error)
            except BaseException as error:  # noqa: BLE001 - it is raised where the command runs
                self._fatal = error
            self._moved.put((item, True))

    def _hand_in(self, item: Item) -> None:
        """Hand in one file. A service that has answered before may be away for a while: it is waited for."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._handed_in(item)
            except Unreachable:
                if not self._reached or time.monotonic() >= until or self._stop.wait(1.0):
                    raise
                self._move(item, "waiting")
            else:
                self._reached = True
                return

    def _handed_in(self, item: Item) -> None:
        def progress(done: int, size: int) -> None:
            item.phase, item.bytes_done, item.size = "uploading", done, size
            self._moved.put((item, False))

        with upload.opened(item.path, progress) as source:
            item.name, item.size = str(source.name), source.size
            self._move(item, "reading")
            request, asked = self._request, self._request.asked
            print_ = fingerprint(request.task, asked, item.name, source.sha256(), request.cancel_after)
            known = self._journal.find(self._api.url, print_)
            generation = 0 if known is None else self._generation(item, known)
            if item.job_id is None:
                self._submit(item, source, print_, generation)

    def _generation(self, item: Item, known: Entry) -> int:
        """Takes a job from before for this file, where it still counts; else the generation of a new one."""
        if self._request.again:
            return known.generation + 1
        try:
            job, etag = self._api.poll(known.job_id)  # its status may be old
        except NotFound:
            return known.generation  # another tenant's key: back with the first one, its ticket comes again
        except Gone:
            return known.generation + 1
        if job is None or (self._request.retry_failed and job["status"] in _UNANSWERED):
            return known.generation + 1
        item.job_id, item.job, item.etag, item.before = known.job_id, job, etag, True
        item.phase = job["status"]
        return known.generation

    def _submit(self, item: Item, source: Source, print_: str, generation: int) -> None:
        body = {**self._request.asked, "document": self._document(item, source)}
        while True:
            try:
                ticket = self._api.submit(
                    self._request.task, body, idempotency_key(print_, generation), self._request.cancel_after
                )
                break
            except LimitReached as problem:
                if problem.code != "tenant_busy":
                    raise
                self._pause(item, problem)
            except Throttled as problem:
                self._pause(item, problem)
            except (Invalid, Conflict) as problem:
                if problem.code != "idempotency_mismatch":
                    raise
                generation += 1  # its document was deleted, and announced anew under another id
        entry = Entry(ticket["job_id"], generation, ticket["status"])
        self._journal.handed_in(self._api.url, print_, entry, task=self._request.task, file=item.file)
        item.job_id = ticket["job_id"]
        self._move(item, ticket["status"])

    def _pause(self, item: Item, problem: ApiProblem) -> None:
        self._move(item, "waiting")
        if self._stop.wait(min(_LONGEST_PAUSE_S, max(1.0, problem.retry_after or 1.0))):
            raise problem

    def _document(self, item: Item, source: Source) -> Json:
        if source.size > INLINE_BYTES:
            return upload.handed_in(self._api, source)
        return submission.document(item.name, source.read())

    def _move(self, item: Item, phase: str) -> None:
        item.phase = phase
        self._moved.put((item, False))
