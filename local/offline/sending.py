"""How answers leave: whole, as a stream, or broken off where a fault asks for it."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from aiohttp import web

from local.offline import wire

if TYPE_CHECKING:
    from local.offline.faults import Fault


async def send(
    request: web.Request, body: bytes, fault: Fault | None, headers: dict[str, str]
) -> web.StreamResponse:
    """A whole body, unless it is to break off."""
    if fault is None or fault.kind not in {"reset", "cut"}:
        return web.Response(body=body, content_type="application/json", headers=headers)
    response = web.StreamResponse(
        headers=headers | {"Content-Type": "application/json", "Content-Length": str(len(body))}
    )
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    break_off(request, reset=fault.kind == "reset")
    return response


async def send_stream(
    request: web.Request,
    events: list[bytes],
    fault: Fault | None,
    headers: dict[str, str],
    *,
    request_id: str,
) -> web.StreamResponse:
    """An answer as server-sent events. `request_id` is what an error names."""
    response = web.StreamResponse(
        headers=headers | {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    )
    await response.prepare(request)
    kind = fault.kind if fault else None
    whole = kind not in {"reset", "cut", "stream_error"}
    for part in events if whole else events[: max(3, len(events) // 2)]:
        await response.write(part)
    if kind == "stream_error" and fault is not None:
        body = wire.error_body(fault.type or "overloaded_error", fault.message, request_id)
        await response.write(wire.event("error", body))
    if kind == "reset":
        break_off(request, reset=True)
        return response
    await response.write_eof()
    return response


def break_off(request: web.Request, *, reset: bool) -> None:
    """End the connection in the middle of a body: politely, or with a TCP reset."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if reset and connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    else:
        request.transport.close()
