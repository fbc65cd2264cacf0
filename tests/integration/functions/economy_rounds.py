"""Rounds of the function `economy`, as its schedule makes them, and what the model's API knows of batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.functions.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage


class Rounds:
    """Time passes as a test wants it."""

    def __init__(self, stage: Stage, rows: Rows, model: ModelGate) -> None:
        stage.override(WAIT_S="0")
        self._stage = stage
        self._rows = rows
        self._model = model

    def one(self) -> dict[str, int]:
        """One call of the function, when every batch is due to be looked at; what it did."""
        self._rows.run("UPDATE batches SET due_at = now() WHERE closed_at IS NULL")
        done: dict[str, int] = self._stage.call("economy", recorded("scheduler"), remaining_s=300)
        return done

    def ended(self, unanswered: str | None = None) -> dict[str, int]:
        """The API ends its batches, and the function hears of it."""
        self._model.faults.control("POST", "/batches/end", {"unanswered": unanswered})
        return self.one()

    def answered(self, *job_ids: str) -> list[dict[str, Any]]:
        """These jobs, worked on, sent, answered and worked on again, until no batch is left."""
        for _ in range(10):
            assert self._stage.work(*job_ids) == []
            jobs = [self._stage.read(job_id) for job_id in job_ids]
            if not any(job["batch"] for job in jobs):
                return jobs
            assert self.one()["sent"] > 0
            self.ended()
        raise AssertionError(f"still waiting: {jobs}")

    def fault(self, at: str, kind: str, **more: Any) -> None:
        """The API's next such call goes wrong."""
        self._model.faults.control("POST", "/batches/faults", {"at": at, "kind": kind, **more})

    def at_the_api(self) -> list[dict[str, Any]]:
        """The batches that the API has, newest first."""
        with self._model.faults.sync_client() as client:
            return [batch.model_dump() for batch in client.messages.batches.list()]

    def asked(self) -> list[dict[str, Any]]:
        """What the model was asked in batches."""
        calls: list[dict[str, Any]] = self._model.faults.control("GET", "/calls")["calls"]
        return [call for call in calls if call["batch"] is not None]


class Unread:
    """No bucket is needed for short questions, and no queue rings."""

    def get(self, key: str) -> bytes:
        raise AssertionError(key)

    def put(self, key: str, content: bytes, media_type: str) -> None:
        raise AssertionError(key)

    def send(self, message: Mapping[str, Any], *, group: str, delay_s: float = 0) -> None:
        raise AssertionError(message)

    def send_all(
        self, messages: Sequence[tuple[Mapping[str, Any], str]], *, delays_s: Sequence[float] | None = None
    ) -> int:
        """Sweep would ring."""
        return len(messages)
