"""Token estimates and the prompt cache: plausible numbers, the same for the same requests."""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from local.offline.messages import Asked

CHARS = 4  # characters of a token
SMALLEST = 4_096  # tokens; a shorter prefix is not cached: the highest that is documented for a model
LOOKBACK = 20  # blocks before a mark, itself among them, at whose ends a kept prefix is looked for
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


@dataclass(frozen=True, slots=True)
class Looked:
    """What a request found in the cache when it arrived, and what it leaves there.

    `read` and `written` are tokens; `marked` the marked prefixes, with seconds to live.
    """

    total: int
    read: int = 0
    written: int = 0
    ttl: str = "5m"
    used: str | None = None
    marked: tuple[tuple[str, float], ...] = ()

    def usage(self, output: int) -> dict[str, Any]:
        """The `usage` of an answer of so many tokens."""
        return {
            "input_tokens": self.total - self.read - self.written,
            "cache_creation_input_tokens": self.written,
            "cache_read_input_tokens": self.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.written if self.ttl == "5m" else 0,
                "ephemeral_1h_input_tokens": self.written if self.ttl == "1h" else 0,
            },
            "output_tokens": output,
            "service_tier": "standard",
        }


class PromptCache:
    """Prefixes of requests that a `cache_control` marked, in memory, with their times to live.

    As the API documents it: a prefix is the model, the format of the answer, the system prompt and the
    content up to a mark, each to the letter; a short one is not kept; it can be read once the answer to the
    request that writes it has begun; each use begins its five minutes (or its hour) anew.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()  # until when, and for how long
        self._clock = clock

    def look(self, asked: Asked) -> Looked:
        """What a request finds when it arrives."""
        prefixes = list(_prefixes(asked))
        marks = [at for at, (_, size, life) in enumerate(prefixes) if life and size >= SMALLEST]
        near = {at for mark in marks for at in range(max(0, mark - LOOKBACK + 1), mark + 1)}
        used = max((at for at in near if self._has(prefixes[at])), default=None)
        read = 0 if used is None else prefixes[used][1]
        last = prefixes[marks[-1]] if marks else None
        return Looked(
            total=input_tokens(asked),
            read=read,
            written=max(0, last[1] - read) if last else 0,
            ttl=(last[2] if last else None) or "5m",
            used=None if used is None else prefixes[used][0],
            marked=tuple((prefixes[at][0], _TTL[str(prefixes[at][2])]) for at in marks),
        )

    def begun(self, looked: Looked) -> None:
        """The answer to a request begins: what it used lives on, and what it has written can be read."""
        now = self._clock()
        if looked.used is not None and looked.used in self._kept:
            life = self._kept[looked.used][1]
            self._keep(looked.used, now + life, life)
        for key, life in looked.marked:
            self._keep(key, now + life, life)

    def _has(self, prefix: tuple[str, int, str | None]) -> bool:
        return self._kept.get(prefix[0], (0.0, 0.0))[0] > self._clock()

    def _keep(self, key: str, until: float, life: float) -> None:
        self._kept[key] = (max(until, self._kept.pop(key, (until, life))[0]), life)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _prefixes(asked: Asked) -> Iterator[tuple[str, int, str | None]]:
    """Of each block the digest and the tokens of all up to it, and how long it is to be kept, if at all."""
    digest = hashlib.sha256(json.dumps([asked.model, asked.schema]).encode())
    size = _overhead(asked)
    for block in asked.blocks:
        plain = {k: v for k, v in block.items() if k != "cache_control"}
        digest.update(json.dumps(plain, sort_keys=True).encode())
        size += block_tokens(block)
        control = block.get("cache_control")
        yield digest.hexdigest(), size, control.get("ttl", "5m") if control else None
