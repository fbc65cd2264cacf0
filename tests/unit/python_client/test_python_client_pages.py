"""Pages follow each other until the last, however they are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from claimcheck.client import Client
from httpx import Client as Http
from httpx import MockTransport, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from openapi import examples
from tests.unit.client.standin import Answer, Asked, StandIn

if TYPE_CHECKING:
    from tests.unit.python_client.driven import Kind

LISTED = {name: value for name, value in examples.JOB.items() if name != "result"}


def page(sizes: list[int], cursor: str | None) -> dict[str, Any]:
    """The page that a cursor leads to, each job with its place in its id."""
    number = int(cursor or 0)
    before = sum(sizes[:number])
    jobs = [{**LISTED, "job_id": str(before + place)} for place in range(sizes[number])]
    return {"jobs": jobs, "next_cursor": str(number + 1) if number + 1 < len(sizes) else None}


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(0, 70))
def test_every_entry_comes_once_and_no_page_too_early(sizes: list[int], taken: int) -> None:
    """Whoever stops early has not asked for what they did not look at; empty pages end nothing."""
    asked: list[str | None] = []

    def answer(request: Request) -> Response:
        asked.append(request.url.params.get("cursor"))
        return Response(200, json=page(sizes, asked[-1]))

    with Client("http://api.example", "k", http=Http(transport=MockTransport(answer))) as client:
        found: list[str] = []
        for job in client.jobs(status="failed"):
            if len(found) == taken:
                break
            found.append(job.job_id)
    assert found == [str(place) for place in range(min(taken, sum(sizes)))]
    if taken < sum(sizes):
        reached = next(n for n in range(len(sizes)) if sum(sizes[: n + 1]) > taken)
        assert len(asked) == reached + 1
    else:
        assert asked == [None, *[str(n) for n in range(1, len(sizes))]]


def test_filters_and_sizes_go_along(client_of: Kind) -> None:
    """With every page."""

    def answer(asked: Asked) -> Answer:
        query = parse_qs(urlsplit(asked.path).query)
        return Answer(200, page([2, 1], query.get("cursor", [None])[0]))

    with StandIn(answer) as server, client_of(server.url, "k") as client:
        found = [job.job_id for job in client.jobs(status="failed", task="extract", page=2)]
    assert found == ["0", "1", "2"]
    assert [asked.path for asked in server.asked] == [
        "/jobs?status=failed&task=extract&limit=2",
        "/jobs?status=failed&task=extract&limit=2&cursor=1",
    ]


def test_events_of_the_tenant_come_in_pages_too(client_of: Kind) -> None:
    """As jobs do."""
    event = {"event_id": "e", "at": "2026-11-30T00:00:00Z", "type": "key.new", "detail": {}}

    def answer(asked: Asked) -> Answer:
        last = "cursor" in asked.path
        return Answer(200, {"events": [event], "next_cursor": None if last else "c"})

    with StandIn(answer) as server, client_of(server.url, "k") as client:
        assert [each.type for each in client.events()] == ["key.new"] * 2
