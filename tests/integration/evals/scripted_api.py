"""The API of jobs on loopback, its answers scripted: what a submission asks is what its script answers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from tests.unit.client.standin import Answer, Asked, StandIn

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]


class ScriptedApi(StandIn):
    """Jobs are final at once, unless `hold` is set: then they run until it is cleared.

    As the real API does, it gives one job for one idempotency key, however often it is sent.
    """

    def __init__(
        self, script: Callable[[str, Json], Json], *, cost_usd: float = 0.0, model: str = "m"
    ) -> None:
        self.script = script
        self.cost_usd = cost_usd
        self.model = model
        self.hold = threading.Event()
        self.shows: str | None = None  # the text of every document, where it is not the one submitted
        self.jobs: dict[str, Json] = {}
        self.by_key: dict[str, str] = {}
        self._lock = threading.Lock()
        super().__init__(self._answer)

    def _answer(self, asked: Asked) -> Answer:
        parts = asked.path.strip("/").split("/")
        if asked.method == "POST":
            return self._accept(parts[1], asked)
        job = self.jobs.get(parts[1])
        if job is None:
            return Answer(404, {"title": "Not found", "code": "not_found"})
        if parts[2:] == ["document"]:
            return Answer(200, {"text": self.shows or job["asked"]["document"]["text"]})
        if self.hold.is_set():
            return Answer(200, {**self._shown(parts[1], job), "status": "running", "result": None})
        return Answer(200, self._shown(parts[1], job))

    def _accept(self, task: str, asked: Asked) -> Answer:
        with self._lock:
            key = asked.headers["idempotency-key"]
            if key not in self.by_key:
                self.by_key[key] = f"job-{len(self.jobs)}"
                self.jobs[self.by_key[key]] = {"task": task, "asked": asked.body}
        return Answer(202, {"job_id": self.by_key[key], "status": "pending", "created_at": "", "links": {}})

    def _shown(self, job_id: str, job: Json) -> Json:
        final = self.script(job["task"], job["asked"])
        return {
            "job_id": job_id,
            "task": job["task"],
            "status": "failed" if "code" in final else "completed",
            "created_at": "2026-11-25T08:00:00Z",
            "completed_at": "2026-11-25T08:00:02Z",
            "result": None if "code" in final else final,
            "error": final if "code" in final else None,
            "usage": {"model": self.model, "calls": 1, "cost_usd": self.cost_usd},
        }
