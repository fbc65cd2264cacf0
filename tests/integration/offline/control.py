"""The controls of a running offline model, and the real SDK as its client."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import anthropic

ROOT = Path(__file__).resolve().parents[3]


class Server:
    """A running server and its controls."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, method: str, path: str, body: object = None) -> Any:
        """One call of the controls; the parsed answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)  # noqa: S310 -- our own server
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None

    def fault(self, kind: str, *, match: str | None = None, times: int | None = 1, **more: Any) -> None:
        """Queue a fault."""
        self.control("POST", "/faults", {"match": match, "times": times, "fault": {"kind": kind, **more}})

    def client(self, **more: Any) -> anthropic.AsyncAnthropic:
        """The official SDK, without retries of its own."""
        options: dict[str, Any] = {"api_key": "offline", "max_retries": 0, "timeout": 20.0} | more
        return anthropic.AsyncAnthropic(base_url=self.url, **options)

    def sync_client(self) -> anthropic.Anthropic:
        """The same, for who does not wait for two things at once."""
        return anthropic.Anthropic(base_url=self.url, api_key="offline", max_retries=0, timeout=20.0)
