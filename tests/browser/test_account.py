"""What concerns the tenant as a whole: usage and limits, webhook addresses, samples and secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.pages import Visitor
    from tests.browser.seeds import Seeds


def test_usage_is_plotted_and_told_in_figures(user: Visitor, seeds: Seeds) -> None:
    """Jobs, cost, tokens and time are plots, each with a table of the same figures."""
    user.visit("usage")
    for name in ("Jobs", "Cost", "Tokens", "Time to the answer"):
        expect(user.page.get_by_role("img", name=re.compile(f"^{name}: "))).to_be_visible()
    user.page.get_by_role("button", name=re.compile("Show as table.*: Jobs$")).click()
    table = user.page.get_by_role("region", name="Jobs by day").get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(["Day", "summarise", "extract", "evaluate"])
    counts = [int(cell) for cell in table.get_by_role("cell").all_inner_texts()]
    assert sum(counts) >= 33


def test_usage_of_another_time_is_asked_for(user: Visitor, seeds: Seeds) -> None:
    """The range is in the address, and the plots begin where it does."""
    user.visit("usage")
    with user.page.expect_request(re.compile(r"/usage\?")) as asked:
        user.page.get_by_text("7 days", exact=True).click()
    assert "from=" in asked.value.url
    expect(user.page).to_have_url(re.compile("days=7"))


def test_limits_are_shown_with_what_is_used(user: Visitor) -> None:
    """The tenant sees how much room there is."""
    user.visit("usage")
    limits = user.page.get_by_role("region", name="Limits")
    expect(limits.get_by_role("progressbar", name="Spent today")).to_be_visible()
    expect(limits.get_by_text("Jobs in flight", exact=True)).to_be_visible()


def test_an_address_in_trouble_is_named(user: Visitor, seeds: Seeds) -> None:
    """One that does not take what it is sent stands in the list."""
    user.visit("webhooks")
    trouble = user.page.get_by_role("region", name="Addresses in trouble")
    expect(trouble.get_by_text(f"{seeds.receiver}/broken")).to_be_visible()


def test_a_sample_is_sent_to_an_address(user: Visitor, seeds: Seeds) -> None:
    """The receiver's answer is shown."""
    user.visit("webhooks")
    user.page.get_by_role("textbox", name="Address").fill(f"{seeds.receiver}/samples")
    user.page.get_by_role("button", name="Send a sample").click()
    sample = user.page.get_by_role("article", name="Webhook webhook.test")
    expect(sample.get_by_text("Delivered")).to_be_visible()
    expect(sample.get_by_text("204", exact=True)).to_be_visible()
