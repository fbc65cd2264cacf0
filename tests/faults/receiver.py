"""A customer's webhook receiver on this machine: it takes everything and counts."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook. `clock_s`: how far the clock that signed it is ahead of ours, in seconds."""

    job_id: str
    event: str
    message_id: str
    clock_s: float


class Receiver:
    """Answers 204 to every POST, from a thread of its own, on a free port."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.posts = self.posts
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where webhooks are to go."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def by_job(self) -> dict[str, list[Post]]:
        """What came for each job, in order."""
        found: dict[str, list[Post]] = {}
        for post in list(self.posts):
            found.setdefault(post.job_id, []).append(post)
        return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    posts: list[Post]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, _Server)
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["content-length"])))
        ahead = float(self.headers["webhook-timestamp"]) - time.time()
        post = Post(body["data"]["job_id"], body["type"], self.headers["webhook-id"], ahead)
        self.server.posts.append(post)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Say nothing."""
