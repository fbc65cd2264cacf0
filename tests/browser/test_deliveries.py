"""Webhooks of a job: what came of each attempt, and sending one again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.pages import Visitor
    from tests.browser.seeds import Seeds


def test_a_delivered_webhook_is_sent_again(user: Visitor, seeds: Seeds) -> None:
    """The log shows the attempt and its answer; sent again, a second one stands beside it."""
    user.visit(f"jobs/{seeds.text}/webhooks")
    delivery = user.page.get_by_role("article", name="Webhook job.completed")
    expect(delivery.get_by_text("Delivered")).to_be_visible()
    expect(delivery.get_by_text(f"{seeds.receiver}/contracts")).to_be_visible()
    before = delivery.get_by_role("list").get_by_role("listitem").count()
    delivery.get_by_role("button", name="Send again").click()
    expect(delivery.get_by_role("list").get_by_role("listitem")).to_have_count(before + 1)
    expect(delivery.get_by_text("sent again by hand").last).to_be_visible()


def test_a_webhook_that_nobody_takes_shows_the_answer(user: Visitor, seeds: Seeds) -> None:
    """The status of the receiver and that another attempt follows."""
    user.visit(f"jobs/{seeds.failed}/webhooks")
    delivery = user.page.get_by_role("article", name="Webhook job.failed").last
    expect(delivery.get_by_text("500", exact=True).first).to_be_visible()
    expect(delivery.get_by_text("next attempt")).to_be_visible()


def test_a_job_without_an_address_says_so(user: Visitor, seeds: Seeds) -> None:
    """Nothing was owed, so nothing is missing."""
    user.visit(f"jobs/{seeds.pdf}/webhooks")
    expect(user.page.get_by_text("No webhooks")).to_be_visible()
