"""Token estimates and the prompt cache: plausible numbers, the same for the same requests."""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.offline.messages import Asked

CHARS = 4  # characters of a token
SMALLEST = 1_024  # tokens; a shorter prefix is not cached
KEPT = 4_096
IMAGE = 1_600
PDF = 1_500

_TTL = {"5m": 300.0, "1h": 3_600.0}


def tokens(text: str) -> int:
    """About how many tokens a text is."""
    return -(-len(text) // CHARS)


def block_tokens(block: Mapping[str, Any]) -> int:
    """About how many tokens a content block is; a PDF or an image by a flat rate."""
    source = block.get("source")
    if block.get("type") == "image":
        return IMAGE
    if isinstance(source, dict) and source.get("type") == "base64":
        return PDF + len(source["data"]) // 400
    if isinstance(source, dict):
        content = source.get("data") or source.get("content") or ""
        return (
            8
            + tokens(content if isinstance(content, str) else json.dumps(content))
            + tokens(str(block.get("title") or ""))
        )
    text = block.get("text")
    return 4 + tokens(text if isinstance(text, str) else json.dumps(block, sort_keys=True))


def input_tokens(asked: Asked) -> int:
    """All of a request's input."""
    return sum(map(block_tokens, asked.blocks)) + _overhead(asked)


def _overhead(asked: Asked) -> int:
    return 8 + (tokens(json.dumps(asked.schema)) if asked.schema else 0)


class PromptCache:
    """Prefixes of requests that a `cache_control` marked, in memory, with their times to live."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._expires: OrderedDict[str, float] = OrderedDict()
        self._clock = clock

    def usage(self, asked: Asked, output: int) -> dict[str, Any]:
        """The `usage` of an answer; the marked prefixes are cached from now on."""
        now, read, written, ttl = self._clock(), 0, 0, "5m"
        for key, size, life in self._breakpoints(asked):
            if self._expires.get(key, now) > now:
                read = size
            else:
                written, ttl = size, life
            self._keep(key, now + _TTL[life])
        created = max(0, written - read)
        total = input_tokens(asked)
        return {
            "input_tokens": total - read - created,
            "cache_creation_input_tokens": created,
            "cache_read_input_tokens": read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": created if ttl == "5m" else 0,
                "ephemeral_1h_input_tokens": created if ttl == "1h" else 0,
            },
            "output_tokens": output,
            "service_tier": "standard",
        }

    def _breakpoints(self, asked: Asked) -> list[tuple[str, int, str]]:
        digest = hashlib.sha256(asked.model.encode())
        size, found = 0, []
        for block in asked.blocks:
            plain = {k: v for k, v in block.items() if k != "cache_control"}
            digest.update(json.dumps(plain, sort_keys=True).encode())
            size += block_tokens(block)
            control = block.get("cache_control")
            if control and size >= SMALLEST:
                found.append((digest.hexdigest(), size, control.get("ttl", "5m")))
        return found

    def _keep(self, key: str, expires: float) -> None:
        self._expires[key] = max(expires, self._expires.pop(key, expires))
        while len(self._expires) > KEPT:
            self._expires.popitem(last=False)
