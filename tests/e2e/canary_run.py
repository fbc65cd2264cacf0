"""A running system with canaries in all that a caller may write, and what was asked of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import psycopg

from client.connection import read_up
from tests.e2e.canaries import Canaries, everything

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Running
    from tests.integration.functions.otlp_receiver import Collector
    from tests.integration.functions.receiver import Receiver


@dataclass
class Run:
    """A running system, its canaries, and what was asked of it."""

    system: Running
    said: Path
    canaries: Canaries
    receiver: Receiver
    collector: Collector
    jobs: dict[str, str] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Any:
        """A request as a caller sends it; a body that is no JSON goes as it is."""
        content = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
        headers["Authorization"] = f"Bearer {self.system.key}" if key is None else key
        return httpx.request(method, f"{self.system.url}{path}", content=content, headers=headers, timeout=30)

    def submit(self, name: str, task: str, **body: Any) -> str:
        """A job with canaries in all that a caller may write."""
        new = self.canaries.new
        body.setdefault("document", {"text": self.text(name), "name": new(f"name of {name}")})
        body.setdefault("metadata", {new(f"metadata key of {name}"): new(f"metadata of {name}")})
        answer = self.call(
            "POST",
            f"/jobs/{task}",
            body,
            **{"Idempotency-Key": self.canaries.plain(f"Idempotency-Key of {name}")},
        )
        assert answer.status_code == 202, answer.text
        self.jobs[name] = str(answer.json()["job_id"])
        return self.jobs[name]

    def text(self, name: str) -> str:
        """A document's text; the model's answer quotes it."""
        word = self.canaries.plain(f"text of {name}")
        return f"The {word} fee is EUR 400. {self.canaries.new(f'more text of {name}')} is agreed.\n"

    def hook(self, name: str) -> str:
        """A webhook's address with a secret in its query."""
        return f"{self.receiver.url}?token={self.canaries.plain(f'query of the webhook of {name}')}"

    def status(self, name: str) -> str:
        """What a job is."""
        return str(self.call("GET", f"/jobs/{self.jobs[name]}").json()["status"])

    def administrator(self) -> psycopg.Connection[Any]:
        """The embedded server's own user, who may change what it logs."""
        url = read_up(self.system.data)["database_url"]
        password = (self.system.data / "postgres.password").read_text().strip()
        return psycopg.connect(url, user="postgres", password=password, autocommit=True)

    def logged(self) -> dict[str, str]:
        """Everything, by file; the traces that were sent are one more."""
        sent = b"".join(self.collector.requests).decode(errors="replace")
        return {**everything(self.system.data, self.said), "/traces": sent}
