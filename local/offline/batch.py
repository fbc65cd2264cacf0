"""One batch of the Message Batches API: what was asked, when it is over, and what came of it."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.offline.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_REQUESTS = 100_000
LIFE_S = 24 * 3600.0

_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_COUNTED = ("succeeded", "errored", "canceled", "expired")


@dataclass(slots=True)
class OfflineBatch:
    """Times are seconds since the epoch. `results`: the `result` of each `custom_id`, once it is there."""

    id: str
    created: float
    requests: list[dict[str, Any]]
    ended: float | None = None
    cancelled: float | None = None
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def made(cls, body: object, now: float) -> OfflineBatch:
        """A new one. Raises ApiError as the API refuses it: each request is looked at later."""
        requests = body.get("requests") if isinstance(body, dict) else None
        if not isinstance(requests, list) or not 1 <= len(requests) <= MOST_REQUESTS:
            raise ApiError(400, f"requests: List should have 1 to {MOST_REQUESTS} items")
        seen = set()
        for index, each in enumerate(requests):
            name = each.get("custom_id") if isinstance(each, dict) else None
            if not isinstance(name, str) or _CUSTOM_ID.fullmatch(name) is None:
                raise ApiError(400, f"requests.{index}.custom_id: String should match pattern")
            if not isinstance(each.get("params"), dict):
                raise ApiError(400, f"requests.{index}.params: Field required")
            if name in seen:
                raise ApiError(400, f"requests.{index}.custom_id: must be unique within the batch")
            seen.add(name)
        return cls(f"msgbatch_offline_{secrets.token_hex(10)}", now, requests)

    @classmethod
    def read(cls, text: str) -> OfflineBatch:
        """One that was written down."""
        return cls(**json.loads(text))

    def written(self) -> str:
        """It, to be written down."""
        return json.dumps(asdict(self))

    def body(self, base: str) -> dict[str, Any]:
        """As the API shows it. All requests count as processing until the whole batch has ended."""
        kinds = [each["type"] for each in self.results.values()] if self.ended is not None else []
        status = "canceling" if self.cancelled is not None else "in_progress"
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": status if self.ended is None else "ended",
            "request_counts": {
                "processing": 0 if self.ended is not None else len(self.requests),
                **{kind: kinds.count(kind) for kind in _COUNTED},
            },
            "created_at": _iso(self.created),
            "expires_at": _iso(self.created + LIFE_S),
            "ended_at": _iso(self.ended),
            "cancel_initiated_at": _iso(self.cancelled),
            "archived_at": None,
            "results_url": None if self.ended is None else f"{base}/v1/messages/batches/{self.id}/results",
        }

    def lines(self) -> list[bytes]:
        """Its results, a line each, in another order than they were asked."""
        return [
            json.dumps({"custom_id": name, "result": self.results[name]}).encode("ascii") + b"\n"
            for name in sorted(self.results, reverse=True)
        ]


def page(batches: list[OfflineBatch], query: Mapping[str, str], base: str) -> dict[str, Any]:
    """A page of the list; `batches` newest first. Raises ApiError."""
    try:
        limit = int(query.get("limit", "20"))
    except ValueError:
        limit = 0
    if not 1 <= limit <= 1000:
        raise ApiError(400, "limit: Input should be between 1 and 1000")
    ids = [each.id for each in batches]
    found = batches
    if query.get("after_id") in ids:
        found = batches[ids.index(query["after_id"]) + 1 :]
    elif query.get("before_id") in ids:
        found = batches[: ids.index(query["before_id"])][-limit:]
    shown = found[:limit]
    return {
        "data": [each.body(base) for each in shown],
        "has_more": len(found) > len(shown),
        "first_id": shown[0].id if shown else None,
        "last_id": shown[-1].id if shown else None,
    }


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
