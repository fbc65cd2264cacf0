"""A model server of the tests' own: it outlives the system, counts its calls, and fails when asked to."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from local.processes import _end_with_parent
from tests.faults.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LATENCY_MS = 350


@dataclass(frozen=True, slots=True)
class Asked:
    """What the server knows of one document: a job has a document of its own."""

    answered: int = 0  # whole, usable answers
    broken_off: int = 0  # the caller went away while we worked: a real provider may well charge for it
    spoiled: int = 0  # answers that a fault spoiled after the work was done

    @property
    def paid(self) -> int:
        """Calls that may have cost money."""
        return self.answered + self.broken_off + self.spoiled


class ModelServer:
    """`python -m local.offline`, or another `module` of its kind, as a process of ours."""

    def __init__(
        self, directory: Path, *, latency_ms: int = LATENCY_MS, module: str = "local.offline"
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / "model.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, "--port", "0", "--latency-ms", str(latency_ms)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                preexec_fn=_end_with_parent(signal.SIGKILL),  # noqa: PLW1509 (no threads before it)
            )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[-1]
        self._http = httpx.Client(base_url=self.url, timeout=10.0)

    def stop(self) -> None:
        """End it."""
        self._http.close()
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def storm(self, fault: Mapping[str, Any], *, match: str | None = None) -> None:
        """Let every call fail this way (every one whose document holds `match`) until `calm`."""
        body = {"match": match, "times": None, "fault": dict(fault)}
        self._http.post("/faults", json=body).raise_for_status()

    def calm(self) -> None:
        """Answer as usual again."""
        self._http.delete("/faults").raise_for_status()

    def forget(self) -> None:
        """No faults, no calls on record."""
        self.calm()
        self._http.delete("/calls").raise_for_status()

    def hits(self) -> int:
        """Calls that met a fault."""
        return sum(call["fault"] is not None for call in self._calls())

    def under_way(self) -> int:
        """Calls that are being answered at this moment, or whose caller went away."""
        return sum(call["status"] is None for call in self._calls())

    def asked(self) -> dict[str, Asked]:
        """What each document's SHA-256 was asked, once nothing is under way any more."""
        kinds: dict[str, list[str]] = {}
        for call in self._calls():
            kinds.setdefault(call["key"], []).append(_kind(call))
        return {
            key: Asked(*(found.count(kind) for kind in ("answered", "broken_off", "spoiled")))
            for key, found in kinds.items()
        }

    def control(self, method: str, path: str, body: Any) -> None:
        """One of the server's controls."""
        self._http.request(method, path, json=body).raise_for_status()

    def counted(self, *, batched: bool) -> list[int]:
        """How often each document was answered, in batches or by calls."""
        found = Counter(
            call["key"]
            for call in self._calls()
            if (call["batch"] is not None) is batched and call["status"] == 200
        )
        return list(found.values())

    def _calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self._http.get("/calls").json()["calls"]
        return calls


def _kind(call: Mapping[str, Any]) -> str:
    """An error answer costs nothing; a hanging call counts as worked on."""
    if call["status"] not in {200, None}:
        return "refused"
    if call["fault"] is not None:
        return "spoiled"
    return "answered" if call["status"] == 200 else "broken_off"
