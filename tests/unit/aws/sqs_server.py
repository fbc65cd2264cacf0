"""An HTTP server on loopback that answers as it is told, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Told:
    """One answer. `hangs`: none comes until the server is closed."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    hangs_up: bool = False


@dataclass
class Heard:
    """One request, and on which connection it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: object

    @property
    def said(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class SqsServer:
    """Answers in order, the last answer for ever."""

    def __init__(self, *answers: Told) -> None:
        self.heard: list[Heard] = []
        self._answers = list(answers) or [Told()]
        self._closed = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None:
                pass

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                heard = Heard(self.command, self.path, headers, self.rfile.read(length), self.connection)
                outer.heard.append(heard)
                answer = outer._answers.pop(0) if len(outer._answers) > 1 else outer._answers[0]
                if answer.hangs:
                    outer._closed.wait(60)
                    return
                self.send_response(answer.status)
                for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
                self.close_connection = answer.hangs_up

            do_POST = do_GET = _serve  # noqa: N815 (http.server's names)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
