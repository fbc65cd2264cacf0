"""The cold start: from the start of a process to its first event, against a plain handler of the same kind.

Both run under AWS's runtime client with compiled bytecode at hand. The initialisation counts; the time
to the first answer is shown beside it, because work that is only put off helps nobody who waits.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bench.documents import text_of
from bench.ground import ground
from bench.handlers import event
from bench.lambda_start import ROOT, Start, start
from bench.measuring import Outcome, Sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.ground import Ground

AIM = 0.5
ROUNDS = 15
_LAYER = ROOT / "layers" / "common"


def run(rounds: int | None = None) -> list[Outcome]:
    """Each function against the plain one, in turn."""
    with ground() as servers:
        return _measure(servers, rounds or ROUNDS)


def _measure(servers: Ground, rounds: int) -> list[Outcome]:
    variables = {**servers.environment(), "SHARED_USAGE_KEY": "bench"}
    events = _events()
    taken: dict[str, list[Start]] = {name: [] for name in ("plain", *events)}
    for number in range(rounds + 1):
        for name, starts in taken.items():
            url = servers.keys_url if name == "authorize" else servers.database_url
            one = _start(name, events.get(name), {**variables, "DATABASE_URL": url})
            if number:  # the first round writes the bytecode
                starts.append(one)
    return [_outcome(name, taken[name], taken["plain"]) for name in events]


def _events() -> dict[str, dict[str, Any]]:
    body = json.dumps({"document": {"text": text_of(2_000)}})
    authorize = {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:000000000000:api/v1/GET/jobs",
        "headers": {"Authorization": f"Bearer ck_{'0' * 12}_{'0' * 43}"},
    }
    return {
        "submit": event("POST", "/jobs/{id}", "summarise", body),
        "status": event("GET", "/jobs/{id}", "0195f3a0-0000-7000-8000-000000000000"),
        "authorize": authorize,
    }


def _start(name: str, given: Mapping[str, Any] | None, variables: Mapping[str, str]) -> Start:
    if given is not None:
        return start("app.handler", [ROOT / "functions" / name, _LAYER], given, variables)
    body = json.dumps({"document": {"text": text_of(2_000)}})
    return start("bench.plain.api.handler", [ROOT], event("POST", "/jobs/{id}", "summarise", body), variables)


def _outcome(name: str, ours: list[Start], plain: list[Start]) -> Outcome:
    ready = Sample(name, [each.ready for each in ours])
    comparison = Sample("plain", [each.ready for each in plain])
    parts = [
        (f"{who}: {moment}", Sample(moment, [getattr(each, field) for each in starts]))
        for who, starts in (("claimcheck", ours), ("plain", plain))
        for moment, field in (
            ("ready, CPU", "ready_cpu"),
            ("first answer", "answered"),
            ("first answer, CPU", "answered_cpu"),
        )
    ]
    return Outcome(f"cold start: {name}", ready, comparison, AIM, parts)
