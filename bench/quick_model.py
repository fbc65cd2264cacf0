"""A model that answers at once, with quotes that are hard to find: what process does is the load."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bench.serving import served
from local.offline import wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_LARGEST = 64 << 20  # bytes of a request
_QUOTED = 300


@contextlib.asynccontextmanager
async def quick_model(*, latency_s: float) -> AsyncIterator[str]:
    """Its address. Each answer comes after `latency_s` seconds, so that calls are under way at once."""

    async def messages(request: web.Request) -> web.Response:
        body = await request.json()
        await asyncio.sleep(latency_s)
        text = json.dumps(_answer(body["messages"][0]["content"]), ensure_ascii=False)
        usage = {"input_tokens": 1, "output_tokens": 1}
        return web.json_response(wire.message("msg_quick", wire.Reply(text, "end_turn", usage)))

    app = web.Application(client_max_size=_LARGEST)
    app.add_routes([web.post("/v1/messages", messages)])
    async with served(app) as address:
        yield address


def _answer(content: list[dict[str, Any]]) -> dict[str, Any]:
    """To `extract`: a quote with other white space, one with another word. To `requote`: the former again."""
    shown = "".join(str(block["source"]["data"]) for block in content if block["type"] == "document")
    line = str(content[-1]["text"]).splitlines()[-1]
    asked = json.loads(line.removeprefix("<request>").removesuffix("</request>"))
    middle = len(shown) // 2
    words = shown[middle : middle + _QUOTED].split()[1:-1]
    spaced = "  ".join(words)
    if asked["task"] == "requote":
        return {"quotes": [{"id": each["id"], "quote": spaced or None} for each in asked["quotes"]]}
    other = " ".join([*words[: len(words) // 2], "otherwise", *words[len(words) // 2 :]])
    quotes = [spaced, other] if words else []
    value = "EUR 400" if words else None
    return {"answers": [{"field": each["id"], "value": value, "quotes": quotes} for each in asked["fields"]]}
