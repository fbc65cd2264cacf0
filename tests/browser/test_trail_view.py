"""The trail as a timeline, and its verification in the browser, which names what breaks it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Route

    from tests.browser.pages import Visitor
    from tests.browser.seeds import Seeds


def test_a_sound_trail_is_verified(user: Visitor, seeds: Seeds) -> None:
    """Every event is there, in order, and the browser has computed all hashes anew."""
    user.visit(f"jobs/{seeds.text}/trail")
    expect(user.page.get_by_text(re.compile(r"computed all \d+ hashes anew"))).to_be_visible()
    events = user.page.get_by_role("list", name="Events").locator("[data-type]")
    kinds = events.evaluate_all("(steps) => steps.map((step) => step.dataset.type)")
    assert (kinds[0], kinds[-1]) == ("accepted", "completed")
    assert "claimed" in kinds


def test_an_altered_event_is_named(user: Visitor, seeds: Seeds) -> None:
    """One character of an event's detail is enough to break its hash."""

    def alter(trail: dict[str, Any]) -> None:
        trail["events"][1]["at"] = trail["events"][1]["at"].replace("2026", "2025")

    _falsify(user, seeds.text, "/events", alter)
    user.visit(f"jobs/{seeds.text}/trail")
    _expect_broken(user, 2)


def test_a_missing_event_is_named(user: Visitor, seeds: Seeds) -> None:
    """What was cut out leaves a gap in the chain."""
    _falsify(user, seeds.text, "/events", lambda trail: trail["events"].pop(1))
    user.visit(f"jobs/{seeds.text}/trail")
    _expect_broken(user, 3)


def test_an_altered_answer_breaks_the_trail(user: Visitor, seeds: Seeds) -> None:
    """The trail holds the digest of the answer: another value does not fit it."""

    def alter(job: dict[str, Any]) -> None:
        job["result"]["fields"]["governing_law"] = "Delaware"

    _falsify(user, seeds.text, "", alter)
    user.visit(f"jobs/{seeds.text}/trail")
    _expect_broken(user, None)


def test_the_trail_of_a_failed_job_tells_of_the_failure(user: Visitor, seeds: Seeds) -> None:
    """Its event has the reason."""
    user.visit(f"jobs/{seeds.failed}/trail")
    failed = user.page.locator('[data-type="failed"]').first
    failed.locator("summary").click()
    expect(failed.get_by_text("document_corrupt")).to_be_visible()


def _falsify(user: Visitor, job_id: str, path: str, alter: Callable[[dict[str, Any]], object]) -> None:
    """Let someone on the way change what the API answers."""

    def answered(route: Route) -> None:
        response = route.fetch()
        body = response.json()
        alter(body)
        route.fulfill(response=response, json=body)

    user.page.route(re.compile(rf"/jobs/{job_id}{path}$"), answered)


def _expect_broken(user: Visitor, event: int | None) -> None:
    """The trail does not hold, and where is said."""
    expect(user.page.get_by_text("This trail does not hold.")).to_be_visible()
    if event is not None:
        expect(user.page.get_by_text(f"Event {event}:").first).to_be_visible()
        expect(user.page.locator(f'[data-seq="{event}"]').get_by_text("broken").first).to_be_attached()
