"""A model that answers at once or after a fixed time, and costs its machine as little as it can.

`python -m bench.instant_model --port PORT [--latency-s S]`. Its answer to `extract` quotes the document, so
that all of the answer's way is walked; whoever asks otherwise may make of it what they like. A document may
say itself how long its answer takes (`It takes 30 s`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re

from aiohttp import web

from local.processes import LOOPBACK

_LARGEST = 64 << 20  # bytes of a request
_FEE = re.compile(r"The fee is (EUR \d+)")
_TAKES = re.compile(r"It takes (\d+) s")
_FIELD = re.compile(r'\\?"id\\?":\s*\\?"([^"\\]+)')


def application(latency_s: float) -> web.Application:
    """The server; each answer comes after `latency_s` seconds."""

    async def messages(request: web.Request) -> web.Response:
        asked = await request.text()
        takes = _TAKES.search(asked)
        await asyncio.sleep(float(takes[1]) if takes else latency_s)
        return web.Response(text=_message(asked), content_type="application/json")

    async def health(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application(client_max_size=_LARGEST)
    app.add_routes([web.post("/v1/messages", messages), web.get("/health", health)])
    return app


def _message(asked: str) -> str:
    fee, field = _FEE.search(asked), _FIELD.search(asked)
    answers = []
    if fee and field:
        answers = [{"field": field[1], "value": fee[1], "quotes": [fee[0]]}]
    return json.dumps(
        {
            "id": "msg_instant",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5-5",
            "content": [{"type": "text", "text": json.dumps({"answers": answers})}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 20},
        }
    )


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m bench.instant_model", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency-s", type=float, default=0.0)
    chosen = parser.parse_args()
    web.run_app(application(chosen.latency_s), host=LOOPBACK, port=chosen.port, access_log=None, print=None)


if __name__ == "__main__":
    main()
